"""Numbers as the text quotes them."""

import numpy as np
import pandas as pd


def spoken(value: object) -> str:
    """A value as the text quotes it; "not available" for a missing one.

    Three decimals below 1 (two digits below 0.01), two below 10, one below 1,000, then none.
    """
    if value is None or value != value:
        return "not available"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"
    decimals = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if value == round(value, 1) else text


def spoken_interval(low: float, high: float) -> str:
    """An interval as the text quotes it."""
    if not np.isfinite([low, high]).all():
        return "not available"
    return f"{spoken(float(low))} to {spoken(float(high))}"


def named_numbers(
    rows: pd.DataFrame,
    name: str,
    columns: dict[str, str],
    low: str = "ci_low",
    high: str = "ci_high",
) -> dict:
    """Numbers of a table as a text quotes them, by name, each row with its interval in words.

    Args:
        rows: of a table.
        name: of the row's numbers, with its columns in braces: ``"{images}_to_{reference}"``.
        columns: ending of the name to the column it is of.
        low, high: columns with the ends of the interval, whose name ends in ``_interval``.
    """
    numbers = {}
    for row in rows.to_dict("records"):
        start = name.format(**row)
        numbers |= {start + ending: row[column] for ending, column in columns.items()}
        numbers[f"{start}_interval"] = spoken_interval(row[low], row[high])
    return numbers
