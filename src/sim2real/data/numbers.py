"""Numbers as the text quotes them."""

import numpy as np


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
