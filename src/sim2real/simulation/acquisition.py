"""From a complex object to the magnitude image a scanner would give: k-space, noise,
reconstruction."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.fft import fft2, fftshift, ifft2, ifftshift
from scipy.signal.windows import tukey

from ..data import refuse


@dataclass(frozen=True)
class KSpace:
    """What of k-space is measured and how it is made into an image; x is read out, y is
    phase-encoded.

    Args:
        field_of_view_mm: edge of the square that is imaged.
        acquired_pixel_mm, reconstructed_pixel_mm: before and after zero filling.
        window_alpha: taper of the Tukey window; 0: none.
        phase_resolution: share of the phase-encoding lines that is measured, about the middle.
    """

    field_of_view_mm: float
    acquired_pixel_mm: float
    reconstructed_pixel_mm: float
    window_alpha: float = 0.5
    phase_resolution: float = 1.0

    @property
    def acquired(self) -> int:
        """Lines, and samples a line."""
        return 2 * round(self.field_of_view_mm / self.acquired_pixel_mm / 2)

    @property
    def reconstructed(self) -> int:
        """Pixels a side, never fewer than lines."""
        pixels = 2 * round(self.field_of_view_mm / self.reconstructed_pixel_mm / 2)
        return max(pixels, self.acquired)

    @property
    def pixel_mm(self) -> float:
        """Edge of the reconstructed pixel, mm: the field of view over a whole, even number of
        pixels."""
        return self.field_of_view_mm / self.reconstructed

    def check(self, n: int) -> None:
        """Raises Sim2RealError if a map of ``n`` voxels a side holds less than what is to be
        measured."""
        refuse(
            self.acquired > n,
            f"acquired pixel {self.acquired_pixel_mm:g} mm is finer than the map's voxel"
            f" {self.field_of_view_mm / n:g} mm; enlarge simulation.acquired_pixel_mm or refine"
            " population.voxel_mm",
        )


def acquire(
    signal: np.ndarray,
    k_space: KSpace,
    sensitivities: np.ndarray,
    noise_sd: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Root-sum-of-squares magnitude image of an object.

    Args:
        signal: complex transverse magnetisation, shape (x, y), over the whole field of view, finer
            than the acquired pixel.
        k_space: what is measured.
        sensitivities: of the coils, (coil, x, y).
        noise_sd: as in ``add_noise``.
        rng: of the noise.

    Returns:
        float32, shape (reconstructed, reconstructed).
    """
    lines = add_noise(measure(signal, k_space, sensitivities), noise_sd, rng)
    return combine(reconstruct(lines, k_space, signal.shape[0]))


def measure(signal: np.ndarray, k_space: KSpace, sensitivities: np.ndarray) -> np.ndarray:
    """K-space of each coil without noise, its middle in the middle, complex64, shape (coil,
    acquired, acquired); arguments as those of ``acquire``."""
    k_space.check(signal.shape[0])
    spectrum = fft2(signal * sensitivities, norm="forward", workers=1)
    return _resize(fftshift(spectrum, axes=(-2, -1)), k_space.acquired)


def add_noise(lines: np.ndarray, noise_sd: float, rng: np.random.Generator) -> np.ndarray:
    """White complex Gaussian noise on k-space (coil, kx, ky).

    Args:
        noise_sd: SD of the real and of the imaginary part of each coil's noise, in the units of the
            signal, as it stands in an image of acquired size without window, with all lines
            measured.
    """
    # the inverse transform sums one term a line and column, so the noise's SD grows by the matrix
    # size: divide by it
    noise = rng.standard_normal((*lines.shape, 2), np.float32).view(np.complex64)[..., 0]
    return lines + np.float32(noise_sd / lines.shape[-1]) * noise


def breathe(
    lines: np.ndarray, amplitude: np.ndarray, field_of_view_mm: float, cycles: float, start: float
) -> np.ndarray:
    r"""K-space of a body that breathes while ky is stepped through: ghosts along y.

    Line j sees the body displaced by :math:`\mathbf a \sin(2\pi c\,j/n + \varphi)`, a phase
    :math:`e^{-2\pi i\,\mathbf k\cdot\mathbf d}`; a periodic error over the lines makes copies
    ``cycles`` pixels of n apart.

    Args:
        lines: k-space of a body at rest, (coil, kx, ky).
        amplitude: displacement along x and y of the slice, mm, shape (2,).
        field_of_view_mm: of the lines.
        cycles: breaths a scan.
        start: phase of the first, radians.
    """
    n = lines.shape[-1]
    frequency = (np.arange(n) - n // 2) / field_of_view_mm
    swing = np.sin(2 * np.pi * cycles * np.arange(n) / n + start)
    turns = (frequency[:, None] * amplitude[0] + frequency[None, :] * amplitude[1]) * swing[None, :]
    return lines * np.exp(-2j * np.pi * turns).astype(np.complex64)


def reconstruct(lines: np.ndarray, k_space: KSpace, n_from: int) -> np.ndarray:
    """Complex image of each coil: window, zero filling, inverse transform.

    Args:
        lines: k-space, (coil, kx, ky).
        k_space: what was measured.
        n_from: voxels a side of the map that was measured; pixels keep the edges of its field of
            view in place.

    Returns:
        Shape (coil, reconstructed, reconstructed).
    """
    filled = _resize(lines * _filter(k_space, lines.shape[-1], n_from), k_space.reconstructed)
    centred = ifftshift(filled, axes=(-2, -1))
    return ifft2(centred, norm="forward", workers=1, overwrite_x=True)


def combine(images: np.ndarray) -> np.ndarray:
    """Root sum of squares over the coils, float32, shape (x, y)."""
    return np.sqrt(np.sum(images.real**2 + images.imag**2, axis=0)).astype(np.float32)


def area_weights(n_from: int, n_to: int) -> np.ndarray:
    """Matrix (n_to, n_from) that averages a line of n_from cells over n_to cells of the same
    extent; rows sum to 1."""
    edges = np.linspace(0, n_from, n_to + 1)
    cells = np.arange(n_from)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return (np.maximum(overlap, 0) * n_to / n_from).astype(np.float32)


@lru_cache(maxsize=32)
def _filter(k_space: KSpace, n: int, n_from: int) -> np.ndarray:
    """Window over the measured lines times the shift of half a pixel, shape (n, n); lines that are
    not measured are 0."""
    frequency = np.arange(n) - n // 2
    relative = np.abs(frequency) / (n / 2)
    half = tukey(2 * n + 1, k_space.window_alpha)[n:]
    taper = lambda at: np.where(at <= 1, np.interp(at, np.linspace(0, 1, n + 1), half), 0.0)
    # transforms count from the first pixel's centre, half a pixel in from the edge of the field of
    # view, before and after
    shift = np.exp(2j * np.pi * frequency * (0.5 / k_space.reconstructed - 0.5 / n_from))
    along_x, along_y = taper(relative) * shift, taper(relative / k_space.phase_resolution) * shift
    return (along_x[:, None] * along_y[None, :]).astype(np.complex64)


def _resize(k: np.ndarray, n: int) -> np.ndarray:
    """Crop or zero-fill the last two axes to n, the middle of k-space kept in the middle."""
    old = k.shape[-1]
    if n <= old:
        start = old // 2 - n // 2
        return k[..., start : start + n, start : start + n]
    start = n // 2 - old // 2
    result = np.zeros((*k.shape[:-2], n, n), k.dtype)
    result[..., start : start + old, start : start + old] = k
    return result
