"""From a complex object to the magnitude image a scanner would give: coils, k-space, noise, reconstruction."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import fft2, fftshift, ifft2, ifftshift
from scipy.signal.windows import tukey


@dataclass(frozen=True)
class KSpace:
    """What of k-space is measured and how it is made into an image. Lengths in mm."""

    field_of_view_mm: float
    acquired_pixel_mm: float
    reconstructed_pixel_mm: float
    window_alpha: float = 0.5
    phase_resolution: float = 1.0  # share of the phase-encoding lines (y) that is measured

    @property
    def acquired(self) -> int:
        return 2 * round(self.field_of_view_mm / self.acquired_pixel_mm / 2)

    @property
    def reconstructed(self) -> int:
        return max(2 * round(self.field_of_view_mm / self.reconstructed_pixel_mm / 2), self.acquired)

    @property
    def pixel_mm(self) -> float:
        """Edge of the reconstructed pixel, mm: the field of view over a whole, even number of pixels."""
        return self.field_of_view_mm / self.reconstructed


def coil_sensitivities(n_pixels: int, field_of_view_mm: float, n_coils: int, distance_mm: float = 190.0, loop_mm: float = 110.0,
                       rng: np.random.Generator | None = None) -> np.ndarray:  # fmt: skip
    r"""Receive fields of loops on a ring round the object, complex, shape (coil, x, y).

    Each falls off as the field on the axis of a circular loop of radius a, Biot and Savart's
    :math:`B \propto (1 + d^2/a^2)^{-3/2}`, with a phase that turns with the coil's direction. ``rng`` displaces the coils.
    The root sum of squares is 1 in the middle.
    """
    axis = (np.arange(n_pixels) - (n_pixels - 1) / 2) * field_of_view_mm / n_pixels
    x, y = np.meshgrid(axis, axis, indexing="ij")
    angles = 2 * np.pi * (np.arange(n_coils) + 0.5) / n_coils
    radii = np.full(n_coils, distance_mm)
    if rng is not None:
        angles, radii = angles + rng.normal(0, 0.15, n_coils), radii * np.exp(rng.normal(0, 0.1, n_coils))
    distance2 = (x - (radii * np.cos(angles))[:, None, None]) ** 2 + (y - (radii * np.sin(angles))[:, None, None]) ** 2
    fields = (1 + distance2 / loop_mm**2) ** -1.5 * np.exp(1j * angles)[:, None, None]
    middle = n_pixels // 2
    return (fields / np.sqrt(np.sum(np.abs(fields[:, middle, middle]) ** 2))).astype(np.complex64)


def acquire(signal: np.ndarray, k_space: KSpace, sensitivities: np.ndarray, noise_sd: float, rng: np.random.Generator) -> np.ndarray:
    """Root-sum-of-squares magnitude image, shape (reconstructed, reconstructed), float32.

    signal: complex transverse magnetisation, shape (x, y), over the whole field of view, finer than the acquired pixel.
    sensitivities: (coil, x, y). noise_sd: SD of the real and the imaginary part of each coil's noise, in the units of
    ``signal``, as it would stand in an image of acquired size without a window.
    """
    n, acquired, full = signal.shape[0], k_space.acquired, k_space.reconstructed
    lines = fftshift(fft2(ifftshift(signal * sensitivities, axes=(-2, -1)), norm="forward", workers=1), axes=(-2, -1))
    measured = _resize(lines, min(acquired, n))
    # the inverse transform below sums one term a line and column, so the noise's SD grows by the matrix size: divide by it
    noise = rng.standard_normal((2, *measured.shape), np.float32) * np.float32(noise_sd / measured.shape[-1])
    measured = measured + noise[0] + 1j * noise[1]
    measured *= _window(measured.shape[-1], k_space) * _half_pixel_shift(measured.shape[-1], n, full)
    image = fftshift(ifft2(ifftshift(_resize(measured, full), axes=(-2, -1)), norm="forward", workers=1), axes=(-2, -1))
    return np.sqrt(np.sum(np.abs(image) ** 2, axis=0)).astype(np.float32)


def area_weights(n_from: int, n_to: int) -> np.ndarray:
    """Matrix (n_to, n_from) that averages a line of n_from cells over n_to cells of the same extent; rows sum to 1."""
    edges = np.linspace(0, n_from, n_to + 1)
    cells = np.arange(n_from)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return (np.maximum(overlap, 0) * n_to / n_from).astype(np.float32)


def _window(n: int, k_space: KSpace) -> np.ndarray:
    """Tukey window over the measured lines, shape (n, n); lines beyond the measured share of the y axis are 0."""
    frequency = np.abs(np.arange(n) - n // 2) / (n / 2)

    def taper(relative: np.ndarray) -> np.ndarray:
        half = tukey(2 * n + 1, k_space.window_alpha)[n:]
        return np.where(relative <= 1, np.interp(relative, np.linspace(0, 1, n + 1), half), 0.0)

    return (taper(frequency)[:, None] * taper(frequency / k_space.phase_resolution)[None, :]).astype(np.float32)


def _half_pixel_shift(n: int, n_from: int, n_to: int) -> np.ndarray:
    """Phase ramp that keeps the edges of the field of view in place when its number of pixels changes, shape (n, n)."""
    ramp = np.exp(2j * np.pi * (np.arange(n) - n // 2) * (0.5 / n_to - 0.5 / n_from))
    return (ramp[:, None] * ramp[None, :]).astype(np.complex64)


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
