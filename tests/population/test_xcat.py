"""A small body in XCAT's own format: headerless float32 (z, y, x), lengths in cm, activities by the .par."""

import numpy as np
import pytest

from sim2real.cohort.grid import mid_ventricular
from sim2real.core.errors import Sim2RealError
from sim2real.core.labels import LV, MYO, RV
from sim2real.core.parameters import PopulationParameters
from sim2real.core.run import RunFolder
from sim2real.population.build import make_population
from sim2real.population.structures import ID, labels_of
from sim2real.population.xcat import find_xcat_subjects, open_xcat, read_xcat_subject

N, N_SLICES, PIXEL_MM, SLICE_MM = 88, 72, 3.0, 2.5
ACTIVITY = {
    "body_activity": 1, "hrt_myoLV_act": 12.5, "hrt_bldplLV_act": 14, "hrt_bldplRV_act": 15, "hrt_bldplLA_act": 16, "r_lung_activity": 2,
    "liver_activity": 3, "spine_activity": 4, "rib_activity": 5,
}  # fmt: skip
BASE = np.array([0.5, -0.6, 0.62]) / np.linalg.norm([0.5, -0.6, 0.62])  # RAS, from the apex
LENGTH, RADIUS, WALL = 84.0, 26.0, 9.0
SQUEEZE = {1: 1.0, 2: 0.9, 3: 0.8, 4: 0.72, 5: 0.75, 6: 0.8, 7: 0.85, 8: 0.9, 9: 0.95, 10: 0.98}  # cavity radius, by frame
SMALL = PopulationParameters(voxel_mm=1.5, field_of_view_mm=192, sub_slices=2, slice_spacing_mm=9)


def body(squeeze: float, mirrored: bool) -> np.ndarray:
    """Activities, shape (z, y, x). XCAT's axes run to the left, to the back and up; ``mirrored``: to the right, front and down."""
    z, y, x = np.meshgrid((np.arange(N_SLICES) - N_SLICES / 2) * SLICE_MM, *2 * [(np.arange(N) - N / 2) * PIXEL_MM], indexing="ij")
    right, front, up = (x, y, -z) if mirrored else (-x, -y, z)
    volume = np.zeros(x.shape, np.float32)

    def paint(name, where):
        volume[where] = ACTIVITY[name]

    paint("body_activity", (right / 125) ** 2 + ((front + 10) / 100) ** 2 < 1)
    paint("r_lung_activity", ((right - 60) / 45) ** 2 + ((front + 20) / 60) ** 2 + ((up - 30) / 60) ** 2 < 1)
    paint("liver_activity", ((right - 45) / 55) ** 2 + ((front - 5) / 60) ** 2 + ((up + 68) / 30) ** 2 < 1)
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
    outer = lambda length, radius: (along > 0) & ((across / radius) ** 2 + (along / length) ** 2 < 1)  # noqa: E731
    paint("hrt_bldplRV_act", (along > 0) & ((rv_across / (26 * squeeze**0.5)) ** 2 + (along / (LENGTH * 0.95)) ** 2 < 1))
    paint("hrt_bldplLA_act", (along <= 0) & (across**2 + (along / 1.1) ** 2 < 25**2))
    paint("hrt_myoLV_act", outer(LENGTH + WALL, RADIUS + WALL))
    paint("hrt_bldplLV_act", outer(LENGTH, RADIUS * squeeze))
    return volume


def write_subject(folder, mirrored=False, frames=SQUEEZE, changes=None):
    folder.mkdir(parents=True)
    geometry = {"array_size": N, "startslice": 101, "endslice": 100 + N_SLICES, "pixel_width": PIXEL_MM / 10, "slice_width": SLICE_MM / 10,
                "gender": 1, "color_code": 0}  # fmt: skip
    values = {**geometry, **ACTIVITY, **(changes or {})}
    lines = [f"{name} = {value}\t\t# a comment = 7" for name, value in values.items() if value is not None]
    (folder / "heart.par").write_text("# mode = nothing\nheart_base = vfemale50_heart.nrb\n" + "\n".join(lines) + "\n")
    for k, squeeze in frames.items():
        body(squeeze, mirrored).astype("<f4").tofile(folder / f"run_act_{k}.bin")
        (folder / f"run_atn_{k}.bin").write_bytes(b"")
    return folder / "heart.par"


@pytest.fixture(scope="module")
def par(tmp_path_factory):
    return write_subject(tmp_path_factory.mktemp("xcat") / "vfemale_1")


@pytest.fixture(scope="module")
def read(par):
    return read_xcat_subject(par, SMALL)


def test_frames_are_in_order_of_number_not_of_spelling(par):
    assert [path.name for path in open_xcat(par).frames] == [f"run_act_{k}.bin" for k in range(1, 11)]


def test_geometry_is_read_in_millimetres_and_activities_become_structures(par):
    series = open_xcat(par)
    assert (series.n, series.n_slices) == (N, N_SLICES)
    assert (series.pixel_mm, series.slice_mm) == pytest.approx((PIXEL_MM, SLICE_MM))
    volume = series.read_frame(3)
    wanted = body(SQUEEZE[4], False)
    for name, parameter in (
        ("lv_blood", "hrt_bldplLV_act"),
        ("lv_myocardium", "hrt_myoLV_act"),
        ("liver", "liver_activity"),
        ("lung", "r_lung_activity"),
    ):
        np.testing.assert_array_equal(volume == ID[name], wanted == np.float32(ACTIVITY[parameter]))


def test_volumes_and_phases_are_those_of_the_bodies(read):
    row, _ = read
    cavity = lambda squeeze: 2 / 3 * np.pi * (RADIUS * squeeze) ** 2 * LENGTH / 1e3  # noqa: E731  # half an ellipsoid
    assert row["lv_edv_ml"] == pytest.approx(cavity(1.0), rel=0.03)  # frame 1
    assert row["lv_esv_ml"] == pytest.approx(cavity(0.72), rel=0.03)  # frame 4
    wall = 2 / 3 * np.pi * (RADIUS + WALL) ** 2 * (LENGTH + WALL) / 1e3 - cavity(1.0)
    assert row["lv_mass_g"] == pytest.approx(1.05 * wall, rel=0.03)
    assert (row["name"], row["sex"], row["group"]) == ("vfemale_1", "F", "XCAT")


@pytest.mark.parametrize("mirrored", [False, True])
def test_slices_lie_across_the_long_axis_the_right_way_up(tmp_path, mirrored):
    par = write_subject(tmp_path / "someone", mirrored, {1: 1.0, 2: 0.75})
    _, maps = read_xcat_subject(par, SMALL)
    direction = maps.affine[:3, 2] / np.linalg.norm(maps.affine[:3, 2])
    assert np.degrees(np.arccos(direction @ BASE)) < 4  # towards the base, too: the angle with -BASE is 176
    assert np.linalg.det(maps.affine[:3, :3]) > 0
    np.testing.assert_allclose(maps.spacing_mm, [1.5, 1.5, 9])
    labels = labels_of(maps.data[..., 0])
    assert labels.shape == (128, 128, 6, 2)
    assert mid_ventricular([labels[..., 0], labels[..., 1]], 4, "someone")
    for k in range(6):
        centre = {value: np.argwhere(labels[:, :, k, 0] == value).mean(axis=0) for value in (LV, RV)}
        assert centre[RV][0] < centre[LV][0] - 8  # on the viewer's left
    areas = [(labels[:, :, k, 0] == LV).sum() for k in range(6)]
    assert areas[0] < areas[-1]  # stored from the apex to the base


def test_sections_have_the_size_of_the_cavity(read):
    _, maps = read
    labels = labels_of(maps.data)
    widest = max((labels[:, :, k, 0] == LV).mean(axis=2).sum() for k in range(6)) * 1.5**2
    assert np.sqrt(widest / np.pi) == pytest.approx(RADIUS, rel=0.06)
    assert ((labels == MYO).any(axis=(0, 1, 4))).all()


def test_population_is_made_of_xcat_subjects(tmp_path, monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")
    for name in ("man", "woman"):
        write_subject(tmp_path / "xcat" / name, frames={1: 1.0, 2: 0.8})
    parameters = SMALL.model_copy(update={"xcat_root": tmp_path / "xcat"})
    run = RunFolder(tmp_path / "run")
    table = make_population(run, parameters, 0)
    mark = tmp_path / "run/01_virtual_population/structures/.made_with"
    assert list(table["name"]) == ["man", "woman"] and list(run.manifest("01_virtual_population")["subject"]) == ["man", "woman"]
    before = mark.read_text()
    body(0.7, False).astype("<f4").tofile(tmp_path / "xcat/man/run_act_2.bin")
    make_population(run, parameters, 0)
    assert mark.read_text() != before  # so that the simulation does not keep the old images


def one_line(caught) -> str:
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folder_without_a_par_or_without_volumes_is_refused(tmp_path):
    with pytest.raises(Sim2RealError, match="no such folder") as caught:
        find_xcat_subjects(tmp_path / "nowhere")
    assert one_line(caught)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run_act_1.bin").write_bytes(b"1234")
    with pytest.raises(Sim2RealError, match="holds no .par file"):
        find_xcat_subjects(tmp_path)


def test_two_subjects_of_one_name_are_refused(tmp_path):
    for path in ("x/someone", "y/someone"):
        write_subject(tmp_path / path, frames={1: 1.0})
    with pytest.raises(Sim2RealError, match="both of a subject 'someone'") as caught:
        find_xcat_subjects(tmp_path)
    assert one_line(caught)


def test_missing_frame_is_named(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0, 3: 0.8})
    with pytest.raises(Sim2RealError, match="frame 2 of 3 is missing; expected run_act_2.bin") as caught:
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
    with pytest.raises(Sim2RealError, match=f"run_act_1.bin.*expected {N_SLICES} x {N} x {N} x 4 = {N_SLICES * N * N * 4}"):
        read_xcat_subject(par, SMALL)


@pytest.mark.parametrize("value", [77.0, np.nan])
def test_activity_of_no_organ_is_refused(tmp_path, value):
    par = write_subject(tmp_path / "s", frames={1: 1.0})
    volume = body(1.0, False)
    volume[3, 4, 5] = value
    volume.astype("<f4").tofile(par.parent / "run_act_1.bin")
    with pytest.raises(Sim2RealError, match="run_act_1.bin: holds the activity (77|nan), which heart.par gives to no organ") as caught:
        read_xcat_subject(par, SMALL)
    assert one_line(caught)


@pytest.mark.parametrize(("changes", "words"), [
    ({"hrt_bldplRV_act": 14}, "hrt_bldplLV_act and hrt_bldplRV_act share the activity 14"),
    ({"rib_activity": 4}, "spine_activity and rib_activity share the activity 4"),
    ({"pancreas_activity": 4}, "share the activity 4"),
    ({"liver_activity": "much"}, "liver_activity = much is no number"),
    ({"slice_width": None}, "has no line 'slice_width"),
    ({"endslice": 50}, "expected at least one voxel"),
    ({"color_code": 1}, "run XCAT again with color_code = 0"),
    ({"hrt_myoLV_act": 0, "muscle_activity": 12.5}, "no voxel has the activity of hrt_myoLV_act"),
    ({"liver_activity": 0, "spleen_activity": 3}, "no liver in the volumes"),
])  # fmt: skip
def test_fault_of_the_par_is_told_in_one_line(tmp_path, changes, words):
    par = write_subject(tmp_path / "s", frames={1: 1.0}, changes=changes)
    with pytest.raises(Sim2RealError, match=words) as caught:
        read_xcat_subject(par, SMALL)
    assert "heart.par" in one_line(caught)


def test_organs_of_one_tissue_may_share_an_activity(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0}, changes={"muscle_activity": 1, "skin_activity": None, "adrenal_activity": 1})
    values, numbers = open_xcat(par).activities()
    assert numbers[list(values).index(1)] == ID["muscle"]
