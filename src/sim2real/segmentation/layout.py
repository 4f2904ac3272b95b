"""The layout of the paper's Table 1 as data: which number stands in which cell, and which cells are
outlined."""

from importlib.resources import files

import pandas as pd

from ..data.labels import STRUCTURES

PAPER_ROWS = ("sim2real", "real", "both")
ALL_ROWS = (*PAPER_ROWS, "simulated")
OUTLINE_RULE = (
    "red: of the paper's three rows, the highest mean Dice of each vendor and tissue, with its HD"
)


DISTANCES = {
    "hd": ("hd_mm", "HD (mm, 3D)"),
    "hd_2d": ("hd_2d_mm", "HD (mm, 2D, mean of slices)"),
    "hd95": ("hd95_mm", "HD95 (mm, 3D)"),
    "assd": ("assd_mm", "ASSD (mm, 3D)"),
}
"""The choices of ``segmentation.distance``: its measure in ``table1_intervals.csv``, and how the
table heads it."""


def with_distance(table: pd.DataFrame, intervals: pd.DataFrame, distance: str) -> pd.DataFrame:
    """``evaluate.table1`` with the mean of another distance of ``DISTANCES`` as ``distance_mean``;
    intervals: ``statistics.interval_table``."""
    means = intervals[intervals["measure"] == DISTANCES[distance][0]][
        ["training", "vendor", "structure", "mean"]
    ]
    return table.merge(
        means.rename(columns={"mean": "distance_mean"}),
        on=["training", "vendor", "structure"],
        how="left",
        validate="one_to_one",
    )


def read_published() -> pd.DataFrame:
    """Table 1 as printed: ``training, n_real, n_simulated, vendor, structure, dice, hd, source``
    (the paper gives HD no unit)."""
    return pd.read_csv(files(__package__) / "published.csv")


def cells(table: pd.DataFrame) -> pd.DataFrame:
    """``training, vendor, structure, n_real, n_simulated, dice, hd, best`` from
    ``evaluate.table1``, ``with_distance`` or ``read_published``."""
    short = table.rename(
        columns={
            "dice_mean": "dice",
            "distance_mean" if "distance_mean" in table else "hd_mm_mean": "hd",
        }
    )
    short = short[["training", "vendor", "structure", "n_real", "n_simulated", "dice", "hd"]].copy()
    return short.assign(best=best_models(short))


def best_models(table: pd.DataFrame) -> pd.Series:
    """True where a model is the best of its vendor and tissue: highest Dice as printed (three
    decimals), ties to the lower HD.

    The paper outlines one model per tissue, and asks which *training* wins among its three;
    ``simulated`` does not compete. By Dice and not by HD, since the two name different winners for
    some tissues of the printed table.
    """
    rivals = table[table["training"].isin(PAPER_ROWS)]
    ranked = rivals.assign(printed=rivals["dice"].round(3)).sort_values(
        ["printed", "hd"], ascending=[False, True], kind="stable"
    )
    winners = ranked.drop_duplicates(["vendor", "structure"]).index
    return pd.Series(table.index.isin(winners), index=table.index)


def row_label(row: pd.Series) -> tuple[str, str]:
    """The two head cells of a row: real N and simulated N, with N/A for none, as the paper prints
    them."""
    real, simulated = (
        f"N={int(row[name])}" if row[name] else "N/A" for name in ("n_real", "n_simulated")
    )
    return real, simulated


def columns(vendors=("A", "B")) -> list[tuple[str, str]]:
    """(vendor, structure) from left to right."""
    return [(vendor, structure) for vendor in vendors for structure in STRUCTURES]
