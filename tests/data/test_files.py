import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim2real.data import (
    Sim2RealError,
    atomic,
    clear_temporaries,
    folder_stamp,
    read_table,
    sha256,
    write_json,
    write_table,
    write_text,
)


def everything(folder):
    return sorted(path.name for path in folder.rglob("*"))


def test_nothing_is_left_after_an_exception_and_the_old_file_stays(tmp_path):
    target = tmp_path / "table.csv"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic(target) as temporary:
        temporary.write_text("half")
        _ = 1 / 0
    assert everything(tmp_path) == ["table.csv"] and target.read_text() == "old"


def test_the_file_appears_only_when_it_is_whole(tmp_path):
    target = tmp_path / "deep" / "image.nii.gz"
    with atomic(target) as temporary:
        temporary.write_bytes(b"half")
        assert (
            not target.exists()
            and temporary.name.endswith("image.nii.gz")
            and temporary.parent == target.parent
        )
    assert everything(tmp_path) == ["deep", "image.nii.gz"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("moment", ["writing", "renaming"])
def test_full_disk_becomes_one_line_and_leaves_nothing(tmp_path, monkeypatch, number, moment):
    def full(*_):
        raise OSError(number, os.strerror(number))

    if moment == "renaming":
        monkeypatch.setattr("os.replace", full)
    with (
        pytest.raises(Sim2RealError, match="the disk is full") as caught,
        atomic(tmp_path / "a.json") as temporary,
    ):
        temporary.write_text("half")
        if moment == "writing":
            full()
    assert "a.json" in str(caught.value) and "\n" not in str(caught.value)
    assert everything(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_folder_that_cannot_be_written_becomes_one_line(tmp_path, number):
    with pytest.raises(Sim2RealError, match="cannot be written"), atomic(tmp_path / "a.json"):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize("place", ["file/a.json", "loop/a.json", "folder"])
def test_what_stands_in_the_way_of_a_file_is_told_in_one_line(tmp_path, place):
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Sim2RealError, match=f"{place}: cannot be written .* stands in its place"):
        write_json(tmp_path / place, {})
    assert sorted(tmp_path.rglob("*")) == before


def test_another_fault_of_the_system_is_not_hidden(tmp_path):
    with pytest.raises(OSError, match="too many"), atomic(tmp_path / "a.json"):
        raise OSError(errno.EMFILE, "too many open files")


def test_json_does_not_depend_on_order_and_knows_arrays_paths_and_nan(tmp_path):
    content = {
        "b": np.float32(0.5),
        "a": [np.int64(3), float("nan")],
        "c": Path("x/y"),
        "d": {2: "z"},
    }
    write_json(tmp_path / "1.json", content)
    write_json(tmp_path / "2.json", dict(reversed(content.items())))
    assert (tmp_path / "1.json").read_bytes() == (tmp_path / "2.json").read_bytes()
    assert json.loads((tmp_path / "1.json").read_text()) == {
        "a": [3, None],
        "b": 0.5,
        "c": "x/y",
        "d": {"2": "z"},
    }


def test_table_keeps_names_as_text_and_tells_empty_text_from_missing_numbers(tmp_path):
    table = pd.DataFrame(
        {
            "subject": ["007", "NA"],
            "vendor": ["", "A"],
            "note": ["", "nan"],
            "dice": [np.nan, 1 / 3],
        }
    )
    write_table(tmp_path / "t.csv", table)
    found = read_table(tmp_path / "t.csv")
    assert (
        found["subject"].tolist() == ["007", "NA"]
        and found["vendor"].tolist() == ["", "A"]
        and found["note"].tolist() == ["", "nan"]
    )
    assert np.isnan(found["dice"][0]) and found["dice"][1] == pytest.approx(1 / 3, abs=1e-10)


def test_a_name_that_is_no_text_is_spelled_out(tmp_path):
    write_table(tmp_path / "t.csv", pd.DataFrame({"name": [os.fsdecode(b"M\xfcller")]}))
    assert read_table(tmp_path / "t.csv")["name"].tolist() == ["M\\udcfcller"]


def test_missing_table_is_told_in_one_line(tmp_path):
    with pytest.raises(Sim2RealError, match="t.csv: no such table; run the chapter"):
        read_table(tmp_path / "t.csv")


def test_stamp_of_a_folder_changes_with_its_files_alone(tmp_path):
    for name in ("a.txt", "deep/b.txt"):
        write_text(tmp_path / "data" / name, name)
    first = folder_stamp(tmp_path / "data")
    write_text(tmp_path / "beside.txt", "x")
    write_text(tmp_path / "data" / "deep" / ".DS_Store", "left by a Mac's Finder")
    write_text(tmp_path / "data" / "__MACOSX" / "a.txt", "left by a Mac's archive")
    assert folder_stamp(tmp_path / "data") == first
    stat = (tmp_path / "data/a.txt").stat()
    (tmp_path / "data/a.txt").write_text("longer")
    os.utime(tmp_path / "data/a.txt", ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert folder_stamp(tmp_path / "data") != first


def test_stamp_of_a_folder_without_times_is_that_of_its_copy(tmp_path):
    write_text(tmp_path / "data" / "a.txt", "a")
    write_text(tmp_path / "copy" / "a.txt", "a")
    os.utime(tmp_path / "copy/a.txt", ns=(0, 0))
    assert folder_stamp(tmp_path / "copy") != folder_stamp(tmp_path / "data")
    assert folder_stamp(tmp_path / "copy", times=False) == folder_stamp(
        tmp_path / "data", times=False
    )
    write_text(tmp_path / "copy" / "a.txt", "longer")
    assert folder_stamp(tmp_path / "copy", times=False) != folder_stamp(
        tmp_path / "data", times=False
    )


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert (
        sha256(tmp_path / "abc")
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )  # FIPS 180-2, appendix B.1


def test_what_a_killed_write_left_behind_is_cleared_and_nothing_else(tmp_path):
    (tmp_path / "below").mkdir()
    for name in (
        ".4711.table.csv",
        "below/.4711.image.nii.gz",
        "table.csv",
        ".made_with",
        "below/4711.txt",
    ):
        (tmp_path / name).write_text("x")
    clear_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == [
        ".made_with",
        "4711.txt",
        "table.csv",
    ]
