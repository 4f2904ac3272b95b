"""A small body in XCAT's own format: headerless float32 (z, y, x), lengths in cm, activities by the
.par, a log beside it."""

import re
import tracemalloc

import numpy as np
import pytest

from sim2real.cohort.grid import mid_ventricular
from sim2real.data.errors import Sim2RealError
from sim2real.data.labels import LV, MYO, RV
from sim2real.data.run import RunFolder
from sim2real.population.parameters import PopulationParameters
from sim2real.population.stage import make_population
from sim2real.population.structures import ID, labels_of
from sim2real.population.xcat.files import open_xcat
from sim2real.population.xcat.read import read_xcat_subject

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


def write_log(folder, volumes, geometry, changes=None):
    """The log XCAT writes beside frames: its head in part, then a section a frame."""
    voxel = PIXEL_MM**2 * SLICE_MM / 1e3
    lines = [
        "*** DYNAMIC XCAT PHANTOM, version 2.0 in C***",
        f" pixel width =  {geometry['pixel_width']:.4f} (cm/pixel)",
        f" slice width =  {geometry['slice_width']:.4f} (cm/pixel)",
        f" array_size = {geometry['array_size']}",
        f" starting slice number    = {geometry['startslice']}",
        f" ending slice number      = {geometry['endslice']}",
        "Activity Ratios",
        "-" * 65,
        "right lung_activity = 79.000000",
        "liver_activity = 77.000000",
    ]
    for k, volume in volumes.items():
        lines += [
            f"CREATING FRAME #{k} ...",
            "",
            "ORGAN VOLUMES: ",
            "liver         =      1.0 ml",
            "",
        ]
        for name, organ in (("LV chamber   ", "bldplLV_act"), ("RV chamber   ", "bldplRV_act")):
            lines.append(
                f"Volume of {name} ="
                f" {np.count_nonzero(volume == np.float32(ACTIVITY[organ])) * voxel:12.6f} ml"
            )
        lines += [
            "",
            "Maximum activity per voxel =      17.000000",
            f"Total activity = {volume.sum(dtype=float):.6f}",
            "",
        ]
    text = "\n".join(lines)
    for pattern, replacement in (changes or {}).items():
        text, n = re.subn(pattern, replacement, text)
        assert n, pattern
    (folder / "run_log").write_text(text)


def write_subject(
    folder, axes=XCAT_AXES, frames=SQUEEZE, changes=None, log=None, muscles=(), crop=None
):
    """``log``: changes to the log by pattern, {} for a true one. ``crop``: slices (z, y, x); y and
    x of one size."""
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
    if log is not None:
        write_log(folder, volumes, geometry, log)
    return folder / "heart.par"


def one_line(caught) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture(scope="module")
def par(tmp_path_factory):
    return write_subject(tmp_path_factory.mktemp("xcat") / "vfemale_1", log={})


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
    assert (series.pixel_mm, series.slice_mm) == pytest.approx((PIXEL_MM, SLICE_MM))
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


@pytest.mark.parametrize("frames", [4])
def test_reading_needs_little_more_memory_than_one_frame(par, frames):
    series, one = open_xcat(par), 4 * N * N * N_SLICES
    tracemalloc.start()
    for k in range(frames):
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
    assert (row["name"], row["sex"], row["group"], row["log_checked"]) == (
        "vfemale_1",
        "F",
        "XCAT",
        True,
    )


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
    par = write_subject(tmp_path / "s", frames={1: 1.0, 2: 0.8})
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
        write_subject(tmp_path / "xcat" / name, frames={1: 1.0, 2: 0.8})
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
