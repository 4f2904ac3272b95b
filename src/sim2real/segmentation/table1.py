"""The paper's Table 1: the means in its cells, which cells are outlined, and its HTML, readable
on a light and on a dark page."""

import html
from importlib.resources import files

import pandas as pd

from ..data import REGIMES, STRUCTURES, VENDORS, refuse

PAPER_ROWS = ("sim2real", "real", "both")
# The choices of ``segmentation.distance``: its measure in ``table1_intervals.csv``, and how the
# table heads it.
DISTANCES = {
    "hd": ("hd_mm", "HD (mm, 3D)"),
    "hd_2d": ("hd_2d_mm", "HD (mm, 2D, mean of slices)"),
    "hd95": ("hd95_mm", "HD95 (mm, 3D)"),
    "assd": ("assd_mm", "ASSD (mm, 3D)"),
}
BEST = (  # this red stands out on white and on black
    "outline: 2px solid #e5484d; outline-offset: -3px; font-weight: 600;"
)


TABLE_COLUMNS = [
    "training",
    "n_real",
    "n_simulated",
    "vendor",
    "structure",
    "n_cases",
    "dice_mean",
    "dice_sd",
    "hd_mm_mean",
    "hd_mm_sd",
    "n_empty",
]


def table1_means(cases: pd.DataFrame) -> pd.DataFrame:
    """Mean and SD over the cases (and seeds) of each training, vendor and structure:
    ``TABLE_COLUMNS``. No case is left out."""
    refuse(
        lost := int(cases[["dice", "hd_mm"]].isna().any(axis=1).sum()),
        f"{lost} cases have no Dice or HD; expected a number for each: evaluate anew",
    )
    groups = cases.groupby(
        ["training", "n_real", "n_simulated", "vendor", "structure"], as_index=False
    )
    table = groups.agg(
        n_cases=("dice", "size"),
        dice_mean=("dice", "mean"),
        dice_sd=("dice", "std"),
        hd_mm_mean=("hd_mm", "mean"),
        hd_mm_sd=("hd_mm", "std"),
        n_empty=("empty", "sum"),
    )
    order = {name: place for place, name in enumerate([*REGIMES, *STRUCTURES])}
    by = ["training", "vendor", "structure"]
    table = table.sort_values(
        by, key=lambda column: column if column.name == "vendor" else column.map(order)
    )
    return table[TABLE_COLUMNS].reset_index(drop=True)


def with_distance(table: pd.DataFrame, intervals: pd.DataFrame, distance: str) -> pd.DataFrame:
    """``table1_means`` with the mean of another distance of ``DISTANCES`` as
    ``distance_mean``; intervals: ``interval_table``."""
    keys = ["training", "vendor", "structure"]
    means = intervals[intervals["measure"] == DISTANCES[distance][0]]
    means = means[[*keys, "mean"]].rename(columns={"mean": "distance_mean"})
    return table.merge(means, on=keys, how="left", validate="one_to_one")


def read_published() -> pd.DataFrame:
    """Table 1 as printed: ``training, n_real, n_simulated, vendor, structure, dice, hd, source``
    (the paper gives HD no unit)."""
    return pd.read_csv(files(__package__) / "published.csv")


def cells(table: pd.DataFrame) -> pd.DataFrame:
    """``training, vendor, structure, n_real, n_simulated, dice, hd, best`` from
    ``table1_means``, ``with_distance`` or ``read_published``."""
    distance = "distance_mean" if "distance_mean" in table else "hd_mm_mean"
    short = table.rename(columns={"dice_mean": "dice", distance: "hd"})
    short = short[["training", "vendor", "structure", "n_real", "n_simulated", "dice", "hd"]]
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


def columns(vendors=("A", "B")) -> list[tuple[str, str]]:
    """(vendor, structure) from left to right."""
    return [(vendor, structure) for vendor in vendors for structure in STRUCTURES]


def table1_html(
    ours: pd.DataFrame,
    published: pd.DataFrame,
    caption: str,
    intervals: pd.DataFrame,
    distance: str = "hd",
) -> str:
    """Published and our Table 1 as one HTML table; no colour of text or ground is set, so that the
    page's own hold.

    Args:
        ours: ``table1_means``.
        published: ``read_published``.
        caption: plain text below the table.
        intervals: ``interval_table``, which has the other distances.
        distance: of ``DISTANCES``.
    """

    def cell(row: dict) -> str:
        style = f' style="{BEST}" class="best"' if row["best"] else ""
        return f"<td{style}>{row['dice']:.3f}, {row['hd']:.2f}</td>"

    printed, shown = cells(published), cells(with_distance(ours, intervals, distance))
    blocks = [
        _block_head("Published: Dice, HD (unit not stated)"),
        *_rows(printed, cell),
        _block_head(f"This run: Dice, {DISTANCES[distance][1]}"),
        *_rows(shown, cell),
    ]
    note = (
        "Outlined in red: of the paper's three rows, the highest mean Dice of each vendor and"
        f" tissue, with its HD. {caption}"
    )
    return _table(blocks, note, "sim2real-table1")


def intervals_html(
    ours: pd.DataFrame, intervals: pd.DataFrame, caption: str, distance: str = "hd"
) -> str:
    """Each of our cells with its 95 % intervals and its empty predictions, the rows with subjects
    and images of the training; arguments as in ``table1_html``."""
    measure, name = DISTANCES[distance]
    by_cell = intervals.set_index(["training", "vendor", "structure", "measure"])
    images = intervals.drop_duplicates("training").set_index("training")["n_training_images"]

    def cell(row: dict) -> str:
        key = (row["training"], row["vendor"], row["structure"])
        one, two = by_cell.loc[(*key, "dice")], by_cell.loc[(*key, measure)]
        return (
            f"<td>{one['mean']:.3f}<br><small>{_range(one, 3)}</small><br>"
            f"{two['mean']:.2f}<br><small>{_range(two, 1)}</small><br>"
            f"<small>{one['n_empty']:.0f} empty</small></td>"
        )

    note = (
        f"In each cell: mean Dice, its 95 % interval, mean {name}, its interval, number of empty"
        f" predictions. {caption}"
    )
    notes = {training: f"<br><small>{n} images</small>" for training, n in images.items()}
    return _table(_rows(cells(ours), cell, notes), note, "sim2real-intervals")


def _rows(block: pd.DataFrame, cell, notes: dict[str, str] | None = None) -> list[str]:
    """A row a training, N/A for none as the paper prints it; ``cell``: from a row of ``block`` to
    HTML; ``notes``: HTML below the number of simulated subjects."""
    lines = []
    for training in [name for name in REGIMES if name in set(block["training"])]:
        part = block[block["training"] == training].to_dict("records")
        real, simulated = (
            f"N={int(part[0][name])}" if part[0][name] else "N/A"
            for name in ("n_real", "n_simulated")
        )
        simulated += " untranslated" if training == "simulated" else ""
        simulated += (notes or {}).get(training, "")
        by_column = {(row["vendor"], row["structure"]): cell(row) for row in part}
        values = "".join(by_column.get(key, "<td>&ndash;</td>") for key in columns())
        lines.append(f'<tr><th scope="row">{real}</th><td>{simulated}</td>{values}</tr>')
    return lines


def _block_head(title: str) -> str:
    look = 'colspan="8" scope="rowgroup" style="text-align: left;"'
    return f"<tr><th {look}>{html.escape(title)}</th></tr>"


def _table(lines: list[str], note: str, name: str) -> str:
    vendors = "".join(
        f'<th colspan="3" scope="colgroup">Test: vendor {vendor} ({VENDORS[vendor]})</th>'
        for vendor in ("A", "B")
    )
    structures = "".join(f'<th scope="col">{structure}</th>' for _, structure in columns())
    head = (
        '<tr><th rowspan="2" scope="col">Real</th><th rowspan="2"'
        f' scope="col">Simulated</th>{vendors}</tr><tr>{structures}</tr>'
    )
    return (
        f'<table class="{name}" style="border-collapse: collapse; text-align: center;">'
        f'<caption style="caption-side: bottom; text-align: left;">{html.escape(note)}</caption>'
        f"<thead>{head}</thead><tbody>{''.join(lines)}</tbody></table>"
    )


def _range(row: pd.Series, decimals: int) -> str:
    if pd.isna(row["ci_low"]):
        return "no interval"
    return f"{row['ci_low']:.{decimals}f} to {row['ci_high']:.{decimals}f}"
