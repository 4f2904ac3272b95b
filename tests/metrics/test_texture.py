import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import kurtosis, skew

from sim2real.data import Sim2RealError
from sim2real.metrics import standardise, texture_distance, texture_features
from sim2real.metrics.texture import TEXTURE_FEATURES


def textured(number, seed):
    """Slices of 48 x 40 pixels: blobs, shading and fine grain, of varied strength."""
    rng = np.random.default_rng(seed)
    slices = []
    for _ in range(number):
        blobs = gaussian_filter(rng.normal(size=(48, 40)), 4) * rng.uniform(1.5, 2.5)
        grain = gaussian_filter(rng.normal(size=(48, 40)), 0.6) * rng.uniform(0.08, 0.12)
        slices.append(0.5 + blobs + grain)
    return np.clip(slices, 0, 1)


@pytest.fixture(scope="module")
def halves():
    return textured(40, 1), textured(40, 2)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: gaussian_filter(images, (0, 1, 1)),
        lambda images: np.clip(
            images + np.random.default_rng(0).normal(0, 0.1, images.shape), 0, 1
        ),
        lambda images: np.round(images * 3) / 3,
    ],
    ids=["blurred", "noisy", "flattened to four grey levels"],
)
def test_sees_what_another_half_of_the_same_does_not_have(halves, change):
    reference, other = halves
    assert texture_distance(change(other), reference) > 3 * texture_distance(other, reference)


def test_more_blur_is_farther(halves):
    reference, other = halves
    distances = [
        texture_distance(gaussian_filter(other, (0, sigma, sigma)), reference)
        for sigma in (0, 0.7, 1.5)
    ]
    assert distances == sorted(distances)


def test_statistics_of_a_hand_made_slice():
    image = np.zeros((8, 6))
    image[:, 3:] = 1.0
    values = dict(zip(TEXTURE_FEATURES, texture_features(image[None])[0], strict=True))
    assert len(values) == 23
    assert (
        values["mean"],
        values["sd"],
        values["skewness"],
        values["kurtosis"],
        values["entropy"],
    ) == pytest.approx((0.5, 0.5, 0, 1, 1))
    # neighbours at 1 px: of the horizontal pairs 8 in 40 step over 31 levels, of the vertical ones
    # none, of each diagonal 7 in 35
    assert values["contrast_1px"] == pytest.approx(31**2 * np.mean([8 / 40, 7 / 35, 0, 7 / 35]))


def test_constant_slices_give_finite_features():
    assert np.isfinite(texture_features(np.full((2, 9, 7), 0.3))).all()


def test_reference_is_standardised_and_constant_features_stay_finite():
    reference = np.array([[1.0, 5.0], [3.0, 5.0]])
    moved, own = standardise(reference + 2, reference)
    assert own.tolist() == [[-1, 0], [1, 0]] and moved.tolist() == [[1, 2], [3, 2]]


def test_unusable_images_are_refused():
    for images in (np.zeros((48, 40)), np.zeros((2, 4, 40))):
        with pytest.raises(Sim2RealError, match="expected .* of at least 5 pixels a side"):
            texture_features(images)
    with pytest.raises(Sim2RealError, match="at least two"):
        texture_distance(np.zeros((1, 9, 9)), np.zeros((3, 9, 9)))


def test_shape_of_the_histogram_is_that_of_scipy():
    image = np.random.default_rng(3).beta(1.5, 4, (31, 26))
    values = dict(zip(TEXTURE_FEATURES, texture_features(image[None])[0], strict=True))
    assert values["skewness"] == pytest.approx(skew(image, axis=None)) and values["skewness"] > 0.5
    assert values["kurtosis"] == pytest.approx(kurtosis(image, axis=None, fisher=False))
    for percent in (10, 50, 90):
        assert np.mean(image < values[f"percentile_{percent}"]) == pytest.approx(
            percent / 100, abs=0.002
        )


def test_one_pixel_that_is_no_number_is_refused():
    images = np.full((2, 9, 9), 0.5)
    images[1, 4, 4] = np.nan
    with pytest.raises(Sim2RealError, match="NaN"):
        texture_features(images)


def test_energy_of_a_step_counts_each_pair_both_ways():
    """Left half 0, right half 1: along the rows and both diagonals 4, 4, 1 and 1 of 10 pairs, down
    the columns half and half."""
    image = np.zeros((8, 6))
    image[:, 3:] = 1.0
    values = dict(zip(TEXTURE_FEATURES, texture_features(image[None])[0], strict=True))
    assert values["energy_1px"] == pytest.approx(
        np.mean([0.34**0.5, 0.34**0.5, 0.5**0.5, 0.34**0.5])
    )


def test_of_a_chessboard_s_neighbours_those_of_the_diagonals_are_alike():
    image = np.indices((9, 9)).sum(axis=0) % 2 * 1.0
    values = dict(zip(TEXTURE_FEATURES, texture_features(image[None])[0], strict=True))
    assert values["contrast_1px"] == pytest.approx(31**2 / 2)
