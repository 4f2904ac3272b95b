"""What ``sim2real run`` finds in the voxels of the user's folders before the first notebook."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from sim2real.cohort import check, check_cohort, survey_mnms
from sim2real.paper.data_check import check_data
from sim2real.paper.parameters import load_parameters


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


@pytest.fixture
def before_the_run(tmp_path_factory):
    """Checks a folder as ``sim2real run`` does, in one project's folder, chapter 6 included."""
    project = tmp_path_factory.mktemp("project")

    def check_folder(root, *changes, until="07_verdict"):
        names = [f"cohort.mnms_root={root}", *changes]
        check_data(load_parameters("tiny", names), until, project)

    check_folder.known = project / "runs/.sound.json"
    return check_folder


def changed(path, change):
    """A file with its voxels changed, everything else as it was."""
    nifti = nib.load(path)
    data = change(np.asarray(nifti.dataobj).astype(np.float32))
    nib.save(nib.Nifti1Image(data, nifti.affine), path)


def put(index, value):
    def change(data):
        data[index] = value
        return data

    return change


FAULTS = {
    "label 4": ("_gt", lambda path: changed(path, put((3, 4, 2, 0), 4))),
    "NaN": ("", lambda path: changed(path, put((3, 4, 2, 2), np.nan))),
    "one value only": ("", lambda path: changed(path, np.ones_like)),
    "cut short": ("", lambda path: path.write_bytes(path.read_bytes()[:-80])),
    "half of a file": (
        "_gt",
        lambda path: path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:9000])),
    ),
}


@pytest.mark.parametrize(("end", "break_it"), FAULTS.values(), ids=FAULTS)
def test_the_run_and_the_check_tell_the_same_fault(builder, refusal, before_the_run, end, break_it):
    builder.whole().add("A3").sheet()
    before_the_run(builder.root)
    break_it(builder.path("A1", end))
    assert not survey_mnms(builder.root).faults  # headers show nothing
    first, *others = faults = check_cohort(builder.root).cohort.faults
    assert len(set(faults)) == len(faults)
    told = refusal(lambda: before_the_run(builder.root))
    assert told.startswith(first) and bool(others) == told.endswith("lists them)")


def test_subjects_left_out_are_no_fault_until_too_few_remain(builder, refusal, before_the_run):
    builder.whole().add("A3").sheet()
    changed(builder.path("A1", "_gt"), np.zeros_like)
    before_the_run(builder.root)
    changed(builder.path("A2", "_gt"), np.zeros_like)
    before_the_run(builder.root, until="03_real_cohort")
    told = refusal(lambda: before_the_run(builder.root))
    assert "split 'test' has no subject of vendor A" in told and "left out" in told


def test_slices_are_counted_as_the_run_asks(builder, before_the_run, refusal):
    builder.whole().sheet()
    changed(builder.path("A1", "_gt"), put((slice(None), slice(None), 1), 0))
    assert "split 'train'" in refusal(lambda: before_the_run(builder.root, "cohort.n_slices=4"))
    before_the_run(builder.root, "cohort.n_slices=3")


def test_what_was_found_sound_is_not_read_again_until_it_changes(
    builder, before_the_run, monkeypatch, refusal
):
    builder.whole().sheet()
    read = []
    examine = check.examine
    monkeypatch.setattr(
        check,
        "examine",
        lambda case, n_slices: read.append(case.subject) or examine(case, n_slices),
    )
    before_the_run(builder.root)
    before_the_run(builder.root)
    assert read == ["A1", "A2", "B1", "B2"]
    changed(builder.path("B1"), np.ones_like)
    for _ in range(2):  # a fault is not kept
        fault = refusal(lambda: before_the_run(builder.root))
        assert "B1_sa.nii.gz: holds 1 in every voxel" in fault
    assert read[4:] == ["B1", "B1"]
    before_the_run.known.write_text("cut sh")
    refusal(lambda: before_the_run(builder.root))
    assert len(read) == 10
