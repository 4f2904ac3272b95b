"""The ledger of claims: what each rests on, the number that decides it in this run, its interval,
and the verdict.

A claim is a row of ``claims.csv``; its evidence is one number a vendor or structure, each with a
bound and the side of it on which the claim puts it. The interval decides, not the number: on the
claimed side of the bound for all of them, the claim is *supported*; on the other side for any, *not
supported*; else the run leaves it *undecided*.
"""

from importlib.resources import files

import numpy as np
import pandas as pd

from ..data.labels import STRUCTURES, VENDORS
from ..data.numbers import spoken
from ..data.run import RunFolder
from ..metrics.crossed import CrossedMean
from ..metrics.paired import paired_difference
from ..segmentation.statistics import ALL, by_subject
from .parameters import VerdictParameters

CLAIMS = pd.read_csv(files("sim2real.verdict").joinpath("claims.csv"))
EVIDENCE_COLUMNS = ["claim", "part", "value", "ci_low", "ci_high", "side", "bound", "note"]
SUPPORTED, NOT_SUPPORTED, UNDECIDED, LACKING = (
    "supported",
    "not supported",
    "undecided",
    "not available",
)
VERDICTS = (SUPPORTED, NOT_SUPPORTED, UNDECIDED, LACKING)
_NO_INTERVAL = "no interval: too few subjects"


def evidence(
    run: RunFolder, parameters: VerdictParameters, studies: tuple[str, ...]
) -> pd.DataFrame:
    """``EVIDENCE_COLUMNS``: every number that bears on a claim; side: where of ``bound`` the claim
    puts it, "above" or "below".

    studies: names of the appendix's studies that the run holds."""
    rows = [*_realism(run), *_segmentation(run, parameters), *_studies(run, studies)]
    return pd.DataFrame(rows, columns=EVIDENCE_COLUMNS)


def ledger(found: pd.DataFrame) -> pd.DataFrame:
    """``claims.csv`` with the evidence of each claim in words and its verdict; a claim on distances
    stands once a feature space.

    found: ``evidence``. Columns: claim, place, quoted, words, quantity, rule, evidence, verdict.
    """
    rows = []
    for claim in CLAIMS.to_dict("records"):
        part = found[found["claim"] == claim["claim"]]
        for space in dict.fromkeys(
            part["part"].str.partition(": ")[0].where(part["part"].str.contains(": "), "")
        ):
            pieces = part[part["part"].str.startswith(f"{space}: ")] if space else part
            rows.append(
                {
                    **claim,
                    "evidence": "; ".join(map(_said, pieces.to_dict("records"))),
                    "verdict": verdict(pieces),
                }
            )
    return pd.DataFrame(rows)


def verdict(pieces: pd.DataFrame) -> str:
    """The verdict on a claim from its rows of ``evidence``. A number that cannot be had is no
    verdict."""
    if pieces.empty or pieces["value"].isna().any():
        return LACKING
    above = pieces["side"] == "above"
    inner, outer = (
        np.where(above, pieces[a], pieces[b])
        for a, b in (("ci_low", "ci_high"), ("ci_high", "ci_low"))
    )
    sign = np.where(above, 1, -1)
    if (sign * (outer - pieces["bound"]) <= 0).any():
        return NOT_SUPPORTED
    return SUPPORTED if (sign * (inner - pieces["bound"]) > 0).all() else UNDECIDED


def _said(piece: dict) -> str:
    interval = (
        f" ({spoken(piece['ci_low'])} to {spoken(piece['ci_high'])})"
        if np.isfinite(piece["ci_low"])
        else ""
    )
    value = spoken(None if np.isnan(piece["value"]) else piece["value"])
    return f"{piece['part']} {value}{interval}{', ' + piece['note'] if piece['note'] else ''}"


def _realism(run: RunFolder) -> list[tuple]:
    rows = []
    for row in run.manifest("05_realism", "changes.csv").to_dict("records"):
        claim = "nearer" if row["than"] == "simulated" else "own_look"
        note = "" if np.isfinite(row["ci_low"]) else _NO_INTERVAL
        value = row["corrected"] if np.isfinite(row["corrected"]) else row["change"]
        rows.append(
            (
                claim,
                f"{row['features']}: {row['vendor']}",
                value,
                row["ci_low"],
                row["ci_high"],
                "below",
                0.0,
                note,
            )
        )
    called = run.manifest("05_realism", "vendor.csv").set_index("images")
    for vendor in VENDORS:
        share, low, high = called.loc[f"sim2real_{vendor}", ["share_A", "ci_low", "ci_high"]]
        if vendor != "A":
            share, low, high = 1 - share, 1 - high, 1 - low
        rows.append(
            (
                "called",
                vendor,
                share,
                low,
                high,
                "above",
                0.5,
                "" if np.isfinite(low) else _NO_INTERVAL,
            )
        )
    return rows


def _segmentation(run: RunFolder, parameters: VerdictParameters) -> list[tuple]:
    cases = run.manifest("06_segmentation", "cases.csv")

    def gain(first: str, second: str, measure: str = "dice", structure: str = ALL) -> CrossedMean:
        part = cases if structure == ALL else cases[cases["structure"] == structure]
        return paired_difference(
            *(by_subject(part[part["training"] == name], measure) for name in (first, second))
        )

    def added(*structures: str) -> pd.DataFrame:
        part = cases[cases["structure"].isin(structures)]
        both, real = (
            by_subject(part[part["training"] == name], "dice") for name in ("both", "real")
        )
        return both - real

    others = [name for name in STRUCTURES if name != "LV"]
    found = [
        ("gap", "all", gain("real", "simulated"), "above", 0.0),
        ("near_real", "all", gain("real", "sim2real"), "below", parameters.near_margin),
        ("boost", "all", gain("both", "real"), "above", 0.0),
        ("boost_lv", "all", paired_difference(added("LV"), added(*others)), "above", 0.0),
        *(
            ("distances_worse", name, gain("both", "real", "hd_mm", name), "above", 0.0)
            for name in others
        ),
        ("translation_helps", "all", gain("sim2real", "simulated"), "above", 0.0),
    ]
    one_seed = (
        "one seed: the variance of training is not in it" if cases["seed"].nunique() == 1 else ""
    )
    return [
        (
            claim,
            part,
            mean.value,
            mean.low,
            mean.high,
            side,
            bound,
            one_seed if np.isfinite(mean.low) else _NO_INTERVAL,
        )
        for claim, part, mean, side, bound in found
    ]


def _studies(run: RunFolder, studies: tuple[str, ...]) -> list[tuple]:
    """Claims that studies of the appendix bear on; a study that was not executed leaves them
    without a number."""
    gain = weights = (np.nan, np.nan, np.nan)
    if "A2_scarcity" in studies:
        gains = run.manifest("A2_scarcity", "gains.csv").query(
            "vendor == @ALL and structure == @ALL"
        )
        gain = tuple(gains.sort_values("n_real")[["difference", "ci_low", "ci_high"]].iloc[0])
    if "A1_translators" in studies:
        trained = run.results("A1_translators")
        weights = (
            trained["weights_cut"] / trained["weights_cyclegan"],
        ) * 3  # counted, so without an interval's width
    rows = []
    for claim, part, numbers, study, side, bound in (
        ("scarce", "fewest subjects", gain, "A2_scarcity", "above", 0.0),
        ("light", "CUT over CycleGAN", weights, "A1_translators", "below", 0.5),
    ):
        note = "" if study in studies else f"not executed: sim2real run --appendix {study}"
        rows.append((claim, part, *numbers, side, bound, note))
    return rows
