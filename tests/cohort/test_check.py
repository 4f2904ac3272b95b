import gzip

import nibabel as nib
import numpy as np
import pytest

from sim2real.cohort import check, check_cohort, read_mnms
from sim2real.cohort.check import cases_table, examine, length_fault

AFFINE = np.diag([7.3 / 3, 7.4 / 3, 12.0, 1.0])


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


def test_subjects_are_counted_by_vendor_split_and_pathology(builder):
    builder.whole().add("A3", Pathology="HCM").add("A4", Pathology="HCM")
    table = cases_table(read_mnms(builder.sheet()))
    assert (
        table.loc[("A", "train"), "HCM"],
        table.loc[("A", "train"), "NOR"],
        table.loc[("B", "test"), "all"],
    ) == (2, 1, 1)
    assert table.loc["all", "all"].item() == 6


def test_lines_tell_table_findings_and_verdict(builder):
    builder.whole().add("A3").sheet()
    builder.save("A3", "_gt", np.zeros((60, 51, 6, 3), np.uint8))
    lines = check_cohort(builder.root).lines()
    assert lines[0].split() == ["pathology", "NOR", "all"]
    assert [line.split(":")[0] for line in lines[-2:]] == [
        "left out",
        "4 subjects to use, 1 left out, 0 errors, 0 doubts",
    ]
    assert lines[-1].endswith("a run can be done")


@pytest.mark.parametrize(("code", "lacks"), [("A2", "test A"), ("B1", "train B")])
def test_no_run_without_a_training_and_a_test_subject_of_each_vendor(builder, code, lacks):
    builder.whole().sheet()
    folder = "Testing" if code.endswith("2") else "Training/Labeled"
    builder.save(code, "_gt", np.zeros((60, 51, 6, 3), np.uint8), folder=folder)
    report = check_cohort(builder.root)
    assert (
        not report.usable
        and not report.cohort.faults
        and report.verdict.endswith(f"no run can be done, there is none of {lacks}")
    )


def doubts_of(builder, image=None, label=None, affine=AFFINE, **row):
    """What is doubted of A1 after its image or label has been changed by a function."""
    builder.whole()
    builder.rows[0].update(row)
    builder.sheet()
    data = dict(zip(("", "_gt"), builder.arrays(), strict=True))
    for end, change in (("", image), ("_gt", label)):
        if change is not None:
            builder.save("A1", end, change(data[end]), affine)
    report = check_cohort(builder.root)
    assert report.usable
    return [doubt.removeprefix("A1 (A, train): ") for doubt in report.doubts]


def test_exchanged_phases_are_doubted(builder):
    """Millilitres counted by hand: 47 and 48 blocks of 7.3 x 7.4 x 12 mm are 30.5 and 31.1 ml."""
    assert doubts_of(builder, ED=2, ES=0) == [
        "the LV holds 30 ml at ED and 31 ml at ES; the phases may be exchanged"
    ]


def test_implausible_volume_is_doubted(builder):
    def small(label):
        label[30:36] = np.where(label[30:36] == 1, 2, label[30:36])
        return label

    assert doubts_of(builder, label=small) == [
        "the LV holds 16 ml at ED; voxel size or label may be wrong"
    ]


def test_label_that_does_not_lie_on_its_image_is_doubted(builder):
    assert doubts_of(builder, image=lambda image: np.roll(image, 27, axis=1)) == [
        "blood is no brighter than muscle at ED; the label may not lie on its image"
    ]


def test_a_label_whose_rv_lies_on_the_other_side_is_doubted(builder):
    """The LV in the middle of the image, as most are: its mirror image lies on it."""
    _, label = builder.arrays()
    middle = int(np.argwhere(label[..., 0] == 1)[:, 0].mean())
    image = lambda image: np.roll(image[::-1], 2 * middle + 1 - image.shape[0], axis=0)
    assert "blood is no brighter than muscle at ED; the label may not lie on its image" in (
        doubts_of(builder, image=image)
    )


def test_mirrored_stack_is_doubted(builder):
    """The RV under the LV where an oblique header says that anterior is up: y falls from front to
    back in RAS."""
    tilt = np.deg2rad(20)
    oblique = AFFINE.copy()
    rotation = np.array(
        [
            [np.cos(tilt), 0, np.sin(tilt)],
            [0, 1, 0],
            [-np.sin(tilt), 0, np.cos(tilt)],
        ]
    )
    around_x = np.array(
        [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    )
    oblique[:3, :3] = rotation @ around_x @ AFFINE[:3, :3]

    def turned(label):
        upside = np.zeros_like(label)
        upside[24:36, 21:30, 1:5], upside[24:36, 30:33, 1:5], upside[18:42, 6:21, 1:5] = 1, 2, 3
        upside[24, 21, 1, 2] = 2
        return np.where(label.any(axis=(0, 1, 2)), upside, 0).astype(np.uint8)

    def bright(image):
        image[24:36, 21:30] += 900
        image[18:42, 6:21] += 900
        return image

    assert doubts_of(builder, image=bright, label=turned, affine=oblique) == [
        "the RV lies behind the LV; the stack may be stored mirrored"
    ]


def test_same_image_under_two_names_is_doubted(builder):
    builder.whole().sheet()
    image, label = builder.arrays()
    builder.save("A1", "", image)
    builder.save("B1", "", image)
    assert check_cohort(builder.root).doubts == [
        "A1 (A, train) and B1 (B, train) have the same image at ED"
    ]


def test_fewer_slices_asked_for_leave_fewer_subjects_out(builder):
    builder.whole().sheet()
    label = builder.arrays()[1]
    label[:, :, 1] = 0
    builder.save("A1", "_gt", label)
    case = read_mnms(builder.root)[0]
    assert examine(case, 4).reason and not examine(case, 3).reason


def test_the_surrogate_raises_no_doubt(surrogate):
    report = check_cohort(surrogate)
    assert report.usable and (report.cohort.faults, report.cohort.left_out, report.doubts) == (
        [],
        [],
        [],
    )


def test_folder_of_something_else_is_refused(tmp_path, refusal):
    assert "neither the sheet and folders of M&Ms nor ACDC's" in refusal(
        lambda: check_cohort(tmp_path)
    )
    assert "no such folder" in refusal(lambda: check_cohort(tmp_path / "elsewhere"))


def test_a_file_that_is_cut_short_is_told_once(builder):
    builder.whole().sheet()
    path = builder.path("A1")
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:4000]))
    assert len(examine(read_mnms(builder.root)[0], 4).faults) == 1


@pytest.mark.parametrize("ending", [".nii", ".NII.GZ"])
def test_a_file_s_length_is_that_of_its_content_whatever_its_ending(builder, monkeypatch, ending):
    builder.whole()
    path = builder.path("A1")
    nifti = nib.load(path)
    monkeypatch.setattr(check, "open_image", lambda path: nifti)
    other = path.rename(path.with_name(f"A1{ending}"))
    assert length_fault(other) == ""
    other.write_bytes(gzip.decompress(other.read_bytes()))
    assert length_fault(other) == ""
    other.write_bytes(other.read_bytes()[:-9])
    assert "its header claims" in length_fault(other)


def test_a_disk_that_fails_is_no_fault_of_the_file(builder, monkeypatch):
    builder.whole()
    path = builder.path("A1")
    nifti = nib.load(path)
    monkeypatch.setattr(check, "open_image", lambda path: nifti)
    path.unlink()
    path.mkdir()
    told = length_fault(path)
    assert "cannot be read to its end (Is a directory)" in told and "damaged" not in told
