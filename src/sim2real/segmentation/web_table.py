"""Table 1 as HTML for the book, readable on a light and on a dark page."""

import html

import pandas as pd

from ..core.labels import VENDORS
from .layout import ALL_ROWS, OUTLINE_RULE, PAPER_ROWS, cells, columns, row_label

BEST = "outline: 2px solid #e5484d; outline-offset: -3px; font-weight: 600;"  # this red stands out on white and on black


def table1_html(ours: pd.DataFrame, published: pd.DataFrame, caption: str) -> str:
    """The content of ``figures.table1_figure`` as one HTML table; no colour of text or ground is set, so the page's own hold."""
    body = _block("Published: Dice, HD (unit not stated)", cells(published), PAPER_ROWS)
    body += _block("This run: Dice, HD (mm, 3D)", cells(ours), ALL_ROWS)
    vendors = "".join(f'<th colspan="3" scope="colgroup">Test: vendor {name} ({VENDORS[name]})</th>' for name in ("A", "B"))
    structures = "".join(f'<th scope="col">{structure}</th>' for _, structure in columns())
    head = f'<tr><th rowspan="2" scope="col">Real</th><th rowspan="2" scope="col">Simulated</th>{vendors}</tr><tr>{structures}</tr>'
    note = f"Outlined in {OUTLINE_RULE}. {caption}"
    return (
        '<table class="sim2real-table1" style="border-collapse: collapse; text-align: center;">'
        f'<caption style="caption-side: bottom; text-align: left;">{html.escape(note)}</caption>'
        f"<thead>{head}</thead><tbody>{body}</tbody></table>"
    )


def _block(title: str, block: pd.DataFrame, trainings) -> str:
    lines = [f'<tr><th colspan="8" scope="rowgroup" style="text-align: left;">{html.escape(title)}</th></tr>']
    for training in trainings:
        rows = block[block["training"] == training]
        if len(rows):
            real, simulated = row_label(rows.iloc[0])
            simulated += " untranslated" if training == "plain" else ""
            by_column = {(row["vendor"], row["structure"]): row for row in rows.to_dict("records")}
            values = "".join(_cell(by_column.get(key)) for key in columns())
            lines.append(f'<tr><th scope="row">{real}</th><td>{simulated}</td>{values}</tr>')
    return "".join(lines)


def _cell(row: dict | None) -> str:
    if row is None:
        return "<td></td>"
    style = f' style="{BEST}" class="best"' if row["best"] else ""
    return f"<td{style}>{row['dice']:.3f}, {row['hd']:.2f}</td>"
