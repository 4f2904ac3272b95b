"""A subject's structure maps to cine bSSFP images with labels."""

import numpy as np

from ..data.images import Image
from ..data.seeds import generator
from ..population.structures import labels_of
from .acquisition import KSpace, add_noise, area_weights, combine, reconstruct
from .motion import blend_phases, breathe
from .parameters import SimulationParameters
from .scan import Scan

SCALE = 1000  # the stored image counts thousandths of the magnetisation of pure water


def simulate(
    structures: Image, parameters: SimulationParameters, seed: int, name: str
) -> tuple[Image, Image]:
    """(image, label) of one subject: float32 and uint8, shape (x, y, slice, phase), with world
    geometry of the slices.

    structures: shape (x, y, slice, phase, sub_slice), any number of slices and phases. The complex
    signals of a slab's sub-slices are summed. What is random depends on (seed, name) and on a
    frame's own slice and phase alone. Raises Sim2RealError for a map that is damaged or coarser
    than the acquired pixel.
    """
    scan = Scan.of(structures, parameters, seed, name)
    _, _, n_slices, n_phases, _ = structures.data.shape
    m = scan.k_space.reconstructed
    image, label = (
        np.empty((m, m, n_slices, n_phases), np.float32),
        np.empty((m, m, n_slices, n_phases), np.uint8),
    )
    for k in range(n_slices):
        state = scan.at_slice(k, structures.data[:, :, k, 0])
        frames = np.stack([scan.lines(structures.data[:, :, k, p], state) for p in range(n_phases)])
        frames = blend_phases(frames, parameters.temporal_footprint)
        for p in range(n_phases):
            image[:, :, k, p] = finish(scan, frames[p], k, p)
            label[:, :, k, p] = slab_label(labels_of(structures.data[:, :, k, p]), m)
    affine = slice_affine(structures.affine, float(structures.spacing_mm[0]), scan.k_space)
    return Image(image, affine), Image(label, affine)


def finish(scan: Scan, lines: np.ndarray, k: int, p: int) -> np.ndarray:
    """The magnitude image of a frame's k-space (coil, kx, ky): breathing, noise, reconstruction,
    coils combined."""
    if scan.parameters.breathing_mm:
        lines = breathe(lines, **scan.breathing(k, p))
    lines = add_noise(
        lines, scan.noise_sd, generator(scan.seed, "simulation", scan.name, "noise", k, p)
    )
    return SCALE * combine(reconstruct(lines, scan.k_space, scan.n))


def slab_label(labels: np.ndarray, n: int) -> np.ndarray:
    """The label that fills most of each of n × n pixels through the slab; labels: (x, y,
    sub_slice)."""
    weights = area_weights(labels.shape[0], n)
    shares = np.stack(
        [
            weights @ (labels == value).mean(axis=-1, dtype=np.float32) @ weights.T
            for value in range(4)
        ]
    )
    return shares.argmax(axis=0).astype(np.uint8)


def slice_affine(affine: np.ndarray, voxel_mm: float, k_space: KSpace) -> np.ndarray:
    """The affine of the reconstructed slices: same edges of the field of view, other pixels."""
    result = affine.copy()
    result[:3, :2] *= k_space.pixel_mm / voxel_mm
    edge = affine[:3, :2].sum(axis=1) / 2  # from the first voxel's centre back to the corner
    result[:3, 3] = affine[:3, 3] - edge + result[:3, :2].sum(axis=1) / 2
    return result
