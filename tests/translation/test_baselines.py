import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.exposure import match_histograms

from sim2real.data import Sim2RealError
from sim2real.translation import BASELINES, match_histogram, swap_amplitudes
from sim2real.translation.baselines import identity

RANDOM = np.random.default_rng(0)
IMAGES = gaussian_filter(RANDOM.random((3, 32, 44)), (0, 2, 1)).astype(np.float32)
REFERENCES = (gaussian_filter(RANDOM.random((5, 32, 44)), (0, 1, 1)) * 0.5 + 0.2).astype(np.float32)


@pytest.mark.parametrize("name", BASELINES)
def test_all_share_one_interface(name):
    kept = IMAGES.copy()
    found = BASELINES[name](IMAGES, REFERENCES, seed=1)
    assert (
        found.shape == IMAGES.shape
        and found.dtype == np.float32
        and found.min() >= 0
        and found.max() <= 1
    )
    np.testing.assert_array_equal(found, BASELINES[name](IMAGES, REFERENCES, seed=1))
    np.testing.assert_array_equal(IMAGES, kept)


def test_identity_changes_nothing():
    np.testing.assert_array_equal(identity(IMAGES, REFERENCES), IMAGES)


def test_histograms_are_those_of_the_references_and_the_order_of_greys_is_kept():
    found = match_histogram(IMAGES, REFERENCES)
    for image, matched in zip(IMAGES, found, strict=True):
        for q in (0.05, 0.5, 0.95):
            assert np.quantile(matched, q) == pytest.approx(np.quantile(REFERENCES, q), abs=2e-3)
        assert (np.diff(matched.ravel()[np.argsort(image.ravel())]) >= -1e-7).all()
    independent = match_histograms(IMAGES[0], REFERENCES[0])
    np.testing.assert_allclose(
        match_histogram(IMAGES[:1], REFERENCES[:1])[0], independent, atol=0.01
    )


def test_a_flat_tissue_stays_flat():
    flat = np.where(np.arange(44) < 20, 0.3, 0.6)[None, None].repeat(32, axis=1)
    assert len(np.unique(match_histogram(flat, REFERENCES))) == 2


def test_an_images_own_amplitudes_change_nothing():
    np.testing.assert_allclose(swap_amplitudes(IMAGES[:1], IMAGES[:1]), IMAGES[:1], atol=1e-6)


def test_low_frequencies_take_the_references_amplitude_and_all_keep_their_phase():
    """Along a row: cosines of 2 and 10 cycles of 44; beta 0.05 reaches to 2.2 cycles."""
    x = 2 * np.pi * np.arange(44) / 44
    wave = lambda mean, low, high, phase: np.tile(
        mean + low * np.cos(2 * x + phase) + high * np.cos(10 * x + phase), (1, 32, 1)
    )  # noqa: E731
    found = swap_amplitudes(wave(0.5, 0.10, 0.05, 0.3), wave(0.4, 0.02, 0.2, 1.1))
    np.testing.assert_allclose(found, wave(0.4, 0.02, 0.05, 0.3), atol=1e-6)
    wider = swap_amplitudes(wave(0.5, 0.10, 0.05, 0.3), wave(0.4, 0.02, 0.2, 1.1), beta=0.3)
    np.testing.assert_allclose(wider, wave(0.4, 0.02, 0.2, 0.3), atol=1e-6)


BAD = {
    "none": (IMAGES[:0], REFERENCES, "images have shape"),
    "no reference": (IMAGES, REFERENCES[:0], "references have shape"),
    "NaN": (IMAGES * np.nan, REFERENCES, "images hold NaN or values outside"),
    "above one": (IMAGES, REFERENCES * 255, "references hold NaN or values outside"),
}


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("case", BAD)
def test_unusable_images_are_refused_in_one_line(name, case):
    images, references, message = BAD[case]
    with pytest.raises(Sim2RealError, match=message):
        BASELINES[name](images, references)


def test_amplitudes_need_one_grid_and_a_sensible_beta():
    with pytest.raises(Sim2RealError, match="one grid"):
        swap_amplitudes(IMAGES, REFERENCES[:, :, :40])
    with pytest.raises(Sim2RealError, match="beta is 0.7"):
        swap_amplitudes(IMAGES, REFERENCES, beta=0.7)
