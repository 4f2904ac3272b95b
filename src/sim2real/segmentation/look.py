"""What the figures of chapter 6 share: names and colours of the regimes, contours, the window round
the heart."""

import numpy as np

from ..data.labels import LV, MYO, RV
from ..data.style import COLOURS

_MARGIN = 14

RED, INK, FAINT = "#D00000", "#1a1a1a", "#8a8a8a"
REGIME_NAMES = {"sim2real": "sim2real", "real": "real", "both": "both", "simulated": "simulated"}


def draw_contours(axes, labels: np.ndarray, style: str, width: float) -> None:
    # of the MYO its outer border: the inner one would lie on that of the LV and hide it
    masks = {"RV": labels == RV, "MYO": (labels == MYO) | (labels == LV), "LV": labels == LV}
    for structure, mask in masks.items():
        if mask.any() and not mask.all():
            axes.contour(
                mask.astype(float),
                [0.5],
                colors=[COLOURS[structure]],
                linestyles=style,
                linewidths=width,
            )


def window(reference: np.ndarray) -> tuple[slice, slice]:
    """A square round the heart and ``_MARGIN`` pixels more, inside the picture."""
    points = np.argwhere(reference > 0)
    if not len(points):
        return slice(None), slice(None)
    centre, half = (
        (points.min(0) + points.max(0)) // 2,
        int(np.ptp(points, axis=0).max()) // 2 + _MARGIN,
    )
    half = min(half, *(size // 2 for size in reference.shape))
    start = [
        int(np.clip(middle - half, 0, size - 2 * half))
        for middle, size in zip(centre, reference.shape, strict=True)
    ]
    return tuple(slice(first, first + 2 * half) for first in start)
