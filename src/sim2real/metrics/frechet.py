"""Fréchet distance of two sets of feature vectors, each taken as a Gaussian."""

import warnings

import numpy as np

from ..data import refuse


def frechet_distance(features: np.ndarray, reference: np.ndarray) -> float:
    r""":math:`|\mu_1 - \mu_2|^2 + \mathrm{tr}(C_1 + C_2 - 2 (C_1 C_2)^{1/2})` (Dowson and Landau
    1982; Heusel et al. 2017).

    features, reference: shape (image, feature), finite; any number of images from two on in each.
    No unit but that of the features squared. Biased upwards for few images: compare sets of like
    size, and say how many images there were. Raises Sim2RealError for fewer than two images or
    unequal numbers of features.
    """
    means, covariances = zip(
        *(gaussian_of(vectors) for vectors in (features, reference)), strict=True
    )
    refuse(
        means[0].shape != means[1].shape,
        f"feature vectors of unequal length, {means[0].size} and {means[1].size}; take both"
        " from one feature space",
    )
    return frechet_distance_of_gaussians(means[0], covariances[0], means[1], covariances[1])


def gaussian_of(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean, shape (feature,), and covariance, shape (feature, feature), of vectors of shape (image,
    feature)."""
    features = np.asarray(features, float)
    refuse(
        features.ndim != 2,
        f"features have shape {features.shape}; expected (image, feature)",
    )
    refuse(
        len(features) < 2,
        f"a Fréchet distance of {len(features)} image(s); a covariance needs at least two: use"
        " more images",
    )
    refuse(
        not np.isfinite(features).all(),
        "features hold NaN or infinite values; look for empty or constant images",
    )
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def frechet_distance_of_gaussians(
    mean_1: np.ndarray, covariance_1: np.ndarray, mean_2: np.ndarray, covariance_2: np.ndarray
) -> float:
    """As pytorch-fid computes it; never below 0, where rounding can bring it for two equal sets."""
    if np.size(mean_1) == 1:  # the matrix root that pytorch-fid asks for fails for a single feature
        shift, sds = (
            np.diff([np.ravel(mean_1), np.ravel(mean_2)], axis=0),
            np.sqrt([np.ravel(covariance_1), np.ravel(covariance_2)]),
        )
        return float(shift.item() ** 2 + np.diff(sds, axis=0).item() ** 2)
    from .torchvision_shim import import_torchvision

    import_torchvision()
    from pytorch_fid.fid_score import calculate_frechet_distance

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of an old argument of sqrtm (see pyproject.toml), and of singular covariances
        try:
            distance = calculate_frechet_distance(mean_1, covariance_1, mean_2, covariance_2)
        except (
            ValueError
        ):  # its root of a product of singular covariances has an imaginary part; this one has none
            distance = (
                ((mean_1 - mean_2) ** 2).sum()
                + np.trace(covariance_1 + covariance_2)
                - 2 * _trace_of_root(covariance_1, covariance_2)
            )
    return max(0.0, float(distance))


def _trace_of_root(covariance_1: np.ndarray, covariance_2: np.ndarray) -> float:
    r""":math:`\mathrm{tr} (C_1 C_2)^{1/2} = \mathrm{tr} (C_2^{1/2} C_1 C_2^{1/2})^{1/2}`, from
    symmetric matrices alone."""
    values, vectors = np.linalg.eigh(covariance_2)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return float(np.sqrt(np.clip(np.linalg.eigvalsh(root.T @ covariance_1 @ root), 0, None)).sum())
