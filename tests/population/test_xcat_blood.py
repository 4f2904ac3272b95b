"""Blood of one activity, told apart by where it lies: blocks in walls, made by hand."""

import numpy as np
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.population.structures import ID
from sim2real.population.xcat.blood import separate_blood

SHARED = 240
BLOCKS = {  # (z, y, x) from and to; each lies in a wall of its own, two voxels thick
    "lv_blood": ((8, 8, 8), (18, 18, 18), "lv_myocardium"),
    "rv_blood": ((8, 8, 22), (18, 18, 34), "rv_wall"),
    "left_atrium": ((24, 8, 8), (31, 18, 17), "atrial_wall"),
    "right_atrium": ((24, 8, 22), (31, 18, 33), "atrial_wall"),
    "aorta": ((24, 24, 8), (31, 29, 14), "vessel_wall"),
    "vena_cava": ((24, 24, 22), (31, 29, 30), "vessel_wall"),
}
SPACING = np.array([1.0, 1.0, 2.0])


def blocks(names):
    volume = np.full((36, 34, 40), ID["lung"], np.uint8)
    for margin in (2, 0):
        for name in names:
            low, high, wall = BLOCKS[name]
            box = tuple(slice(a - margin, b + margin) for a, b in zip(low, high, strict=True))
            volume[box] = ID[wall if margin else name]
    return volume


def shared(volume, names):
    return np.where(np.isin(volume, [ID[name] for name in names]), SHARED, volume).astype(np.uint8)


@pytest.mark.parametrize(
    "names",
    [
        ("lv_blood", "rv_blood"),
        ("left_atrium", "lv_blood"),
        ("right_atrium", "rv_blood"),
        ("aorta", "lv_blood", "rv_blood"),
        ("left_atrium", "lv_blood", "rv_blood", "right_atrium"),
        ("lv_blood", "rv_blood", "vena_cava"),
        ("aorta", "left_atrium", "lv_blood"),
    ],
)
@pytest.mark.parametrize("flipped", [False, True])
def test_separate_chambers_are_told_apart(names, flipped):
    whole = blocks(BLOCKS)[:, :, :: -1 if flipped else 1]
    volume = shared(whole, names)
    separate_blood(volume, SHARED, names, SPACING, "frame", proven=False)
    np.testing.assert_array_equal(volume, whole)


def test_blood_cut_off_by_muscle_goes_with_the_nearest_chamber():
    whole = blocks(BLOCKS)
    names = ("lv_blood", "rv_blood")
    volume = shared(whole, names)
    volume[8:11, 8:11, 8:11] = ID["lv_myocardium"]
    volume[9, 9, 9] = SHARED
    separate_blood(volume, SHARED, names, SPACING, "frame", proven=False)
    assert volume[9, 9, 9] == ID["lv_blood"] and not (volume == SHARED).any()


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        (
            ("left_atrium", "lv_blood"),
            (slice(18, 24), slice(10, 14), slice(10, 14)),
        ),  # an open valve
        (
            ("lv_blood", "rv_blood"),
            (slice(12, 14), slice(12, 14), slice(18, 22)),
        ),  # a hole in the septum
        (
            ("left_atrium", "lv_blood", "rv_blood", "right_atrium"),
            (slice(18, 24), slice(10, 14), slice(24, 28)),
        ),
    ],
)
@pytest.mark.parametrize("proven", [False, True])
def test_chambers_that_run_into_each_other_are_refused(names, joined, proven):
    volume = shared(blocks(BLOCKS), names)
    volume[joined] = SHARED
    with pytest.raises(
        Sim2RealError, match="frame: .* share an activity; .* give each its own value"
    ) as caught:
        separate_blood(volume, SHARED, names, SPACING, "frame", proven)
    assert "\n" not in str(caught.value)


def test_a_corner_of_the_atrium_is_left_to_the_volume_the_log_states():
    """A part of the atrium too small to matter joins its ventricle only where the log will hold the
    ventricle's volume against its own."""
    names = ("left_atrium", "lv_blood")
    volume = shared(blocks(["lv_blood", "rv_blood"]), names)
    volume[18:21, 12, 12] = SHARED
    with pytest.raises(Sim2RealError, match="1 large ones for 2 organs"):
        separate_blood(volume.copy(), SHARED, names, SPACING, "frame", proven=False)
    separate_blood(volume, SHARED, names, SPACING, "frame", proven=True)
    assert (volume == ID["lv_blood"]).sum() == 1000 + 3


def test_atria_and_vessels_of_both_sides_are_refused():
    names = ("aorta", "left_atrium", "lv_blood", "right_atrium", "rv_blood")
    with pytest.raises(Sim2RealError, match="5 large ones for 5 organs"):
        separate_blood(shared(blocks(BLOCKS), names), SHARED, names, SPACING, "frame", proven=False)


def test_a_part_too_many_is_refused():
    volume = shared(blocks(BLOCKS), ("lv_blood", "rv_blood", "aorta"))
    with pytest.raises(Sim2RealError, match="3 large ones for 2 organs"):
        separate_blood(volume, SHARED, ("lv_blood", "rv_blood"), SPACING, "frame", proven=True)


def test_crumbs_are_refused():
    volume = np.where(
        np.random.default_rng(0).random((20, 21, 22)) < 0.1, SHARED, ID["lung"]
    ).astype(np.uint8)
    with pytest.raises(Sim2RealError, match="too much of it in small ones"):
        separate_blood(volume, SHARED, ("lv_blood", "rv_blood"), SPACING, "frame", proven=False)
