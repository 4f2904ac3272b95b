import gzip
import shutil
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from sim2real.cohort import (
    CohortParameters,
    Grid,
    check_cohort,
    field_centre,
    numbered_as_ours,
    prepare_real,
    read_mnms,
    read_real,
    survey_acdc,
    to_grid,
    upright,
)
from sim2real.cohort.summary import name
from sim2real.data import RunFolder, load_slices
from sim2real.paper.data_check import check_data
from sim2real.paper.parameters import load_parameters

PLAIN = np.diag([7.3 / 3, 7.4 / 3, 12.0, 1.0])  # the sizes of the voxels and no orientation


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


@pytest.fixture
def patient(tmp_path):
    """Writes a patient in ACDC's layout and returns its folder; labels 1 RV, 2 MYO, 3 LV, frames
    counted from 1."""

    def write(
        number, part="training", ed=1, es=12, group="DCM", labelled=True, affine=PLAIN, flips=()
    ):
        folder = tmp_path / "ACDC" / part / f"patient{number:03d}"
        folder.mkdir(parents=True)
        (folder / "Info.cfg").write_text(
            f"ED: {ed}\nES: {es}\nGroup: {group}\nHeight: 184.0\nNbFrame: 30\nWeight: 95.0\n"
        )
        for frame in (ed, es):
            rng = np.random.default_rng(100 * number + frame)
            image, label = (
                rng.integers(1, 400, (20, 17, 6)).astype(np.int16),
                np.zeros((20, 17, 6), np.uint8),
            )
            label[3:8, 4:11, 1:5], label[8, 4:11, 1:5], label[9:13, 6:10, 1:5] = 1, 2, 3
            if frame == es:
                label[9, 6, 1] = 2
            image[label == 3] += 500
            image, label = (array.repeat(3, 0).repeat(3, 1) for array in (image, label))
            for end, data in (("", image), ("_gt", label)):
                if labelled or not end:
                    nib.save(
                        nib.Nifti1Image(np.flip(data, flips), affine),
                        folder / f"{folder.name}_frame{frame:02d}{end}.nii.gz",
                    )
        return folder

    return write


def test_patients_are_siemens_with_their_split_group_and_frames(patient, tmp_path):
    patient(1)
    patient(101, "testing", ed=3, es=1, group="NOR")
    cases = survey_acdc(tmp_path / "ACDC").cases
    assert [(case.subject, case.vendor, case.split, case.pathology) for case in cases] == [
        ("acdc-patient001", "A", "train", "DCM"),
        ("acdc-patient101", "A", "test", "NOR"),
    ]
    assert (
        cases[1].ed.image.name == "patient101_frame03.nii.gz"
        and cases[1].es.label.name == "patient101_frame01_gt.nii.gz"
    )


def test_labels_take_our_values(patient, tmp_path):
    folder = patient(1)
    stored = np.asarray(nib.load(folder / "patient001_frame12_gt.nii.gz").dataobj)
    image, label = survey_acdc(tmp_path / "ACDC").cases[0].read("ES")
    for theirs, ours in ((0, 0), (1, 3), (2, 2), (3, 1)):
        np.testing.assert_array_equal(label.data == ours, stored == theirs)
    np.testing.assert_array_equal(
        image.data, np.asarray(nib.load(folder / "patient001_frame12.nii.gz").dataobj)
    )


@pytest.mark.parametrize("signs", [(1, 1), (-1, -1), (1, -1), (-1, 1)])
@pytest.mark.parametrize("flips", [(), (0, 1)])
def test_rv_comes_to_the_left_by_a_turn_that_mirrors_nothing(patient, tmp_path, signs, flips):
    """Whatever a header without orientation claims, the grid shows the stored plane turned, with
    the handedness the header has."""
    patient(1, affine=PLAIN * np.array([*signs, 1, 1]), flips=flips)
    case = survey_acdc(tmp_path / "ACDC").cases[0]
    stored = case.read("ED")
    image, label = upright(*stored, guide=stored[1])
    lv, rv = (np.argwhere(label.data == value).mean(axis=0) for value in (1, 3))
    assert rv[0] < lv[0]
    # every voxel stands where the stored file has it in the world, so that nothing can have been
    # mirrored
    for found, whole in zip((image, label), stored, strict=True):
        for value in np.random.default_rng(0).integers(0, found.data.shape, (40, 3)):
            world = found.affine @ [*value, 1]
            index = np.rint(np.linalg.inv(whole.affine) @ world)[:3].astype(int)
            assert found.data[tuple(value)] == whole.data[tuple(index)]
    assert np.linalg.det(image.affine[:3, :3]) > 0
    on_grid = to_grid(label, field_centre(label), Grid(64, 3.0), is_label=True)
    assert np.argwhere(on_grid.data == 3)[:, 0].mean() < np.argwhere(on_grid.data == 1)[:, 0].mean()


def test_patients_without_labels_are_left_out_and_told(patient, tmp_path):
    patient(1)
    patient(101, "testing", labelled=False)
    found = survey_acdc(tmp_path / "ACDC")
    assert [case.subject for case in found.cases] == ["acdc-patient001"] and not found.faults
    assert [(item.subject, item.split, item.reason) for item in found.left_out] == [
        ("acdc-patient101", "test", "has no label")
    ]


def test_acdc_adds_to_vendor_a_of_mnms(builder, patient, tmp_path, tmp_path_factory):
    patient(1)
    patient(101, "testing")
    root, run = builder.whole().sheet(), tmp_path_factory.mktemp("run")
    parameters = CohortParameters(
        mnms_root=root, acdc_root="ACDC", grid_pixels=64, pixel_size_mm=3.0
    )
    cohort = read_real(parameters, tmp_path)
    assert [case.subject for case in cohort.cases] == [
        "A1",
        "A2",
        "B1",
        "B2",
        "acdc-patient001",
        "acdc-patient101",
    ]
    table = prepare_real(RunFolder(run), cohort, parameters)
    of_acdc = table[table["subject"] == "acdc-patient001"]
    assert set(of_acdc["vendor"]) == {"A"} and set(load_slices(run, of_acdc, "label").ravel()) == {
        0,
        1,
        2,
        3,
    }


def test_acdc_alone_is_a_cohort_of_one_vendor(patient, tmp_path):
    patient(1)
    patient(101, "testing")
    parameters = CohortParameters(acdc_root="ACDC")
    assert {case.vendor for case in read_real(parameters, tmp_path).cases} == {"A"}
    assert parameters.vendors == ("A",) and name(parameters) == "acdc"
    both = CohortParameters(acdc_root="ACDC", mnms_root="MnMs")
    assert both.vendors == CohortParameters().vendors == ("A", "B") and name(both) == "mnms+acdc"
    check_data(load_parameters("tiny", ["cohort.acdc_root=ACDC"]), "07_verdict", tmp_path)


def test_genuine_headers_tell_the_size_in_pixdim_alone_and_the_run_says_so(
    patient, tmp_path, tmp_path_factory, capsys
):
    for path in [*patient(1).glob("*.nii.gz"), *patient(101, "testing").glob("*.nii.gz")]:
        raw = bytearray(gzip.decompress(path.read_bytes()))
        struct.pack_into("<hh", raw, 252, 0, 1)  # no qform, an sform of columns of length one
        struct.pack_into("<12f", raw, 280, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0)
        path.write_bytes(gzip.compress(bytes(raw)))
    parameters = CohortParameters(acdc_root="ACDC", grid_pixels=64, pixel_size_mm=3.0)
    cohort = read_real(parameters, tmp_path)
    np.testing.assert_allclose(cohort.cases[0].read("ED")[0].spacing_mm, np.diag(PLAIN)[:3])
    prepare_real(RunFolder(tmp_path_factory.mktemp("run")), cohort, parameters)
    assert (
        "size of voxels in 2 of 2 subjects: 2.43 x 2.47 x 12 mm by pixdim"
        in capsys.readouterr().out
    )


def ring_of_muscle(exchange=False):
    """(x, y, slice): blood within a ring of muscle, a crescent beside it."""
    x, y = np.mgrid[:40, :36]
    radius, label = np.hypot(x - 24, y - 18), np.zeros((40, 36, 3), np.uint8)
    label[np.hypot(x - 14, y - 18) < 9] = 1 if exchange else 3
    label[radius < 10], label[radius < 6] = 2, 3 if exchange else 1
    return label


def test_exchanged_numbers_of_a_label_are_seen_by_what_the_wall_encloses(builder, refusal):
    right, wrong = ring_of_muscle(), ring_of_muscle(exchange=True)
    of_acdc, other = Path("patient101_frame01_gt.nii.gz"), Path("heart_gt.nii.gz")
    np.testing.assert_array_equal(numbered_as_ours(wrong, of_acdc), right)
    for path in (of_acdc, other):
        np.testing.assert_array_equal(numbered_as_ours(right, path), right)
    told = refusal(lambda: numbered_as_ours(wrong, other))
    assert told.startswith("heart_gt.nii.gz: the wall (2) encloses label 3 and not label 1")
    builder.add("A1").add("B1", vendor="B")
    builder.save("A1", "_gt", np.stack([wrong] * 3, axis=3))
    builder.save("A1", "", np.random.default_rng(0).random((40, 36, 3, 3), np.float32))
    (case, _) = read_mnms(builder.sheet())
    assert "A1_sa_gt.nii.gz: the wall (2) encloses" in refusal(lambda: case.read("ED"))
    (fault,) = check_cohort(builder.root).cohort.faults  # once, though of both phases
    assert "A1_sa_gt.nii.gz: the wall (2) encloses" in fault


@pytest.mark.parametrize("numbers", [(1, 3, 2), (2, 1, 3), (3, 1, 2)])
@pytest.mark.parametrize("name", ["patient101_frame01_gt.nii.gz", "heart_gt.nii.gz"])
def test_another_number_than_2_for_the_wall_is_refused(numbers, name, refusal):
    lv, wall, _ = numbers
    label = np.array([0, *numbers], np.uint8)[ring_of_muscle()]
    told = refusal(lambda: numbered_as_ours(label, Path(name)))
    assert told.startswith(f"{name}: label {wall} encloses label {lv}, as the wall does the LV")


def test_a_label_without_rv_or_without_wall_is_not_taken_for_misnumbered():
    right, path = ring_of_muscle(), Path("heart_gt.nii.gz")
    for label in (np.where(right == 2, 0, right), np.where(right == 3, 0, right), right * 0):
        np.testing.assert_array_equal(numbered_as_ours(label, path), label)


def test_a_folder_that_is_named_otherwise_is_left_out_and_told(patient, tmp_path):
    shutil.copytree(patient(1), tmp_path / "ACDC/training/patient001 copy")
    found = survey_acdc(tmp_path / "ACDC")
    assert len(found.cases) == 1 and [(item.subject, item.reason) for item in found.left_out] == [
        ("acdc-patient001 copy", "its folder is not named patientNNN")
    ]


def info(text):
    return lambda folder: (folder / "Info.cfg").write_text(text)


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda folder: (folder / "Info.cfg").unlink(), "Info.cfg: cannot be read (No such file"),
        (
            lambda folder: (folder / "Info.cfg").write_bytes(b"\xff\xfe\x00"),
            "Info.cfg: cannot be read",
        ),
        (info("ED: 1\nGroup: DCM\n"), "Info.cfg: has no line 'ES: ...'"),
        (info("ED: 0\nES: 12\n"), "Info.cfg: has ED frame '0'"),
        (info("ED: one\nES: 12\n"), "Info.cfg: has ED frame 'one'"),
        (info("ED: 1\nES: 31\nNbFrame: 30\n"), "Info.cfg: has ES frame '31'"),
        (info("ED: 1\nES: ../../12\n"), "Info.cfg: has ES frame '../../12'"),
        (info("ED: 12\nES: 12\n"), "Info.cfg: has frame 12 for ED and for ES"),
        (info("ED: 2\nES: 12\n"), "patient001_frame02"),
        (
            lambda folder: (folder / "patient001_frame12_gt.nii.gz").unlink(),
            "patient001_frame12_gt.nii.gz: no such file",
        ),
        (
            lambda folder: (folder / "patient001_frame01.nii.gz").write_bytes(b""),
            "patient001_frame01.nii.gz: not a readable NIfTI",
        ),
        (
            lambda folder: shutil.copytree(folder, folder.parents[1] / "testing" / folder.name),
            "this patient lies in training, too",
        ),
    ],
)
def test_broken_patients_are_told(patient, tmp_path, break_it, told):
    break_it(patient(1))
    patient(2)
    patient(3, "testing")
    report = check_cohort(tmp_path / "ACDC")
    assert (
        not report.usable
        and [fault for fault in report.cohort.faults if told in fault] == report.cohort.faults
    ), report.cohort.faults


@pytest.mark.parametrize("code", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    "text",
    [
        "ED = 1\nES = 12\nGroup = Öd\n",
        'ed:"1"\r\n\r\nes:\t"12"\r\ngroup: Öd',
        "Group:Öd\rED:1\rES:12",
    ],
)
def test_the_frames_are_known_however_a_program_wrote_them(patient, tmp_path, text, code):
    (patient(1) / "Info.cfg").write_bytes(text.encode(code))
    (case,) = survey_acdc(tmp_path / "ACDC").cases
    assert "frame01" in case.ed.image.name and "frame12" in case.es.image.name
    assert case.pathology == "Öd"


def test_folder_without_patients_is_told(tmp_path, refusal):
    assert "expected ACDC's own folders" in refusal(lambda: survey_acdc(tmp_path))
    assert "no such folder" in refusal(lambda: survey_acdc(tmp_path / "elsewhere"))


def test_check_tells_what_acdc_is_good_for(patient, tmp_path):
    patient(1)
    patient(101, "testing")
    report = check_cohort(tmp_path / "ACDC")
    assert report.usable and report.lines()[-1].endswith(
        "a run can be done, of vendor A alone (cohort.acdc_root)"
    )


@pytest.mark.parametrize("numbering", [(0, 1, 2, 3), (0, 3, 2, 1)])
def test_the_wall_says_which_number_is_lv_in_acdc_s_folder(patient, tmp_path, numbering):
    """The challenge's files have 3 for the LV; some owners have renumbered theirs."""
    folder = patient(1)
    right = ring_of_muscle()
    for path in folder.glob("*.nii.gz"):
        data = np.array(numbering, np.uint8)[right] if "_gt" in path.name else right * 100.0
        nib.save(nib.Nifti1Image(data, PLAIN), path)
    (case,) = survey_acdc(tmp_path / "ACDC").cases
    for phase in ("ED", "ES"):
        np.testing.assert_array_equal(case.read(phase)[1].data, right)


def test_a_label_that_the_wall_says_nothing_of_has_acdc_s_numbers():
    """No wall at all: of a genuine file the name decides."""
    label = np.where(ring_of_muscle() == 2, 0, ring_of_muscle())
    found = numbered_as_ours(label, Path("patient7_frame101_gt.nii"))
    np.testing.assert_array_equal(found, np.array([0, 3, 2, 1])[label])
