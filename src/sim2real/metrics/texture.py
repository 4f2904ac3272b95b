"""Texture features of a slice, and the Fréchet distance of two sets of slices in them.

They need no download, and they see what the paper is about: a slice whose texture is gone. An
Inception network with random weights does not (other half of real slices 6.2, flattened to four
grey levels 6.4; here 10 and 249).
"""

import numpy as np

from ..data import Sim2RealError, refuse
from .frechet import frechet_distance

GREY_LEVELS = 32
DISTANCES_PX = (1, 2, 4)
ANGLES = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation")
STATISTICS = (
    "mean",
    "sd",
    "skewness",
    "kurtosis",
    "percentile_10",
    "percentile_50",
    "percentile_90",
    "entropy",
)
TEXTURE_FEATURES = (
    tuple(f"{name}_{distance}px" for name in PROPERTIES for distance in DISTANCES_PX) + STATISTICS
)


def texture_features(images: np.ndarray) -> np.ndarray:
    """Shape (slice, 23), columns ``TEXTURE_FEATURES``: 5 properties of the grey-level co-occurrence
    matrix (Haralick 1973) at 3 distances, mean of 4 angles; then 8 statistics of the intensities.

    images: shape (slice, row, column), values in [0, 1] (others are clipped), at least 5 pixels a
    side.
    """
    images = np.asarray(images, float)
    if images.ndim != 3 or min(images.shape[1:]) <= max(DISTANCES_PX):
        fewest = max(DISTANCES_PX) + 1
        raise Sim2RealError(
            f"images have shape {images.shape}; expected (slice, row, column) of at least {fewest}"
            " pixels a side"
        )
    refuse(
        not np.isfinite(images).all(),
        "images hold NaN or infinite values; expected intensities in [0, 1]",
    )
    return np.array([_of_slice(np.clip(image, 0, 1)) for image in images]).reshape(
        -1, len(TEXTURE_FEATURES)
    )


def standardise(features: np.ndarray, reference: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both with the mean of ``reference`` at 0 and its SD at 1, feature by feature; one that never
    varies there is only shifted."""
    mean, sd = reference.mean(axis=0), reference.std(axis=0)
    sd = np.where(sd > 1e-9, sd, 1.0)
    return (features - mean) / sd, (reference - mean) / sd


def texture_distance(images: np.ndarray, reference: np.ndarray) -> float:
    """Fréchet distance of ``images`` to ``reference``, both (slice, row, column), in texture
    features standardised on ``reference``.

    Not symmetric, because of the standardisation. Raises Sim2RealError for fewer than two slices in
    either.
    """
    return frechet_distance(*standardise(texture_features(images), texture_features(reference)))


def _of_slice(image: np.ndarray) -> list[float]:
    from skimage.feature import graycomatrix, graycoprops

    levels = np.minimum((image * GREY_LEVELS).astype(np.uint8), GREY_LEVELS - 1)
    matrix = graycomatrix(
        levels, DISTANCES_PX, ANGLES, levels=GREY_LEVELS, symmetric=True, normed=True
    )
    texture = [value for name in PROPERTIES for value in graycoprops(matrix, name).mean(axis=1)]
    return texture + _statistics(image, levels)


def _statistics(image: np.ndarray, levels: np.ndarray) -> list[float]:
    mean, sd = image.mean(), image.std()
    scaled = (image - mean) / sd if sd > 1e-9 else np.zeros_like(image)
    share = np.bincount(levels.ravel(), minlength=GREY_LEVELS) / levels.size
    entropy = -(share[share > 0] * np.log2(share[share > 0])).sum()
    return [
        mean,
        sd,
        (scaled**3).mean(),
        (scaled**4).mean(),
        *np.percentile(image, (10, 50, 90)),
        entropy,
    ]
