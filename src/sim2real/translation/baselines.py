"""Simple translations to measure CUT against: images in, images out, with real images of a vendor
as reference.

Each takes images (n, row, column) and references (m, row, column), both in [0, 1], and gives (n,
row, column) float32 in [0, 1]. None of them is trained and none moves a border.
"""

import numpy as np

from ..data import generator as random_generator
from ..data import refuse

_QUANTILES = np.linspace(0, 1, 1025)


def identity(images: np.ndarray, references: np.ndarray, seed: int = 0) -> np.ndarray:
    """The simulated images as they are: what a translation has to better."""
    _check(images, references)
    return np.array(images, np.float32)


def match_histogram(images: np.ndarray, references: np.ndarray, seed: int = 0) -> np.ndarray:
    """Each slice's grey values mapped, in their order, to the distribution of all the references'
    pixels.

    The classical specification of a histogram (Gonzalez and Woods, Digital Image Processing,
    section 3.3): contrast without texture.
    """
    _check(images, references)
    quantiles = np.quantile(references, _QUANTILES)
    return np.stack([_ranks_to(image, quantiles) for image in images]).astype(np.float32)


def swap_amplitudes(
    images: np.ndarray, references: np.ndarray, seed: int = 0, beta: float = 0.05
) -> np.ndarray:
    r"""Fourier domain adaptation: each slice with the low-frequency amplitudes of a reference drawn
    at random, its own phases.

    .. math::

        \mathcal{F}^{-1}\big(M_\beta \circ |\mathcal{F}(y)| + (1 - M_\beta) \circ
        |\mathcal{F}(x)|,\; \angle\mathcal{F}(x)\big)

    Yang and Soatto, CVPR 2020, arXiv 2004.05498, equation 3: M is 1 where both frequencies are at
    most ``beta`` of the side, in cycles an image (0.05: up to 6 of 128). References are of the
    images' size; values beyond [0, 1] are clipped.
    """
    _check(images, references)
    refuse(
        images.shape[1:] != references.shape[1:],
        f"images are {images.shape[1:]} and references {references.shape[1:]} pixels; both must"
        " lie on one grid",
    )
    refuse(
        not 0 <= beta <= 0.5,
        f"beta is {beta}; expected a share of the image's side from 0 to 0.5",
    )
    drawn = random_generator(seed, "amplitudes").integers(len(references), size=len(images))
    rows, columns = (np.abs(np.fft.fftfreq(n)) <= beta for n in images.shape[1:])
    low = rows[:, None] & columns[None]
    spectra, others = np.fft.fft2(images), np.fft.fft2(references[drawn])
    amplitudes = np.where(low, np.abs(others), np.abs(spectra))
    return np.clip(np.fft.ifft2(amplitudes * np.exp(1j * np.angle(spectra))).real, 0, 1).astype(
        np.float32
    )


BASELINES = {"identity": identity, "histogram": match_histogram, "fourier": swap_amplitudes}


def _ranks_to(image: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Equal values share the middle of their ranks, so that a flat tissue stays flat."""
    values, inverse, counts = np.unique(image, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts / 2) / image.size
    return np.interp(middle, _QUANTILES, quantiles)[inverse].reshape(image.shape)


def _check(images: np.ndarray, references: np.ndarray) -> None:
    for name, slices in (("images", images), ("references", references)):
        refuse(
            slices.ndim != 3 or not len(slices),
            f"{name} have shape {slices.shape}; expected (slice, row, column) with at least one"
            " slice",
        )
        refuse(
            not np.isfinite(slices).all() or slices.min() < 0 or slices.max() > 1,
            f"{name} hold NaN or values outside [0, 1]; scale their intensities first",
        )
