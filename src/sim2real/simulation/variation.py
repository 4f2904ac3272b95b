"""Smooth random variation of a tissue's properties from place to place."""

import numpy as np
from scipy.ndimage import gaussian_filter


def smooth_noise(rng: np.random.Generator, n: int, correlation: float) -> np.ndarray:
    """White noise smoothed by a Gaussian of ``correlation`` pixels, SD 1, clipped at 2.5, float32,
    shape (n, n)."""
    noise = gaussian_filter(rng.standard_normal((n, n), np.float32), correlation, mode="wrap")
    return np.clip(noise / noise.std(), -2.5, 2.5)


def tissue_variation(rng: np.random.Generator, n: int, correlation: float, sd: float) -> np.ndarray:
    """Relative deviations of T1, T2 and PD, independent of each other, shape (3, n, n)."""
    return np.float32(sd) * np.stack([smooth_noise(rng, n, correlation) for _ in range(3)])
