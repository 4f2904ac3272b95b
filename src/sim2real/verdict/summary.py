"""What chapter 7 shows and says."""

import html

import numpy as np
import pandas as pd

from ..data import REGIMES, STRUCTURES, RunFolder
from ..segmentation import REAL_HEARTS, pretrained_card
from .ledger import (
    LACKING,
    NOT_SUPPORTED,
    SUPPORTED,
    UNTRANSLATED_TOO,
    VERDICTS,
    lines,
    number_in_words,
    verdict,
)
from .parameters import VerdictParameters

_MARK = {SUPPORTED: "✓", NOT_SUPPORTED: "✗"}
_WIDTH, _HEIGHT = 200, 14  # of the drawing of an interval


def ledger_html(numbers: pd.DataFrame) -> str:
    """The ledger as an HTML list: of each claim the verdict, its words, every interval drawn
    against the claim's bound, and folded its place, quantity and rule.

    Args:
        numbers: ``ledger.evidence``.
    """
    items = [_line(claim, pieces) for claim, pieces in lines(numbers)]
    return f'<ul class="sim2real-ledger" aria-label="Ledger of claims">{"".join(items)}</ul>'


def _line(claim: dict, pieces: pd.DataFrame) -> str:
    said = verdict(pieces)
    words = html.escape(f"“{claim['words']}”" if claim["quoted"] == "yes" else claim["words"])
    rows = pieces.to_dict("records")
    reach = max((abs(number) for row in rows for number in _against(row)), default=0) or 1
    drawn = "".join(
        f"<div><span>{html.escape(row['part'])}</span>{_interval_svg(row, reach)}"
        f"<span>{html.escape(number_in_words(row))}</span></div>"
        for row in rows
    )
    notes = dict.fromkeys(row["note"] for row in rows if row["note"])
    rule = [f"{claim['place']}.", f"{claim['quantity']}: {claim['rule']}.", *notes]
    space = f" <small>in {rows[0]['features']} features</small>" if rows[0]["features"] else ""
    return (
        f'<li class="{said.replace(" ", "-")}"><p><strong>{_MARK.get(said, "?")} {said}</strong>'
        f"{space}</p><p>{words}</p><div>{drawn}</div><details><summary>Place and rule</summary>"
        f"<p>{html.escape(' '.join(rule))}</p></details></li>"
    )


def _against(row: dict) -> list[float]:
    """Value and ends of a row of evidence, as far as they exist, less the bound, positive where the
    claim puts them."""
    sign = 1 if row["side"] == "above" else -1
    ends = [row[name] for name in ("value", "ci_low", "ci_high")]
    return [sign * (end - row["bound"]) for end in ends if np.isfinite(end)]


def _interval_svg(row: dict, reach: float) -> str:
    """A dot and its interval; in the middle the bound, right of it, shaded, the claim's side.

    Args:
        row: of ``ledger.evidence``.
        reach: distance from the bound that is drawn at the edge.
    """
    middle, line = _WIDTH / 2, _HEIGHT / 2
    places = [middle + 0.92 * middle * number / reach for number in _against(row)]
    size = f'width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    parts = [
        f'<rect x="{middle:g}" width="{middle:g}" height="{_HEIGHT}" opacity=".12"/>',
        f'<path d="M{middle:g} 0V{_HEIGHT}" stroke="currentColor" stroke-dasharray="3 2"/>',
    ]
    if len(places) == 3:
        low, high = sorted(places[1:])
        bar = f"M{low:.1f} {line:g}H{high:.1f}"
        parts.append(f'<path d="{bar}" stroke="currentColor" stroke-width="2.5"/>')
    if places:
        parts.append(f'<circle cx="{places[0]:.1f}" cy="{line:g}" r="4.5"/>')
    return f'<svg {size} fill="currentColor" aria-hidden="true">{"".join(parts)}</svg>'


def people(run: RunFolder, studies: tuple[str, ...]) -> dict:
    """Numbers on images of people, whatever the run's cohort: of the segmenter that comes with the
    project, and of appendix A3 where the run holds it with people."""
    card = pretrained_card()
    names = ("n_virtual_subjects", "n_subjects", "cohort", *(f"dice_{s}" for s in STRUCTURES))
    values = {f"people_{name}": card[name] for name in names} | {"people_studied": 0}
    if REAL_HEARTS.name in studies:
        study = run.results(REAL_HEARTS.name)
        values["people_studied"] = study["has_people"]
        wanted = ("people_phrase", "n_test_subjects", *(f"dice_{name}" for name in REGIMES))
        values |= {f"study_{name}": study[name] for name in wanted if name in study}
    return values


def results(
    claims: pd.DataFrame, comparison: pd.DataFrame, parameters: VerdictParameters, cohort: str
) -> dict:
    """Numbers the prose of chapter 7 quotes."""
    dice = comparison[comparison["measure"] == "Dice"]
    near = claims.loc[claims["claim"] == "near_real", "evidence"].str.contains(UNTRANSLATED_TOO)
    replication = (
        "The test images are those of the challenge that the paper used, so that a cell can"
        " replicate it or fail to."
        if cohort == "mnms"
        else "The test images are not the paper's, so that no cell replicates it or fails to."
    )
    return {
        **parameters.model_dump(),
        "n_claims": len(claims),
        **{
            f"n_claims_{verdict.replace(' ', '_')}": int(claims["verdict"].eq(verdict).sum())
            for verdict in VERDICTS
        },
        "near_note": f" Here {UNTRANSLATED_TOO}." if near.any() else "",
        "replication_note": replication,
        "n_cells": int(comparison["within"].ne(LACKING).sum()),
        "n_cells_within": int(comparison["within"].eq("yes").sum()),
        "largest_dice_difference": float(dice["difference"].abs().max()),
        "mean_dice_difference": float(dice["difference"].mean()),
    }
