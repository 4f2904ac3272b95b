import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.metrics import SLICE_MEASURES, slice_measures, spectrum_slope

SHAPE, CENTRE = (160, 120), (84, 70)


def rings(pixel_mm=(1.0, 1.0), lv=20.0, epicardium=30.0):
    """Label: disc LV, ring MYO, and an RV sector of 100 degrees on the left that touches the ring
    (all in mm)."""
    row, column = np.indices(SHAPE)
    down, right = (row - CENTRE[0]) * pixel_mm[0], (column - CENTRE[1]) * pixel_mm[1]
    distance, angle = (
        np.hypot(down, right),
        np.degrees(np.arctan2(down, -right)),
    )  # 0 degrees: the viewer's left
    label = np.zeros(SHAPE, np.uint8)
    label[(distance >= epicardium) & (distance < 44) & (np.abs(angle) < 50)] = 3
    label[distance < epicardium] = 2
    label[distance < lv] = 1
    return label


@pytest.mark.parametrize("pixel_mm", [(1.0, 1.0), (0.9, 1.3)])
def test_shape_of_a_drawn_heart(pixel_mm):
    label = rings(pixel_mm)
    measures = slice_measures(np.ones(SHAPE), label, pixel_mm)
    rv_area = np.pi * (44**2 - 30**2) * 100 / 360
    rv_centre = 2 / 3 * (44**3 - 30**3) / (44**2 - 30**2) * np.sin(np.radians(50)) / np.radians(50)
    assert measures["wall_to_lv_radius"] == pytest.approx(0.5, abs=0.02)
    assert measures["rv_to_lv_area"] == pytest.approx(rv_area / (np.pi * 400), rel=0.03)
    assert measures["heart_to_lv_area"] == pytest.approx(
        900 / 400 + rv_area / (np.pi * 400), rel=0.03
    )
    assert measures["septum_angle_deg"] == pytest.approx(100, abs=5)
    assert measures["lv_minor_to_major"] == pytest.approx(1, abs=0.02)
    assert measures["rv_offset_to_epicardial_radius"] == pytest.approx(rv_centre / 30, rel=0.03)


def test_axes_of_an_ellipse():
    row, column = np.indices(SHAPE)
    label = ((((row - 80) / 30) ** 2 + ((column - 60) / 18) ** 2) < 1).astype(np.uint8)
    assert slice_measures(np.ones(SHAPE), label, 1.25)["lv_minor_to_major"] == pytest.approx(
        0.6, abs=0.01
    )


def test_contrast_is_taken_inside_eroded_structures():
    label = rings()
    image = np.choose(label, [50.0, 90.0, 30.0, 60.0])
    spoilt = image.copy()
    row, column = np.indices(SHAPE)
    distance = np.hypot(row - CENTRE[0], column - CENTRE[1])
    spoilt[np.abs(distance - 20) < 0.7] = 500  # the borders of LV and MYO alone
    for picture in (image, spoilt):
        measures = slice_measures(picture, label, 1.0)
        assert measures["lv_to_myo_intensity"] == pytest.approx(3)
        assert measures["rv_to_lv_intensity"] == pytest.approx(2 / 3)
        assert measures["lv_sd_to_mean"] == pytest.approx(0) and measures[
            "myo_sd_to_mean"
        ] == pytest.approx(0)


def test_structure_that_erosion_would_empty_is_taken_whole():
    label = np.zeros((20, 30), np.uint8)
    label[5:8, 5:9], label[5:8, 9:12] = 1, 2
    image = np.where(label == 1, 8.0, 2.0)
    assert slice_measures(image, label, 1.0)["lv_to_myo_intensity"] == 4


@pytest.mark.parametrize("slope", [-1.5, -3.0])
def test_slope_of_a_spectrum_that_was_made_so(slope):
    rng = np.random.default_rng(0)
    frequency = np.hypot(*np.meshgrid(*(np.fft.fftfreq(size) for size in (128, 96)), indexing="ij"))
    frequency[0, 0] = 1
    images = np.fft.ifft2(
        np.fft.fft2(rng.normal(size=(20, 128, 96))) * frequency ** (slope / 2)
    ).real
    assert np.mean([spectrum_slope(image) for image in images]) == pytest.approx(slope, abs=0.05)
    assert spectrum_slope(40 * images[0] + 7) == pytest.approx(spectrum_slope(images[0]))


def test_missing_structures_give_nan_and_no_error():
    measures = slice_measures(np.ones((20, 30)), np.zeros((20, 30), np.uint8), 1.0)
    assert set(measures) == set(SLICE_MEASURES)
    assert all(np.isnan(value) for value in measures.values())


def test_image_and_label_of_two_shapes_are_refused():
    with pytest.raises(Sim2RealError, match="expected one slice"):
        slice_measures(np.ones((20, 30)), np.ones((30, 20)), 1.0)


@pytest.mark.parametrize(("cycles", "counts"), [(3, False), (4, True), (30, True), (31, False)])
def test_slope_is_of_the_rings_from_4_to_30_cycles(cycles, counts):
    image = np.random.default_rng(1).normal(size=(96, 128))
    frequency = np.hypot(
        *np.meshgrid(*(np.fft.fftfreq(size) * 128 for size in image.shape), indexing="ij")
    )
    louder = np.fft.ifft2(np.fft.fft2(image) * np.where(np.rint(frequency) == cycles, 10, 1)).real
    assert (abs(spectrum_slope(louder) - spectrum_slope(image)) > 0.05) == counts


@pytest.mark.parametrize(("rows", "eroded"), [(4, False), (5, True), (6, True)])
def test_ten_pixels_that_remain_are_enough_to_erode(rows, eroded):
    """An LV of (2 + 4) columns whose core is 2 wide; its rim is bright."""
    label, image = np.zeros((30, 40), np.uint8), np.full((30, 40), 9.0)
    label[10 : 14 + rows, 20:26], label[2:5, 2:9] = 1, 3
    image[12 : 12 + rows, 22:24], image[label == 3] = 3.0, 3.0
    assert (slice_measures(image, label, 1.0)["rv_to_lv_intensity"] == 1) == eroded


def test_axes_of_a_rectangle_of_few_pixels_are_its_sides():
    label = np.zeros((20, 30), np.uint8)
    label[4:7, 5:15] = 1
    assert slice_measures(np.ones(label.shape), label, (2.0, 1.5))[
        "lv_minor_to_major"
    ] == pytest.approx(3 * 2.0 / (10 * 1.5))


@pytest.mark.parametrize(("pixels", "told"), [(2, False), (3, True), (5, True)])
def test_three_pixels_have_axes(pixels, told):
    label = np.zeros((20, 30), np.uint8)
    label[4, 5 : 5 + pixels] = 1
    found = slice_measures(np.ones(label.shape), label, 1.0)["lv_minor_to_major"]
    assert found == pytest.approx(1 / pixels) if told else np.isnan(found)


def test_an_image_without_a_spectrum_has_no_slope():
    """No power at all, and power at one frequency alone: two columns of eight pixels have one
    between 4 and 30 cycles."""
    with np.errstate(all="raise"):
        assert np.isnan(spectrum_slope(np.ones((20, 30))))
    assert np.isnan(spectrum_slope(np.random.default_rng(0).normal(size=(1, 8))))
