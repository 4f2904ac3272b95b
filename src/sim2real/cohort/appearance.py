"""How a surrogate scanner shows a heart: what the simulation of chapter 2 leaves out, put on top of
the same physics.

Texture within tissues, fresh blood and flow voids, coils near the chest, banding, breathing ghosts,
slices displaced between breath-holds; and labels as observers draw them. Amplitudes of each vendor
stand in ``vendors.csv``, protocols in the simulation's ``protocols.csv``.
"""

from importlib.resources import files

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter, map_coordinates

from ..data import VENDORS, Image
from ..population import ID, STRUCTURE_TABLE, CosineField, labels_of
from ..simulation import (
    FEET_TO_HEAD,
    PROTOCOLS,
    CoilArray,
    KSpace,
    SimulationParameters,
    SusceptibilityField,
    add_noise,
    area_weights,
    bins_of,
    breathe,
    coil_sensitivities,
    combine,
    measure,
    reconstruct,
    signal_table,
    slice_affine,
    smooth_field,
    tissue_times,
)

_AMPLITUDES = pd.read_csv(files("sim2real.cohort").joinpath("vendors.csv")).set_index("name")
_VALUES = PROTOCOLS.set_index(["protocol", "quantity"])["value"]
_PROTOCOLS = pd.DataFrame({vendor: _VALUES[f"surrogate {vendor}"] for vendor in VENDORS})
VENDOR_LOOKS = pd.concat([_PROTOCOLS, _AMPLITUDES[list(VENDORS)]]).astype(float)
"""Quantity (row) of each vendor (column): its protocol and its amplitudes."""

_TEXTURE = {
    "lung": 2.5,
    "fat": 0.9,
    "blood_left": 0.7,
    "blood_right": 0.8,
    "skeletal_muscle": 1.3,
    "myocardium": 1.0,
    "stomach": 2.0,
    "stomach_content": 3.0,
    "liver": 0.6,
    "marrow": 1.5,
}
"""Variation within a tissue relative to the vendor's ``texture``."""
_OCTAVES = ((0.8, 0.8), (1.6, 0.8), (4.0, 0.4))  # of the texture: SD in voxels and weight
# gain of right blood over left: real slices show the RV nearly as bright as the LV, relaxation
# alone does not
_VENOUS_INFLOW = 1.2
FIELD_T = 1.5
# of the body from a coil's conductor: the ring is round and small, the chest is not
_CLEARANCE_MM = 45.0
_OBSERVER_MM = 0.9  # SD of the displacement of an observer's contour


def image_subject(structures: Image, vendor: str, rng: np.random.Generator) -> tuple[Image, Image]:
    """Image and label of one surrogate subject.

    Args:
        structures: shape (x, y, slice, phase, sub_slice), as made by the phantom.
        vendor: ``A`` or ``B``.
        rng: of everything random.

    Returns:
        float32 and uint8, shape (x, y, slice, phase).
    """
    look = VENDOR_LOOKS[vendor]
    varied = {
        name: float(look[name] * np.exp(rng.normal(0, 0.08)))
        for name in ("inflow", "myocardium_gain", "fat_gain", "texture", "snr", "acquired_pixel_mm")
    }
    protocol = SimulationParameters(
        flip_angle_deg=look.flip_angle_deg,
        repetition_time_ms=look.repetition_time_ms,
        echo_time_ms=look.echo_time_ms,
    )
    table = signal_table(tissue_times(FIELD_T, rng), protocol)
    n, _, n_slices, n_phases, _ = structures.data.shape
    affine, voxel_mm = structures.affine, float(structures.spacing_mm[0])
    k_space = KSpace(
        n * voxel_mm,
        varied["acquired_pixel_mm"],
        float(look.reconstructed_pixel_mm),
        float(look.window_alpha),
        float(look.phase_resolution),
    )
    middle = (affine @ [(n - 1) / 2, (n - 1) / 2, (n_slices - 1) / 2, 1])[:3]
    # the ring lies in the slices' plane: every slice sees every coil alike
    in_plane = (affine[:3, :2] / voxel_mm).T
    array = CoilArray.ring(
        6,
        middle,
        float(look.coil_distance_mm),
        float(look.coil_loop_mm),
        rng,
        in_plane,
        clearance_mm=_CLEARANCE_MM,
    )
    noise_sd = float(np.abs(table[ID["lv_myocardium"], table.shape[1] // 2])) / varied["snr"]
    gain, variation = _tissue_gains(varied)
    shading, field = CosineField(rng, 3, 160.0), CosineField(rng, 3, 70.0)
    across = np.meshgrid(*2 * [np.arange(n, dtype=np.float32) * voxel_mm], indexing="ij")
    m = k_space.reconstructed
    image = np.empty((m, m, n_slices, n_phases), np.float32)
    label = np.empty(image.shape, np.uint8)
    for k in range(n_slices):
        coils = coil_sensitivities(array, affine, n, k)
        shade = np.exp(0.12 * shading(*across, np.float32(10 * k)))
        first = structures.data[:, :, k, 0]
        heart = labels_of(first[..., 0]) > 0
        tissue_field = SusceptibilityField(affine, first, heart, FIELD_T, 1.0)
        smooth_hz = look.off_resonance_hz * smooth_field(field, affine, n, k)
        texture = _texture(rng, n)
        shift = rng.normal(0, look.misplacement_mm / voxel_mm, 2).round().astype(int)
        observer = np.stack([_noise(rng, m, 9.0) for _ in range(2)])
        observer = observer * _OBSERVER_MM / k_space.pixel_mm
        breath = {"cycles": rng.uniform(3, 7), "start": rng.uniform(0, 2 * np.pi)}
        for p in range(n_phases):
            slab = np.roll(structures.data[:, :, k, p], shift, axis=(0, 1))
            bins = bins_of(smooth_hz + tissue_field(slab))[..., None]
            signal = table[slab, bins] * gain[slab] * (1 + variation[slab] * texture[..., None])
            signal = (signal.mean(axis=-1) * _flow(slab, rng) * shade).astype(np.complex64)
            lines = breathe(
                measure(signal, k_space, coils),
                look.breathing_mm * (in_plane @ FEET_TO_HEAD),
                k_space.field_of_view_mm,
                **breath,
            )
            image[:, :, k, p] = combine(reconstruct(add_noise(lines, noise_sd, rng), k_space, n))
            label[:, :, k, p] = drawn_label(labels_of(slab), m, observer)
    affine = slice_affine(affine, voxel_mm, k_space)
    stored = np.rint(image * (look.scale / np.percentile(image, 99.5)))
    return Image(stored, affine), Image(label, affine)


def drawn_label(labels: np.ndarray, n: int, displacement: np.ndarray) -> np.ndarray:
    """Labels as drawn by hand: smooth contours, displaced by a smooth field (2, n, n) in pixels;
    labels: (x, y, sub_slice)."""
    weights = area_weights(labels.shape[0], n)
    at = np.stack(np.meshgrid(np.arange(n), np.arange(n), indexing="ij")) + displacement
    shares = []
    for value in range(4):
        share = weights @ (labels == value).mean(axis=-1, dtype=np.float32) @ weights.T
        shares.append(map_coordinates(gaussian_filter(share, 0.8), at, order=1, mode="nearest"))
    return np.argmax(shares, axis=0).astype(np.uint8)


def _tissue_gains(varied: dict) -> tuple[np.ndarray, np.ndarray]:
    """Gain of the signal and relative variation within the tissue, by structure number."""
    gain_of = {
        "blood_left": varied["inflow"],
        "blood_right": _VENOUS_INFLOW * varied["inflow"],
        "myocardium": varied["myocardium_gain"],
        "fat": varied["fat_gain"],
    }
    tissues = STRUCTURE_TABLE["tissue"]
    gain = np.array([gain_of.get(tissue, 1.0) for tissue in tissues], np.float32)
    texture = [varied["texture"] * _TEXTURE.get(tissue, 1.0) for tissue in tissues]
    return gain, np.array(texture, np.float32)


def _texture(rng: np.random.Generator, n: int) -> np.ndarray:
    """A correlated random field of SD 1: three octaves, fine ones stronger, clipped at 2.5 SD."""
    octaves = sum(weight * _noise(rng, n, sigma) for sigma, weight in _OCTAVES)
    return np.clip(octaves / octaves.std(), -2.5, 2.5)


def _noise(rng: np.random.Generator, n: int, sigma: float) -> np.ndarray:
    """White noise smoothed by a Gaussian of ``sigma`` pixels, SD 1, shape (n, n)."""
    noise = gaussian_filter(rng.standard_normal((n, n), np.float32), sigma, mode="wrap")
    return noise / noise.std()


def _flow(slab: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gain of moving blood, shape (x, y): broad streaks of fresh blood and, here and there, a dark
    jet."""
    n = slab.shape[0]
    chambers = [ID[name] for name in ("lv_blood", "rv_blood", "left_atrium", "right_atrium")]
    blood = np.isin(slab[..., slab.shape[-1] // 2], chambers)
    if not blood.any():
        return np.ones((n, n), np.float32)
    gain = 1 + 0.12 * _noise(rng, n, 5.0)
    if rng.random() < 0.25:  # a jet through a valve dephases
        at = np.argwhere(blood)[rng.integers(blood.sum())]
        x, y = np.ogrid[:n, :n]
        gain *= 1 - 0.5 * np.exp(-(((x - at[0]) / 6.0) ** 2 + ((y - at[1]) / 3.0) ** 2))
    inside = gaussian_filter(blood.astype(np.float32), 0.7) > 0.5
    return np.where(inside, gain, 1).astype(np.float32)
