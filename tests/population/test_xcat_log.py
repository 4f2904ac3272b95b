"""What the log states of a frame is held against the reading."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.population.structures import ID
from sim2real.population.xcat.files import open_xcat
from sim2real.population.xcat.read import read_xcat_subject

made = SimpleNamespace(
    **runpy.run_path(str(Path(__file__).with_name("test_xcat.py")))
)  # test modules have no package to import by
FRAMES = {1: 1.0, 2: 0.8}


def test_frames_that_agree_are_read_and_a_missing_log_is_noted(tmp_path):
    rows = [
        read_xcat_subject(made.write_subject(tmp_path / name, frames=FRAMES, log=log), made.SMALL)[
            0
        ]
        for name, log in (("a", {}), ("b", None))
    ]
    assert [row.pop("log_checked") for row in rows] == [True, False]
    assert rows[0] | {"name": "b"} == rows[1]


def test_log_without_chambers_counts_as_none(tmp_path):
    par = made.write_subject(tmp_path / "s", frames=FRAMES, log={r"Volume of LV chamber.*\n": ""})
    assert not read_xcat_subject(par, made.SMALL)[0]["log_checked"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {r"(?s)(FRAME #2.*Total activity = )\d": r"\g<1>9"},
            r"run_act_2.bin: the activities add up to \d+.*expected 9\d+.*frame 2",
        ),
        (
            {r"(LV chamber +=) +\S+": r"\1 100.0"},
            (
                r"run_act_1.bin: 11\d.\d ml of lv_blood; expected 100.0 ml, as run_log states for"
                r" frame 1"
            ),
        ),
        ({r"(RV chamber +=) +\S+": r"\1 300.0"}, "ml of rv_blood; expected 300.0 ml"),
        ({r"(array_size =) \d+": r"\1 256"}, "run_log: states array_size 256, heart.par 88"),
        (
            {r"(slice width =) +\S+": r"\1 0.5000"},
            "run_log: states slice_width 0.5, heart.par 0.25",
        ),
        ({r"(ending slice number +=) \d+": r"\1 99"}, "run_log: states endslice 99"),
        ({r"(array_size =) \d+": r"\1 1.2.3"}, "run_log: array_size = 1.2.3 is no number"),
    ],
)
def test_log_that_contradicts_is_refused(tmp_path, changes, told):
    par = made.write_subject(tmp_path / "s", frames=FRAMES, log=changes)
    with pytest.raises(Sim2RealError, match=told) as caught:
        read_xcat_subject(par, made.SMALL)
    assert made.one_line(caught)


def test_frames_in_the_wrong_order_are_noticed(tmp_path):
    par = made.write_subject(tmp_path / "s", frames=FRAMES, log={})
    one, two = (par.parent / f"run_act_{k}.bin" for k in (1, 2))
    content = one.read_bytes(), two.read_bytes()
    one.write_bytes(content[1]), two.write_bytes(content[0])
    with pytest.raises(Sim2RealError, match="run_act_1.bin: the activities add up to"):
        open_xcat(par).read_frame(0)


def test_activities_come_from_the_par_even_where_the_log_has_others(tmp_path):
    par = made.write_subject(tmp_path / "s", frames=FRAMES, log={})
    assert "liver_activity = 77" in (par.parent / "run_log").read_text()
    np.testing.assert_array_equal(
        open_xcat(par).read_frame(0) == ID["liver"],
        made.body(1.0) == made.ACTIVITY["liver_activity"],
    )


def test_ventricles_of_one_activity_are_told_apart_and_checked(tmp_path):
    frames, joint = {1: 1.0, 2: 0.8}, {"bldplLV_act": 14, "bldplRV_act": 14}
    apart = open_xcat(made.write_subject(tmp_path / "a", frames=frames)).read_frame(0)
    par = made.write_subject(tmp_path / "b", frames=frames, changes=joint)
    for k, squeeze in frames.items():
        volume = made.body(squeeze)
        np.where(volume == 15, np.float32(14), volume).astype("<f4").tofile(
            par.parent / f"run_act_{k}.bin"
        )
    np.testing.assert_array_equal(open_xcat(par).read_frame(0), apart)
    total = sum(
        float(np.fromfile(par.parent / f"run_act_{k}.bin", "<f4").sum(dtype=float)) for k in (1,)
    )
    (par.parent / "run_log").write_text(
        f"CREATING FRAME #1 ...\nVolume of LV chamber    =   150.0 ml\nTotal activity = {total}\n"
    )
    with pytest.raises(Sim2RealError, match="ml of lv_blood; expected 150.0 ml"):
        open_xcat(par).read_frame(0)
