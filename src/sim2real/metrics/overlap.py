"""Dice and surface distances of two masks, with one policy for empty ones.

An empty prediction of a structure that is there: Dice 0, and every distance is the diagonal of the
field of view (all pixels, edge to edge), which none can exceed. An empty reference with a
prediction: the same. Both masks empty: Dice 1, distances 0. Every such case is counted.
"""

import numpy as np
from scipy.ndimage import binary_erosion, find_objects
from scipy.spatial import cKDTree

PERCENTILE = 95


def dice(prediction: np.ndarray, reference: np.ndarray) -> float:
    r"""Overlap :math:`2 |P \cap R| / (|P| + |R|)` of two boolean masks of one shape (Dice 1945); in
    [0, 1].

    Both empty: 1; one empty: 0. Raises ValueError for unequal shapes.
    """
    prediction, reference = masks(prediction, reference)
    total = np.count_nonzero(prediction) + np.count_nonzero(reference)
    return 2.0 * np.count_nonzero(prediction & reference) / total if total else 1.0


def surface(mask: np.ndarray) -> np.ndarray:
    """The pixels of a boolean mask that its erosion takes away: those with a neighbour across an
    edge that is not in the mask.

    As MONAI and medpy have it, the image's outer border bounds a structure too: of the first and
    last slice all pixels are surface.
    """
    mask = np.asarray(mask, bool)
    return mask & ~binary_erosion(mask)


def surface_distances_mm(
    prediction: np.ndarray, reference: np.ndarray, spacing_mm
) -> tuple[np.ndarray, np.ndarray]:
    """Distance in mm of each surface pixel of the prediction to the reference's nearest, and the
    other way round.

    prediction, reference: boolean masks of one shape, neither empty, two or three axes in any
    order. spacing_mm: edge of a pixel along each of these axes, in the same order, in mm; distances
    are between pixel centres.
    """
    # beyond this box neither mask has a pixel, so that no surface changes by cutting there
    box = find_objects((prediction | reference).astype(np.uint8))[0]
    points = [
        np.argwhere(surface(mask[box])) * np.asarray(spacing_mm, float)
        for mask in (prediction, reference)
    ]
    return tuple(cKDTree(points[1 - k]).query(points[k])[0] for k in range(2))


def distances_mm(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> dict[str, float]:
    r"""``hd_mm``, ``hd95_mm`` and ``assd_mm`` of two boolean masks of one shape, two or three axes
    in any order.

    With :math:`D_P` the distances of the prediction's surface pixels to the reference's surface and
    :math:`D_R` the reverse:

    - ``hd_mm`` :math:`\max(\max D_P, \max D_R)` (Huttenlocher 1993), no percentile;
    - ``hd95_mm`` :math:`\max(P_{95}(D_P), P_{95}(D_R))`, the larger of the two directed
      percentiles, interpolated, as MONAI has it (medpy takes one percentile of both together, which
      is never larger);
    - ``assd_mm`` :math:`(\sum D_P + \sum D_R) / (|D_P| + |D_R|)`, the mean over both surfaces'
      pixels together (Heimann 2009).

    spacing_mm: edges of a pixel, in mm, in the axes' order. Empty masks: see above. Raises
    ValueError for unequal shapes or a spacing of another length.
    """
    prediction, reference = masks(prediction, reference)
    spacing_mm = spacing(spacing_mm, prediction.ndim)
    names = ("hd_mm", "hd95_mm", "assd_mm")
    if not (prediction.any() and reference.any()):
        either = prediction.any() or reference.any()
        return dict.fromkeys(
            names, field_of_view_diagonal_mm(prediction.shape, spacing_mm) if either else 0.0
        )
    distances = surface_distances_mm(prediction, reference, spacing_mm)
    values = (
        max(part.max() for part in distances),
        max(np.percentile(part, PERCENTILE) for part in distances),
        np.concatenate(distances).mean(),
    )
    return dict(zip(names, map(float, values), strict=True))


def hausdorff_mm(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> float:
    """``hd_mm`` of ``distances_mm``: the largest distance from a surface pixel of one mask to the
    other's surface, in mm."""
    return distances_mm(prediction, reference, spacing_mm)["hd_mm"]


def hausdorff_2d_mm(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> tuple[float, int]:
    """Mean over slices of the Hausdorff distance within each, in mm, and the number of slices that
    one mask alone holds.

    prediction, reference: boolean, shape (slice, row, column). spacing_mm: in the same order; the
    first is not used. The mean is over the slices that hold the structure in either mask; one that
    a single mask holds has the diagonal of a slice's field of view. No slice at all: 0.
    """
    prediction, reference = masks(prediction, reference)
    in_plane = spacing(spacing_mm, prediction.ndim)[1:]
    pairs = [
        pair for pair in zip(prediction, reference, strict=True) if pair[0].any() or pair[1].any()
    ]
    distances = [distances_mm(*pair, in_plane)["hd_mm"] for pair in pairs]
    lost = sum(one.any() != two.any() for one, two in pairs)
    return float(np.mean(distances)) if distances else 0.0, lost


def field_of_view_diagonal_mm(shape, spacing_mm) -> float:
    """Length in mm of the diagonal of a grid of ``shape`` pixels with edges ``spacing_mm``."""
    return float(np.linalg.norm(np.multiply(shape, spacing_mm)))


def masks(prediction: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as booleans. Raises ValueError for unequal shapes."""
    prediction, reference = np.asarray(prediction, bool), np.asarray(reference, bool)
    if prediction.shape != reference.shape:
        raise ValueError(
            f"masks of unequal shape, {prediction.shape} and {reference.shape}; both must lie on"
            " one grid"
        )
    return prediction, reference


def spacing(spacing_mm, n_axes: int) -> np.ndarray:
    """Edges of a pixel as an array, in mm. Raises ValueError unless there is a positive one for
    each axis."""
    spacing_mm = np.asarray(spacing_mm, float)
    if spacing_mm.shape != (n_axes,) or not (spacing_mm > 0).all():
        raise ValueError(
            f"spacing {spacing_mm} does not fit masks of {n_axes} axes; expected a positive edge in"
            " mm for each"
        )
    return spacing_mm
