"""Which files are images, labels, of another format, and which no person put there."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim2real.data import entries, is_label, is_nifti, label_beside, nifti_named, other_format, stem

N_EXAMPLES = int(os.environ.get("SIM2REAL_EXAMPLES", 100))
WORDS = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=20)
ENDINGS = st.sampled_from([".nii", ".nii.gz", ".NII", ".NII.GZ", ".Nii.gz"])


@settings(max_examples=N_EXAMPLES, deadline=None, database=None)
@given(name=WORDS, ending=ENDINGS)
@example(name="a.nii.copy", ending=".nii.gz")
@example(name="Ma femme à la mer. 1.2.840", ending=".NII.GZ")
@example(name="心臓 ED", ending=".nii")
def test_a_stem_and_an_ending_make_the_name_again(name, ending):
    path = Path(name + ending)
    assert stem(path) == name
    assert is_nifti(path) == (not name.startswith("."))


@settings(max_examples=N_EXAMPLES, deadline=None, database=None)
@given(name=WORDS, ending=ENDINGS, of_label=ENDINGS)
@example(name="a.nii.copy", ending=".nii.gz", of_label=".nii")
@example(name="x_gt", ending=".nii", of_label=".nii")
def test_a_label_is_never_an_image_and_never_of_another_one(name, ending, of_label):
    with TemporaryDirectory() as folder:
        label = Path(folder, f"{name}_gt{of_label}")
        for path in (label, label.with_name(f"{name}2_gt.nii"), label.with_name("other.nii")):
            path.touch()
        found = label_beside(Path(folder, name + ending))
    assert found == (None if name.startswith(".") else label)
    assert found is None or is_label(found)


@pytest.mark.parametrize("name", ["a_gt.nii", "a_GT.NII.GZ", "A_gt.nii.gz"])
def test_a_label_is_found_in_either_case(tmp_path, name):
    for file in ("a.nii.gz", name, "a_gt.img", "._a_gt.nii.gz", "a_gt.nii.txt"):
        (tmp_path / file).touch()
    assert label_beside(tmp_path / "a.nii.gz") == tmp_path / name


def test_accents_are_one_however_a_disk_spells_them(tmp_path):
    (tmp_path / "cœur_e\u0301t\u00e9_gt.nii").touch()
    assert label_beside(tmp_path / "cœur_\u00e9te\u0301.nii.gz") is not None


def test_the_stem_as_it_is_comes_before_another_case_and_packed_before_unpacked(tmp_path):
    for file in ("A.nii", "a.nii", "a.nii.gz", "B.nii"):
        (tmp_path / file).touch()
    assert nifti_named(tmp_path, "a").name == "a.nii.gz"
    assert nifti_named(tmp_path, "A").name == "A.nii"
    assert nifti_named(tmp_path, "b").name == "B.nii"
    assert nifti_named(tmp_path, "c") is None


@pytest.mark.parametrize(
    ("name", "tool"),
    [
        ("pair.hdr", "nib-convert"),
        ("mask.img", "nib-convert"),
        ("P.MGZ", "mri_convert"),
        ("p.PAR", "dcm2niix"),
        ("p.rec", "dcm2niix"),
        ("IM1.DCM", "dcm2niix"),
        ("a.nii.bz2", "bunzip2"),
        ("a.nii.gz", None),
        ("a.txt", None),
    ],
)
def test_a_format_known_by_name_is_told_with_the_tool_that_converts_it(name, tool):
    told = other_format(Path(name))
    assert tool in told and "expected NIfTI" in told if tool else told == ""


def test_what_systems_leave_in_a_folder_is_not_among_its_entries(tmp_path):
    for name in (".DS_Store", "._a.csv", "~$a.xlsx", "__MACOSX", "b", "B", "a.csv"):
        (tmp_path / name).touch()
    assert [path.name for path in entries(tmp_path)] == ["B", "a.csv", "b"]
