import numpy as np
import pytest

from sim2real.data import Image
from sim2real.population import ID
from sim2real.simulation import random_contrast
from sim2real.simulation.random_contrast import SHARE_LIKE_CINE

NAMES = ("lung", "lv_myocardium", "lv_blood", "rv_blood", "liver")


@pytest.fixture(scope="module")
def bands():
    """Five vertical bands of one structure each, 20 voxels wide; two slices, three sub-slices."""
    data = np.repeat([ID[name] for name in NAMES], 20)[:, None] * np.ones((1, 60), int)
    maps = np.broadcast_to(data[:, :, None, None], (100, 60, 2, 3)).astype(np.uint8)
    return Image(maps, np.diag([1.0, 1.0, 10.0, 1.0]))


def levels(image):
    """Mean intensity in the middle of each band of the first slice."""
    return [image.data[20 * k + 6 : 20 * k + 14, 10:50, 0].mean() for k in range(len(NAMES))]


def test_one_image_a_draw_with_the_geometry_of_the_map(bands):
    image = random_contrast(bands, np.random.default_rng(1))
    assert image.data.shape == (100, 60, 2) and image.data.dtype == np.float32
    assert np.isfinite(image.data).all() and image.data.min() >= 0
    np.testing.assert_array_equal(image.affine, bands.affine)
    again = random_contrast(bands, np.random.default_rng(1))
    np.testing.assert_array_equal(image.data, again.data)


def test_blood_is_brighter_than_muscle_in_most_draws_and_darker_in_some(bands):
    drawn = [levels(random_contrast(bands, np.random.default_rng(seed))) for seed in range(80)]
    brighter = np.mean([blood > muscle for _, muscle, blood, *_ in drawn])
    # in draws like a cine image always, in the others as often as not
    expected = SHARE_LIKE_CINE + (1 - SHARE_LIKE_CINE) / 2
    assert expected - 0.1 < brighter < 1
    assert np.ptp([blood / muscle for _, muscle, blood, *_ in drawn]) > 3


def test_borders_stay_where_the_map_has_them(bands):
    """Averaged over draws, the steepest place between muscle and blood is their border."""
    steps = np.zeros(99)
    for seed in range(40):
        plane = random_contrast(bands, np.random.default_rng(seed)).data[:, :, 0]
        steps += np.abs(np.diff(plane.mean(axis=1)))
    assert np.argmax(steps[30:50]) + 30 == 39
