import nibabel as nib
import numpy as np
import pytest

from sim2real.cohort.mnms import read_mnms, require_subjects
from sim2real.core.errors import Sim2RealError

OLDER = "201207_M&Ms Dataset information - diagnosis - opendataset"


def refusal(action) -> str:
    with pytest.raises(Sim2RealError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_subjects_are_read_with_their_split_vendor_and_phases(builder):
    builder.add("A1B2").add("007", vendor="B", folder="Testing", ed=2, es=0).add("V1", vendor="B", folder="Validation")
    cases = {case.subject: case for case in read_mnms(builder.sheet())}
    assert {name: (case.vendor, case.split) for name, case in cases.items()} == {
        "A1B2": ("A", "train"), "007": ("B", "test"), "V1": ("B", "validation"),
    }  # fmt: skip
    assert (cases["007"].ed, cases["007"].es, cases["A1B2"].pathology, cases["A1B2"].sex) == (2, 0, "NOR", "F")


def test_each_phase_is_the_one_of_the_sheet_es_before_ed_too(builder):
    builder.add("A1", ed=0, es=2).add("B1", vendor="B", ed=2, es=0)
    for case in read_mnms(builder.sheet()):
        whole = {kind: np.asarray(nib.load(path).dataobj) for kind, path in (("image", case.image), ("label", case.label))}
        for phase, index in (("ED", case.ed), ("ES", case.es)):
            image, label = case.read(phase)
            np.testing.assert_array_equal(image.data, whole["image"][..., index])
            np.testing.assert_array_equal(label.data, whole["label"][..., index])
        assert case.read("ES")[1].data[8, 6, 1] == 2 and case.read("ED")[1].data[8, 6, 1] == 1


def test_labels_stored_as_floats_become_integers(builder):
    builder.add("A1", dtype=np.float64).add("B1", vendor="B")
    label = read_mnms(builder.sheet())[0].read("ED")[1]
    assert label.data.dtype == np.uint8 and set(np.unique(label.data)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("name", "suffix"), [(OLDER, ".csv"), (OLDER, ".xlsx"), ("211230_M&Ms_Dataset_information_diagnosis_opendataset", ".xlsx")]
)
def test_older_and_excel_sheets_are_read(builder, name, suffix):
    cases = read_mnms(builder.add("A1").add("0012", vendor="B", ed=1, es=0).sheet(name, suffix))
    assert [(case.subject, case.ed, case.es) for case in cases] == [("A1", 0, 2), ("0012", 1, 0)]


def test_unlabelled_subjects_are_left_out_and_other_vendors_not_looked_at(builder):
    builder.add("A1").add("B1", vendor="B").add("A9", folder="Training/Unlabeled")
    builder.rows.append({**builder.rows[0], "External code": "C1", "Vendor": "C", "ED": ""})  # has no folder, and need not
    assert [case.subject for case in read_mnms(builder.sheet())] == ["A1", "B1"]


def test_affine_that_is_not_orthonormal_is_kept(builder):
    skewed = np.array([[1.3, 0.02, 0, -5], [-0.01, 1.4, 0.3, 7], [0, 0.05, 9, 2], [0, 0, 0, 1.0]])
    image, label = read_mnms(builder.add("A1", affine=skewed).add("B1", vendor="B").sheet())[0].read("ED")
    np.testing.assert_allclose(image.affine, skewed, atol=1e-6)
    np.testing.assert_allclose(label.affine, skewed, atol=1e-6)


def test_missing_sheet_and_missing_folder_are_told(builder, tmp_path):
    builder.add("A1")
    assert "holds no 211230" in refusal(lambda: read_mnms(tmp_path))
    assert "no such folder" in refusal(lambda: read_mnms(tmp_path / "elsewhere"))


def test_missing_column_is_named(builder):
    builder.add("A1").add("B1", vendor="B").sheet(drop=["ES"])
    assert "no column 'ES'" in refusal(lambda: read_mnms(builder.root))


def test_subject_without_folder_or_file_is_named(builder):
    builder.add("A1").add("B1", vendor="B")
    path = builder.root / "Training/Labeled/A1/A1_sa_gt.nii.gz"
    path.unlink()
    root = builder.sheet()
    assert "A1_sa_gt.nii.gz: no such file" in refusal(lambda: read_mnms(root))
    (path.parent / "A1_sa.nii.gz").unlink()
    path.parent.rmdir()
    assert "subject A1 is listed" in refusal(lambda: read_mnms(root))


def test_vendor_without_subject_is_named(builder):
    builder.add("A1").sheet()
    assert "no labelled subject of vendor B" in refusal(lambda: read_mnms(builder.root))


@pytest.mark.parametrize("end", ["", "_gt"])
def test_truncated_file_is_named(builder, end):
    rng = np.random.default_rng(0)
    builder.add("A1").add("B1", vendor="B").sheet()
    path = builder.save("A1", end, rng.integers(0, 3, (60, 50, 6, 3)).astype(np.int16))
    builder.save("A1", "" if end else "_gt", np.zeros((60, 50, 6, 3), np.int16))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    message = refusal(lambda: [case.read("ES") for case in read_mnms(builder.root)])
    assert path.name in message and "cut short or damaged" in message


def test_file_that_is_no_nifti_is_named(builder):
    builder.add("A1").add("B1", vendor="B").sheet()
    (builder.root / "Training/Labeled/A1/A1_sa.nii.gz").write_bytes(b"hello")
    assert "A1_sa.nii.gz: not a readable NIfTI" in refusal(lambda: read_mnms(builder.root))


def test_unknown_label_is_named(builder):
    builder.add("A1").add("B1", vendor="B").sheet()
    label = np.zeros((20, 17, 6, 3), np.uint8)
    label[3, 4, 2, 0] = 4
    builder.save("A1", "_gt", label)
    message = refusal(lambda: read_mnms(builder.root)[0].read("ED"))
    assert "A1_sa_gt.nii.gz: holds the label 4" in message


@pytest.mark.parametrize(("ed", "words"), [
    (3, "ED index 3, but A1_sa.nii.gz has 3 phases"), (-1, "ED index -1"), ("first", "ED index 'first'"), ("", "ED index"),
    (0.5, "ED index '0.5'"), (float("inf"), "ED index 'inf'"),
])  # fmt: skip
def test_phase_index_that_cannot_be_is_named(builder, ed, words):
    builder.add("A1").add("B1", vendor="B")
    builder.rows[0]["ED"] = ed
    message = refusal(lambda: read_mnms(builder.sheet()))
    assert "subject A1" in message and words in message


def test_subject_that_stands_twice_is_named(builder):
    builder.add("A1").add("B1", vendor="B")
    builder.rows.append(builder.rows[0])
    assert "subject A1 stands in it twice" in refusal(lambda: read_mnms(builder.sheet()))


@pytest.mark.parametrize("code", ["../../x", "..", "/etc", "a/b"])
def test_code_that_is_a_path_is_refused(builder, code):
    builder.add("A1").add("B1", vendor="B")
    builder.rows[0]["External code"] = code
    assert f"'{code}' is no subject's code" in refusal(lambda: read_mnms(builder.sheet()))


def test_nan_voxels_are_refused(builder):
    builder.add("A1").add("B1", vendor="B").sheet()
    image = np.ones((20, 17, 6, 3), np.float32)
    image[1, 2, 3, 2] = np.nan
    builder.save("A1", "", image)
    case = read_mnms(builder.root)[0]
    case.read("ED")  # sound: the NaN lies in the other phase
    assert "A1_sa.nii.gz: holds NaN" in refusal(lambda: case.read("ES"))


def test_label_of_another_shape_is_named(builder):
    builder.add("A1").add("B1", vendor="B").sheet()
    builder.save("A1", "_gt", np.zeros((17, 20, 6, 3), np.uint8))
    assert "A1_sa_gt.nii.gz: shape (17, 20, 6, 3) differs" in refusal(lambda: read_mnms(builder.root))


def test_number_of_further_faults_is_told(builder):
    builder.add("A1", ed=9).add("A2", ed=9).add("A3", ed=9).add("B1", vendor="B")
    assert "2 more subjects with faults" in refusal(lambda: read_mnms(builder.sheet()))


def test_split_that_lacks_a_vendor_is_told(builder):
    cases = read_mnms(builder.add("A1").add("B1", vendor="B").add("B2", vendor="B", folder="Testing").sheet())
    require_subjects(cases, "train", "training")
    assert "split 'test' has no subject of vendor A; the table" in refusal(lambda: require_subjects(cases, "test", "the table"))
