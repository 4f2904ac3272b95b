"""A small body in XCAT's own format: headerless float32 (z, y, x), lengths in cm, activities by the
.par."""

import tracemalloc

import numpy as np
import pytest

from sim2real.cohort import mid_ventricular
from sim2real.data import LV, MYO, RV, RunFolder, Sim2RealError
from sim2real.population import (
    ID,
    PopulationParameters,
    find_xcat_subjects,
    labels_of,
    make_population,
    open_xcat,
    read_xcat_subject,
)
from sim2real.population.xcat.read import mark_papillary

N, N_SLICES, PIXEL_MM, SLICE_MM = 88, 72, 3.0, 2.5
ACTIVITY = {
    "body_activity": 1,
    "myoLV_act": 12.5,
    "bldplLV_act": 14,
    "bldplRV_act": 15,
    "bldplLA_act": 16,
    "myoRV_act": 17,
    "r_lung_activity": 2,
    "liver_activity": 3,
    "spine_activity": 4,
    "rib_activity": 5,
}
BASE = np.array([0.5, -0.6, 0.62]) / np.linalg.norm([0.5, -0.6, 0.62])  # RAS, from the apex
LENGTH, RADIUS, WALL = 84.0, 26.0, 9.0
SQUEEZE = {
    1: 1.0,
    2: 0.9,
    3: 0.8,
    4: 0.72,
    5: 0.75,
    6: 0.8,
    7: 0.85,
    8: 0.9,
    9: 0.95,
    10: 0.98,
}  # cavity radius, by frame
SMALL = PopulationParameters(voxel_mm=1.5, field_of_view_mm=192, sub_slices=2, slice_spacing_mm=9)
XCAT_AXES = np.diag(
    [-1.0, -1.0, 1.0]
)  # columns: steps of x (to the left), y (to the back) and z (up) in RAS
TWO_FRAMES = {1: 1.0, 2: 0.8}
MIRRORED = np.diag([1.0, 1.0, -1.0])


def body(squeeze, axes=XCAT_AXES, muscles=(), cavity=LENGTH):
    """Activities, shape (z, y, x). ``axes``: steps of x, y and z in RAS; ``muscles``: (angle,
    distance, radius) of papillary columns, mm; ``cavity``: its length, mm."""
    z, y, x = np.meshgrid(
        (np.arange(N_SLICES) - N_SLICES / 2) * SLICE_MM,
        *2 * [(np.arange(N) - N / 2) * PIXEL_MM],
        indexing="ij",
    )
    right, front, up = (axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z for k in range(3))
    volume = np.zeros(x.shape, np.float32)

    def paint(name, where):
        volume[where] = ACTIVITY[name]

    paint("body_activity", (right / 125) ** 2 + ((front + 10) / 100) ** 2 < 1)
    paint(
        "r_lung_activity",
        ((right - 60) / 45) ** 2 + ((front + 20) / 60) ** 2 + ((up - 30) / 60) ** 2 < 1,
    )
    paint(
        "liver_activity",
        ((right - 45) / 55) ** 2 + ((front - 5) / 60) ** 2 + ((up + 68) / 30) ** 2 < 1,
    )
    paint("spine_activity", np.hypot(right, front + 85) < 16)
    paint("rib_activity", np.hypot(right, front - 82) < 6)
    # the heart's middle 15 mm left of the body's; along: from the valves' plane to the apex
    p = np.stack([right + 15, front - 10, up - 5], axis=-1)
    along = LENGTH / 2 - p @ BASE
    across = np.sqrt(np.maximum((p**2).sum(axis=-1) - (p @ BASE) ** 2, 0))
    septal = np.array([1.0, 0.8, 0]) - np.array([1.0, 0.8, 0]) @ BASE * BASE
    septal /= np.linalg.norm(septal)
    rv = p - septal * 30
    rv_across = np.sqrt(np.maximum((rv**2).sum(axis=-1) - (rv @ BASE) ** 2, 0))
    outer = lambda length, radius: (
        (along > 0) & ((across / radius) ** 2 + (along / length) ** 2 < 1)
    )  # noqa: E731

    def chamber(add):
        return (along > -add) & (
            (rv_across / (26 * squeeze**0.5 + add)) ** 2 + (along / (LENGTH * 0.95 + add)) ** 2 < 1
        )

    paint("myoRV_act", chamber(6))
    paint("bldplRV_act", chamber(0))
    paint("bldplLA_act", (along <= 0) & (across**2 + (along / 1.1) ** 2 < 25**2))
    paint("myoLV_act", outer(LENGTH + WALL, RADIUS + WALL))
    paint("bldplLV_act", outer(cavity, RADIUS * squeeze))
    other = np.cross(BASE, septal)
    for angle, distance, radius in muscles:
        middle = distance * (np.cos(np.deg2rad(angle)) * septal + np.sin(np.deg2rad(angle)) * other)
        column = np.linalg.norm(p - (p @ BASE)[..., None] * BASE - middle, axis=-1) < radius
        paint("myoLV_act", column & (along > 15) & (along < 55) & outer(LENGTH, RADIUS * squeeze))
    return volume


def write_subject(folder, axes=XCAT_AXES, frames=SQUEEZE, changes=None, muscles=(), crop=None):
    """``crop``: slices (z, y, x); y and x of one size."""
    folder.mkdir(parents=True)
    crop = crop or (slice(0, N_SLICES), slice(0, N), slice(0, N))
    n = crop[1].stop - crop[1].start
    geometry = {
        "array_size": n,
        "startslice": 101,
        "endslice": 100 + crop[0].stop - crop[0].start,
        "pixel_width": PIXEL_MM / 10,
        "slice_width": SLICE_MM / 10,
        "gender": 1,
        "color_code": 0,
    }
    values = {
        **geometry,
        **ACTIVITY,
        **({"papillary_flag": 1} if muscles else {}),
        **(changes or {}),
    }
    lines = [
        f"{name} = {value}\t\t# a comment = 7"
        for name, value in values.items()
        if value is not None
    ]
    (folder / "heart.par").write_text(
        "# mode = nothing\nheart_base = vfemale50_heart.nrb\n" + "\n".join(lines) + "\n"
    )
    volumes = {
        k: np.ascontiguousarray(body(squeeze, axes, muscles)[crop]) for k, squeeze in frames.items()
    }
    for k, volume in volumes.items():
        volume.astype("<f4").tofile(folder / f"run_act_{k}.bin")
        (folder / f"run_atn_{k}.bin").write_bytes(b"")
    return folder / "heart.par"


def one_line(caught) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def par(tmp_path_factory):
    return write_subject(tmp_path_factory.mktemp("xcat") / "vfemale_1")


@pytest.fixture(scope="module")
def read(par):
    return read_xcat_subject(par, SMALL)


def test_frames_are_in_order_of_number_not_of_spelling(par):
    assert [path.name for path in open_xcat(par).frames] == [
        f"run_act_{k}.bin" for k in range(1, 11)
    ]


def test_geometry_is_read_in_millimetres_and_activities_become_structures(par):
    series = open_xcat(par)
    assert series.shape == (N_SLICES, N, N)
    np.testing.assert_allclose(series.spacing_mm, [PIXEL_MM, PIXEL_MM, SLICE_MM])
    volume = series.read_frame(3)
    assert volume.dtype == np.uint8
    wanted = body(SQUEEZE[4])
    for name, parameter in (
        ("lv_blood", "bldplLV_act"),
        ("lv_myocardium", "myoLV_act"),
        ("liver", "liver_activity"),
        ("lung", "r_lung_activity"),
    ):
        np.testing.assert_array_equal(volume == ID[name], wanted == np.float32(ACTIVITY[parameter]))


def test_reading_needs_little_more_memory_than_one_frame(par):
    series, one = open_xcat(par), 4 * N * N * N_SLICES
    tracemalloc.start()
    for k in range(4):
        series.read_frame(k)
    reading = tracemalloc.get_traced_memory()[1] / one
    tracemalloc.reset_peak()
    _, maps = read_xcat_subject(par, SMALL, phases="all", n_slices=3)
    whole = (tracemalloc.get_traced_memory()[1] - maps.data.nbytes) / one
    tracemalloc.stop()
    assert reading < 0.7 and whole < 2.5


def test_volumes_and_phases_are_those_of_the_bodies(read):
    row, _ = read
    cavity = lambda squeeze: 2 / 3 * np.pi * (RADIUS * squeeze) ** 2 * LENGTH / 1e3  # noqa: E731  # half an ellipsoid
    assert row["lv_edv_ml"] == pytest.approx(cavity(1.0), rel=0.03) and row["ed_frame"] == 1
    assert row["lv_esv_ml"] == pytest.approx(cavity(0.72), rel=0.03) and row["es_frame"] == 4
    wall = 2 / 3 * np.pi * (RADIUS + WALL) ** 2 * (LENGTH + WALL) / 1e3 - cavity(1.0)
    assert row["lv_mass_g"] == pytest.approx(1.05 * wall, rel=0.03)
    assert (row["name"], row["sex"], row["group"]) == ("vfemale_1", "F", "XCAT")


@pytest.mark.parametrize("axes", [XCAT_AXES, MIRRORED])
def test_slices_lie_across_the_long_axis_the_right_way_up(tmp_path, axes):
    par = write_subject(tmp_path / "someone", axes, {1: 1.0, 2: 0.75})
    _, maps = read_xcat_subject(par, SMALL)
    direction = maps.affine[:3, 2] / np.linalg.norm(maps.affine[:3, 2])
    assert (
        np.degrees(np.arccos(direction @ BASE)) < 4
    )  # towards the base, too: the angle with -BASE is 176
    assert np.linalg.det(maps.affine[:3, :3]) > 0
    np.testing.assert_allclose(maps.spacing_mm, [1.5, 1.5, 9])
    labels = labels_of(maps.data[..., 0])
    assert labels.shape == (128, 128, 6, 2)
    assert mid_ventricular([labels[..., 0], labels[..., 1]], 4, "someone")
    for k in range(6):
        centre = {
            value: np.argwhere(labels[:, :, k, 0] == value).mean(axis=0) for value in (LV, RV)
        }
        assert centre[RV][0] < centre[LV][0] - 8  # on the viewer's left
    areas = [(labels[:, :, k, 0] == LV).sum() for k in range(6)]
    assert areas[0] < areas[-1]  # stored from the apex to the base


def test_sections_have_the_size_of_the_cavity(read):
    _, maps = read
    labels = labels_of(maps.data)
    widest = max((labels[:, :, k, 0] == LV).mean(axis=2).sum() for k in range(6)) * 1.5**2
    assert np.sqrt(widest / np.pi) == pytest.approx(RADIUS, rel=0.06)
    assert ((labels == MYO).any(axis=(0, 1, 4))).all()


def test_all_phases_are_the_frames_in_order_of_time(par, read):
    row, maps = read_xcat_subject(par, SMALL, phases="all", n_slices=3)
    assert maps.data.shape == (128, 128, 3, 10, 2)
    areas = (labels_of(maps.data[:, :, 1]) == LV).sum(axis=(0, 1, 3))
    assert row == read[0]
    np.testing.assert_allclose(areas / areas[0], np.square(list(SQUEEZE.values())), atol=0.03)
    sizes = (labels_of(maps.data[..., 0, :]) == LV).sum(axis=(0, 1, 3))
    assert 0 < sizes[0] < sizes[1] < sizes[2]  # apical, mid, basal
    assert 20 < maps.spacing_mm[2] < LENGTH / 3


def test_a_beat_that_was_written_from_systole_on_begins_at_end_diastole(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 0.75, 2: 0.85, 3: 1.0, 4: 0.9})
    row, maps = read_xcat_subject(par, SMALL, phases="all", n_slices=3)
    areas = (labels_of(maps.data[:, :, 1]) == LV).sum(axis=(0, 1, 3))
    assert row["ed_frame"] == 3 and row["es_frame"] == 1
    np.testing.assert_allclose(np.sqrt(areas / areas[0]), [1.0, 0.9, 0.75, 0.85], atol=0.03)


def test_slices_stay_where_there_is_a_cavity_at_both_phases(tmp_path):
    par = write_subject(tmp_path / "s", frames=TWO_FRAMES)
    body(0.8, cavity=45.0).astype("<f4").tofile(par.parent / "run_act_2.bin")
    labels = labels_of(read_xcat_subject(par, SMALL, n_slices=3)[1].data)
    assert ((labels == LV).any(axis=(0, 1, 4))).all()
    assert (
        len(
            mid_ventricular(
                [labels_of(read_xcat_subject(par, SMALL)[1].data[..., p, 0]) for p in (0, 1)],
                4,
                "s",
            )
        )
        == 4
    )


def test_full_stack_reaches_from_apex_to_base(par):
    _, maps = read_xcat_subject(par, SMALL.model_copy(update={"stack": "full"}))
    held = (labels_of(maps.data[..., 0, :]) == MYO).any(axis=(0, 1, 3))
    assert held.all() and (LENGTH + WALL) / 9 <= len(held) < (LENGTH + WALL) / 9 + 1.5
    cavity = (labels_of(maps.data[..., 0, :]) == LV).mean(axis=3).sum() * 1.5**2 * 9 / 1e3
    assert cavity == pytest.approx(
        2 / 3 * np.pi * RADIUS**2 * LENGTH / 1e3, rel=0.05
    )  # the slices leave nothing of it out


def test_frames_of_one_heart_phase_are_no_ed_and_es(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0, 2: 0.99})
    with pytest.raises(
        Sim2RealError, match="at its fullest and .* expected frames over a heart beat"
    ) as caught:
        read_xcat_subject(par, SMALL)
    assert one_line(caught)
    _, maps = read_xcat_subject(par, SMALL, phases="all")
    assert maps.data.shape[3] == 2


def test_population_is_made_of_xcat_subjects(tmp_path, monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")
    for name in ("man", "woman"):
        write_subject(tmp_path / "xcat" / name, frames=TWO_FRAMES)
    parameters = SMALL.model_copy(update={"xcat_root": tmp_path / "xcat"})
    run = RunFolder(tmp_path / "run")
    table = make_population(run, parameters, 0)
    mark = tmp_path / "run/01_virtual_population/structures/.made_with"
    assert list(table["name"]) == ["man", "woman"] and list(
        run.manifest("01_virtual_population")["subject"]
    ) == ["man", "woman"]
    before = mark.read_text()
    body(0.7).astype("<f4").tofile(tmp_path / "xcat/man/run_act_2.bin")
    make_population(run, parameters, 0)
    assert mark.read_text() != before  # so that the simulation does not keep the old images


# output that cannot be read, each kind told in one line that names the file


def test_folder_without_a_par_or_without_volumes_is_refused(tmp_path):
    with pytest.raises(Sim2RealError, match="no such folder") as caught:
        find_xcat_subjects(tmp_path / "nowhere")
    assert one_line(caught)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run_act_1.bin").write_bytes(b"1234")
    with pytest.raises(Sim2RealError, match="holds no .par file"):
        find_xcat_subjects(tmp_path)
    write_subject(tmp_path / "b", frames={1: 1.0})
    with pytest.raises(Sim2RealError, match="/a: holds .* but no .par") as caught:
        find_xcat_subjects(tmp_path)
    assert one_line(caught)
    (tmp_path / "a" / "run_act_1.bin").unlink()
    assert find_xcat_subjects(tmp_path) == [tmp_path / "b/heart.par"]


def test_two_subjects_of_one_name_are_refused(tmp_path):
    for path in ("x/someone", "y/someone"):
        write_subject(tmp_path / path, frames={1: 1.0})
    with pytest.raises(Sim2RealError, match="both of a subject 'someone'") as caught:
        find_xcat_subjects(tmp_path)
    assert one_line(caught)


@pytest.mark.parametrize(
    ("frames", "out_frames", "told"),
    [
        ({1: 1.0, 3: 0.8}, None, "frame 2 of 3 is missing; expected run_act_2.bin"),
        ({1: 1.0, 2: 0.8}, 4, "frame 3 of 4 is missing; expected run_act_3.bin"),
        ({1: 1.0, 2: 0.8}, 1, "2 frames; expected 1, as out_frames in heart.par states"),
    ],
)
def test_missing_frame_is_named(tmp_path, frames, out_frames, told):
    par = write_subject(tmp_path / "s", frames=frames, changes={"out_frames": out_frames})
    with pytest.raises(Sim2RealError, match=told) as caught:
        open_xcat(par)
    assert one_line(caught)


def test_volumes_of_two_runs_in_a_folder_are_refused(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0})
    (par.parent / "other_act_1.bin").write_bytes(b"")
    with pytest.raises(Sim2RealError, match="several runs"):
        open_xcat(par)


def test_file_of_wrong_size_is_refused_with_the_size_that_was_expected(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0})
    path = par.parent / "run_act_1.bin"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(
        Sim2RealError,
        match=f"run_act_1.bin.*expected {N_SLICES} x {N} x {N} x 4 = {N_SLICES * N * N * 4}",
    ) as caught:
        open_xcat(par)
    assert one_line(caught)


@pytest.mark.parametrize("value", [77.0, np.nan])
def test_activity_of_no_organ_is_refused(tmp_path, value):
    par = write_subject(tmp_path / "s", frames={1: 1.0})
    volume = body(1.0)
    volume[3, 4, 5] = value
    volume.astype("<f4").tofile(par.parent / "run_act_1.bin")
    with pytest.raises(
        Sim2RealError,
        match="run_act_1.bin: holds the activity (77|nan), which heart.par gives to no organ",
    ) as caught:
        read_xcat_subject(par, SMALL)
    assert one_line(caught)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"myoRV_act": 12.5},
            "myoLV_act and myoRV_act share the activity 12.5 but are lv_myocardium and rv_wall",
        ),
        ({"rib_activity": 4}, "spine_activity and rib_activity share the activity 4"),
        ({"pancreas_activity": 4}, "share the activity 4"),
        ({"vein_activity": 16}, "bldplLA_act and vein_activity share the activity 16"),
        ({"bldplRV_act": 14}, "share the activity 14 but are lv_blood and rv_blood"),
        (
            {"muscle_activity": 1},
            (
                "body_activity and muscle_activity share the activity 1 but are subcutaneous_fat"
                " and muscle"
            ),
        ),
        ({"liver_activity": "much"}, "liver_activity = much is no finite number"),
        ({"liver_activity": "nan"}, "liver_activity = nan is no finite number"),
        ({"slice_width": None}, "has no line 'slice_width"),
        ({"array_size": None}, "has no line 'array_size"),
        ({"array_size": "1e9"}, "array_size = 1e.09; expected above 0 and at most 8192"),
        ({"array_size": "nan"}, "array_size = nan is no finite number"),
        ({"array_size": 88.5}, "array_size = 88.5; expected a whole number"),
        ({"pixel_width": "inf"}, "pixel_width = inf is no finite number"),
        ({"pixel_width": 0}, "pixel_width = 0; expected above 0 and at most 5"),
        ({"endslice": 50}, "slices 101 to 50; expected at least one"),
        ({"endslice": "1e12"}, "endslice = 1e.12; expected above 0 and at most 16384"),
        ({"color_code": 1}, "run XCAT again with color_code = 0"),
        ({"activiv_output_format": 1}, "run XCAT again with activiv_output_format = 0"),
        ({"subvoxel_index": 2}, "run XCAT again with subvoxel_index = 1"),
        (
            {"myoLV_act": 0, "muscle_activity": 12.5, "body_activity": 1},
            "no voxel has the activity of myoLV_act",
        ),
    ],
)
def test_fault_of_the_par_is_told_in_one_line(tmp_path, changes, words):
    par = write_subject(tmp_path / "s", frames=TWO_FRAMES, changes=changes)
    with pytest.raises(Sim2RealError, match=words) as caught:
        read_xcat_subject(par, SMALL)
    assert "heart.par" in one_line(caught)


def test_par_of_binary_rubbish_is_refused(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0})
    par.write_bytes(np.random.default_rng(0).bytes(4000) + b"\0")
    with pytest.raises(Sim2RealError, match="heart.par: is no text") as caught:
        open_xcat(par)
    assert one_line(caught)
    par.write_bytes(bytes(range(128, 256)) * 30)  # no zero in it, but no line of a .par either
    with pytest.raises(Sim2RealError, match="heart.par: has no line 'array_size") as caught:
        open_xcat(par)
    assert one_line(caught)


def test_organs_of_one_tissue_may_share_an_activity(tmp_path):
    par = write_subject(
        tmp_path / "s",
        frames={1: 1.0},
        changes={"body_activity": 9, "muscle_activity": 1, "adrenal_activity": 1},
    )
    palette = open_xcat(par).palette
    assert palette.numbers[list(palette.values).index(1)] == ID["muscle"]


def test_organs_that_are_not_drawn_or_not_near_share_with_anything(tmp_path):
    changes = {
        "vessel_flag": 0,
        "art_activity": 3,
        "which_breast": 0,
        "rbreast_activity": 3,
        "prostate_activity": 3,
        "Pons_act": 3,
    }
    palette = open_xcat(write_subject(tmp_path / "s", frames={1: 1.0}, changes=changes)).palette
    assert palette.numbers[list(palette.values).index(3)] == ID["liver"]
    with pytest.raises(Sim2RealError, match="liver_activity and art_activity share the activity 3"):
        open_xcat(
            write_subject(tmp_path / "t", frames={1: 1.0}, changes={**changes, "vessel_flag": 1})
        )


def test_both_spellings_of_an_organ_are_known(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0})
    new = open_xcat(par).read_frame(0)
    par.write_text(
        par.read_text()
        .replace("myoLV_act", "hrt_myoLV_act")
        .replace("bldplLV_act", "hrt_bldplLV_act")
    )
    np.testing.assert_array_equal(open_xcat(par).read_frame(0), new)
    assert (new == ID["lv_blood"]).any() and (new == ID["lv_myocardium"]).any()


def test_sizes_of_x_and_y_may_differ(tmp_path):
    par = write_subject(
        tmp_path / "s",
        frames={1: 1.0},
        changes={"array_size": None, "x_array_size": 60, "y_array_size": N},
    )
    cut = np.ascontiguousarray(body(1.0)[:, :, 20:80])
    cut.astype("<f4").tofile(par.parent / "run_act_1.bin")
    np.testing.assert_array_equal(open_xcat(par).read_frame(0) == ID["liver"], cut == 3)


def test_activities_scaled_by_the_voxel_are_read(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0}, changes={"activity_unit": 1})
    (body(1.0) * (0.3 * 0.3 * 0.25)).astype("<f4").tofile(par.parent / "run_act_1.bin")
    np.testing.assert_array_equal(open_xcat(par).read_frame(0) == ID["liver"], body(1.0) == 3)
    off = np.where(
        body(1.0) == 1, 1.001, body(1.0)
    )  # an activity of no organ, were it ever so small
    (off * (0.3 * 0.3 * 0.25)).astype("<f4").tofile(par.parent / "run_act_1.bin")
    with pytest.raises(Sim2RealError, match="gives to no organ"):
        open_xcat(par).read_frame(0)


def test_the_body_outside_the_organs_is_fat_where_muscles_are_drawn(tmp_path):
    for muscle, structure in ((None, "muscle"), (9, "subcutaneous_fat")):
        par = write_subject(
            tmp_path / structure, frames={1: 1.0}, changes={"muscle_activity": muscle}
        )
        np.testing.assert_array_equal(open_xcat(par).read_frame(0) == ID[structure], body(1.0) == 1)


# the short axis in volumes that are cropped, turned or mirrored


HEART = (
    slice(21, 64),
    slice(17, 65),
    slice(20, 68),
)  # neither spine nor liver; 108 mm high, 144 mm wide


def turned_to_the_short_axis():
    """Axes of a volume whose slices run along the LV's axis, from base to apex, as in the public
    MRXCAT example."""
    z = -BASE
    x = np.array([z[2], 0, -z[0]])
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def dice(a, b, value):
    a, b = labels_of(a.data) == value, labels_of(b.data) == value
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def assert_same_heart(maps, other):
    """The ventricles' sections are the same; the RV's direction is that of the open phantom's mean,
    217 degrees, not the subject's."""
    assert dice(maps, other, LV) > 0.93 and dice(maps, other, MYO) > 0.9  # voxels of 2.5 and 3 mm
    labels = labels_of(maps.data)
    assert (labels == RV).sum() == pytest.approx((labels_of(other.data) == RV).sum(), rel=0.03)
    to_rv = np.argwhere(labels == RV).mean(axis=0) - np.argwhere(labels == LV).mean(axis=0)
    assert np.degrees(np.arctan2(to_rv[1], to_rv[0])) % 360 == pytest.approx(217, abs=4)
    assert np.linalg.det(maps.affine[:3, :3]) > 0


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return read_xcat_subject(
        write_subject(tmp_path_factory.mktemp("pose") / "s", frames=TWO_FRAMES), SMALL
    )


def test_volume_cropped_to_the_heart_gives_the_same_slices(tmp_path, whole):
    par = write_subject(tmp_path / "s", frames=TWO_FRAMES, crop=HEART)
    row, maps = read_xcat_subject(par, SMALL)
    assert (whole[0]["pose_found_by"], row["pose_found_by"]) == ("body", "heart")
    assert row["lv_edv_ml"] == pytest.approx(whole[0]["lv_edv_ml"]) and row[
        "rv_esv_ml"
    ] == pytest.approx(whole[0]["rv_esv_ml"])
    assert_same_heart(maps, whole[1])


def test_volume_turned_to_the_short_axis_gives_the_same_slices(tmp_path, whole):
    axes = turned_to_the_short_axis()
    assert np.linalg.det(axes) == pytest.approx(1)
    row, maps = read_xcat_subject(write_subject(tmp_path / "s", axes, TWO_FRAMES), SMALL)
    assert row["pose_found_by"] == "heart" and row["lv_edv_ml"] == pytest.approx(
        whole[0]["lv_edv_ml"], rel=0.01
    )
    assert_same_heart(maps, whole[1])


def test_volume_turned_and_mirrored_is_refused(tmp_path):
    axes = turned_to_the_short_axis() * [-1, 1, 1]
    with pytest.raises(Sim2RealError, match="heart.par: .* the volume is mirrored") as caught:
        read_xcat_subject(write_subject(tmp_path / "s", axes, TWO_FRAMES), SMALL)
    assert one_line(caught)


@pytest.mark.parametrize(
    ("crop", "told"),
    [
        ((slice(33, 72), slice(0, 88), slice(0, 88)), "startslice to endslice"),
        ((slice(0, 72), slice(10, 41), slice(34, 65)), "array_size"),
    ],
)
def test_ventricle_cut_off_at_the_edge_is_refused(tmp_path, crop, told):
    with pytest.raises(
        Sim2RealError, match=f"heart.par: the LV's cavity is cut off .* widen {told}"
    ) as caught:
        read_xcat_subject(write_subject(tmp_path / "s", frames=TWO_FRAMES, crop=crop), SMALL)
    assert one_line(caught)


# papillary muscle drawn as wall is cavity in the labels and muscle in the image


MUSCLES = (
    (130, 13, 6),
    (240, 14, 6),
)  # angle from the septum in degrees, distance from the axis and radius in mm


def ring(radius, pixel, extent=80.0):
    axis = np.arange(-extent / 2, extent / 2, pixel)
    x, y = np.meshgrid(axis, axis[:-4], indexing="ij")
    r = np.hypot(x, y)
    section = np.where(
        r < radius, ID["lv_blood"], np.where(r < radius + 8, ID["lv_myocardium"], ID["lung"])
    ).astype(np.uint8)
    return section, x, y


@pytest.mark.parametrize("pixel", [0.7, 1.0, 1.5])
def test_columns_at_the_wall_and_in_the_blood_are_found(pixel):
    section, x, y = ring(25, pixel)
    columns = (
        (np.hypot(x - 16, y) < 5) | (np.hypot(x + 14, y + 15) < 6) | (np.hypot(x + 5, y - 10) < 1.2)
    )  # free, grown to the wall, a chord
    wanted = columns & (section == ID["lv_blood"])
    section[wanted] = ID["lv_myocardium"]
    mark_papillary(section, pixel)
    found = section == ID["papillary_muscle"]
    assert found[np.hypot(x + 5, y - 10) < 1.2].all()
    assert 2 * (found & wanted).sum() / (found.sum() + wanted.sum()) > 0.93
    assert (section == ID["lv_blood"]).sum() + found.sum() == pytest.approx(
        (np.hypot(x, y) < 25).sum(), rel=0.02
    )


@pytest.mark.parametrize("pixel", [0.7, 1.0, 1.5])
def test_a_smooth_wall_stays_wall(pixel):
    section, x, y = ring(25, pixel)
    before = section.copy()
    mark_papillary(section, pixel)
    assert (section != before).sum() < 0.002 * (before == ID["lv_myocardium"]).sum()


@pytest.mark.parametrize(
    "blood", [[], [(3, 4)], [(3, 4), (3, 5), (3, 6)], [(2, 2), (3, 3), (4, 4)]]
)
def test_too_little_blood_for_an_outline_changes_nothing(blood):
    section = np.full((9, 8), ID["lv_myocardium"], np.uint8)
    for place in blood:
        section[place] = ID["lv_blood"]
    before = section.copy()
    mark_papillary(section, 1.0)
    np.testing.assert_array_equal(section, before)


def test_flag_decides_and_labels_follow_the_observers(tmp_path):
    plain_row, plain = read_xcat_subject(write_subject(tmp_path / "a", frames=TWO_FRAMES), SMALL)
    drawn = write_subject(tmp_path / "b", frames=TWO_FRAMES, muscles=MUSCLES)
    row, maps = read_xcat_subject(drawn, SMALL)
    assert (maps.data == ID["papillary_muscle"]).any() and not (
        plain.data == ID["papillary_muscle"]
    ).any()
    cavity, same = labels_of(plain.data) == LV, labels_of(maps.data) == LV
    assert 2 * (cavity & same).sum() / (cavity.sum() + same.sum()) > 0.95  # voxels of 2.5 and 3 mm
    millilitres = 2 * np.pi * 6**2 * 40 / 1e3  # two columns of 40 mm
    assert (
        row["papillary_ml"] == pytest.approx(millilitres, rel=0.2)
        and plain_row["papillary_ml"] == 0
    )
    for name in ("lv_edv_ml", "lv_esv_ml", "lv_mass_g"):
        assert row[name] == pytest.approx(plain_row[name], rel=0.02)
    bare = write_subject(
        tmp_path / "c", frames=TWO_FRAMES, muscles=((0, 300, 1),)
    )  # the flag alone, no muscle within the heart
    assert read_xcat_subject(bare, SMALL)[0]["papillary_ml"] < 0.1
    drawn.write_text(drawn.read_text().replace("papillary_flag = 1", "papillary_flag = 0"))
    assert not (read_xcat_subject(drawn, SMALL)[1].data == ID["papillary_muscle"]).any()
