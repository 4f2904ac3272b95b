"""The ledger of claims: what each rests on, the number that decides it in this run, its interval,
and the verdict; and the published Table 1 beside ours.

A claim is a row of ``claims.csv``; its evidence is one number a vendor or structure, each with a
bound and the side of it on which the claim puts it. The interval decides, not the number: on the
claimed side of the bound for all of them, the claim is *supported*; on the other side for any, *not
supported*; else the run leaves it *undecided*.
"""

from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pandas as pd

from ..data import STRUCTURES, VENDORS, RunFolder, spoken, spoken_against
from ..metrics import CrossedMean, paired_difference
from ..realism import REALISM
from ..segmentation import ALL, SCARCITY, SEGMENTATION, by_subject
from ..translation import TRANSLATORS
from .parameters import VerdictParameters

CLAIMS = pd.read_csv(files(__package__) / "claims.csv")
# features: the space of a distance, empty for other numbers; part: vendor, structure or whatever
# the number is of; side: where of ``bound`` the claim puts it, "above" or "below".
EVIDENCE_COLUMNS = "claim features part value ci_low ci_high side bound note".split()
VERDICTS = SUPPORTED, NOT_SUPPORTED, UNDECIDED, LACKING = (
    "supported",
    "not supported",
    "undecided",
    "not available",
)
UNTRANSLATED_TOO = "untranslated images alone are as near by this margin"
_NO_INTERVAL = "no interval: too few subjects"


def evidence(
    run: RunFolder, parameters: VerdictParameters, studies: tuple[str, ...]
) -> pd.DataFrame:
    """Every number that bears on a claim.

    Args:
        run: the run, executed to chapter 6.
        parameters: of chapter 7.
        studies: names of the appendix's studies that the run holds.

    Returns:
        ``EVIDENCE_COLUMNS``, a row a number.
    """
    rows = [*_realism(run), *_segmentation(run, parameters), *_studies(run, studies)]
    return pd.DataFrame(rows, columns=EVIDENCE_COLUMNS)


def lines(numbers: pd.DataFrame) -> Iterator[tuple[dict, pd.DataFrame]]:
    """Each line of the ledger: a row of ``claims.csv`` with its rule's bound, and its rows of
    ``evidence``. A claim on distances stands once a feature space."""
    for claim in CLAIMS.to_dict("records"):
        of_claim = numbers[numbers["claim"] == claim["claim"]]
        for _, pieces in of_claim.groupby("features", sort=False):
            rule = claim["rule"].format(bound=spoken(pieces["bound"].iloc[0]))
            yield {**claim, "rule": rule}, pieces


def claims_table(numbers: pd.DataFrame) -> pd.DataFrame:
    """``claims.csv`` with the evidence of each claim in words and its verdict.

    Args:
        numbers: ``evidence``.

    Returns:
        Columns claim, place, quoted, words, quantity, rule, evidence, verdict.
    """
    return pd.DataFrame(
        [
            {**claim, "evidence": "; ".join(map(_in_words, rows)), "verdict": verdict(pieces)}
            for claim, pieces in lines(numbers)
            for rows in [pieces.to_dict("records")]
        ]
    )


def verdict(pieces: pd.DataFrame) -> str:
    """The verdict on a claim from its rows of ``evidence``. A number that cannot be had is no
    verdict."""
    if pieces.empty or pieces["value"].isna().any():
        return LACKING
    sign = np.where(pieces["side"] == "above", 1, -1)
    beyond = [sign * (pieces[end] - pieces["bound"]) for end in ("ci_low", "ci_high")]
    if (np.fmax(*beyond) <= 0).any():  # the whole interval is on the other side
        return NOT_SUPPORTED
    return SUPPORTED if (np.fmin(*beyond) > 0).all() else UNDECIDED


def number_in_words(piece: dict) -> str:
    """The number of a row of ``evidence`` and its interval; a number that is counted has none."""
    numbers = [piece[name] for name in ("value", "ci_low", "ci_high") if np.isfinite(piece[name])]
    if not np.isfinite(piece["value"]):
        return spoken(None)
    value, *ends = spoken_against(numbers, piece["bound"])
    return f"{value} ({' to '.join(ends)})" if len(set(numbers)) > 1 else value


def _in_words(piece: dict) -> str:
    space = f"{piece['features']}: " if piece["features"] else ""
    note = f", {piece['note']}" if piece["note"] else ""
    return f"{space}{piece['part']} {number_in_words(piece)}{note}"


def _realism(run: RunFolder) -> list[tuple]:
    rows = []
    for row in run.manifest(REALISM.name, "remaining.csv").to_dict("records"):
        claim = "nearer" if row["than"] == "simulated" else "own_look"
        interval = row["ci_low"], row["ci_high"]
        numbers = (row["remaining"], *interval, "below", 1.0, _note(row["ci_low"]))
        rows.append((claim, row["features"], row["vendor"], *numbers))
    called = run.manifest(REALISM.name, "vendor.csv").set_index("images")
    if called.empty:
        note = "one vendor alone: the claim is of two"
        nothing = (np.nan, np.nan, np.nan, "above", 0.5, note)
        return [*rows, *((claim, "", "A", *nothing) for claim in ("own_look", "called"))]
    for vendor in VENDORS:
        share, low, high = called.loc[f"sim2real_{vendor}", ["share_A", "ci_low", "ci_high"]]
        if vendor != "A":
            share, low, high = 1 - share, 1 - high, 1 - low
        rows.append(("called", "", vendor, share, low, high, "above", 0.5, _note(low)))
    return rows


def _segmentation(run: RunFolder, parameters: VerdictParameters) -> list[tuple]:
    cases = run.manifest(SEGMENTATION.name, "cases.csv")

    def values(training: str, measure: str = "dice", structures=tuple(STRUCTURES)) -> pd.DataFrame:
        is_part = (cases["training"] == training) & cases["structure"].isin(structures)
        return by_subject(cases[is_part], measure)

    def gain(first: str, second: str, *part) -> CrossedMean:
        return paired_difference(values(first, *part), values(second, *part))

    def added(structure: str) -> pd.DataFrame:
        return values("both", "dice", [structure]) - values("real", "dice", [structure])

    others = [name for name in STRUCTURES if name != "LV"]
    above_zero = ("above", 0.0)
    gap = gain("real", "simulated")
    means = [
        ("gap", ALL, gap, *above_zero),
        ("near_real", ALL, gain("real", "sim2real"), "below", parameters.near_margin),
        ("boost", ALL, gain("both", "real"), *above_zero),
        ("boost_lv", "LV", gain("both", "real", "dice", ["LV"]), *above_zero),
        *(
            (
                "boost_lv",
                f"LV less {name}",
                paired_difference(added("LV"), added(name)),
                *above_zero,
            )
            for name in others
        ),
        *(
            ("distances_worse", name, gain("both", "real", "hd_mm", [name]), *above_zero)
            for name in others
        ),
        ("translation_helps", ALL, gain("sim2real", "simulated"), *above_zero),
    ]
    one_seed = cases["seed"].nunique() == 1
    note = "one seed: the variance of training is not in it" if one_seed else ""
    near = UNTRANSLATED_TOO if gap.high < parameters.near_margin else ""
    notes = {"near_real": "; ".join(filter(None, [near, note]))}
    return [
        (claim, "", part, *mean[:3], side, bound, _note(mean.low, notes.get(claim, note)))
        for claim, part, mean, side, bound in means
    ]


def _studies(run: RunFolder, studies: tuple[str, ...]) -> list[tuple]:
    """Claims that studies of the appendix bear on; a study that was not executed leaves them
    without a number."""
    gain = generator = networks = (np.nan, np.nan, np.nan)
    if SCARCITY.name in studies:
        gains = run.manifest(SCARCITY.name, "gains.csv")
        overall = gains[(gains["vendor"] == ALL) & (gains["structure"] == ALL)]
        gain = overall.sort_values("n_real")[["difference", "ci_low", "ci_high"]].iloc[0]
    if TRANSLATORS.name in studies:
        trained = run.results(TRANSLATORS.name)
        generator, networks = (
            (trained[f"{name}_cut"] / trained[f"{name}_cyclegan"],) * 3  # counted: no width
            for name in ("weights_generator", "weights")
        )
    rows = []
    for claim, part, numbers, study, side, bound in (
        ("scarce", "fewest subjects", gain, SCARCITY.name, "above", 0.0),
        ("light", "generator", generator, TRANSLATORS.name, "below", 0.5),
        ("light", "all networks", networks, TRANSLATORS.name, "below", 0.5),
    ):
        note = "" if study in studies else f"not executed: sim2real run --appendix {study}"
        rows.append((claim, "", part, *numbers, side, bound, note))
    return rows


def _note(low: float, otherwise: str = "") -> str:
    return otherwise if np.isfinite(low) else _NO_INTERVAL


def compare_table(
    ours: pd.DataFrame, published: pd.DataFrame, parameters: VerdictParameters
) -> pd.DataFrame:
    """Each cell of the published Table 1 beside ours. The published unit of HD is not stated; ours
    is mm.

    Args:
        ours: ``table1.csv``.
        published: ``training, vendor, structure, dice, hd``.
        parameters: of chapter 7, with the tolerances.

    Returns:
        ``training, vendor, structure, measure, published, ours, difference, within``, two rows a
        cell.
    """
    keys = ["training", "vendor", "structure"]
    both = published.merge(ours, on=keys, how="left")
    parts = []
    for measure, printed, column, tolerance in (
        ("Dice", "dice", "dice_mean", parameters.dice_tolerance),
        ("HD", "hd", "hd_mm_mean", parameters.hd_tolerance_mm),
    ):
        part = both[keys].assign(measure=measure, published=both[printed], ours=both[column])
        part["difference"] = part["ours"] - part["published"]
        within = np.where(part["difference"].abs() <= tolerance, "yes", "no")
        parts.append(part.assign(within=np.where(part["ours"].isna(), "not available", within)))
    return pd.concat(parts).sort_index(kind="stable", ignore_index=True)
