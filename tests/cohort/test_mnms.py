import csv
import re
import shutil
import tracemalloc
import zipfile

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from sim2real.cohort import read_mnms, require_subjects, survey_mnms

SHEET = "211230_M&Ms_Dataset_information_diagnosis_opendataset"
SHAPE = (60, 51, 6, 3)
OLDER = "201207_M&Ms Dataset information - diagnosis - opendataset"


def test_subjects_are_read_with_their_split_vendor_and_phases(builder):
    builder.add("A1B2").add("007", vendor="B", folder="Testing", ed=2, es=0).add(
        "V1", vendor="B", folder="Validation"
    )
    cases = {case.subject: case for case in read_mnms(builder.sheet())}
    assert {name: (case.vendor, case.split) for name, case in cases.items()} == {
        "A1B2": ("A", "train"),
        "007": ("B", "test"),
        "V1": ("B", "validation"),
    }
    assert (
        cases["007"].ed.index,
        cases["007"].es.index,
        cases["A1B2"].pathology,
        cases["A1B2"].sex,
    ) == (2, 0, "NOR", "F")


def test_each_phase_is_the_one_of_the_sheet_es_before_ed_too(builder):
    builder.add("A1", ed=0, es=2).add("B1", vendor="B", ed=2, es=0)
    for case in read_mnms(builder.sheet()):
        whole = {
            kind: np.asarray(nib.load(path).dataobj)
            for kind, path in (("image", case.ed.image), ("label", case.ed.label))
        }
        for phase, index in (("ED", case.ed.index), ("ES", case.es.index)):
            image, label = case.read(phase)
            np.testing.assert_array_equal(image.data, whole["image"][..., index])
            np.testing.assert_array_equal(label.data, whole["label"][..., index])
        assert case.read("ES")[1].data[24, 18, 1] == 2 and case.read("ED")[1].data[24, 18, 1] == 1


def test_labels_stored_as_floats_become_integers(builder):
    builder.add("A1", dtype=np.float64).add("B1", vendor="B")
    label = read_mnms(builder.sheet())[0].read("ED")[1]
    assert label.data.dtype == np.uint8 and set(np.unique(label.data)) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        (OLDER, ".csv"),
        (OLDER, ".xlsx"),
        ("211230_M&Ms_Dataset_information_diagnosis_opendataset", ".xlsx"),
    ],
)
def test_older_and_excel_sheets_are_read(builder, name, suffix):
    cases = read_mnms(builder.add("A1").add("0012", vendor="B", ed=1, es=0).sheet(name, suffix))
    assert [(case.subject, case.ed.index, case.es.index) for case in cases] == [
        ("A1", 0, 2),
        ("0012", 1, 0),
    ]


@pytest.mark.parametrize("told", [b"", b'<dimension ref="A1"/>'])
def test_a_workbook_is_read_whatever_size_it_tells(builder, refusal, told):
    """Some programs tell a table's size wrongly or not at all, and leave out empty cells at the end
    of a row."""
    builder.add("A1").add("B1", vendor="B")
    path = builder.root / "sheet.xlsx"
    for last in (1, None):
        made = Workbook()
        for row in (
            ["External code", "Vendor", "ED", "ES"],
            ["A1", "A", 0, 2],
            ["B1", "B", 0, last],
        ):
            made.active.append(row)
        made.save(path)
        with zipfile.ZipFile(path) as book:
            parts = {name: book.read(name) for name in book.namelist()}
        with zipfile.ZipFile(path, "w") as book:
            for name, content in parts.items():
                book.writestr(name, re.sub(b"<dimension[^>]*/>", told, content))
        if last:
            assert [case.es.index for case in read_mnms(builder.root)] == [2, last]
    assert "subject B1 has ES index ''" in refusal(lambda: read_mnms(builder.root))


def test_unlabelled_subjects_are_left_out_and_other_vendors_not_looked_at(builder):
    builder.add("A1").add("B1", vendor="B").add("A9", folder="Training/Unlabeled")
    builder.rows.append(
        {**builder.rows[0], "External code": "C1", "Vendor": "C", "ED": ""}
    )  # has no folder, and need not
    found = survey_mnms(builder.sheet())
    assert [case.subject for case in found.cases] == ["A1", "B1"] and not found.left_out
    assert found.notes == ["of other vendors, not read: C 1"]


def test_affine_that_is_not_orthonormal_is_kept(builder):
    skewed = np.array([[1.3, 0.02, 0, -5], [-0.01, 1.4, 0.3, 7], [0, 0.05, 9, 2], [0, 0, 0, 1.0]])
    image, label = read_mnms(builder.add("A1", affine=skewed).add("B1", vendor="B").sheet())[
        0
    ].read("ED")
    np.testing.assert_allclose(image.affine, skewed, atol=1e-6)
    np.testing.assert_allclose(label.affine, skewed, atol=1e-6)


def test_vendor_without_subject_is_named(builder, refusal):
    builder.add("A1").sheet()
    assert "no labelled subject of vendor B" in refusal(lambda: read_mnms(builder.root))


def test_nan_voxels_are_refused(builder, refusal):
    builder.add("A1").add("B1", vendor="B").sheet()
    image = builder.arrays()[0].astype(np.float32)
    image[1, 2, 3, 2] = np.nan
    builder.save("A1", "", image)
    case = read_mnms(builder.root)[0]
    case.read("ED")  # sound: the NaN lies in the other phase
    assert "A1_sa.nii.gz: holds NaN" in refusal(lambda: case.read("ES"))


def test_split_that_lacks_a_vendor_is_told(builder, refusal):
    cases = read_mnms(
        builder.add("A1").add("B1", vendor="B").add("B2", vendor="B", folder="Testing").sheet()
    )
    require_subjects(cases, "train", "training")
    assert "split 'test' has no subject of vendor A; the table" in refusal(
        lambda: require_subjects(cases, "test", "the table")
    )


def write_csv(builder, separator=",", encoding="utf-8", decimal=".", quoting=csv.QUOTE_MINIMAL):
    """The sheet as a spreadsheet elsewhere saves it, with a blank line and two empty columns at the
    end."""
    table = pd.DataFrame(builder.rows)
    table["ED"] = [f"{ed}{decimal}0" for ed in table["ED"]]
    lines = table.to_csv(sep=separator, quoting=quoting).splitlines()
    text = "\r\n".join(
        [
            lines[0] + 2 * separator,
            *(line + 2 * separator for line in lines[1:]),
            separator * 13,
            "",
        ]
    )
    (builder.root / f"{SHEET}.csv").write_bytes(text.encode(encoding))
    return builder.root


@pytest.mark.parametrize(
    ("separator", "encoding", "decimal"),
    [
        (";", "utf-8-sig", ","),
        (";", "cp1252", ","),
        ("\t", "utf-16", "."),
        (",", "utf-8-sig", "."),
        (";", "utf-8", "."),
    ],
)
def test_sheets_that_spreadsheets_saved_are_read(builder, separator, encoding, decimal):
    builder.add("A1", ed=1, es=2, Pathology="HÖM").add("B1", vendor="B", ed=2, es=0)
    cases = read_mnms(write_csv(builder, separator, encoding, decimal))
    assert [(case.subject, case.ed.index, case.es.index) for case in cases] == [
        ("A1", 1, 2),
        ("B1", 2, 0),
    ]
    assert cases[0].pathology == "HÖM"


@pytest.mark.parametrize("separator", [",", ";"])
def test_sheets_with_everything_in_quotes_are_read(builder, separator):
    builder.add("A1", Pathology='DCM; "mild", or not').add("B1", vendor="B")
    cases = read_mnms(write_csv(builder, separator, quoting=csv.QUOTE_ALL))
    assert [(case.subject, case.pathology) for case in cases] == [
        ("A1", 'DCM; "mild", or not'),
        ("B1", "NOR"),
    ]


def test_columns_in_another_order_and_more_of_them_are_read(builder):
    builder.add("A1", ed=1).add("B1", vendor="B")
    table = pd.DataFrame(builder.rows)[["ES", "Sex", "ED", "Vendor", "External code"]].assign(
        remark="none, or nearly"
    )
    table.to_csv(
        builder.root / f"{SHEET}.csv", index=False, encoding="utf-8-sig"
    )  # the mark stands before a column's name here
    assert [
        (case.subject, case.ed.index, case.es.index, case.sex) for case in read_mnms(builder.root)
    ] == [
        ("A1", 1, 2, "F"),
        ("B1", 0, 2, "F"),
    ]


def test_subjects_that_a_smaller_release_leaves_out_are_counted_not_fatal(builder):
    builder.whole().add("A3").add("B3", vendor="B", folder="Testing")
    for code in ("A3", "B3"):
        shutil.rmtree(builder.path(code).parent)
    found = survey_mnms(builder.sheet())
    assert not found.faults and len(found.cases) == 4
    assert [(item.subject, item.vendor, item.reason) for item in found.left_out] == [
        ("A3", "A", "listed in the sheet, but without a folder"),
        ("B3", "B", "listed in the sheet, but without a folder"),
    ]


def test_the_same_is_a_fault_where_the_rest_is_no_whole_release(builder, refusal):
    builder.whole().add("A3", folder="Testing")
    for code in ("A2", "A3"):
        shutil.rmtree(builder.path(code).parent)
    assert "subject A2 is listed, but none of" in refusal(lambda: read_mnms(builder.sheet()))


def test_folders_that_a_smaller_sheet_does_not_list_are_counted(builder):
    builder.whole().add("A3")
    builder.rows.pop()
    found = survey_mnms(builder.sheet())
    assert [(item.subject, item.split, item.reason) for item in found.left_out] == [
        ("A3", "train", "has a folder in Training/Labeled, but no row in the sheet")
    ]
    assert not found.faults and len(found.cases) == 4


@pytest.mark.parametrize(("noise", "whole"), [(1e-4, True), (0.04, False)])
def test_labels_that_are_nearly_whole_are_rounded_and_others_refused(
    builder, refusal, noise, whole
):
    builder.add("A1").add("B1", vendor="B").sheet()
    label = np.asarray(nib.load(builder.path("A1", "_gt")).dataobj)
    builder.save("A1", "_gt", (label * (1 - noise / 3)).astype(np.float32))
    case = read_mnms(builder.root)[0]
    if whole:
        np.testing.assert_array_equal(case.read("ED")[1].data, label[..., 0])
    else:
        assert "holds the label 2.96" in refusal(lambda: case.read("ED"))


@pytest.mark.parametrize("axes", [(2, 0, 1, 3), (0, 2, 1, 3)])
def test_slices_come_third_whatever_their_place_in_the_file(builder, axes):
    turned = np.array(
        [[0.1, -2.3, 1.1, 5], [2.4, 0.2, 1.3, -8], [0.2, 0.3, 11.9, 3], [0, 0, 0, 1.0]]
    )  # oblique, not orthonormal
    builder.add("A1", affine=turned).add("B1", vendor="B").sheet()
    expected = read_mnms(builder.root)[0].read("ED")
    for end in ("", "_gt"):
        data = np.asarray(nib.load(builder.path("A1", end)).dataobj).transpose(axes)
        builder.save("A1", end, data, turned[:, [*axes[:3], 3]])
    for found, wanted in zip(read_mnms(builder.root)[0].read("ED"), expected, strict=True):
        np.testing.assert_array_equal(found.data, wanted.data)
        np.testing.assert_allclose(found.affine, wanted.affine, atol=1e-5)


def test_only_the_asked_phase_is_held_in_memory(builder):
    shape = (96, 80, 10, 25)
    builder.add("A1", shape=shape).add("B1", vendor="B", shape=SHAPE)
    case = read_mnms(builder.sheet())[0]
    case.read("ED")
    tracemalloc.start()
    case.read("ES")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < np.prod(
        shape
    )  # bytes: the 4D file unpacked has twice as many for the image alone
