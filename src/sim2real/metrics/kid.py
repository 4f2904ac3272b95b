"""Kernel distance of two sets of feature vectors. In Inception's feature space, and only there, it
is called KID."""

from collections.abc import Callable

import numpy as np

from ..data import refuse


def kernel_distance(features: np.ndarray, reference: np.ndarray) -> float:
    r"""Unbiased squared maximum mean discrepancy with the kernel :math:`k(x, y) = (x \cdot y / d +
    1)^3` (Binkowski et al. 2018).

    .. math::

        \frac{\sum_{i \ne j} k(x_i, x_j)}{m (m - 1)} + \frac{\sum_{i \ne j} k(y_i, y_j)}{n (n
        - 1)} - \frac{2 \sum_{i, j} k(x_i, y_j)}{m n}

    features, reference: shape (image, feature), finite, d features; no unit. Can be below 0.
    Unbiased for independent images; slices of one person are not, which the jackknife over subjects
    makes good. Raises Sim2RealError for fewer than two images, unequal numbers of features or
    values that are not finite.
    """
    features, reference = np.asarray(features, float), np.asarray(reference, float)
    refuse(
        features.ndim != 2 or reference.ndim != 2 or features.shape[1] != reference.shape[1],
        f"features have shapes {features.shape} and {reference.shape}; expected (image,"
        " feature) from one feature space",
    )
    fewest = min(len(features), len(reference))
    refuse(
        fewest < 2,
        f"a kernel distance of {fewest} image(s); it needs at least two in each set: use more"
        " images",
    )
    refuse(
        not (np.isfinite(features).all() and np.isfinite(reference).all()),
        "features hold NaN or infinite values; look for empty or constant images",
    )
    return kernel_distance_by_subject(
        features, np.zeros(len(features)), reference, np.zeros(len(reference))
    )()


def kernel_distance_by_subject(
    features: np.ndarray,
    subjects: np.ndarray,
    reference: np.ndarray,
    reference_subjects: np.ndarray,
) -> Callable[..., float]:
    """The kernel distance of some subjects to some, as a function of two masks (image,); called
    without any, of all.

    The kernels are summed by subject once, so that leaving out each of many subjects costs next to
    nothing. subjects, reference_subjects: the subject of each image, (image,); a mask keeps all
    images of a subject or none.
    """
    sides = [(features, *_members(subjects)), (reference, *_members(reference_subjects))]
    within = [members @ _kernel(values, values) @ members.T for values, members, _ in sides]
    squares = [
        members @ ((values * values).sum(axis=1) / values.shape[1] + 1) ** 3
        for values, members, _ in sides
    ]
    between = sides[0][1] @ _kernel(features, reference) @ sides[1][1].T

    def distance(*masks: np.ndarray) -> float:
        masks = masks or [np.ones(len(values), bool) for values, _, _ in sides]
        weights = [
            mask[first].astype(float) for mask, (_, _, first) in zip(masks, sides, strict=True)
        ]
        counts = [
            members.sum(axis=1) @ k for (_, members, _), k in zip(sides, weights, strict=True)
        ]
        pairs = [
            (k @ w @ k - o @ k) / (n * (n - 1))
            for k, w, o, n in zip(weights, within, squares, counts, strict=True)
        ]
        return float(sum(pairs) - 2 * (weights[0] @ between @ weights[1]) / (counts[0] * counts[1]))

    return distance


def _members(subjects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whose each image is, 0 or 1, (subject, image), and the first image of each subject."""
    _, first, index = np.unique(subjects, return_index=True, return_inverse=True)
    return (np.arange(len(first))[:, None] == index).astype(float), first


def _kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    inner = first @ second.T / first.shape[1] + 1
    return inner * inner * inner  # ten times as fast as a power
