"""Tables as a page shows them: a reader's names for columns, an interval in one column."""

import numpy as np
import pandas as pd

from ..data import spoken_p, told_apart

INTERVALS = {
    ("ci_low", "ci_high"): "95 % interval",
    ("change_low", "change_high"): "95 % interval of the change",
}
"""Pairs of columns that become one, and its name; to the right of the value they belong to."""
_P_VALUES = ("p", "p_holm", "p_value")


def readable(frame: pd.DataFrame, names: dict[str, str], digits: int | None = None) -> pd.DataFrame:
    """A table for a page.

    Args:
        frame: rows that are merely numbered are named by their first column; pairs of
            ``INTERVALS`` become one column, "low to high".
        names: of columns and entries of the index; others have blanks for underscores.
        digits: decimals to round to.
    """

    def words(name: object) -> object:
        return names.get(name, name.replace("_", " ")) if isinstance(name, str) else name

    shown = frame.copy() if digits is None else frame.round(digits)
    floats = shown.select_dtypes("float").columns
    shown[floats] += 0.0  # a negative number that rounds to zero has no sign
    for name in shown.columns[shown.isna().any()]:
        shown[name] = shown[name].map(lambda value: _cell(value, digits))
    for name in _P_VALUES:
        if name in shown:
            shown[name] = frame[name].map(spoken_p)
    for (low, high), name in INTERVALS.items():
        if low in shown and high in shown:
            pairs = zip(frame[low], frame[high], strict=True)
            texts = [_between(*pair, 3 if digits is None else digits) for pair in pairs]
            shown.insert(shown.columns.get_loc(low), name, texts)
            shown = shown.drop(columns=[low, high])
    if isinstance(shown.index, pd.RangeIndex) and shown.index.name is None:
        shown = shown.set_index(shown.columns[0])
    shown = shown.rename(index=words, columns=words)
    titles = [[words(name) for name in axis.names] for axis in (shown.index, shown.columns)]
    return shown.rename_axis(index=titles[0], columns=titles[1])


def _cell(value: object, digits: int | None) -> object:
    """A cell of a column in which some are missing: a dash for those."""
    if pd.isna(value):
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) and digits is not None else value


def _between(low: float, high: float, decimals: int) -> str:
    """An interval in words, a dash where there is none."""
    if not np.isfinite([low, high]).all():
        return "–"
    return " to ".join(told_apart(low, high, decimals))
