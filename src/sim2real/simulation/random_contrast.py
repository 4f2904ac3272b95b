"""Images without physics: a structure map whose every tissue has a contrast drawn at random.

After SynthSeg (Billot et al., Medical Image Analysis 86, 102789, 2023), which trains segmenters of
brains on labels alone. A segmenter that has seen any contrast relies on shapes.
"""

import numpy as np
from scipy.ndimage import gaussian_filter, zoom

from ..data import Image
from ..population import STRUCTURE_TABLE

SHARE_LIKE_CINE = 0.8
"""Of the draws, those whose contrast is like that of a cine image: blood and fat bright, muscle and
lung dark. In the others every tissue may have any intensity."""
LIKE_CINE = {
    "air": (0.0, 0.06),
    "lung": (0.0, 0.2),
    "bone": (0.0, 0.25),
    "pericardium": (0.0, 0.3),
    "blood_left": (0.6, 1.0),
    "myocardium": (0.1, 0.42),
    "skeletal_muscle": (0.08, 0.4),
    "liver": (0.1, 0.55),
    "spleen": (0.15, 0.6),
    "stomach": (0.1, 0.5),
    "stomach_content": (0.05, 0.8),
    "fat": (0.35, 1.1),
    "marrow": (0.2, 0.8),
    "csf": (0.5, 1.1),
    "skin": (0.2, 0.7),
}
"""Lowest and highest intensity of each tissue in such a draw, relative to the brightest blood."""
_RIGHT_OVER_LEFT = (0.65, 1.15)  # intensity of the right heart's blood over the left's
_TEXTURE = (0.0, 0.18)  # SD within a tissue, relative
_TEXTURE_MM = (0.8, 5.0)
_BIAS = 0.7  # largest logarithm of the gain, at the nodes of a coarse grid
_BLUR_MM = (0.4, 1.7)
_NOISE = (0.005, 0.07)  # SD, relative to the brightest blood


def random_contrast(structures: Image, rng: np.random.Generator) -> Image:
    """One image of a structure map, every tissue's intensity drawn anew.

    Args:
        structures: structure numbers, shape (x, y, slice, sub_slice).
        rng: of everything random.

    Returns:
        float32, shape (x, y, slice), not negative; blood is about 1.
    """
    intensities, texture = _draw_tissues(rng)
    n_x, n_y, n_slices, n_sub = structures.data.shape
    pixel_mm = float(structures.spacing_mm[0])
    blur, noise = rng.uniform(*_BLUR_MM) / pixel_mm, rng.uniform(*_NOISE)
    scale = rng.uniform(*_TEXTURE_MM) / pixel_mm
    gain = np.exp(_smooth(rng, (n_x, n_y), _BIAS))
    image = np.empty((n_x, n_y, n_slices), np.float32)
    for k in range(n_slices):
        field = gaussian_filter(rng.standard_normal((n_x, n_y), np.float32), scale)
        field /= field.std()
        plane = np.zeros((n_x, n_y), np.float32)
        for s in range(n_sub):
            tissue = structures.data[:, :, k, s]
            plane += intensities[tissue] * (1 + texture[tissue] * field)
        plane = gaussian_filter(plane / n_sub * gain, blur)
        # magnitude of a complex signal: noise never makes it negative
        real, imaginary = rng.normal(0, noise, (2, n_x, n_y)).astype(np.float32)
        image[:, :, k] = np.hypot(plane + real, imaginary)
    return Image(image, structures.affine)


def _draw_tissues(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Intensity, and relative SD of the texture, by structure number."""
    like_cine = rng.random() < SHARE_LIKE_CINE
    tissues = list(dict.fromkeys(STRUCTURE_TABLE["tissue"]))
    drawn = {}
    for tissue in tissues:
        low, high = LIKE_CINE.get(tissue, (0.0, 1.0)) if like_cine else (0.0, 1.0)
        drawn[tissue] = rng.uniform(low, high)
    if like_cine:
        drawn["blood_right"] = drawn["blood_left"] * rng.uniform(*_RIGHT_OVER_LEFT)
    texture = {tissue: rng.uniform(*_TEXTURE) for tissue in tissues}
    order = STRUCTURE_TABLE.sort_values("id")["tissue"]
    return (
        order.map(drawn).to_numpy(np.float32),
        order.map(texture).to_numpy(np.float32),
    )


def _smooth(rng: np.random.Generator, shape: tuple[int, int], largest: float) -> np.ndarray:
    """A smooth field: values up to ``largest`` on a grid of four by four, interpolated."""
    nodes = rng.uniform(-largest, largest, (4, 4))
    return zoom(nodes, np.array(shape) / 4, order=3, grid_mode=True, mode="nearest")
