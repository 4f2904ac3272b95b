"""Table 1 as HTML for the book, readable on a light and on a dark page."""

import html

import pandas as pd

from ..data.labels import VENDORS
from .layout import (
    ALL_ROWS,
    DISTANCES,
    OUTLINE_RULE,
    PAPER_ROWS,
    cells,
    columns,
    row_label,
    with_distance,
)

BEST = (  # this red stands out on white and on black
    "outline: 2px solid #e5484d; outline-offset: -3px; font-weight: 600;"
)


def table1_html(
    ours: pd.DataFrame,
    published: pd.DataFrame,
    caption: str,
    intervals: pd.DataFrame | None = None,
    distance: str = "hd",
) -> str:
    """The content of ``figures.table1_figure`` as one HTML table; no colour of text or ground is
    set, so the page's own hold.

    intervals: ``statistics.interval_table``; each of our cells then tells its interval and numbers
    where a pointer rests on it. distance: of ``layout.DISTANCES``; another than ``hd`` needs
    ``intervals``.
    """
    shown = ours if intervals is None else with_distance(ours, intervals, distance)
    body = _block(
        "Published: Dice, HD (unit not stated)",
        cells(published),
        PAPER_ROWS,
        lambda row: "as printed, without an interval",
    )
    told = _told(intervals, distance) if intervals is not None else lambda row: ""
    body += _block(f"This run: Dice, {DISTANCES[distance][1]}", cells(shown), ALL_ROWS, told)
    hint = (
        ""
        if intervals is None
        else (
            " A cell tells its interval and numbers where a pointer or the keyboard's focus rests"
            " on it."
        )
    )
    note = f"Outlined in {OUTLINE_RULE}. {caption}{hint}"
    return _table(body, note, "sim2real-table1")


def intervals_html(
    ours: pd.DataFrame, intervals: pd.DataFrame, caption: str, distance: str = "hd"
) -> str:
    """Each of our cells with its 95 % intervals and its empty predictions, the rows with subjects
    and images of the training."""
    by_cell = _by_cell(intervals)
    images = intervals.drop_duplicates("training").set_index("training")["n_training_images"]
    lines = []
    for training in [name for name in ALL_ROWS if name in set(ours["training"])]:
        real, simulated = row_label(ours[ours["training"] == training].iloc[0])
        simulated += " untranslated" if training == "simulated" else ""
        values = "".join(
            _interval_cell(by_cell, (training, *key), DISTANCES[distance][0]) for key in columns()
        )
        lines.append(
            f'<tr><th scope="row">{real}</th><td>{simulated}<br><small>{images[training]}'
            f" images</small></td>{values}</tr>"
        )
    note = (
        f"In each cell: mean Dice, its 95 % interval, mean {DISTANCES[distance][1]}, its interval,"
        f" number of empty predictions. {caption}"
    )
    return _table("".join(lines), note, "sim2real-intervals")


def _table(body: str, note: str, name: str) -> str:
    vendors = "".join(
        f'<th colspan="3" scope="colgroup">Test: vendor {name} ({VENDORS[name]})</th>'
        for name in ("A", "B")
    )
    structures = "".join(f'<th scope="col">{structure}</th>' for _, structure in columns())
    head = (
        '<tr><th rowspan="2" scope="col">Real</th><th rowspan="2"'
        f' scope="col">Simulated</th>{vendors}</tr><tr>{structures}</tr>'
    )
    return (
        f'<table class="{name}" style="border-collapse: collapse; text-align: center;">'
        f'<caption style="caption-side: bottom; text-align: left;">{html.escape(note)}</caption>'
        f"<thead>{head}</thead><tbody>{body}</tbody></table>"
    )


def _block(title: str, block: pd.DataFrame, trainings, told) -> str:
    lines = [
        '<tr><th colspan="8" scope="rowgroup" style="text-align:'
        f' left;">{html.escape(title)}</th></tr>'
    ]
    for training in trainings:
        rows = block[block["training"] == training]
        if len(rows):
            real, simulated = row_label(rows.iloc[0])
            simulated += " untranslated" if training == "simulated" else ""
            by_column = {(row["vendor"], row["structure"]): row for row in rows.to_dict("records")}
            values = "".join(_cell(by_column.get(key), told) for key in columns())
            lines.append(f'<tr><th scope="row">{real}</th><td>{simulated}</td>{values}</tr>')
    return "".join(lines)


def _cell(row: dict | None, told) -> str:
    if row is None:
        return "<td></td>"
    style = f' style="{BEST}" class="best"' if row["best"] else ""
    words = html.escape(told(row), quote=True)
    title = f' title="{words}"' if words else ""
    return f"<td{style}{title}>{row['dice']:.3f}, {row['hd']:.2f}</td>"


def _by_cell(intervals: pd.DataFrame) -> dict[tuple, dict]:
    return {
        (row["training"], row["vendor"], row["structure"], row["measure"]): row
        for row in intervals.to_dict("records")
    }


def _told(intervals: pd.DataFrame, distance: str):
    """What a cell of ours says where a pointer rests on it."""
    by_cell = _by_cell(intervals)
    measure, name = DISTANCES[distance]

    def told(row: dict) -> str:
        key = (row["training"], row["vendor"], row["structure"])
        one, two = by_cell[*key, "dice"], by_cell[*key, measure]
        counts = (
            f"{one['n_subjects']} subjects, {one['n_images']} images, {one['n_seeds']} seed(s),"
            f" {one['n_empty']} empty"
        )
        return f"95 %: Dice {_range(one, 3)}; {name} {_range(two, 1)}; {counts}"

    return told


def _range(row: dict, decimals: int) -> str:
    if not row["ci_low"] == row["ci_low"]:
        return "no interval, fewer than five subjects"
    return f"{row['ci_low']:.{decimals}f} to {row['ci_high']:.{decimals}f}"


def _interval_cell(by_cell: dict, key: tuple, measure: str) -> str:
    one, two = by_cell.get((*key, "dice")), by_cell.get((*key, measure))
    if one is None:
        return "<td></td>"
    ranges = [
        _range(row, decimals) if row["ci_low"] == row["ci_low"] else "no interval"
        for row, decimals in ((one, 3), (two, 1))
    ]
    return (
        f"<td>{one['mean']:.3f}<br><small>{ranges[0]}</small><br>{two['mean']:.2f}<br><small>{ranges[1]}</small><br><small>{one['n_empty']}"
        " empty</small></td>"
    )
