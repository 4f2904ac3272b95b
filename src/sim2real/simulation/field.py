r"""The main field's inhomogeneity: tissue susceptibility, what a shim leaves of it, and a smooth
rest."""

from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
from scipy.fft import irfft2, next_fast_len, rfft2

from ..data import refuse
from ..population import STRUCTURE_TABLE, CosineField
from .acquisition import area_weights
from .sources import read_sourced
from .tables import PROTON_MHZ_PER_T

SUSCEPTIBILITY = read_sourced(
    files("sim2real.simulation").joinpath("susceptibility.csv"), ("tissue",)
)
FEET_TO_HEAD = np.array([0.0, 0.0, 1.0])  # direction of the main field in world coordinates
_CELL_MM = 2.0  # of the grid on which the dipoles' field is summed
_SILENT_PPM = 2.0  # tissue this far from water is air or lung and gives the shim no signal


@cache
def susceptibility_ppm() -> np.ndarray:
    """Volume susceptibility of each structure number relative to water, ppm (SI), float32.

    Raises Sim2RealError when a structure's tissue has no row.
    """
    rows = SUSCEPTIBILITY.set_index("tissue")["chi_ppm"]
    missing = sorted(set(STRUCTURE_TABLE["tissue"]) - set(rows.index))
    refuse(
        missing,
        f"susceptibility.csv: no value for {', '.join(missing)}; add a row with its source",
    )
    return rows.loc[STRUCTURE_TABLE["tissue"]].to_numpy(np.float32)


def dipole_field(chi: np.ndarray, main_field: np.ndarray) -> np.ndarray:
    r"""Relative field :math:`\Delta B/B_0` of a slice's susceptibilities, in their unit, shape (x,
    y).

    Each structure is taken to go on along the slice's normal, so that its spectrum holds no
    frequency along it, and

    .. math::

        \frac{\Delta B}{B_0}(\mathbf k) = \chi(\mathbf k)\left(\frac13 - \frac{(\mathbf
        k\cdot\mathbf b)^2}{|\mathbf k|^2}\right)

    for :math:`\mathbf k` in the plane (Marques and Bowtell 2005; the third is the sphere of
    Lorentz). The mean, that is
    :math:`\mathbf k = 0`, is set to 0. Beyond its edges the map fades to its mean over half of its
    extent, so that what lies at one edge acts on the other as little as it would in the body.

    Args:
        chi: susceptibilities, (x, y).
        main_field: components of the main field's direction, a unit vector, along x and y of the
            slice, shape (2,).
    """
    n = chi.shape[0]
    pad = (next_fast_len(2 * n, real=True) - n) // 2
    wide = np.pad(chi - float(chi.mean()), pad, mode="linear_ramp", end_values=0)
    spectrum = rfft2(wide, workers=1) * _kernel(wide.shape[0], *map(float, main_field))
    return irfft2(spectrum, wide.shape, workers=1)[pad : pad + n, pad : pad + n]


@lru_cache(maxsize=16)
def _kernel(n: int, along_x: float, along_y: float) -> np.ndarray:
    kx, ky = np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :]
    square = kx**2 + ky**2
    square[0, 0] = 1
    kernel = 1 / 3 - (kx * along_x + ky * along_y) ** 2 / square
    kernel[0, 0] = 0
    return kernel.astype(np.float32)


class SusceptibilityField:
    """Off-resonance of one slice by the susceptibility of its tissues, in Hz, less a shim found on
    a reference frame."""

    def __init__(
        self,
        affine: np.ndarray,
        reference: np.ndarray,
        heart: np.ndarray,
        field_strength_t: float,
        scale: float,
    ):
        """reference: structure numbers (x, y, sub_slice) of the frame that is shimmed; heart: where
        the shim is to hold, (x, y) bool.

        The shim, constant and linear terms in the plane, fits best over the box round the heart,
        where tissue gives signal.
        """
        n, voxel_mm = reference.shape[0], np.linalg.norm(affine[:3, :2], axis=0)
        self.directions = FEET_TO_HEAD @ (affine[:3, :2] / voxel_mm)
        self.hertz = scale * PROTON_MHZ_PER_T * field_strength_t
        n_cells = min(n, 2 * round(n * voxel_mm[0] / _CELL_MM / 2))
        self.down, self.up = area_weights(n, n_cells), _linear_weights(n_cells, n)
        chi = self._chi(reference)
        inside = _box(self.down @ heart.astype(np.float32) @ self.down.T > 0.5) & (
            chi < _SILENT_PPM
        )
        self.shim = shim_of(self._field(chi), inside)

    def __call__(self, slab: np.ndarray) -> np.ndarray:
        """slab: structure numbers (x, y, sub_slice) at any phase. Result (x, y), Hz, float32."""
        return self.up @ (self._field(self._chi(slab)) - self.shim).astype(np.float32) @ self.up.T

    def _chi(self, slab: np.ndarray) -> np.ndarray:
        return self.down @ susceptibility_ppm()[slab].mean(axis=-1) @ self.down.T

    def _field(self, chi: np.ndarray) -> np.ndarray:
        return self.hertz * dipole_field(chi, self.directions)


def shim_of(hertz: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """The constant and linear terms that fit a field (x, y) best over ``inside`` (x, y) bool, over
    the whole plane."""
    x, y = np.meshgrid(*(np.linspace(-1, 1, n) for n in hertz.shape), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y], axis=-1)
    weights, *_ = np.linalg.lstsq(terms[inside], hertz[inside], rcond=None)
    return terms @ weights


def smooth_field(field: CosineField, affine: np.ndarray, n: int, k: int) -> np.ndarray:
    """A smooth field in world coordinates at the voxels of slice ``k``, SD 1, shape (x, y)."""
    i = np.arange(n, dtype=np.float32)
    corner = affine[:3, 3] + k * affine[:3, 2]
    world = [
        np.float32(corner[a])
        + np.float32(affine[a, 0]) * i[:, None]
        + np.float32(affine[a, 1]) * i[None, :]
        for a in range(3)
    ]
    return field(*world)


def _box(inside: np.ndarray) -> np.ndarray:
    """The box round what is inside, with a margin of a fifth; the middle half of the plane where
    there is nothing."""
    box, where = np.zeros_like(inside), np.argwhere(inside)
    low, high = np.array(inside.shape) // 4, np.array(inside.shape) - np.array(inside.shape) // 4
    if len(where):
        low, high = where.min(axis=0), where.max(axis=0) + 1
        margin = (high - low) // 5
        low, high = np.maximum(low - margin, 0), high + margin
    box[low[0] : high[0], low[1] : high[1]] = True
    return box


def _linear_weights(n_from: int, n_to: int) -> np.ndarray:
    """Matrix (n_to, n_from) of linear interpolation between centres of cells of the same extent."""
    at = (np.arange(n_to) + 0.5) * n_from / n_to - 0.5
    return np.stack(
        [np.interp(at, np.arange(n_from), unit) for unit in np.eye(n_from)], axis=1
    ).astype(np.float32)
