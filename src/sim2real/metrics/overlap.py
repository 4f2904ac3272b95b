"""Dice and Hausdorff distance of two masks in 3D, with one policy for empty ones.

An empty prediction of a structure that is there: Dice 0, Hausdorff distance the diagonal of the
image's field of view. Both masks empty: Dice 1, distance 0. An empty reference with a prediction:
as an empty prediction. Every such case is counted.
"""

import numpy as np

from .surfaces import distances_mm, field_of_view_diagonal_mm, masks

__all__ = ["dice", "field_of_view_diagonal_mm", "hausdorff_mm"]


def dice(prediction: np.ndarray, reference: np.ndarray) -> float:
    r"""Overlap :math:`2 |P \cap R| / (|P| + |R|)` of two boolean masks of one shape (Dice 1945); in
    [0, 1].

    Both empty: 1; one empty: 0. Raises ValueError for unequal shapes.
    """
    prediction, reference = masks(prediction, reference)
    total = np.count_nonzero(prediction) + np.count_nonzero(reference)
    return 2.0 * np.count_nonzero(prediction & reference) / total if total else 1.0


def hausdorff_mm(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> float:
    """Largest distance from a surface pixel of one mask to the other's surface, in mm: ``hd_mm`` of
    ``surfaces.distances_mm``."""
    return distances_mm(prediction, reference, spacing_mm)["hd_mm"]
