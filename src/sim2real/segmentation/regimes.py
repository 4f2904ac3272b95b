"""Which images a training regime learns from, and how many subjects these are."""

import math

import pandas as pd

from ..data import REGIMES, VENDORS, Sim2RealError, refuse, seed_of, vendors_of

# Domains of each part of a regime. Chapter 6 has those of ``REGIMES``; appendix A3 trains on other
# parts, too. ``self``: real images under labels that a network gave them.
DOMAINS = {
    "simulated": ("simulated",),
    "randomised": ("randomised",),
    "sim2real": ("sim2real_A", "sim2real_B"),
    "real": ("real",),
    "self": ("self",),
}
BOTH = "real+sim2real"


def parts_of(regime: str) -> list[str]:
    """``["randomised", "sim2real"]`` of ``randomised+sim2real``; ``both`` is real and sim2real.

    Raises Sim2RealError for a name that is not in ``DOMAINS``.
    """
    parts = (BOTH if regime == "both" else regime).split("+")
    refuse(
        set(parts) - set(DOMAINS),
        f"regime '{regime}' does not exist; there are {', '.join(REGIMES)}, and"
        f" {', '.join(DOMAINS)} joined by +",
    )
    return parts


def regime_rows(table: pd.DataFrame, regime: str) -> pd.DataFrame:
    """Rows of ``table`` (columns of ``data.slices.SLICE_COLUMNS``, or of ``dataset.CASE_COLUMNS``)
    that ``regime`` trains on.

    Train subjects alone. Of the translated images, one half of the virtual subjects is seen in A's
    style and the other half in B's, so that N stays the number of virtual subjects; with real
    subjects of one vendor alone, all in its style. Raises
    Sim2RealError for an unknown regime, a domain without training images, a subject in both splits,
    and translations that do not hold the same subjects for A and for B.
    """
    domains = [domain for part in parts_of(regime) for domain in DOMAINS[part]]
    refuse_shared_subjects(table)
    rows = table[table["domain"].isin(domains) & (table["split"] == "train")]
    vendors = vendors_of(table) or list(VENDORS)
    domains = [name for name in domains if not name.startswith("sim2real") or name[-1] in vendors]
    for domain in domains:
        refuse(
            not (rows["domain"] == domain).any(),
            f"regime '{regime}': no training image of domain '{domain}'; make them first"
            " (chapters 2 to 4)",
        )
    if {"sim2real_A", "sim2real_B"} <= set(domains):
        rows = _one_style_a_subject(rows)
    return rows.reset_index(drop=True)


def in_equal_parts(parts: list[list[str]]) -> list[str]:
    """The names of all parts in one sorted list, those of a smaller part repeated, so that a draw
    from the list is about as likely to be of any part as of any other (to 6 %).

    A single part stays as it is. Every name of a part stands as often as its others.
    """
    largest = max(map(len, parts))
    times = [round(8 * largest / len(part)) for part in parts]
    common = math.gcd(*times)
    return sorted(sum((part * (n // common) for part, n in zip(parts, times, strict=True)), []))


def refuse_shared_subjects(table: pd.DataFrame) -> None:
    """Raise Sim2RealError if a real subject is in ``train`` and in ``test``: every result would be
    worthless."""
    real = table[table["domain"] == "real"]
    in_splits = real.groupby(["vendor", "subject"])["split"].nunique()
    shared = in_splits.index[in_splits > 1]
    if len(shared):
        vendor, subject = shared[0]
        raise Sim2RealError(
            f"real subject {subject} of vendor {vendor} is both in train and in test ({len(shared)}"
            " such subjects); a subject must be in one split only: mend the cohort's table of"
            " splits"
        )


def style_of_subjects(subjects) -> dict[str, str]:
    """``{subject: "A" or "B"}`` in equal parts (A has one more of an odd number).

    Drawn by the subjects' names: taking every other one would tie the style to anything else that
    alternates, such as sex.
    """
    drawn = sorted(set(map(str, subjects)), key=lambda subject: seed_of(0, "style", subject))
    half = (len(drawn) + 1) // 2
    return {subject: "A" if index < half else "B" for index, subject in enumerate(drawn)}


def count_subjects(table: pd.DataFrame, regime: str) -> dict[str, int]:
    """``{"n_real": ..., "n_simulated": ...}``: real and virtual subjects that ``regime`` trains
    on."""
    rows = regime_rows(table, regime)
    real, virtual = rows["domain"] == "real", ~rows["domain"].isin(["real", "self"])
    draws = rows["domain"] == "randomised"  # several of a subject: its name, a hyphen, a number
    subjects = rows["subject"].astype(str).where(~draws, rows["subject"].str.rpartition("-")[0])
    return {
        "n_real": int(rows[real].drop_duplicates(["vendor", "subject"]).shape[0]),
        "n_simulated": int(subjects[virtual].nunique()),
    }


def _one_style_a_subject(rows: pd.DataFrame) -> pd.DataFrame:
    subjects = {
        vendor: set(rows.loc[rows["domain"] == f"sim2real_{vendor}", "subject"].astype(str))
        for vendor in "AB"
    }
    if odd := subjects["A"] ^ subjects["B"]:
        raise Sim2RealError(
            f"virtual subject {min(odd)} is translated to one vendor only ({len(odd)} such"
            " subjects); expected every one in the style of A and of B: run chapter 4 to its end"
        )
    style = style_of_subjects(subjects["A"])
    pairs = zip(rows["domain"], rows["subject"].astype(str), strict=True)
    return rows[
        [
            not domain.startswith("sim2real_") or domain == f"sim2real_{style[subject]}"
            for domain, subject in pairs
        ]
    ]
