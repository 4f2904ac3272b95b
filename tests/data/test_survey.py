"""What is found in a folder that a user names, and what is told of the rest."""

import os
import shutil

import numpy as np
import pytest

from sim2real.data import (
    Faults,
    Image,
    Results,
    Sim2RealError,
    open_image,
    stem,
    survey_images,
    write_image,
)

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
STACK = Image(np.arange(60.0).reshape(5, 4, 3), np.diag([1.4, 1.3, 9, 1]))


def readable(path):
    """A look that does not mind what an image is."""
    return path.name


def faults_of(folder, look=readable):
    faults = Faults(folder)
    return list(survey_images(folder, look, faults).values()), faults


def test_hidden_files_labels_and_folders_of_a_mac_are_passed_over(tmp_path):
    for name in ("b.nii", "A.NII.GZ", "A_gt.nii", "._b.nii", ".hidden.nii.gz", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "._b.nii").touch()
    names, faults = faults_of(tmp_path)
    assert names == ["A.NII.GZ", "b.nii"] and not faults.lines and faults.n_images == 2


def test_other_formats_are_named_and_passed_over(tmp_path, capsys):
    slices = [f"IM{k}.dcm" for k in range(30)]
    for name in ("b.nii", "pair.hdr", "pair.img", "notes.txt", ".hidden.img", *slices):
        (tmp_path / name).touch()
    names, faults = faults_of(tmp_path)
    told = capsys.readouterr().out.splitlines()
    assert names == ["b.nii"] and not faults.lines
    passed_over = ["IM0.dcm, IM1.dcm, IM10.dcm and 27 more", "pair.hdr, pair.img"]
    assert [line.split(":")[0] for line in told] == passed_over


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("p.mgz", b"", "p.mgz is an image in FreeSurfer's MGH format"),
        ("p.hdr", b"", "nib-convert"),
        ("IM0001", bytes(128) + b"DICM", "IM0001 is DICOM; .* dcm2niix"),
        ("notes.txt", b"hello", r"holds no NIfTI image; expected \*.nii or \*.nii.gz$"),
        ("p_gt.nii", b"", "holds no NIfTI image"),
    ],
)
def test_a_folder_without_nifti_says_what_it_holds_instead(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Sim2RealError, match=told):
        faults_of(tmp_path)


def test_content_that_was_never_fetched_is_told_with_what_brings_it(tmp_path, capsys):
    write_image(tmp_path / "a.nii.gz", STACK)
    (tmp_path / "annex.nii.gz").symlink_to("../.git/annex/objects/none.nii.gz")
    (tmp_path / "broken.nii").symlink_to("nowhere.nii")
    (tmp_path / "lfs.nii.gz").write_bytes(POINTER)
    (tmp_path / "unlocked.nii.gz").write_bytes(b"/annex/objects/SHA256E-s1--2.nii.gz\n")
    (tmp_path / ".cloud.nii.gz.icloud").touch()
    images, faults = faults_of(tmp_path, open_image)
    lines = capsys.readouterr().err.splitlines()
    assert len(images) == 1 and faults.n_images == 6
    tools = {
        ".cloud": "Finder",
        "annex": "git annex get",
        "broken": "link to nowhere.nii",
        "lfs": "git lfs pull",
        "unlocked": "git annex get",
    }
    assert len(lines) == 5
    for line, (name, tool) in zip(lines, sorted(tools.items()), strict=True):
        assert line.startswith(f"sim2real: {tmp_path / name}") and tool in line
        assert "damaged" not in line and "again" not in line
    with pytest.raises(Sim2RealError, match="5 of 6 images could not be used"):
        faults.sum_up()


@pytest.mark.parametrize("names", [("a.nii", "a.nii.gz"), ("A.nii.gz", "a.nii.gz")])
def test_names_that_differ_in_ending_or_case_alone_are_refused(tmp_path, names):
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(Sim2RealError, match=f"{names[0]} and {names[1]} differ .* rename one"):
        faults_of(tmp_path)


def test_a_label_given_alone_is_refused_by_its_name(tmp_path):
    write_image(tmp_path / "x_GT.nii.gz", STACK)
    with pytest.raises(Sim2RealError, match="x_GT.nii.gz: is a label by its name"):
        faults_of(tmp_path / "x_GT.nii.gz")


def test_a_result_is_replaced_by_its_own_image_alone(tmp_path):
    first, other, copy = (tmp_path / name / "sa.nii.gz" for name in ("1", "2", "copy"))
    write_image(first, STACK)
    write_image(other, Image(STACK.data + 1, STACK.affine))
    copy.parent.mkdir()
    copy.write_bytes(first.read_bytes())
    data = np.ones(STACK.data.shape, np.uint8)
    out = tmp_path / "out"
    Results(out).write("sa_pred.nii.gz", data, first)
    kept = (out / "sa_pred.nii.gz").read_bytes()
    for name in ("sa_pred.nii.gz", "SA_pred.nii.gz"):
        with pytest.raises(Sim2RealError, match="1/sa.nii.gz; choose another --output"):
            Results(out).write(name, 2 * data, other)
    assert (out / "sa_pred.nii.gz").read_bytes() == kept
    Results(out).write("sa_pred.nii.gz", 3 * data, copy)
    Results(out).write("other.nii.gz", data, other)
    write_image(first, Image(STACK.data + 2, STACK.affine))  # changed in its place
    Results(out).require_free("new.nii.gz", first)
    with pytest.raises(Sim2RealError, match="copy/sa.nii.gz"):
        Results(out).require_free("sa_pred.nii.gz", first)
    (out / "sa_pred.nii.gz").unlink()
    Results(out).write("sa_pred.nii.gz", 4 * data, first)
    write_image(first, Image(STACK.data + 3, STACK.affine))
    Results(out).write("sa_pred.nii.gz", 5 * data, first)
    rows = (out / "sources.csv").read_text().splitlines()
    assert rows[0] == "result,source,sha256" and len(rows) == 3


def test_a_file_of_unknown_origin_is_not_overwritten(tmp_path):
    write_image(tmp_path / "a.nii.gz", STACK)
    write_image(tmp_path / "out" / "a_pred.nii.gz", STACK)
    with pytest.raises(Sim2RealError, match="an image that sources.csv does not name"):
        Results(tmp_path / "out").require_free("a_pred.nii.gz", tmp_path / "a.nii.gz")


def test_what_was_written_into_a_folder_of_images_is_not_taken_for_an_image(tmp_path):
    write_image(tmp_path / "a.nii.gz", STACK)
    labels = np.ones(STACK.data.shape, np.uint8)
    Results(tmp_path).write("a_pred.nii.gz", labels, tmp_path / "a.nii.gz")
    assert faults_of(tmp_path)[0] == ["a.nii.gz"]


def test_a_name_that_no_result_can_have_is_told_and_the_others_go_on(tmp_path):
    bad, long = os.fsdecode(b"M\xfcller.nii.gz"), "a" * 244 + ".nii.gz"
    write_image(tmp_path / "a.nii.gz", STACK)
    for name in (bad, long):
        shutil.copy(tmp_path / "a.nii.gz", tmp_path / name)
    results = Results(tmp_path / "out")

    def look(path):
        results.require_free(f"{stem(path)}_pred.nii.gz", path)
        return open_image(path) and path.name

    names, faults = faults_of(tmp_path, look)
    assert names == ["a.nii.gz"]
    assert "more than 240 bytes; rename it" in faults.lines[1]
    assert "is not in UTF-8" in faults.lines[0]


@pytest.mark.parametrize("out", ["file", "file/below", "nowhere"])
def test_results_go_to_a_folder(tmp_path, out):
    (tmp_path / "file").touch()
    (tmp_path / "nowhere").symlink_to("/gone")
    with pytest.raises(Sim2RealError, match=f"{out.partition('/')[0]}: is no folder; .* --output"):
        Results(tmp_path / out)


def test_a_users_own_table_of_sources_is_left_alone(tmp_path):
    write_image(tmp_path / "a.nii.gz", STACK)
    (tmp_path / "sources.csv").write_text("who,when\nme,now\n")
    assert faults_of(tmp_path)[0] == ["a.nii.gz"]
    with pytest.raises(Sim2RealError, match="sources.csv: has no columns result, source, sha256"):
        Results(tmp_path)
