import pickle
from itertools import permutations, product

import numpy as np
import pytest

from sim2real.cohort import (
    Grid,
    TooFewSlices,
    field_centre,
    from_grid,
    heart_centre,
    mid_ventricular,
    to_grid,
    upright,
)
from sim2real.data import LV, MYO, RV, Image, Sim2RealError, normalise
from sim2real.population import Phantom, PopulationParameters, SlicePlan, labels_of, sample_subject

SHAPE = (31, 24, 5)
BASES = np.array(
    [[0.45, -0.65, 0.6], [0.65, -0.5, 0.55], [0.3, -0.7, 0.65]]
)  # three tilts of the heart, from the apex (RAS)
PERMUTATIONS = [
    order for order in permutations(range(3)) if order[2] == 2
]  # slices are third in every file of the challenge
STORED = [
    (order, flips, tilt)
    for order in PERMUTATIONS
    for flips in product((1, -1), repeat=3)
    for tilt in range(3)
]


def stack(tilt):
    """A labelled stack as a viewer shows it: x right, y down, slices towards the base, RV on the
    left and a little up."""
    base = BASES[tilt] / np.linalg.norm(BASES[tilt])
    right = np.array([-base[2], 0, base[0]]) / np.hypot(base[0], base[2])
    roll = (-0.2, 0.1, 0.25)[tilt]
    down = np.cross(base, right)
    right, down = (
        np.cos(roll) * right + np.sin(roll) * down,
        np.cos(roll) * down - np.sin(roll) * right,
    )
    affine = np.eye(4)
    affine[:3, :3] = np.stack([1.3 * right, 1.1 * down, 9 * base], axis=1)
    affine[:3, 3] = [12, -34, 5]
    label = np.zeros(SHAPE, np.uint8)
    label[4:11, 6:15] = RV
    label[11:20, 8:18] = MYO
    label[13:18, 10:16] = LV
    label[:, :, 0] = np.where(
        label[:, :, 0] == RV, 0, label[:, :, 0]
    )  # the slice at the apex has no RV
    image = np.random.default_rng(tilt).normal(size=SHAPE).astype(np.float32)
    return Image(image, affine), Image(label, affine)


def stored(image, order, flips):
    """The same stack in the world, its axes permuted and flipped in the file."""
    data, affine = image.data.transpose(order), image.affine[:, [*order, 3]].copy()
    for axis, flip in enumerate(flips):
        if flip < 0:
            data = np.flip(data, axis)
            affine[:3, 3] += affine[:3, axis] * (data.shape[axis] - 1)
            affine[:3, axis] *= -1
    return Image(data, affine)


def by_own_label(image, label, always=False):
    return upright(image, label, guide=label, always=always)


def places(image, value):
    """World positions of the voxels of a label, sorted."""
    found = np.argwhere(image.data == value) @ image.affine[:3, :3].T + image.affine[:3, 3]
    return found[np.lexsort(np.round(found, 4).T)]


@pytest.mark.parametrize(("order", "flips", "tilt"), STORED)
def test_every_way_of_storing_a_stack_becomes_the_upright_one(order, flips, tilt):
    """2 orders of the axes in plane x 8 flips x 3 tilts of the heart: 48."""
    image, label = stack(tilt)
    found_image, found = by_own_label(stored(image, order, flips), stored(label, order, flips))
    np.testing.assert_array_equal(found.data, label.data)
    np.testing.assert_array_equal(found_image.data, image.data)
    np.testing.assert_allclose(found.affine, label.affine, atol=1e-9)
    assert np.linalg.det(found.affine[:3, :3]) > 0
    assert np.argwhere(found.data == RV)[:, 0].mean() < np.argwhere(found.data == LV)[:, 0].mean()
    for value in (LV, MYO, RV):
        np.testing.assert_allclose(places(found, value), places(label, value), atol=1e-3)


@pytest.mark.parametrize("turned", [False, True])
def test_header_without_orientation_is_righted_by_the_label(turned):
    """Plain voxel sizes as affine: the world tells nothing true, so the RV decides between the two
    half-turns."""
    image, label = stack(0)
    plain = np.diag([1.3, 1.1, 9, 1.0])
    data = [np.flip(part.data, (0, 1)) if turned else part.data for part in (image, label)]
    found_image, found = by_own_label(Image(data[0], plain), Image(data[1], plain))
    assert np.argwhere(found.data == RV)[:, 0].mean() < np.argwhere(found.data == LV)[:, 0].mean()
    np.testing.assert_array_equal(
        found_image.data[found.data == LV].sum(), image.data[label.data == LV].sum()
    )


def test_image_on_the_grid_has_the_world_geometry_of_its_pixels():
    """An image whose values are a linear function of the world keeps that function wherever the
    source reaches."""
    image, _ = stack(1)
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"))
    weights = np.array([0.7, -1.1, 0.4])
    world = np.tensordot(image.affine[:3, :3], index, 1) + image.affine[:3, 3][:, None, None, None]
    on_grid = to_grid(
        Image(np.tensordot(weights, world, 1).astype(np.float32), image.affine),
        (14.3, 11.9),
        Grid(16, 0.9),
    )
    index = np.stack(np.meshgrid(*map(np.arange, on_grid.data.shape), indexing="ij"))
    world = (
        np.tensordot(on_grid.affine[:3, :3], index, 1) + on_grid.affine[:3, 3][:, None, None, None]
    )
    np.testing.assert_allclose(on_grid.data, np.tensordot(weights, world, 1), atol=1e-3)
    np.testing.assert_allclose(on_grid.spacing_mm, [0.9, 0.9, 9])
    centre = on_grid.affine @ [7.5, 7.5, 0, 1]
    np.testing.assert_allclose(centre, image.affine @ [14.3, 11.9, 0, 1], atol=1e-9)


def test_outside_the_source_there_is_nothing():
    image, label = stack(0)
    grid = to_grid(
        Image(np.ones(SHAPE, np.float32), image.affine), field_centre(image), Grid(64, 1.25)
    )
    assert grid.data[0].max() == 0 and grid.data[32, 32, 0] == 1
    assert to_grid(label, field_centre(label), Grid(64, 1.25), is_label=True).data[0].max() == 0


def dice(a, b, value):
    return 2 * ((a == value) & (b == value)).sum() / ((a == value).sum() + (b == value).sum())


@pytest.mark.parametrize("index", [0, 3])
def test_labels_survive_the_way_to_the_grid_and_back(index):
    parameters = PopulationParameters(voxel_mm=1.3, field_of_view_mm=240, sub_slices=1)
    phantom = Phantom(sample_subject(17, index, 0.5))
    maps = phantom.structures(SlicePlan.of(phantom.heart, parameters), ("ED", "ES"), parameters)
    labels = labels_of(maps.data[..., 0])
    middle = mid_ventricular([labels[..., 0], labels[..., 1]], 4, "phantom")
    for p in range(2):
        source = Image(labels[:, :, middle, p], maps.affine)
        back = from_grid(
            to_grid(source, heart_centre([source.data]), Grid(), is_label=True), source
        )
        for value, least in ((LV, 0.99), (RV, 0.99), (MYO, 0.98)):
            assert dice(back, source.data, value) > least


def test_a_grid_shifted_by_one_pixel_would_be_seen():
    image, label = stack(0)
    on_grid = to_grid(label, field_centre(label), Grid(64, 1.25), is_label=True)
    affine = on_grid.affine.copy()
    affine[:3, 3] += affine[:3, 0]
    sound, shifted = (from_grid(Image(on_grid.data, a), label) for a in (on_grid.affine, affine))
    assert dice(sound, label.data, LV) > 0.95 > dice(shifted, label.data, LV)


def labelled(rows):
    """A label of one column a slice; ``rows`` names what each slice holds."""
    label = np.zeros((3, 2, len(rows)), np.uint8)
    for k, held in enumerate(rows):
        for x, value in enumerate((LV, MYO, RV)):
            if "LMR"[x] in held:
                label[x, 0, k] = value
    return label


@pytest.mark.parametrize(
    ("ed", "es", "expected"),
    [
        (["LM", "LMR", "LMR", "LMR", "LMR", "LMR", "LMR", "R"], ["LMR"] * 8, [2, 3, 4, 5]),
        (["LMR"] * 8, ["", "LMR", "LMR", "LMR", "LMR", "", "M", ""], [1, 2, 3, 4]),
        (["LMR"] * 6, [*["LMR"] * 5, "LM"], [0, 1, 2, 3]),
        (["LMR"] * 9, ["LMR", "LMR", "LMR", "LMR", "M", "LMR", "LMR", "LMR", "LMR"], [0, 1, 2, 3]),
    ],
)
def test_middle_four_of_the_slices_complete_at_both_phases(ed, es, expected):
    assert mid_ventricular([labelled(ed), labelled(es)], 4, "someone") == expected


def test_too_few_complete_slices_are_refused_by_name():
    with pytest.raises(
        TooFewSlices,
        match=(
            "someone: 2 neighbouring slices hold LV, MYO and RV at both phases; expected at least 4"
        ),
    ) as caught:
        mid_ventricular(
            [labelled(["LMR"] * 5), labelled(["LMR", "LMR", "LM", "LMR", ""])], 4, "someone"
        )
    assert caught.value.reason.startswith("2 neighbouring") and isinstance(
        caught.value, Sim2RealError
    )
    copy = pickle.loads(pickle.dumps(caught.value))  # as it comes back from a worker
    assert (str(copy), copy.reason) == (str(caught.value), caught.value.reason)


def test_two_phases_are_turned_by_one_label():
    image, label = stack(0)
    other = Image(np.flip(label.data, 0), label.affine)
    alone, guided = by_own_label(image, other)[1], upright(image, other, guide=label)[1]
    assert not np.array_equal(alone.affine, guided.affine)
    np.testing.assert_array_equal(guided.affine, by_own_label(image, label)[1].affine)


def test_middle_of_the_box_round_all_labels():
    a, b = np.zeros((9, 7, 2), np.uint8), np.zeros((9, 7, 2), np.uint8)
    a[2, 3, 0], b[7, 4, 1] = 1, 3
    assert heart_centre([a, b]) == (4.5, 3.5)


def test_percentiles_become_nought_and_one():
    image = (
        np.random.default_rng(0)
        .permutation(np.linspace(-50, 950, 10_001))
        .reshape(73, 137, 1)
        .astype(np.float32)
    )
    found = normalise(image, 1, 99)
    np.testing.assert_allclose(found, np.clip((image + 40) / 980, 0, 1), atol=1e-5)
    assert found.dtype == np.float32
    assert np.isfinite(
        normalise(np.full((4, 5, 2), 7.0), 1, 99)
    ).all()  # an empty image is no division by nought


def test_middle_of_the_field_of_view():
    assert field_centre(Image(np.zeros((9, 6, 3)), np.eye(4))) == (4, 2.5)


@pytest.mark.parametrize("stored_as", [1, -1])
def test_a_heart_whose_ventricles_lie_a_hair_apart_is_turned_too(stored_as):
    """The RV's middle half a voxel to one side of the LV's, in a header without orientation."""
    label = np.zeros((20, 21, 2), np.uint8)
    label[8:12, 2:6], label[9:12, 9:14] = LV, RV
    label = label[::stored_as]
    turned = by_own_label(Image(np.zeros(label.shape), np.eye(4)), Image(label, np.eye(4)))[1].data
    rv, lv = (np.argwhere(turned == value)[:, 0].mean() for value in (RV, LV))
    assert rv < lv


def test_slices_that_the_grid_does_not_reach_have_no_label():
    _, label = stack(0)
    part = Image(
        label.data[:, :, 1:3],
        label.affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1.0]]),
    )
    back = from_grid(to_grid(part, heart_centre([part.data]), Grid(64, 1.25), is_label=True), label)
    assert not back[:, :, [0, 3, 4]].any() and back[:, :, 1].any() and back[:, :, 2].any()


@pytest.mark.parametrize("turned", [False, True])
def test_a_slice_with_a_right_ventricle_alone_does_not_hide_where_it_lies(turned):
    """At the base the LV may have ended; in a header without orientation the label tells which of
    two half-turns is right."""
    _, label = stack(0)
    data = (np.flip(label.data, (0, 1)) if turned else label.data).copy()
    data[:, :, 4][data[:, :, 4] == LV] = 0
    upright_label = by_own_label(Image(np.zeros(SHAPE), np.eye(4)), Image(data, np.eye(4)))[1].data
    rv, lv = (np.argwhere(upright_label[:, :, 2] == value)[:, 0].mean() for value in (RV, LV))
    assert rv < lv


@pytest.mark.parametrize("turns", range(4))
def test_quarter_turns_of_a_stack_without_orientation_are_undone_by_the_label(turns):
    """The one that brings the RV nearest to the left; the picture is turned, not mirrored."""
    image, label = stack(0)
    plain = np.diag([1.3, 1.3, 9, 1.0])
    turned = [np.rot90(part.data, turns) for part in (image, label)]
    found_image, found = by_own_label(Image(turned[0], plain), Image(turned[1], plain))
    wanted = by_own_label(Image(image.data, plain), Image(label.data, plain))
    np.testing.assert_array_equal(found.data, wanted[1].data)
    np.testing.assert_array_equal(found_image.data, wanted[0].data)
    right, down = (
        np.diff([np.argwhere(found.data == v)[:, axis].mean() for v in (LV, RV)])[0]
        for axis in (0, 1)
    )
    assert right < -abs(down)


def test_an_oblique_header_is_believed_unless_the_label_is_asked(tmp_path):
    """An RV straight above the LV stays there; asked by the label, it goes to the left."""
    image, label = stack(0)
    above = np.zeros_like(label.data)
    above[11:20, 12:22], above[13:18, 14:20], above[8:22, 4:12] = MYO, LV, RV
    label = Image(above, label.affine)
    np.testing.assert_array_equal(by_own_label(image, label)[1].data, above)
    asked = by_own_label(image, label, always=True)[1].data
    assert np.argwhere(asked == RV)[:, 0].mean() < np.argwhere(asked == LV)[:, 0].mean() - 3
