"""What chapter 7 shows and says."""

import html

import pandas as pd

from ..data import REGIMES, STRUCTURES, RunFolder
from ..segmentation import REAL_HEARTS, pretrained_card
from .ledger import NOT_SUPPORTED, SUPPORTED, VERDICTS
from .parameters import VerdictParameters

_HEAD = ("claim", "where", "decided by", "this run", "verdict")
_MARK = {SUPPORTED: "✓", NOT_SUPPORTED: "✗"}


def ledger_html(claims: pd.DataFrame) -> str:
    """The ledger as an HTML table: claim with its place, quantity with its rule, evidence, verdict.
    claims: ``ledger.claims_table``."""
    head = "".join(f'<th scope="col">{name}</th>' for name in _HEAD)
    rows = []
    for row in claims.to_dict("records"):
        words = f"“{row['words']}”" if row["quoted"] == "yes" else row["words"]
        cells = [
            words,
            row["place"],
            f"{row['quantity']}: {row['rule']}",
            row["evidence"],
            f"{_MARK.get(row['verdict'], '?')} {row['verdict']}",
        ]
        rows.append(f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in cells)}</tr>")
    return (
        '<div class="sim2real-wide" role="region" aria-label="Ledger of claims" tabindex="0">'
        f'<table class="sim2real-ledger"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


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
    replication = (
        "The test images are those of the challenge that the paper used, so that a cell can"
        " replicate it or fail to."
        if cohort == "mnms"
        else (
            "The test images are not the paper's, so that no cell replicates it or fails to: this"
            " is a rehearsal on other hearts."
        )
    )
    return {
        **parameters.model_dump(),
        "n_claims": len(claims),
        **{
            f"n_claims_{verdict.replace(' ', '_')}": int(claims["verdict"].eq(verdict).sum())
            for verdict in VERDICTS
        },
        "replication_note": replication,
        "n_cells": len(comparison),
        "n_cells_within": int(comparison["within"].eq("yes").sum()),
        "largest_dice_difference": float(dice["difference"].abs().max()),
        "mean_dice_difference": float(dice["difference"].mean()),
    }
