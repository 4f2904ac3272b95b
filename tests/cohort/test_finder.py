import numpy as np
import pytest

from sim2real.cohort import find_heart, heart_centre, read_mnms
from sim2real.data import LV, RV, Image


@pytest.fixture(scope="module")
def people(surrogate):
    return [case for case in read_mnms(surrogate) if case.split == "test"]


def angle_deg(label):
    """Where the RV lies from the LV."""
    lv, rv = (np.argwhere(label.data == value)[:, :2].mean(axis=0) for value in (LV, RV))
    return np.degrees(np.arctan2(*(rv - lv)[::-1]))


@pytest.mark.parametrize("turns", range(4))
def test_the_heart_and_its_right_side_are_found_however_the_stack_is_turned(people, turns):
    for case in people:
        image, label = (
            Image(np.rot90(part.data, turns)[10:], np.diag([*part.spacing_mm, 1]))
            for part in case.read("ED")
        )
        found = find_heart(image)
        assert found.data.shape == image.data.shape and np.array_equal(found.affine, image.affine)
        off = np.subtract(heart_centre([found.data]), heart_centre([label.data]))
        assert np.abs(off * image.spacing_mm[:2]).max() < 15
        assert abs((angle_deg(found) - angle_deg(label) + 180) % 360 - 180) < 45


def test_in_noise_without_a_heart_nothing_is_invented_outside_the_image():
    """Whatever is found lies in the middle half of the slices."""
    noise = Image(
        np.random.default_rng(0).random((90, 70, 9)).astype(np.float32), np.diag([2, 2.5, 9, 1])
    )
    found = find_heart(noise)
    assert found.data.shape == noise.data.shape
    assert not found.data[:, :, :2].any() and not found.data[:, :, 7:].any()


def test_an_empty_image_holds_no_heart():
    empty = Image(np.zeros((64, 80, 8), np.float32), np.diag([2.0, 2.0, 10, 1]))
    assert not find_heart(empty).data.any()
