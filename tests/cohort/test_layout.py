"""Folders of real cohorts as people keep them: other names of the sheet, files unpacked on the way,
the folder above or below the right one."""

import gzip
import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sim2real.cohort import check_cohort, is_mnms, read_mnms, survey_acdc, survey_mnms

SHEET = "211230_M&Ms_Dataset_information_diagnosis_opendataset"
FORMER = "201014_M&Ms_Dataset_Information_-_opendataset"


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


def acdc_of(root: Path, mnms) -> Path:
    """Patients 1, for training, and 101, for testing, in ACDC's layout, drawn by ``mnms``."""
    for number, part in ((1, "training"), (101, "testing")):
        folder = root / part / f"patient{number:03d}"
        folder.mkdir(parents=True)
        (folder / "Info.cfg").write_text("ED: 1\nES: 2\nNbFrame: 30\n")
        image, label = mnms.arrays(0, 1)
        for frame in (1, 2):
            for end, data in (("", image), ("_gt", label)):
                path = mnms.save("x", "", data[..., frame - 1], folder="spare")
                shutil.move(path, folder / f"{folder.name}_frame{frame:02d}{end}.nii.gz")
    shutil.rmtree(mnms.root / "spare")
    return root


def unpack(path: Path, keep=False) -> Path:
    """A ``.nii.gz`` as a browser or a Mac unpacks it."""
    plain = path.with_suffix("")
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    if not keep:
        path.unlink()
    return plain


# the sheet


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("name", [FORMER, f"{SHEET} (1)", "my copy"])
def test_a_sheet_is_known_by_its_columns_whatever_its_name(builder, name, suffix):
    builder.whole().sheet(name, suffix)
    (builder.root / "scores.csv").write_text("subject,dice\nA1,0.9\n")
    if suffix == ".xlsx":
        (builder.root / f"{name}.xlsx").rename(builder.root / f"{name}.XLSX")
    (builder.root / "damaged.xlsx").write_bytes(b"no workbook")
    (builder.root / f"~${name}.xlsx").write_bytes(b"lock")
    assert [case.subject for case in read_mnms(builder.root)] == ["A1", "A2", "B1", "B2"]


def test_names_of_columns_are_known_in_any_case_and_with_spaces_about_them(builder):
    builder.whole()
    table = pd.DataFrame(builder.rows).rename(
        columns={
            "External code": " external\N{NO-BREAK SPACE} CODE ",
            "ED": "ed",
            "Pathology": "PATHOLOGY ",
        }
    )
    table.to_csv(builder.root / "other.CSV", sep=";")
    case = read_mnms(builder.root)[1]
    assert (case.subject, case.ed.index, case.es.index, case.pathology) == ("A2", 2, 1, "NOR")


def test_the_challenge_s_own_name_wins(builder):
    builder.whole().sheet()
    builder.rows[0]["ED"] = 1
    builder.sheet("aaa")
    assert read_mnms(builder.root)[0].ed.index == 0


def test_of_two_sheets_alike_either_is_taken_and_of_two_that_differ_none(builder, refusal):
    builder.whole().sheet("one")
    builder.rows.reverse()
    builder.sheet("two", ".xlsx")
    assert len(read_mnms(builder.root)) == 4
    builder.rows[0]["ED"] = 1
    builder.sheet("two", ".xlsx")
    told = refusal(lambda: read_mnms(builder.root))
    assert told.startswith(f"{builder.root}/one.csv: differs from {builder.root}/two.xlsx")


@pytest.mark.parametrize("name", [SHEET, "my copy"])
def test_a_sheet_that_was_not_fetched_is_told(builder, refusal, name):
    builder.whole()
    (builder.root / f"{name}.csv").write_text("version https://git-lfs.github.com/spec/v1\noid x\n")
    assert f"{name}.csv: is a pointer of Git LFS" in refusal(lambda: read_mnms(builder.root))


def test_a_sheet_that_may_not_be_opened_is_not_called_damaged(builder, refusal):
    builder.whole().sheet()
    (builder.root / f"{SHEET}.csv").unlink()
    (builder.root / f"{SHEET}.csv").mkdir()
    told = refusal(lambda: read_mnms(builder.root))
    assert "cannot be read (Is a directory)" in told and "export" not in told


# files and folders


def test_what_a_mac_leaves_is_passed_over(builder, tmp_path_factory):
    builder.whole().sheet()
    acdc = acdc_of(tmp_path_factory.mktemp("acdc"), builder)
    for part in (builder.root / "Testing", acdc / "testing"):
        for name in ("__MACOSX", "._A9", ".hidden"):
            (part / name).mkdir()
        (part / ".DS_Store").touch()
        (part / "~$notes.xlsx").touch()
    (acdc / "training/patient001.zip").touch()
    for path in [*builder.root.rglob("*.nii.gz"), *acdc.rglob("*.nii.gz")]:
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    for root in (builder.root, acdc):
        report = check_cohort(root)
        assert report.usable and not report.cohort.left_out, report.lines()


def test_unpacked_files_are_read_and_the_packed_one_where_there_are_both(builder, tmp_path):
    builder.whole().sheet()
    acdc = acdc_of(tmp_path / "of_acdc", builder)
    for path in [*builder.root.rglob("*A1_sa*.nii.gz"), *acdc.rglob("*frame0*.nii.gz")]:
        unpack(path)
    plain = unpack(builder.path("A2"), keep=True)
    plain.write_bytes(b"")
    cases = {case.subject: case for case in survey_mnms(builder.root).sound("").cases}
    assert cases["A1"].ed.image.name == "A1_sa.nii" and cases["A1"].read("ED")[1].data.any()
    assert cases["A2"].ed.image.name == "A2_sa.nii.gz"
    (case, _) = survey_acdc(acdc).sound("").cases
    assert case.es.label.name == "patient001_frame02_gt.nii" and case.read("ES")[1].data.any()
    assert check_cohort(builder.root).usable and check_cohort(acdc).usable


@pytest.mark.parametrize("end", ["", "_gt"])
def test_files_that_were_not_fetched_are_told(builder, end):
    builder.whole().sheet()
    path = builder.path("A1", end)
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    (fault,) = survey_mnms(builder.root).faults
    assert fault.startswith(f"{path}: is a pointer of Git LFS") and "damaged" not in fault
    path.unlink()
    path.symlink_to("../../../.git/annex/objects/none")
    (fault,) = survey_mnms(builder.root).faults
    assert "'git annex get'" in fault and "leads out" not in fault
    path.unlink()
    path.with_name(f".{path.name}.icloud").touch()
    (fault,) = survey_mnms(builder.root).faults
    assert fault.startswith(f"{path}: is in iCloud")


def test_a_subject_s_link_that_leads_nowhere_is_missed(builder, tmp_path):
    builder.whole().sheet()
    acdc = acdc_of(tmp_path / "of_acdc", builder)
    for folder in (builder.path("A1").parent, acdc / "training/patient001"):
        shutil.rmtree(folder)
        folder.symlink_to("/gone/x")
    faults = survey_mnms(builder.root).faults + survey_acdc(acdc).faults
    assert len(faults) == 3 and all("lies in a link to /gone/x" in fault for fault in faults)


def test_acdc_is_acdc_where_the_disk_ignores_case(builder, tmp_path, monkeypatch):
    """As a Mac has it: every path is found in any case, listings tell the true names."""
    acdc = acdc_of(tmp_path / "ACDC", builder)

    def true(path: Path) -> str:
        found = Path(path.anchor or ".")
        for name in path.parts[1:] if path.anchor else path.parts:
            names = os.listdir(found) if os.path.isdir(found) else []
            found /= next((n for n in names if n.casefold() == name.casefold()), name)
        return str(found)

    monkeypatch.setattr(Path, "exists", lambda path: os.path.exists(true(path)))
    monkeypatch.setattr(Path, "is_dir", lambda path: os.path.isdir(true(path)))
    assert (acdc / "Testing").is_dir() and (acdc / "TRAINING/patient001").exists()
    assert not is_mnms(acdc)
    assert check_cohort(acdc).is_acdc
    assert is_mnms(builder.whole().root) and not check_cohort(builder.sheet()).is_acdc


# the folder above or below


@pytest.mark.parametrize(
    "place", ["..", "../..", "Training", "Training/Labeled", "Training/Labeled/A1", "Testing"]
)
def test_the_right_folder_of_mnms_is_named(builder, refusal, tmp_path, place):
    builder.whole().sheet()
    right = tmp_path / "above/MnMs"
    parts = list(builder.root.iterdir())
    right.mkdir(parents=True)
    for path in parts:
        shutil.move(path, right)
    wrong = Path(os.path.normpath(right / place))
    for action in (survey_mnms, survey_acdc, check_cohort):
        told = refusal(lambda action=action: action(wrong))
        assert f"{wrong}: holds n" in told
        assert told.endswith(f"; name {right} (M&Ms: cohort.mnms_root)")


@pytest.mark.parametrize("place", ["..", "training", "testing", "training/patient001"])
def test_the_right_folder_of_acdc_is_named(builder, refusal, tmp_path, place):
    right = acdc_of(tmp_path / "above/database", builder)
    wrong = Path(os.path.normpath(right / place))
    for action in (survey_mnms, survey_acdc, check_cohort):
        told = refusal(lambda action=action: action(wrong))
        assert told.endswith(f"; name {right} (ACDC: cohort.acdc_root)")


def test_a_folder_given_as_the_other_cohort_s_is_told(builder, refusal, tmp_path):
    acdc = acdc_of(tmp_path / "ACDC", builder)
    assert f"name {acdc} (ACDC: cohort.acdc_root)" in refusal(lambda: survey_mnms(acdc))
    root = builder.whole().sheet()
    assert f"name {root} (M&Ms: cohort.mnms_root)" in refusal(lambda: survey_acdc(root))


def test_a_sheet_apart_from_its_folders_is_told(builder, refusal):
    builder.whole().sheet()
    below = builder.root / "OpenDataset"
    below.mkdir()
    for name in ("Training", "Testing"):
        shutil.move(builder.root / name, below)
    told = refusal(lambda: survey_mnms(builder.root))
    assert "holds a sheet, but none of Training/Labeled" in told and f"name {below}" in told
    assert "copy the challenge's sheet into this folder" in refusal(lambda: survey_mnms(below))


def test_a_folder_with_testing_alone_is_named_if_it_has_a_sheet(builder, refusal, tmp_path_factory):
    """``Testing`` is a usual name of folders elsewhere."""
    builder.whole().sheet()
    below = tmp_path_factory.mktemp("some") / "release"
    (below / "Testing").mkdir(parents=True)
    assert "; name" not in refusal(lambda: survey_acdc(below.parent))
    shutil.copy(builder.root / f"{SHEET}.csv", below)
    assert f"; name {below}" in refusal(lambda: survey_acdc(below.parent))


def test_half_of_acdc_is_never_read_in_silence(builder, refusal, tmp_path):
    """Each part unpacked into a folder of its own name."""
    whole = acdc_of(tmp_path / "whole", builder)
    root = tmp_path / "ACDC"
    for part in ("training", "testing"):
        shutil.copytree(whole / part, root / part / part)
    told = refusal(lambda: survey_acdc(root))
    assert f"{root / 'testing'} (ACDC" in told and f"{root / 'training'} (ACDC" in told
    assert "put halves of a cohort into one folder" in told
    shutil.copytree(whole / "training/patient001", root / "training/patient001")
    assert survey_acdc(root).faults == [
        f"{root}/testing: holds no folder patientNNN; copy some there or remove it"
    ]


@pytest.mark.parametrize("has_sheet", [True, False])
@pytest.mark.parametrize("place", ["", "dataset"])
def test_mnms_2_is_refused_by_name(tmp_path, refusal, has_sheet, place):
    folder = tmp_path / "dataset/001"
    folder.mkdir(parents=True)
    (folder / "001_SA_ED.nii.gz").touch()
    if has_sheet:
        (tmp_path / "dataset_information.csv").write_text("SUBJECT_CODE,DISEASE,VENDOR\n1,NOR,GE\n")
    for action in (survey_mnms, survey_acdc, check_cohort):
        told = refusal(lambda action=action: action(tmp_path / place))
        assert "is of M&Ms-2" in told and "is not read" in told
