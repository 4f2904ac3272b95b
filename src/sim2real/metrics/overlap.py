"""Dice and Hausdorff distance of two masks in 3D, with one policy for empty ones.

An empty prediction of a structure that is there: Dice 0, Hausdorff distance the diagonal of the image's field of view.
Both masks empty: Dice 1, distance 0. An empty reference with a prediction: as an empty prediction. Every such case is counted.
"""

import warnings

import numpy as np


def dice(prediction: np.ndarray, reference: np.ndarray) -> float:
    r"""Overlap :math:`2 |P \cap R| / (|P| + |R|)` of two boolean masks of one shape (Dice 1945); in [0, 1].

    Both empty: 1; one empty: 0. Raises ValueError for unequal shapes.
    """
    prediction, reference = _masks(prediction, reference)
    if not prediction.any() and not reference.any():
        return 1.0
    import torch
    from monai.metrics import compute_dice

    both = (torch.from_numpy(mask[None, None].astype(np.float32)) for mask in (prediction, reference))
    return float(compute_dice(*both, ignore_empty=False))


def hausdorff_mm(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> float:
    r"""Largest distance from a surface pixel of one mask to the other's surface, in mm.

    :math:`\max(\max_{p \in \partial P} d(p, \partial R), \max_{r \in \partial R} d(r, \partial P))` (Huttenlocher 1993),
    distances between pixel centres with true spacing; no percentile. As MONAI and medpy have it, the image's outer border bounds a
    structure too: of the first and last slice all pixels of the structure are surface.

    prediction, reference: boolean masks of one shape, two or three axes in any order. spacing_mm: edge of a pixel along each
    of these axes, in the same order, in mm. Both empty: 0. One empty: the diagonal of the field of view (all pixels, edge to
    edge), which no distance can exceed. Raises ValueError for unequal shapes or a spacing of another length.
    """
    prediction, reference = _masks(prediction, reference)
    spacing_mm = np.asarray(spacing_mm, float)
    if spacing_mm.shape != (prediction.ndim,) or (spacing_mm <= 0).any():
        raise ValueError(f"spacing {spacing_mm} does not fit masks of {prediction.ndim} axes; expected a positive edge in mm for each")
    if not prediction.any() and not reference.any():
        return 0.0
    if not prediction.any() or not reference.any():
        return field_of_view_diagonal_mm(prediction.shape, spacing_mm)
    import torch
    from monai.metrics import compute_hausdorff_distance

    both = (torch.from_numpy(mask[None, None].astype(np.float32)) for mask in (prediction, reference))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(compute_hausdorff_distance(*both, include_background=True, spacing=spacing_mm.tolist()))


def field_of_view_diagonal_mm(shape, spacing_mm) -> float:
    """Length in mm of the diagonal of a grid of ``shape`` pixels with edges ``spacing_mm``."""
    return float(np.linalg.norm(np.multiply(shape, spacing_mm)))


def _masks(prediction: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    prediction, reference = np.asarray(prediction, bool), np.asarray(reference, bool)
    if prediction.shape != reference.shape:
        raise ValueError(f"masks of unequal shape, {prediction.shape} and {reference.shape}; both must lie on one grid")
    return prediction, reference
