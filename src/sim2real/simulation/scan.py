"""One subject on the scanner: what does not change from frame to frame, and the signal of a
frame."""

from dataclasses import dataclass

import numpy as np

from ..data.errors import Sim2RealError
from ..data.images import Image
from ..data.seeds import generator
from ..population.fields import CosineField
from ..population.structures import labels_of
from .acquisition import KSpace, measure
from .coils import CoilArray, coil_sensitivities
from .field import FEET_TO_HEAD, SusceptibilityField, smooth_field
from .parameters import SimulationParameters
from .tables import SlabTables, bins_of
from .tissues import tissue_times
from .variation import tissue_variation

_SMOOTH_MM = 90.0  # detail of the smooth part of the main field's inhomogeneity
_B1_MM = 150.0  # detail of the RF field over the chest


@dataclass(frozen=True)
class SliceState:
    """What holds for one slice at all its phases. Planes have shape (x, y)."""

    coils: np.ndarray  # (coil, x, y)
    smooth_hz: np.ndarray
    susceptibility: SusceptibilityField | None
    flip_excess: np.ndarray | None  # relative flip angle less 1
    variation: np.ndarray | None  # relative deviations of T1, T2 and PD, (3, x, y)


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
    fluid: np.ndarray  # by structure number: stirred, so without variation from place to place

    @staticmethod
    def of(structures: Image, parameters: SimulationParameters, seed: int, name: str) -> "Scan":
        """structures: (x, y, slice, phase, sub_slice). Raises Sim2RealError for a map that no scan
        can be made of."""
        _check(structures, name)
        rng = generator(seed, "simulation", name)
        times = tissue_times(parameters.field_strength_t, rng, parameters.relaxation_spread)
        main_field, rf_field = CosineField(rng, 3, _SMOOTH_MM), CosineField(rng, 3, _B1_MM)
        n, _, n_slices, _, sub_slices = structures.data.shape
        field_of_view = n * float(structures.spacing_mm[0])
        k_space = KSpace(
            field_of_view,
            parameters.acquired_pixel_mm,
            parameters.reconstructed_pixel_mm,
            parameters.window_alpha,
            parameters.phase_resolution,
            parameters.partial_fourier,
        )
        k_space.check(n)
        middle = (structures.affine @ [(n - 1) / 2, (n - 1) / 2, (n_slices - 1) / 2, 1])[:3]
        # the map does not tell the slab's thickness: the distance between slices stands in for it
        tables = SlabTables.of(times, parameters, sub_slices, float(structures.spacing_mm[2]))
        coils = CoilArray.ring(parameters.n_coils, middle)
        fluid = times["fluid"].to_numpy(bool)
        return Scan(
            parameters,
            seed,
            name,
            structures.affine,
            n,
            tables,
            k_space,
            coils,
            main_field,
            rf_field,
            fluid,
        )

    @property
    def noise_sd(self) -> float:
        return self.tables.myocardium / self.parameters.snr

    def at_slice(self, k: int, first: np.ndarray) -> SliceState:
        """Coils and fields of slice ``k``, the same whatever other slices there are; ``first``: its
        slab at the first phase."""
        p, n = self.parameters, self.n
        susceptibility, flip_excess, variation = None, None, None
        if p.susceptibility_scale:
            heart = labels_of(first[..., first.shape[-1] // 2]) > 0
            susceptibility = SusceptibilityField(
                self.affine, first, heart, p.field_strength_t, p.susceptibility_scale
            )
        if p.b1_spread:
            sd = p.b1_spread * (2 if p.field_strength_t == 3.0 else 1)
            flip_excess = sd * np.clip(smooth_field(self.rf_field, self.affine, n, k), -2.5, 2.5)
        if p.tissue_variation:
            correlation = p.tissue_variation_mm / float(np.linalg.norm(self.affine[:3, 0]))
            variation = tissue_variation(
                generator(self.seed, "simulation", self.name, "tissue", k),
                n,
                correlation,
                p.tissue_variation,
            )
        smooth_hz = p.off_resonance_hz * smooth_field(self.main_field, self.affine, n, k)
        return SliceState(
            coil_sensitivities(self.coils, self.affine, n, k),
            smooth_hz,
            susceptibility,
            flip_excess,
            variation,
        )

    def off_resonance_hz(self, slab: np.ndarray, state: SliceState) -> np.ndarray:
        """Off-resonance of the slab (x, y, sub_slice) from all causes but the chemical shift, (x,
        y)."""
        if state.susceptibility is None:
            return state.smooth_hz
        return state.smooth_hz + state.susceptibility(slab)

    def magnetisation(self, slab: np.ndarray, state: SliceState) -> np.ndarray:
        """Complex transverse magnetisation of the slab (x, y, sub_slice) at the echo, (x, y),
        complex64."""
        variation = state.variation
        if variation is not None:
            variation = variation * ~self.fluid[slab[..., slab.shape[-1] // 2]]
        return self.tables.signal(
            slab, bins_of(self.off_resonance_hz(slab, state)), state.flip_excess, variation
        )

    def lines(self, slab: np.ndarray, state: SliceState) -> np.ndarray:
        """K-space of a frame without noise, (coil, kx, ky)."""
        return measure(self.magnetisation(slab, state), self.k_space, state.coils)

    def breathing(self, k: int, p: int) -> dict:
        """Arguments of ``motion.breathe`` for a frame: the chest moves from feet to head, as a
        random number of breaths."""
        rng = generator(self.seed, "simulation", self.name, "breathing", k, p)
        in_plane = FEET_TO_HEAD @ (
            self.affine[:3, :2] / np.linalg.norm(self.affine[:3, :2], axis=0)
        )
        return {
            "amplitude": self.parameters.breathing_mm * in_plane,
            "field_of_view_mm": self.k_space.field_of_view_mm,
            "cycles": rng.uniform(3, 7),
            "start": rng.uniform(0, 2 * np.pi),
        }


def _check(structures: Image, name: str) -> None:
    data = structures.data
    if data.ndim != 5 or data.shape[0] != data.shape[1]:
        raise Sim2RealError(
            f"{name}: structure map has shape {data.shape}; expected (x, y, slice, phase,"
            " sub_slice) with x as long as y"
        )
    if not np.issubdtype(data.dtype, np.integer):
        if not np.isfinite(data).all():
            raise Sim2RealError(
                f"{name}: structure map holds NaN or infinite values; make the population again"
            )
        raise Sim2RealError(
            f"{name}: structure map is of type {data.dtype}; expected whole structure numbers"
        )
    if not np.isfinite(structures.affine).all():
        raise Sim2RealError(
            f"{name}: structure map's affine holds NaN or infinite values; make the population"
            " again"
        )
    if abs(structures.spacing_mm[0] / structures.spacing_mm[1] - 1) > 1e-3:
        raise Sim2RealError(
            f"{name}: structure map's voxels are {structures.spacing_mm[:2]} mm; expected square"
            " ones"
        )
