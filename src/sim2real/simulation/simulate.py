"""A subject's structure maps to cine bSSFP images with labels."""

import numpy as np

from ..core.images import Image
from ..core.parameters import SimulationParameters
from ..core.seeds import generator
from ..population.fields import CosineField
from ..population.structures import ID, STRUCTURES, labels_of
from .acquisition import KSpace, acquire, area_weights, coil_sensitivities
from .signal import bssfp_signal
from .tissues import tissue_times

FAT_SHIFT_PPM = -3.4  # of methylene, the main peak of fat, from water
PROTON_MHZ_PER_T = 42.577
_OFF_RESONANCE_BINS = np.linspace(-250, 250, 501)  # Hz; signals are tabulated on these


def simulate(structures: Image, parameters: SimulationParameters, seed: int, name: str) -> tuple[Image, Image]:
    """(image, label) of one subject: float32 and uint8, shape (x, y, slice, phase), with world geometry of the slices.

    structures: shape (x, y, slice, phase, sub_slice); the complex signals of a slab's sub-slices are averaged.
    """
    rng = generator(seed, "simulation", name)
    times = tissue_times(parameters.field_strength_t, rng, parameters.relaxation_spread)
    table = signal_table(times, parameters)
    n, _, n_slices, n_phases, _ = structures.data.shape
    voxel_mm = float(structures.spacing_mm[0])
    k_space = KSpace(n * voxel_mm, parameters.acquired_pixel_mm, parameters.reconstructed_pixel_mm, parameters.window_alpha)
    coils = coil_sensitivities(n, n * voxel_mm, parameters.n_coils)
    field = CosineField(rng, 3, 90.0)
    noise_sd = np.abs(table[ID["lv_myocardium"], len(_OFF_RESONANCE_BINS) // 2]) / parameters.snr
    m = k_space.reconstructed
    image = np.empty((m, m, n_slices, n_phases), np.float32)
    label = np.empty((m, m, n_slices, n_phases), np.uint8)
    for k in range(n_slices):
        bins = off_resonance_bins(field, structures.affine, n, k, parameters.off_resonance_hz)
        for p in range(n_phases):
            slab = structures.data[:, :, k, p]
            signal = table[slab, bins[..., None]].mean(axis=-1)
            image[:, :, k, p] = acquire(signal, k_space, coils, noise_sd, rng)
            label[:, :, k, p] = slab_label(labels_of(slab), m)
    affine = slice_affine(structures.affine, n, voxel_mm, k_space)
    return Image(1000 * image, affine), Image(label, affine)


def signal_table(times, parameters: SimulationParameters) -> np.ndarray:
    """Complex signal for each structure number (row) and off-resonance bin (column).

    Fat resonates below water by its chemical shift; where TR puts the two in opposite phase, their common voxels go dark.
    """
    shift_hz = FAT_SHIFT_PPM * PROTON_MHZ_PER_T * parameters.field_strength_t * (STRUCTURES["tissue"] == "fat").to_numpy()[:, None]
    column = lambda name: times[name].to_numpy()[:, None]  # noqa: E731
    return bssfp_signal(column("t1_ms"), column("t2_ms"), column("pd"), parameters.flip_angle_deg, parameters.repetition_time_ms,
                        parameters.echo_time_ms, _OFF_RESONANCE_BINS[None] + shift_hz,
    ).astype(np.complex64)  # fmt: skip


def slab_label(labels: np.ndarray, n: int) -> np.ndarray:
    """The label that fills most of each of n × n pixels through the slab; labels: (x, y, sub_slice)."""
    weights = area_weights(labels.shape[0], n)
    shares = np.stack([weights @ (labels == value).mean(axis=-1, dtype=np.float32) @ weights.T for value in range(4)])
    return shares.argmax(axis=0).astype(np.uint8)


def slice_affine(affine: np.ndarray, n: int, voxel_mm: float, k_space: KSpace) -> np.ndarray:
    """The affine of the reconstructed slices: same edges of the field of view, other pixels."""
    result = affine.copy()
    result[:3, :2] *= k_space.pixel_mm / voxel_mm
    edge = affine[:3, :2].sum(axis=1) / 2  # from the first voxel's centre back to the corner
    result[:3, 3] = affine[:3, 3] - edge + result[:3, :2].sum(axis=1) / 2
    return result


def off_resonance_bins(field: CosineField, affine: np.ndarray, n: int, k: int, sd_hz: float) -> np.ndarray:
    """Index into the table of signals at each voxel of slice ``k``: a smooth field in world coordinates, SD in Hz."""
    i = np.arange(n, dtype=np.float32)
    corner = affine[:3, 3] + k * affine[:3, 2]
    world = [np.float32(corner[a]) + np.float32(affine[a, 0]) * i[:, None] + np.float32(affine[a, 1]) * i[None, :] for a in range(3)]
    hertz = np.clip(sd_hz * field(*world), _OFF_RESONANCE_BINS[0], _OFF_RESONANCE_BINS[-1])
    return np.rint(hertz - _OFF_RESONANCE_BINS[0]).astype(np.intp)
