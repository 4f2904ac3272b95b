"""Cohorts broken in one way each: a clear line that names the thing and the fault, no traceback,
nothing written."""

import gzip
import os
import shutil
import struct
import subprocess
import sys

import nibabel as nib
import numpy as np
import pytest

from sim2real.cohort import CohortParameters, check_cohort, prepare_real, read_mnms, survey_mnms
from sim2real.data import RunFolder, Sim2RealError

SHEET = "211230_M&Ms_Dataset_information_diagnosis_opendataset.csv"
SMALL = CohortParameters(grid_pixels=64, pixel_size_mm=2.0)


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


def cell(column, value, row=0):
    """The sheet with another value in one place; rows are A1, A2, B1, B2."""

    def change(b):
        b.rows[row][column] = value
        b.sheet()

    return change


def raw_sheet(content):
    return lambda b: (b.root / SHEET).write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )


def voxels(change, end="", **how):
    """A1's image, or label, with its voxels changed."""

    def act(b):
        path = b.path("A1", end)
        b.save("A1", end, change(np.asarray(nib.load(path).dataobj)), **how)

    return act


def header(end="", **fields):
    """A1's file with other values in its raw header, its voxels as they were: field to (offset,
    format, values)."""

    def act(b):
        path = b.path("A1", end)
        raw = bytearray(gzip.decompress(path.read_bytes()))
        for at, form, values in fields.values():
            struct.pack_into(form, raw, at, *values)
        path.write_bytes(gzip.compress(bytes(raw)))

    return act


def content(make, end=""):
    """A1's file with its bytes replaced."""

    def act(b):
        path = b.path("A1", end)
        path.write_bytes(make(path.read_bytes()))

    return act


def filled(index, value):
    def change(data):
        data = data.copy()
        data[index] = value
        return data

    return change


def link_out(name):
    """A1's file or folder moved out of the cohort, a link left in its place."""

    def act(b):
        path, outside = b.path("A1").parent / name, b.root.with_name(f"{b.root.name}-elsewhere")
        shutil.move(path, outside)
        path.symlink_to(outside)

    return act


def file_for_part(b):
    shutil.rmtree(b.root / "Testing")
    (b.root / "Testing").write_text("no folder")


def circle(name):
    """A link to itself in the place of what has this name in the cohort."""

    def put(b):
        path = b.root / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
        path.symlink_to(path.name)

    return put


DIM, DATATYPE, PIXDIM, QFORM, SROW = 40, 70, 76, 252, 280  # bytes from the start of a NIfTI header
HEADER = {
    # the sheet
    "no sheet": (lambda b: (b.root / SHEET).unlink(), "holds no 211230"),
    "empty sheet": (raw_sheet(""), f"{SHEET}: is empty"),
    "sheet of blanks": (raw_sheet("\n\n;;;\n"), "no column"),
    "sheet with only a header": (
        raw_sheet(",External code,Vendor,ED,ES\n"),
        "has column names and no row",
    ),
    "sheet of another project": (
        raw_sheet("name,age\nx,3\n"),
        "has no column 'External code', 'Vendor', 'ED', 'ES'",
    ),
    "sheet that is binary": (raw_sheet(bytes(range(256)) * 4), f"{SHEET}: "),
    "sheet with a row cut short": (
        raw_sheet(",External code,Vendor,ED,ES\n0,A1,A\n"),
        "line 2 has 3 values for 5 columns",
    ),
    "sheet with a separator too many": (
        raw_sheet(",External code,Vendor,ED,ES\n0,A1,A,0,2,9\n"),
        "line 2 has 6 values for 5",
    ),
    "sheet with a column twice": (
        raw_sheet(",External code,Vendor,ED,ES,ED\n0,A1,A,0,2,1\n"),
        "has two columns 'ED'",
    ),
    "sheet with an open quote": (
        raw_sheet(',External code,Vendor,ED,ES\n0,"A1,A,0,2\n'),
        "cannot be read as a table",
    ),
    "sheet that is a folder": (
        lambda b: ((b.root / SHEET).unlink(), (b.root / SHEET).mkdir()),
        f"{SHEET}: cannot be read",
    ),
    "sheet that is a link to itself": (circle(SHEET), f"{SHEET}: is a link to {SHEET}, which is"),
    "split that is a link to itself": (
        circle("Training/Labeled"),
        "Training/Labeled: is a link to Labeled, which is not there",
    ),
    # its rows
    "code that climbs": (cell("External code", "../../x"), "'../../x' is no subject's code"),
    "code that is an absolute path": (
        cell("External code", "/etc/passwd"),
        "'/etc/passwd' is no subject's code",
    ),
    "code that is the folder above": (cell("External code", ".."), "'..' is no subject's code"),
    "code with a backslash": (cell("External code", "A1\\x"), "is no subject's code"),
    "empty code": (cell("External code", ""), "'' is no subject's code"),
    "subject twice in the sheet": (
        lambda b: (b.rows.append(b.rows[0]), b.sheet()),
        "subject A1 stands in it twice",
    ),
    "unknown vendor": (cell("Vendor", "Z"), "subject A1 has vendor 'Z'; expected A, B, C or D"),
    "no vendor": (cell("Vendor", ""), "subject A1 has vendor ''"),
    "vendor and its name at odds": (
        cell("VendorName", "Philips Medical Systems"),
        "subject A1 has vendor A and vendor name 'Philips",
    ),
    **{
        f"ED '{value!s:.9}'": (cell("ED", value), f"subject A1 has ED index '{value!s:.9}")
        for value in ("", "NaN", "first", 0.5, "0,5", "inf", "-inf", "1e0", "9" * 400)
    },
    "ED negative": (cell("ED", -1), "subject A1 has ED index -1, but A1_sa.nii.gz has 3 phases"),
    "ED huge": (cell("ED", 10**12), "subject A1 has ED index 1000000000000"),
    "ES beyond the last": (
        cell("ES", 3),
        "subject A1 has ES index 3, but A1_sa.nii.gz has 3 phases",
    ),
    "ED and ES one phase": (cell("ES", 0), "subject A1 has index 0 for ED and for ES"),
    # files and folders
    "subject's folder missing": (
        lambda b: shutil.rmtree(b.path("A1").parent),
        "subject A1 is listed, but none of",
    ),
    "image missing": (lambda b: b.path("A1").unlink(), "A1_sa.nii.gz: no such file"),
    "label missing": (lambda b: b.path("A1", "_gt").unlink(), "A1_sa_gt.nii.gz: no such file"),
    "folder where the image should be": (
        lambda b: (b.path("A1").unlink(), b.path("A1").mkdir()),
        "A1_sa.nii.gz: is a folder",
    ),
    "subject in two folders": (
        lambda b: shutil.copytree(b.path("A1").parent, b.root / "Testing/A1"),
        "subject A1 has a folder in Training/Labeled and in Testing",
    ),
    "link that leads out": (link_out("A1_sa.nii.gz"), "A1_sa.nii.gz: is a link that leads out"),
    "folder's link that leads out": (link_out(""), "A1_sa.nii.gz: is a link that leads out"),
    "file where a part should be": (file_for_part, "Testing: cannot be listed (Not a directory)"),
    "zero bytes": (content(lambda raw: b""), "A1_sa.nii.gz: not a readable NIfTI"),
    "no gzip at all": (content(lambda raw: b"hello" * 400), "A1_sa.nii.gz: not a readable NIfTI"),
    "gzip of garbage": (
        content(lambda raw: gzip.compress(b"x" * 5000)),
        "A1_sa.nii.gz: not a readable NIfTI",
    ),
    "gzip of nothing": (
        content(lambda raw: gzip.compress(b"")),
        "A1_sa.nii.gz: not a readable NIfTI",
    ),
    "gzip cut within the header": (
        content(lambda raw: raw[:40]),
        "A1_sa.nii.gz: cut short or damaged",
    ),
    "label of zero bytes": (
        content(lambda raw: b"", "_gt"),
        "A1_sa_gt.nii.gz: not a readable NIfTI",
    ),
    # headers
    "label with five dimensions": (
        voxels(lambda d: d[..., None].repeat(2, axis=4), "_gt"),
        "A1_sa_gt.nii.gz: has shape (60, 51, 6, 3, 2)",
    ),
    "image with two dimensions": (
        voxels(lambda d: d[:, :, 0, 0]),
        "A1_sa.nii.gz: has shape (60, 51)",
    ),
    "image without phases": (
        voxels(lambda d: d[..., 0]),
        "A1_sa.nii.gz: has shape (60, 51, 6); expected 4",
    ),
    "label with its axes exchanged": (
        voxels(lambda d: d.transpose(1, 0, 2, 3), "_gt"),
        "_gt.nii.gz: shape (51, 60, 6, 3) differs",
    ),
    "label with a slice less": (
        voxels(lambda d: d[:, :, 1:], "_gt"),
        "A1_sa_gt.nii.gz: shape (60, 51, 5, 3) differs",
    ),
    "label with a phase less": (
        voxels(lambda d: d[..., 1:], "_gt"),
        "A1_sa_gt.nii.gz: shape (60, 51, 6, 2) differs",
    ),
    "complex image": (
        voxels(lambda d: d.astype(np.complex64)),
        "A1_sa.nii.gz: holds voxels of type complex64",
    ),
    "coloured label": (
        header("_gt", kind=(DATATYPE, "<hh", (128, 24))),
        "A1_sa_gt.nii.gz: holds voxels of type",
    ),
    "unknown type of voxels": (
        header(kind=(DATATYPE, "<hh", (77, 24))),
        "A1_sa.nii.gz: not a readable NIfTI",
    ),
    "affine with NaN": (
        header(row=(SROW, "<ffff", (np.nan, 0, 0, 0))),
        "A1_sa.nii.gz: its affine has no inverse",
    ),
    "affine flat": (
        header(row=(SROW, "<ffff", (0, 0, 0, 0))),
        "A1_sa.nii.gz: its affine has no inverse",
    ),
    "voxels of no size": (
        header(codes=(QFORM, "<hh", (0, 0)), size=(PIXDIM + 4, "<fff", (0, 0, 0))),
        "A1_sa.nii.gz: its voxels have no size",
    ),
    "header with a negative size": (
        header(dim=(DIM, "<hhhhh", (4, -60, 51, 6, 3))),
        "A1_sa.nii.gz: ",
    ),
    "header with a size of nought": (
        header(dim=(DIM, "<hhhhh", (4, 0, 51, 6, 3))),
        "A1_sa.nii.gz: ",
    ),
    "header that claims two phases more": (
        header(dim=(DIM, "<hhhhh", (4, 60, 51, 6, 5))),
        "_gt.nii.gz: shape (60, 51, 6, 3) differs",
    ),
    "header that claims the impossible": (
        header(dim=(DIM, "<hhhhh", (4, 32000, 32000, 32000, 3))),
        "A1_sa.nii.gz: its header claims",
    ),
    "header that claims a hundred dimensions": (
        header(dim=(DIM, "<h", (100,))),
        "A1_sa.nii.gz: not a readable NIfTI",
    ),
}
CONTENT = {
    "image cut short": (
        content(lambda raw: raw[: len(raw) // 2]),
        "A1_sa.nii.gz: cut short or damaged",
    ),
    "label cut short": (
        content(lambda raw: raw[:-60], "_gt"),
        "A1_sa_gt.nii.gz: cut short or damaged",
    ),
    "gzip of half a file": (
        content(lambda raw: gzip.compress(gzip.decompress(raw)[:4000])),
        "A1_sa.nii.gz: holds 4,000 bytes, its header",
    ),
    "both headers claim more": (
        lambda b: [header(end, dim=(DIM, "<hhhhh", (4, 60, 51, 6, 5)))(b) for end in ("", "_gt")],
        "A1_sa.nii.gz: holds 110,512 bytes, its header claims 183,952",
    ),
    "both headers claim less": (
        lambda b: [header(end, dim=(DIM, "<hhhhh", (4, 60, 50, 6, 3)))(b) for end in ("", "_gt")],
        "A1_sa.nii.gz: holds more than 108,352 bytes",
    ),
    "NaN in the image": (
        voxels(lambda d: filled((3, 4, 2, 2), np.nan)(d.astype(np.float32))),
        "A1_sa.nii.gz: holds NaN",
    ),
    "infinity in the label": (
        voxels(lambda d: filled((3, 4, 2, 0), np.inf)(d.astype(np.float32)), "_gt"),
        "A1_sa_gt.nii.gz: holds NaN",
    ),
    "label 4": (voxels(filled((3, 4, 2, 0), 4), "_gt"), "A1_sa_gt.nii.gz: holds the label 4 at ED"),
    "label -1": (
        voxels(lambda d: filled((3, 4, 2, 2), -1)(d.astype(np.int16)), "_gt"),
        "holds the label -1 at ES",
    ),
    "label 300": (
        voxels(lambda d: filled((3, 4, 2, 2), 300)(d.astype(np.int16)), "_gt"),
        "holds the label 300 at ES",
    ),
    "interpolated label": (
        voxels(lambda d: filled((3, 4, 2, 2), 0.5)(d.astype(np.float32)), "_gt"),
        "holds the label 0.5 at ES",
    ),
    "constant image": (
        voxels(lambda d: np.full_like(d, 7)),
        "A1_sa.nii.gz: holds 7 in every voxel of phase 0",
    ),
}
LEFT_OUT = {
    "label empty at ED": (
        voxels(filled((..., 0), 0), "_gt"),
        "the label at ED holds nothing; 0 neighbouring slices",
    ),
    "label empty at ES": (voxels(filled((..., 2), 0), "_gt"), "the label at ES holds nothing"),
    "label empty": (
        voxels(np.zeros_like, "_gt"),
        "the label at ED holds nothing; the label at ES holds nothing",
    ),
    "label without RV": (
        voxels(lambda d: np.where(d == 3, 0, d), "_gt"),
        "the label at ED holds no RV",
    ),
    "three slices": (
        voxels(filled((slice(None), slice(None), 1), 0), "_gt"),
        "3 neighbouring slices hold LV, MYO and RV",
    ),
    "slices with a gap": (
        voxels(filled((slice(None), slice(None), 3), 0), "_gt"),
        "2 neighbouring slices hold LV, MYO and RV",
    ),
    "label with another affine": (
        lambda b: voxels(lambda d: d, "_gt", affine=np.diag([7.3 / 3, -7.4 / 3, 12, 1]))(b),
        "puts the label up to 246.7 mm",
    ),
}


def files_under(root):
    return sorted(
        (str(path), path.lstat().st_mtime_ns, path.lstat().st_size) for path in root.rglob("*")
    )


def lines_of(root) -> list[str]:
    """Everything the check tells, the fault that ends it included; nothing may be written."""
    before = files_under(root)
    try:
        report = check_cohort(root)
        lines = [line for line in report.lines() if line.startswith(("error: ", "left out: "))]
        assert report.usable == (
            not any(line.startswith("error: ") for line in lines) and "no run" not in report.verdict
        )
    except Sim2RealError as error:
        lines = [f"error: {error}"]
    assert files_under(root) == before
    assert all("\n" not in line and "Traceback" not in line for line in lines)
    return lines


def test_the_cohort_before_it_is_broken_is_sound(builder):
    report = check_cohort(builder.whole().sheet())
    assert report.usable and (report.cohort.faults, report.cohort.left_out, report.doubts) == (
        [],
        [],
        [],
    )


@pytest.mark.parametrize(("break_it", "told"), HEADER.values(), ids=HEADER)
def test_what_sheet_and_headers_show(builder, refusal, break_it, told):
    builder.whole().sheet()
    break_it(builder)
    assert told in refusal(lambda: read_mnms(builder.root))
    lines = lines_of(builder.root)
    assert any(told in line and line.startswith("error: ") for line in lines), lines


@pytest.mark.parametrize(("break_it", "told"), CONTENT.values(), ids=CONTENT)
def test_what_only_the_voxels_show(builder, break_it, told):
    builder.whole().add("A3").sheet()
    break_it(builder)
    lines = lines_of(builder.root)
    assert sum(line.startswith("error: ") for line in lines) and any(
        told in line for line in lines
    ), lines


@pytest.mark.parametrize(("break_it", "told"), LEFT_OUT.values(), ids=LEFT_OUT)
def test_subjects_that_cannot_be_used_are_left_out_by_name(builder, break_it, told):
    builder.whole().add("A3").sheet()
    break_it(builder)
    lines = lines_of(builder.root)
    assert (
        len(lines) == 1 and lines[0].startswith("left out: A1 (A, train): ") and told in lines[0]
    ), lines


@pytest.mark.parametrize(
    "name",
    ["image cut short", "NaN in the image", "label 4", "interpolated label", "constant image"],
)
def test_a_run_stops_at_broken_voxels_and_leaves_nothing_half_written(
    builder, refusal, tmp_path_factory, name
):
    run = tmp_path_factory.mktemp("run")
    builder.whole().sheet()
    CONTENT[name][0](builder)
    told = refusal(lambda: prepare_real(RunFolder(run), survey_mnms(builder.root), SMALL))
    assert "A1_sa" in told
    written = {path.name for path in run.rglob("*.nii.gz")}
    assert (
        not {name for name in written if name.startswith((".", "A1"))}
        and not (run / "03_real_cohort/left_out.csv").exists()
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_file_that_may_not_be_read(builder, refusal):
    builder.whole().sheet()
    builder.path("A1").chmod(0)
    assert "A1_sa.nii.gz: may not be opened" in refusal(lambda: read_mnms(builder.root))
    folder = builder.path("B1").parent
    folder.chmod(0)
    assert any(
        "B1_sa.nii.gz: cannot be read (Permission denied)" in line
        for line in lines_of(builder.root)
    )
    folder.chmod(0o700)


def test_every_fault_is_listed_and_the_first_is_told_with_their_number(builder, refusal):
    builder.whole()
    builder.rows[0]["ED"], builder.rows[1]["ES"] = 9, -4
    root = builder.sheet()
    content(lambda raw: b"", "_gt")(builder)
    builder.save("B1", "_gt", np.full((60, 51, 6, 3), 9, np.uint8))
    lines = lines_of(root)
    for told in (
        "A1_sa_gt.nii.gz: not a readable",
        "subject A1 has ED index 9",
        "subject A2 has ES index -4",
        "B1_sa_gt.nii.gz: holds the label 9 at ED",
        "B1_sa_gt.nii.gz: holds the label 9 at ES",
    ):
        assert sum(told in line for line in lines) == 1, lines
    assert refusal(lambda: read_mnms(root)).endswith(
        f"(and 2 more faults: 'sim2real cohort check {root}' lists them)"
    )


def on_the_command_line(root):
    command = [sys.executable, "-m", "sim2real.paper.cli", "cohort", "check", root]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "SIM2REAL_CORES": "1"}
    )


@pytest.mark.parametrize(
    "name",
    [
        "code that climbs",
        "sheet with only a header",
        "header that claims the impossible",
        "label 4",
        "zero bytes",
    ],
)
def test_on_the_command_line(builder, name):
    builder.whole().sheet()
    break_it, told = (HEADER | CONTENT)[name]
    break_it(builder)
    before = files_under(builder.root)
    result = on_the_command_line(builder.root)
    assert (
        result.returncode == 1
        and "Traceback" not in result.stderr
        and told in result.stdout + result.stderr
    )
    assert files_under(builder.root) == before


def test_sound_cohort_on_the_command_line(builder):
    result = on_the_command_line(builder.whole().sheet())
    assert result.returncode == 0 and "cohort check" in result.stderr  # progress
    assert (
        result.stdout.splitlines()[-1]
        == "4 subjects to use, 0 left out, 0 errors, 0 doubts: a run can be done"
    )


def test_a_name_that_the_terminal_cannot_spell_is_printed_all_the_same(builder):
    builder.whole().sheet()
    (builder.root / "Testing" / os.fsdecode(b"M\xfcller")).mkdir()
    result = on_the_command_line(builder.root)
    assert result.returncode == 0 and "left out: M\\udcfcller (test)" in result.stdout
