import numpy as np
import pytest

from sim2real.data import LV, MYO, RV, Sim2RealError
from sim2real.metrics import SHAPE_MEASURES, slice_shape

SHAPE = (121, 140)
ROW, COLUMN = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(float)


def heart(towards_deg=180.0, stretch=1.0, shift=0.0):
    """A ring of radii 20 and 30 pixels and a disc of radius 24 behind it, its middle 40 pixels from
    the ring's in the direction ``towards_deg``; the cavity is wider by ``stretch`` in the columns
    and moved by ``shift`` rows."""
    x, y = COLUMN - 75, 60 - ROW
    angle = np.deg2rad(towards_deg)
    label = np.zeros(SHAPE, np.uint8)
    label[np.hypot(x - 40 * np.cos(angle), y - 40 * np.sin(angle)) < 24] = RV
    label[np.hypot(x, y) < 30] = MYO
    label[np.hypot(x / stretch, (y - shift) * stretch) < 20] = LV
    return label


def test_a_round_even_heart():
    measured = slice_shape(heart(), 1.5)
    assert list(measured) == list(SHAPE_MEASURES)
    assert measured["lv_radius_cv"] < 0.02 and measured["wall_cv"] < 0.05
    assert measured["septum_to_lateral"] == pytest.approx(1, abs=0.03)
    assert measured["wall_mm"] == pytest.approx(15, abs=0.4)
    assert measured["epicardial_radius_mm"] == pytest.approx(45, abs=0.6)
    # beyond the wall the disc reaches from 30 to 64 pixels
    assert measured["rv_thickness"] == pytest.approx(34 / 30, abs=0.04)
    assert measured["rv_angle_deg"] == pytest.approx(180, abs=2)


@pytest.mark.parametrize("towards_deg", [126, 157, 201, 232])
def test_only_the_direction_changes_with_the_way_a_heart_is_turned(towards_deg):
    turned, straight = slice_shape(heart(towards_deg), 1.5), slice_shape(heart(), 1.5)
    assert turned.pop("rv_angle_deg") == pytest.approx(towards_deg, abs=2)
    straight.pop("rv_angle_deg")
    assert turned == pytest.approx(straight, rel=0.08, abs=0.02)


def test_an_oval_cavity_has_the_spread_of_its_radius():
    angles = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    radius = 20 / np.hypot(np.cos(angles) / 1.1, np.sin(angles) * 1.1)
    expected = radius.std() / radius.mean()
    assert slice_shape(heart(stretch=1.1), 1.0)["lv_radius_cv"] == pytest.approx(expected, abs=0.01)


def test_a_cavity_out_of_the_middle_has_an_uneven_wall():
    """RV below: a cavity moved up leaves a thick septum and a thin wall across from it."""
    measured = slice_shape(heart(towards_deg=270, shift=4.0), 1.0)
    assert measured["septum_to_lateral"] > 1.5 and measured["wall_cv"] > 0.2


def test_a_crescent_is_less_solid_than_a_disc():
    assert slice_shape(heart(), 1.0)["rv_solidity"] < 0.92
    whole = heart()
    whole[np.hypot(COLUMN - 35, 60 - ROW) < 24] = RV  # laid over the wall
    assert slice_shape(whole, 1.0)["rv_solidity"] > 0.95


def test_a_heart_cut_by_the_border_and_one_without_rv():
    cut = heart()[:, :100]
    assert (
        slice_shape(cut, 1.0)["epicardial_radius_mm"]
        < slice_shape(heart(), 1.0)["epicardial_radius_mm"]
    )
    without = heart()
    without[without == RV] = 0
    assert np.isnan(list(slice_shape(without, 1.0).values())).all()
    with pytest.raises(Sim2RealError, match="expected \\(row, column\\)"):
        slice_shape(np.zeros((2, 3, 4), np.uint8), 1.0)
