"""Published against reproduced, cell by cell."""

import pandas as pd

from .parameters import VerdictParameters


def compare_table(
    ours: pd.DataFrame, published: pd.DataFrame, parameters: VerdictParameters
) -> pd.DataFrame:
    """Each cell of the published Table 1 beside ours: ``training, vendor, structure, measure,
    published, ours, difference, within``.

    ours: ``table1.csv``; published: ``training, vendor, structure, dice, hd``. The published unit
    of HD is not stated; ours is mm.
    """
    rows = []
    for cell in published.to_dict("records"):
        mine = ours[
            (ours["training"] == cell["training"])
            & (ours["vendor"] == cell["vendor"])
            & (ours["structure"] == cell["structure"])
        ]
        for measure, printed, column, tolerance in (
            ("Dice", cell["dice"], "dice_mean", parameters.dice_tolerance),
            ("HD", cell["hd"], "hd_mm_mean", parameters.hd_tolerance_mm),
        ):
            value = float(mine[column].iloc[0]) if len(mine) else float("nan")
            within = (
                "not available"
                if value != value
                else "yes"
                if abs(value - printed) <= tolerance
                else "no"
            )
            rows.append(
                {
                    **{k: cell[k] for k in ("training", "vendor", "structure")},
                    "measure": measure,
                    "published": printed,
                    "ours": value,
                    "difference": value - printed,
                    "within": within,
                }
            )
    return pd.DataFrame(rows)
