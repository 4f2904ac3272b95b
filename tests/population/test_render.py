from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, distance_transform_edt, label
from skimage.measure import perimeter_crofton

from sim2real.cohort import mid_ventricular
from sim2real.data import LV, MYO, RV
from sim2real.population import (
    DENSITY_G_PER_ML,
    GROUPS,
    ID,
    Heart,
    Phantom,
    PopulationParameters,
    SlicePlan,
    labels_of,
    sample_subject,
)
from sim2real.population.cavity import LeftCavity
from sim2real.population.fields import AngularTable
from sim2real.population.render import RIM_MM

# three sub-slices in contiguous 3 mm slices: planes 1 mm apart, so that a voxel is 1 mm a side
FINE = PopulationParameters(
    voxel_mm=1.0, field_of_view_mm=192, slice_thickness_mm=3, slice_spacing_mm=3, sub_slices=3
)
COARSE = PopulationParameters(voxel_mm=1.6, field_of_view_mm=220, sub_slices=1)
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], bool)


def contiguous(phantom: Phantom) -> SlicePlan:
    """Slices over the whole heart and the RV's outflow tract, which reaches above the slices of an
    ordinary stack."""
    return SlicePlan.of(phantom.heart, FINE, np.arange(phantom.heart.apex + 1.5, -28.0, -3.0))


@pytest.fixture(scope="module")
def middle(one_of_each):
    """Labels of the middle slices, (x, y, slice, phase), of one subject a group and some more."""
    subjects = [*one_of_each.values(), *(sample_subject(21, k, 0.4) for k in range(5))]
    result = {}
    for number, subject in enumerate(subjects):
        phantom = Phantom(subject)
        maps = phantom.structures(SlicePlan.of(phantom.heart, COARSE), ("ED", "ES"), COARSE)
        result[f"{number} {subject.group}"] = labels_of(maps.data[..., 0])
    return result


def planes(middle):
    """(name, label plane) of the four middle slices at both phases."""
    for name, labels in middle.items():
        for k in mid_ventricular([labels[..., 0], labels[..., 1]], 4, name):
            for p in range(2):
                yield f"{name}, slice {k}, phase {p}", labels[:, :, k, p]


@pytest.mark.slow
@pytest.mark.parametrize("group", GROUPS)
def test_counted_volumes_are_the_stated_ones_through_the_cycle(one_of_each, group):
    """On 1 mm voxels, within 1.5 %, and the myocardium's change within 1 %; a volume between ED and
    ES is between theirs."""
    subject = one_of_each[group]
    phantom = Phantom(subject)
    maps = phantom.structures(contiguous(phantom), ("ED", "ES", 0.2, 0.7), FINE).data
    labels = labels_of(maps)
    lv, myo, rv = (
        [(labels[:, :, :, p] == value).sum() / 1e3 for p in range(4)] for value in (LV, MYO, RV)
    )
    assert lv[:2] == pytest.approx([subject.lv_edv_ml, subject.lv_esv_ml], rel=0.015)
    assert rv[:2] == pytest.approx([subject.rv_edv_ml, subject.rv_esv_ml], rel=0.015)
    assert max(myo) / min(myo) - 1 < 0.01
    inner = [
        np.isin(maps[:, :, :, p], (ID["papillary_muscle"], ID["lv_trabeculae"])).sum() / 1e3
        for p in range(4)
    ]
    assert 0.93 < (myo[0] + inner[0]) * DENSITY_G_PER_ML / subject.lv_mass_g < 1.04
    assert (
        max(inner) / min(inner) < 1.35
        # muscle inside the cavity keeps its volume, too, but where parts of it overlap in a small
        # cavity
    )
    for between in (2, 3):
        assert lv[1] < lv[between] < lv[0] and rv[1] < rv[between] < rv[0]


@pytest.mark.parametrize("phase", ["ED", "ES"])
def test_a_dark_rim_as_wide_as_measured_lies_round_the_wall(one_of_each, phase):
    """Its area over the length of the outer contour; on the RV's side it counts as RV cavity."""
    heart = Heart(one_of_each["NOR"])
    fine = FINE.model_copy(update={"voxel_mm": 0.5})
    plan = SlicePlan.of(heart, fine, np.array([0.5, 0.4]) * heart.length)
    plane = Phantom(one_of_each["NOR"]).structures(plan, (phase,), fine).data[:, :, 0, 0, 1]
    inner = np.isin(labels_of(plane), (LV, MYO))
    rim = np.isin(plane, (ID["lv_rim"], ID["septal_rim"]))
    reach = distance_transform_edt(~inner) * fine.voxel_mm
    assert reach[rim].max() <= RIM_MM + fine.voxel_mm
    length = perimeter_crofton(inner) * fine.voxel_mm
    free = (reach < RIM_MM) & (plane == ID["rv_wall"])  # where the RV's wall meets the LV's
    assert (rim | free).sum() * fine.voxel_mm**2 / length == pytest.approx(RIM_MM, rel=0.15)
    on_rv = plane == ID["septal_rim"]
    assert on_rv.sum() > 0.15 * rim.sum() and (labels_of(plane)[on_rv] == RV).all()


def test_papillary_muscles_turn_with_the_wall(one_of_each):
    """Against the same heart without torsion, the anterolateral one has turned at ES by the torsion
    times its height, anticlockwise."""
    directions = []
    for torsion in (0.0, 3.0):
        subject = replace(
            one_of_each["NOR"],
            torsion_deg_per_cm=torsion,
            lv_flattening=1.0,
            outline_unevenness=0.0,
        )
        phantom = Phantom(subject)
        heart, middle = phantom.heart, np.mean(phantom.left_cavity.angles[:2])
        z = heart.apex - heart.shortening(1.0) * (heart.apex - 0.6 * heart.length)
        plane = phantom.structures(
            SlicePlan.of(heart, COARSE, np.array([z + 5, z])), ("ES",), COARSE
        ).data[:, :, 1, 0, 0]
        x, y = (
            np.argwhere(plane == ID["papillary_muscle"]) - (plane.shape[0] - 1) / 2
        ).T * COARSE.voxel_mm
        outer = np.hypot(x, y) > 0.6 * heart.endocardium(np.float64(0.6 * heart.length), 1.0)
        turned = np.angle(np.exp(1j * (np.arctan2(y, x) - middle)))[outer]
        directions.append(np.degrees(turned[np.abs(turned) < 1].mean()))
    assert directions[1] - directions[0] == pytest.approx(-3 * 0.06 * heart.length, abs=3)


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
        assert holes == 2, (
            f"{where}: {holes - 1} holes in the myocardium; expected the cavity alone"
        )


def test_middle_slices_hold_as_much_of_a_healthy_right_ventricle_as_in_people():
    """Its area over that of the LV with its wall at ED, median: 0.60 to 0.66 in four healthy people
    of ACDC, 0.51 in the phantom whose outflow tract was as wide as the base."""
    ratios = []
    for k in range(14):
        phantom = Phantom(sample_subject(5, k, 1.0))
        maps = phantom.structures(SlicePlan.of(phantom.heart, COARSE), ("ED",), COARSE)
        labels = labels_of(maps.data[:, :, 1:5, 0, 0])
        ratios.append(
            np.median((labels == RV).sum(axis=(0, 1)) / np.isin(labels, (LV, MYO)).sum(axis=(0, 1)))
        )
    assert 0.55 < np.median(ratios) < 0.68, ratios


def test_labels_are_all_near_the_heart(middle):
    for where, plane in planes(middle):
        far = np.linalg.norm(
            (np.argwhere(plane > 0) - np.argwhere(plane == LV).mean(axis=0)) * COARSE.voxel_mm,
            axis=1,
        ).max()
        assert far < 110, where


def test_six_slices_hold_four_complete_ones_in_everybody():
    rough = PopulationParameters(voxel_mm=2.0, field_of_view_mm=192, sub_slices=1)
    for index in range(24):
        phantom = Phantom(sample_subject(33, index, 0.3))
        labels = labels_of(
            phantom.structures(SlicePlan.of(phantom.heart, rough), ("ED", "ES"), rough).data[..., 0]
        )
        assert len(mid_ventricular([labels[..., 0], labels[..., 1]], 4, str(index))) == 4


def test_body_lies_in_the_world_as_people_do(one_of_each):
    """RAS: the RV right of and before the LV, the liver right and below, the spine behind, the
    atria towards the base."""
    phantom = Phantom(one_of_each["NOR"])
    wide = PopulationParameters(voxel_mm=2.0, field_of_view_mm=320, sub_slices=1, stack="full")
    stack = SlicePlan.of(phantom.heart, wide)
    maps = phantom.structures(stack, ("ED",), wide)
    data = maps.data[..., 0, 0]

    def place(name):
        return maps.affine[:3, :3] @ np.argwhere(data == ID[name]).mean(axis=0) + maps.affine[:3, 3]

    lv = place("lv_blood")
    assert place("rv_blood")[0] > lv[0] and place("rv_blood")[1] > lv[1]
    assert place("liver")[0] > lv[0] and place("liver")[2] < lv[2]
    assert place("vertebra")[1] < lv[1] - 50 and place("sternum")[1] > lv[1]
    assert (place("left_atrium") - lv) @ maps.affine[:3, 2] > 0
    assert place("left_atrium")[1] < lv[1]
    assert np.linalg.det(maps.affine[:3, :3]) > 0
    np.testing.assert_allclose(maps.spacing_mm, [2, 2, wide.slice_spacing_mm])


def test_anatomy_does_not_move_with_the_raster(one_of_each):
    """The LV's middle in the world is the same on two rasters, in two stacks, and where the field
    of view is planned off the LV's axis."""
    phantom = Phantom(one_of_each["HCM"])
    fine = PopulationParameters(
        voxel_mm=1.0, field_of_view_mm=200, sub_slices=2, slice_spacing_mm=8
    )
    middles = []
    for parameters, offset_mm in ((COARSE, (0, 0)), (fine, (0, 0)), (COARSE, (9.0, -14.0))):
        plan = SlicePlan.of(phantom.heart, parameters, offset_mm=offset_mm)
        maps = phantom.structures(plan, ("ED",), parameters)
        inside = labels_of(maps.data[:, :, :, 0, 0]) == LV
        middle = maps.affine[:3, :3] @ np.argwhere(inside).mean(axis=0) + maps.affine[:3, 3]
        base = maps.affine[:3, 2] / np.linalg.norm(maps.affine[:3, 2])
        middles.append(middle - base * (middle @ base))  # across the long axis alone
    np.testing.assert_allclose(middles[1:], [middles[0]] * 2, atol=0.4)


def test_same_subject_same_map(one_of_each):
    subject = one_of_each["NOR"]
    stack = SlicePlan.of(Phantom(subject).heart, COARSE)
    np.testing.assert_array_equal(
        *(Phantom(subject).structures(stack, ("ES",), COARSE).data for _ in range(2))
    )


def test_a_right_ventricle_that_ejects_little_does_not_fill_in_the_middle():
    """Of six such subjects, in the four middle slices: as the base comes down, wider parts come
    into the slices."""
    parameters = PopulationParameters(voxel_mm=2.0, sub_slices=1, field_of_view_mm=240)
    subjects = [
        subject
        for subject in (sample_subject(0, k, 0.2) for k in range(60))
        if subject.group == "ARV"
    ][:6]
    ejected = []
    for subject in subjects:
        phantom = Phantom(subject)
        labels = labels_of(
            phantom.structures(
                SlicePlan.of(phantom.heart, parameters), ("ED", "ES"), parameters
            ).data
        )
        middle = labels[
            :, :, mid_ventricular([labels[..., p, 0] for p in range(2)], 4, subject.name)
        ]
        ejected.append(1 - (middle[..., 1, 0] == RV).sum() / (middle[..., 0, 0] == RV).sum())
    assert len(subjects) == 6 and 0 < np.mean(ejected) < 0.35


def test_trabeculae_blur_through_a_slab():
    """Round the cavity, the mean over 8 mm varies much less than a level does: a ridge leaves its
    place within the slab."""
    angles = np.linspace(0, 2 * np.pi, 360, endpoint=False)
    shares = []
    for k in range(2):
        ridges = np.array(
            [
                LeftCavity(Heart(sample_subject(0, k, 0.5))).ridges(angles, level)
                for level in np.linspace(30, 38, 17)
            ]
        )
        shares.append(ridges.mean(axis=0).std() / ridges.std(axis=1).mean())
    assert np.mean(shares) < 0.75


def test_trabeculae_are_a_few_millimetres_wide():
    """At ED and in the middle of the LV: half a turn of the ridges, between two changes of their
    sign."""
    angles = np.linspace(0, 2 * np.pi, 3600, endpoint=False)
    for k in range(4):
        heart = Heart(sample_subject(0, k, 0.5))
        changes = np.diff(np.signbit(LeftCavity(heart).ridges(angles, 35.0))).sum()
        assert 1.2 < 2 * np.pi * float(heart.endocardium(np.float64(35.0), 0.0)) / changes < 3.0


def trabeculae_in_one_plane(k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of one level of a subject's LV at ED: where trabeculae are painted, distance from the axis
    over the cavity's radius, angle from the septum."""
    heart = Heart(sample_subject(0, k, 0.5))
    cavity, level = LeftCavity(heart), 35.0
    axis = np.arange(-40, 40, 0.5, dtype=np.float32)
    x, y = (values.ravel() for values in np.meshgrid(axis, axis, indexing="ij"))
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    endo = float(heart.endocardium(np.float64(level), 0.0))
    part = np.full(len(radius), ID["lv_blood"], np.uint8)
    cavity.paint(part, radius, angle, AngularTable(angle), radius < endo, level, 0.0)
    return (
        part == ID["lv_trabeculae"],
        radius / endo,
        np.abs((angle - heart.septum + np.pi) % (2 * np.pi) - np.pi),
    )


def test_the_septum_is_nearly_smooth():
    """Share of trabeculae in the outer fifth of the cavity, within 45 degrees of the septum's
    middle against elsewhere."""
    for k in range(4):
        painted, radius, away = trabeculae_in_one_plane(k)
        rim = (radius > 0.8) & (radius < 1)
        assert (
            painted[rim & (away < np.pi / 4)].mean()
            < 0.6 * painted[rim & (away > np.pi / 2)].mean()
        )


def test_trabeculae_stand_on_a_closed_layer():
    """Away from the septum nearly all of what lies at the wall is trabeculae, in the outermost half
    of a millimetre."""
    for k in range(4):
        painted, radius, away = trabeculae_in_one_plane(k)
        endo = float(Heart(sample_subject(0, k, 0.5)).endocardium(np.float64(35.0), 0.0))
        at_wall = (radius < 1) & ((1 - radius) * endo < 0.5) & (away > np.pi / 2)
        assert painted[at_wall].mean() > 0.7, k


@pytest.mark.parametrize("phase", ["ED", "ES"])
def test_the_right_ventricles_contour_lies_outside_of_its_trabeculae(one_of_each, phase):
    """Its free wall has muscle of the RV's own label on nearly the whole border, about as high as
    the layer; deeper lies blood."""
    phantom = Phantom(one_of_each["NOR"])
    maps = phantom.structures(SlicePlan.of(phantom.heart, FINE), (phase,), FINE).data[:, :, 2, 0, 1]
    labels = labels_of(maps)
    apart = distance_transform_edt(~np.isin(labels, (LV, MYO))) > 8
    depth = distance_transform_edt(labels == RV)
    layer = phantom.right_cavity.layer_mm
    muscle = maps == ID["rv_trabeculae"]
    assert muscle[(depth > 0) & (depth < layer + 0.5) & apart].mean() > 0.8
    assert muscle[(depth > layer + 4) & apart].mean() < 0.4


def test_fat_on_the_free_wall_is_as_thick_as_in_the_person(one_of_each):
    """Of one heart with none there, as much as in general, and twice that: the share of the place 2
    to 4 mm outside the free wall that is fat."""

    def share(free: float) -> float:
        subject = replace(one_of_each["NOR"], epicardial_fat_mm=2.5, free_wall_fat=free)
        phantom = Phantom(subject)
        maps = phantom.structures(SlicePlan.of(phantom.heart, FINE), ("ED",), FINE)
        maps = maps.data[:, :, 2, 0, 1]
        labels = labels_of(maps)
        outside = distance_transform_edt(~np.isin(labels, (LV, MYO)))
        free_wall = distance_transform_edt(labels != RV) > 30
        return (maps == ID["epicardial_fat"])[(outside > 2) & (outside < 4) & free_wall].mean()

    thin, usual, thick = map(share, (0.1, 1.0, 2.0))
    assert thin < 0.1 and thin + 0.2 < usual < thick


def test_a_plane_shows_the_mesh_at_several_distances_and_as_much_of_it(monkeypatch):
    """Against the mesh cut at one level: muscle at other places, and as much of it, over four
    subjects."""
    meshed = [trabeculae_in_one_plane(k)[0] for k in range(4)]
    monkeypatch.setattr("sim2real.population.cavity._MESH_MM", (0.0,))
    cut = [trabeculae_in_one_plane(k)[0] for k in range(4)]
    assert 0.9 < sum(map(np.sum, meshed)) / sum(map(np.sum, cut)) < 1.1
    assert all(
        (one != other).sum() > 0.1 * other.sum() for one, other in zip(meshed, cut, strict=True)
    )
