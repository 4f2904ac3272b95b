"""A subject's structure maps to cine bSSFP images with labels: the scan, frame by frame."""

from dataclasses import dataclass

import numpy as np

from ..data import Image, generator, refuse
from ..population import CosineField, labels_of
from .acquisition import KSpace, add_noise, area_weights, combine, measure, reconstruct
from .coils import CoilArray, coil_sensitivities
from .field import SusceptibilityField, smooth_field
from .parameters import SimulationParameters
from .tables import SlabTables, bins_of
from .tissues import tissue_times

SCALE = 1000  # the stored image counts thousandths of the magnetisation of pure water
_SMOOTH_MM = 90.0  # detail of the smooth part of the main field's inhomogeneity
_B1_MM = 150.0  # detail of the RF field over the chest


def simulate(
    structures: Image, parameters: SimulationParameters, seed: int, name: str
) -> tuple[Image, Image]:
    """Image and label of one subject, with the world geometry of the slices.

    The complex signals of a slab's sub-slices are summed. What is random depends on (seed, name)
    and on a frame's own slice and phase alone.

    Args:
        structures: structure numbers (x, y, slice, phase, sub_slice), any number of slices and
            phases.
        parameters: of protocol and scanner.
        seed, name: of everything random.

    Returns:
        float32 and uint8, shape (x, y, slice, phase).

    Raises:
        Sim2RealError: for a map that is damaged or coarser than the acquired pixel.
    """
    scan = Scan.of(structures, parameters, seed, name)
    _, _, n_slices, n_phases, _ = structures.data.shape
    m = scan.k_space.reconstructed
    image = np.empty((m, m, n_slices, n_phases), np.float32)
    label = np.empty(image.shape, np.uint8)
    for k in range(n_slices):
        slabs = structures.data[:, :, k]
        state = scan.at_slice(k, slabs[:, :, 0])
        for p in range(n_phases):
            image[:, :, k, p] = scan.finish(scan.lines(slabs[:, :, p], state), k, p)
            label[:, :, k, p] = slab_label(labels_of(slabs[:, :, p]), m)
    affine = slice_affine(structures.affine, float(structures.spacing_mm[0]), scan.k_space)
    return Image(image, affine), Image(label, affine)


@dataclass(frozen=True)
class SliceState:
    """What holds for one slice at all its phases. Planes have shape (x, y)."""

    coils: np.ndarray  # (coil, x, y)
    smooth_hz: np.ndarray
    susceptibility: SusceptibilityField | None
    flip_excess: np.ndarray | None  # relative flip angle less 1


@dataclass(frozen=True)
class Scan:
    """A subject's tissues, tables, coils and fields, drawn once from (seed, name)."""

    parameters: SimulationParameters
    seed: int
    name: str
    affine: np.ndarray  # of the structure map
    n: int  # voxels a side of the map
    tables: SlabTables
    k_space: KSpace
    coils: CoilArray
    main_field: CosineField
    rf_field: CosineField

    @staticmethod
    def of(structures: Image, parameters: SimulationParameters, seed: int, name: str) -> "Scan":
        """The scan of a map (x, y, slice, phase, sub_slice).

        Raises:
            Sim2RealError: for a map that no scan can be made of.
        """
        _check(structures, name)
        rng = generator(seed, "simulation", name)
        times = tissue_times(parameters.field_strength_t, rng, parameters.relaxation_spread)
        main_field, rf_field = CosineField(rng, 3, _SMOOTH_MM), CosineField(rng, 3, _B1_MM)
        n, _, n_slices, _, _ = structures.data.shape
        k_space = KSpace(
            n * float(structures.spacing_mm[0]),
            parameters.acquired_pixel_mm,
            parameters.reconstructed_pixel_mm,
            parameters.window_alpha,
        )
        k_space.check(n)
        middle = (structures.affine @ [(n - 1) / 2, (n - 1) / 2, (n_slices - 1) / 2, 1])[:3]
        return Scan(
            parameters=parameters,
            seed=seed,
            name=name,
            affine=structures.affine,
            n=n,
            tables=SlabTables.of(times, parameters),
            k_space=k_space,
            coils=CoilArray.ring(
                parameters.n_coils,
                middle,
                parameters.coil_distance_mm,
                parameters.coil_radius_mm,
            ),
            main_field=main_field,
            rf_field=rf_field,
        )

    @property
    def noise_sd(self) -> float:
        """Of a coil's noise, as ``add_noise`` takes it."""
        return self.tables.myocardium / self.parameters.snr

    def at_slice(self, k: int, first: np.ndarray) -> SliceState:
        """Coils and fields of slice ``k``, the same whatever other slices there are.

        Args:
            k: number of the slice.
            first: its slab at the first phase, (x, y, sub_slice).
        """
        p, n = self.parameters, self.n
        susceptibility, flip_excess = None, None
        if p.susceptibility_scale:
            heart = labels_of(first[..., first.shape[-1] // 2]) > 0
            susceptibility = SusceptibilityField(
                self.affine, first, heart, p.field_strength_t, p.susceptibility_scale
            )
        if p.b1_spread:
            sd = p.b1_spread * (2 if p.field_strength_t == 3.0 else 1)
            flip_excess = sd * np.clip(smooth_field(self.rf_field, self.affine, n, k), -2.5, 2.5)
        coils = coil_sensitivities(self.coils, self.affine, n, k)
        smooth_hz = p.off_resonance_hz * smooth_field(self.main_field, self.affine, n, k)
        return SliceState(coils, smooth_hz, susceptibility, flip_excess)

    def off_resonance_hz(self, slab: np.ndarray, state: SliceState) -> np.ndarray:
        """Off-resonance of the slab (x, y, sub_slice) from all causes but the chemical shift, (x,
        y)."""
        if state.susceptibility is None:
            return state.smooth_hz
        return state.smooth_hz + state.susceptibility(slab)

    def magnetisation(self, slab: np.ndarray, state: SliceState) -> np.ndarray:
        """Complex transverse magnetisation of the slab (x, y, sub_slice) at the echo, (x, y),
        complex64."""
        bins = bins_of(self.off_resonance_hz(slab, state))
        return self.tables.signal(slab, bins, state.flip_excess)

    def lines(self, slab: np.ndarray, state: SliceState) -> np.ndarray:
        """K-space of a frame without noise, (coil, kx, ky)."""
        return measure(self.magnetisation(slab, state), self.k_space, state.coils)

    def finish(self, lines: np.ndarray, k: int, p: int) -> np.ndarray:
        """The magnitude image of a frame's k-space (coil, kx, ky): noise, reconstruction, coils
        combined."""
        rng = generator(self.seed, "simulation", self.name, "noise", k, p)
        lines = add_noise(lines, self.noise_sd, rng)
        return SCALE * combine(reconstruct(lines, self.k_space, self.n))


def _check(structures: Image, name: str) -> None:
    data, spacing_mm, fault = structures.data, structures.spacing_mm, ""
    is_integer = np.issubdtype(data.dtype, np.integer)
    if data.ndim != 5 or data.shape[0] != data.shape[1]:
        fault = (
            f" has shape {data.shape}; expected (x, y, slice, phase, sub_slice) with x as long as y"
        )
    elif not (is_integer or np.isfinite(data).all()):
        fault = " holds NaN or infinite values; make the population again"
    elif not is_integer:
        fault = f" is of type {data.dtype}; expected whole structure numbers"
    elif not np.isfinite(structures.affine).all():
        fault = "'s affine holds NaN or infinite values; make the population again"
    elif abs(spacing_mm[0] / spacing_mm[1] - 1) > 1e-3:
        fault = f"'s voxels are {spacing_mm[:2]} mm; expected square ones"
    refuse(
        fault,
        f"{name}: structure map{fault}",
    )


def slab_label(labels: np.ndarray, n: int) -> np.ndarray:
    """The label that fills most of each of n × n pixels through the slab; labels: (x, y,
    sub_slice)."""
    weights = area_weights(labels.shape[0], n)
    masks = [(labels == value).mean(axis=-1, dtype=np.float32) for value in range(4)]
    return np.argmax([weights @ mask @ weights.T for mask in masks], axis=0).astype(np.uint8)


def slice_affine(affine: np.ndarray, voxel_mm: float, k_space: KSpace) -> np.ndarray:
    """The affine of the reconstructed slices: same edges of the field of view, other pixels."""
    result = affine.copy()
    result[:3, :2] *= k_space.pixel_mm / voxel_mm
    edge = affine[:3, :2].sum(axis=1) / 2  # from the first voxel's centre back to the corner
    result[:3, 3] = affine[:3, 3] - edge + result[:3, :2].sum(axis=1) / 2
    return result
