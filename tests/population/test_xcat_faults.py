"""Output of XCAT that cannot be read, each kind told in one line that names the file."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.population.structures import ID
from sim2real.population.xcat.files import find_xcat_subjects, open_xcat
from sim2real.population.xcat.read import read_xcat_subject

made = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).with_name("test_xcat.py")))
)  # test modules have no package to import by
N, N_SLICES, SMALL, one_line, write_subject = (
    made.N,
    made.N_SLICES,
    made.SMALL,
    made.one_line,
    made.write_subject,
)


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
    volume = made.body(1.0)
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
        (
            {"vein_activity": 16},
            "bldplLA_act and vein_activity share the activity 16",
        ),  # no ventricle among them, so no walls to go by
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
        ({"array_size": "1e9"}, "array_size 1e.09; expected at least one voxel and at most 8192"),
        ({"array_size": "nan"}, "array_size = nan is no finite number"),
        ({"array_size": 88.5}, "array_size = 88.5; expected a whole number"),
        ({"pixel_width": "inf"}, "pixel_width = inf is no finite number"),
        ({"pixel_width": 0}, "pixel_width = 0; expected cm, above 0"),
        ({"endslice": 50}, "expected at least one voxel"),
        ({"endslice": "1e12"}, "at most 16384 slices"),
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
    par = write_subject(tmp_path / "s", frames={1: 1.0, 2: 0.8}, changes=changes)
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
    assert palette.numbers[list(palette.values).index(3)] == ID["liver"] and not palette.shared
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
    cut = np.ascontiguousarray(made.body(1.0)[:, :, 20:80])
    cut.astype("<f4").tofile(par.parent / "run_act_1.bin")
    np.testing.assert_array_equal(open_xcat(par).read_frame(0) == ID["liver"], cut == 3)


def test_activities_scaled_by_the_voxel_are_read(tmp_path):
    par = write_subject(tmp_path / "s", frames={1: 1.0}, changes={"activity_unit": 1})
    (made.body(1.0) * (0.3 * 0.3 * 0.25)).astype("<f4").tofile(par.parent / "run_act_1.bin")
    np.testing.assert_array_equal(open_xcat(par).read_frame(0) == ID["liver"], made.body(1.0) == 3)
    off = np.where(
        made.body(1.0) == 1, 1.001, made.body(1.0)
    )  # an activity of no organ, were it ever so small
    (off * (0.3 * 0.3 * 0.25)).astype("<f4").tofile(par.parent / "run_act_1.bin")
    with pytest.raises(Sim2RealError, match="gives to no organ"):
        open_xcat(par).read_frame(0)


def test_the_body_outside_the_organs_is_fat_where_muscles_are_drawn(tmp_path):
    for muscle, structure in ((None, "muscle"), (9, "subcutaneous_fat")):
        par = write_subject(
            tmp_path / structure, frames={1: 1.0}, changes={"muscle_activity": muscle}
        )
        np.testing.assert_array_equal(
            open_xcat(par).read_frame(0) == ID[structure], made.body(1.0) == 1
        )
