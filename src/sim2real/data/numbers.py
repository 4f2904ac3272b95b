"""Numbers as the text quotes them."""

import numpy as np
import pandas as pd


def spoken(value: object) -> str:
    """A value as the text quotes it; "not available" for a missing one.

    Three decimals below 1 (two digits below 0.01, never with an exponent), two below 10, one below
    1,000, then none.
    """
    if value is None or value != value:
        return "not available"
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    if 0 < abs(value) < 0.01:
        return np.format_float_positional(value, precision=2, fractional=False, trim="-")
    decimals = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if value == round(value, 1) else text


def spoken_share(value: object) -> str:
    """A share of one, or the text of an interval of such shares, in per cent to three digits."""
    if isinstance(value, str):
        ends = value.split(" to ")
        if len(ends) != 2:
            return value  # not available
        return " to ".join(f"{100 * float(end):.3g}" for end in ends) + " %"
    return spoken(None) if value is None or value != value else f"{100 * value:.3g} %"


def spoken_interval(low: float, high: float) -> str:
    """An interval as the text quotes it; ends that would read alike get more decimals."""
    if not np.isfinite([low, high]).all():
        return "not available"
    ends = spoken(float(low)), spoken(float(high))
    if ends[0] == ends[1] and low != high:
        ends = told_apart(low, high, 3)
    return " to ".join(ends)


def spoken_against(values: list[float], bound: float) -> list[str]:
    """Numbers of one kind with as many decimals as ``spoken`` gives the largest; with more, to six,
    where one would else read like the bound that it is held against."""
    largest = max(map(abs, values))
    decimals = 3 if largest < 1 else 2 if largest < 10 else 1 if largest < 1000 else 0
    for digits in range(decimals, 7):
        if not any(round(value, digits) == bound for value in values if value != bound):
            break
    return [f"{value:,.{digits}f}" for value in values]


def told_apart(low: float, high: float, decimals: int) -> tuple[str, str]:
    """Both ends of an interval with at least ``decimals``, and with as many more, to six, as tell
    them apart. Ends that are equal stay so."""
    for digits in range(decimals, 7 if low != high else decimals + 1):
        ends = f"{low:.{digits}f}", f"{high:.{digits}f}"
        if ends[0] != ends[1]:
            break
    return ends


def spoken_p(value: float) -> str:
    """A p value as a table shows it: three decimals, and no 0."""
    if not np.isfinite(value):
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


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
        numbers |= {
            **{start + ending: row[column] for ending, column in columns.items()},
            f"{start}_interval": spoken_interval(row[low], row[high]),
        }
    return numbers
