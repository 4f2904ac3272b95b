import numpy as np
import pytest
from scipy.ndimage import binary_dilation, label

from sim2real.cohort.grid import mid_ventricular
from sim2real.core.labels import LV, MYO, RV
from sim2real.core.parameters import PopulationParameters
from sim2real.population.render import Phantom, Stack
from sim2real.population.structures import ID, labels_of
from sim2real.population.subjects import sample_subject

# three sub-slices in contiguous 3 mm slices: planes 1 mm apart, so that a voxel is 1 mm a side
FINE = PopulationParameters(voxel_mm=1.0, field_of_view_mm=192, slice_thickness_mm=3, slice_spacing_mm=3, sub_slices=3)
COARSE = PopulationParameters(voxel_mm=1.6, field_of_view_mm=220, sub_slices=1)
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


def contiguous(phantom: Phantom) -> Stack:
    """Slices over the whole heart and the RV's outflow tract, which reaches above the slices of an ordinary stack."""
    full = Stack.of(phantom.heart, FINE, full=True)
    centres = np.arange(phantom.heart.apex + 1.5, -25.0, -3.0)
    return Stack(centres, full.affine)


@pytest.fixture(scope="module")
def middle(one_of_each):
    """Labels of the middle slices, (x, y, slice, phase), of one subject a group and some more."""
    subjects = [*one_of_each.values(), *(sample_subject(21, k, 0.4) for k in range(5))]
    result = {}
    for number, subject in enumerate(subjects):
        phantom = Phantom(subject)
        maps = phantom.structures(Stack.of(phantom.heart, COARSE, full=False), ("ED", "ES"), COARSE)
        result[f"{number} {subject.group}"] = labels_of(maps.data[..., 0])
    return result


def planes(middle):
    """(name, label plane) of the four middle slices at both phases."""
    for name, labels in middle.items():
        for k in mid_ventricular([labels[..., 0], labels[..., 1]], 4, name):
            for p in range(2):
                yield f"{name}, slice {k}, phase {p}", labels[:, :, k, p]


@pytest.mark.parametrize("group", ["NOR", "DCM", "ARV"])
def test_counted_volumes_are_the_stated_ones(one_of_each, group):
    subject = one_of_each[group]
    phantom = Phantom(subject)
    labels = labels_of(phantom.structures(contiguous(phantom), ("ED", "ES"), FINE).data)
    counted = {
        (name, p): (labels[:, :, :, p] == value).sum() / 1e3 for name, value in (("LV", LV), ("MYO", MYO), ("RV", RV)) for p in (0, 1)
    }
    assert counted["LV", 0] == pytest.approx(subject.lv_edv_ml, rel=0.02)
    assert counted["LV", 1] == pytest.approx(subject.lv_esv_ml, rel=0.03)
    assert counted["RV", 0] == pytest.approx(subject.rv_edv_ml, rel=0.03)
    assert counted["RV", 1] == pytest.approx(subject.rv_esv_ml, rel=0.03)
    assert counted["MYO", 0] == pytest.approx(subject.lv_mass_g / 1.05, rel=0.02)
    assert counted["MYO", 1] == pytest.approx(counted["MYO", 0], rel=0.01)


def test_cavity_of_the_lv_is_closed_by_myocardium(middle):
    for where, plane in planes(middle):
        beside = binary_dilation(plane == LV, CROSS) & (plane != LV)
        assert set(np.unique(plane[beside])) == {MYO}, where


def test_an_open_wall_would_be_seen(middle):
    _, plane = next(planes(middle))
    plane = plane.copy()
    x, y = np.argwhere(plane == LV).mean(axis=0).astype(int)
    plane[x:, y] = np.where(plane[x:, y] == MYO, 0, plane[x:, y])
    beside = binary_dilation(plane == LV, CROSS) & (plane != LV)
    assert 0 in plane[beside]


def test_right_ventricle_lies_on_the_septum(middle):
    for where, plane in planes(middle):
        touching = binary_dilation(plane == RV, CROSS) & (plane == MYO)
        assert touching.sum() * COARSE.voxel_mm > 8, where


def test_each_label_is_one_piece_and_the_myocardium_a_ring(middle):
    for where, plane in planes(middle):
        for value in (LV, MYO, RV):
            pieces, count = label(plane == value, np.ones((3, 3)))
            sizes = np.bincount(pieces.ravel())[1:]
            assert sizes.max() > 0.97 * sizes.sum(), f"{where}, label {value}: {count} pieces"
        holes = label(plane != MYO, CROSS)[1]
        assert holes == 2, f"{where}: {holes - 1} holes in the myocardium; expected the cavity alone"


def test_labels_are_all_near_the_heart(middle):
    for where, plane in planes(middle):
        far = np.linalg.norm((np.argwhere(plane > 0) - np.argwhere(plane == LV).mean(axis=0)) * COARSE.voxel_mm, axis=1).max()
        assert far < 100, where


def test_six_slices_hold_four_complete_ones_in_everybody():
    rough = PopulationParameters(voxel_mm=2.0, field_of_view_mm=192, sub_slices=1)
    for index in range(24):
        phantom = Phantom(sample_subject(33, index, 0.3))
        labels = labels_of(phantom.structures(Stack.of(phantom.heart, rough, full=False), ("ED", "ES"), rough).data[..., 0])
        assert len(mid_ventricular([labels[..., 0], labels[..., 1]], 4, str(index))) == 4


def test_body_lies_in_the_world_as_people_do(one_of_each):
    """RAS: the RV right of and before the LV, the liver right and below, the spine behind, the atria towards the base."""
    phantom = Phantom(one_of_each["NOR"])
    wide = PopulationParameters(voxel_mm=2.0, field_of_view_mm=320, sub_slices=1)
    stack = Stack.of(phantom.heart, wide, full=True)
    maps = phantom.structures(stack, ("ED",), wide)
    data = maps.data[..., 0, 0]

    def place(name):
        return maps.affine[:3, :3] @ np.argwhere(data == ID[name]).mean(axis=0) + maps.affine[:3, 3]

    lv = place("lv_blood")
    assert place("rv_blood")[0] > lv[0] and place("rv_blood")[1] > lv[1]
    assert place("liver")[0] > lv[0] and place("liver")[2] < lv[2]
    assert place("vertebra")[1] < lv[1] - 50 and place("sternum")[1] > lv[1]
    assert (place("left_atrium") - lv) @ maps.affine[:3, 2] > 0
    assert place("left_atrium")[0] > lv[0] and place("left_atrium")[1] < lv[1]
    assert np.linalg.det(maps.affine[:3, :3]) > 0
    np.testing.assert_allclose(maps.spacing_mm, [2, 2, wide.slice_spacing_mm])


def test_anatomy_does_not_move_with_the_raster(one_of_each):
    """The LV's middle in the world is the same on two rasters and in two stacks."""
    phantom = Phantom(one_of_each["HCM"])
    middles = []
    for parameters in (COARSE, PopulationParameters(voxel_mm=1.0, field_of_view_mm=200, sub_slices=2, slice_spacing_mm=8)):
        maps = phantom.structures(Stack.of(phantom.heart, parameters, full=False), ("ED",), parameters)
        inside = labels_of(maps.data[:, :, :, 0, 0]) == LV
        slices = maps.affine[:3, :3] @ np.argwhere(inside).mean(axis=0) + maps.affine[:3, 3]
        base = maps.affine[:3, 2] / np.linalg.norm(maps.affine[:3, 2])
        middles.append(slices - base * (slices @ base))  # across the long axis; along it the stacks differ
    assert np.linalg.norm(middles[0] - middles[1]) < 0.4


def test_same_subject_same_map(one_of_each):
    subject = one_of_each["NOR"]
    stack = Stack.of(Phantom(subject).heart, COARSE, full=False)
    np.testing.assert_array_equal(*(Phantom(subject).structures(stack, ("ES",), COARSE).data for _ in range(2)))
