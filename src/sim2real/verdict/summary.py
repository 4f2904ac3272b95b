"""What chapter 7 says."""

import pandas as pd

from ..core.parameters import VerdictParameters


def results(claims: pd.DataFrame, comparison: pd.DataFrame, parameters: VerdictParameters) -> dict:
    """Numbers the prose of chapter 7 quotes."""
    dice = comparison[comparison["measure"] == "Dice"]
    return {
        **parameters.model_dump(),
        "n_claims": len(claims),
        "n_claims_that_hold": int(claims["verdict"].eq("holds in this run").sum()),
        "n_cells": len(comparison),
        "n_cells_within": int(comparison["within"].eq("yes").sum()),
        "largest_dice_difference": float(dice["difference"].abs().max()),
        "mean_dice_difference": float(dice["difference"].mean()),
    }
