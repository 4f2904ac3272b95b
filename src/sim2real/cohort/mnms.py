"""The M&Ms challenge's folder, read as it is."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

from ..data import PHASES, Sim2RealError, open_stack, refuse
from .cases import (
    Case,
    Cohort,
    Frame,
    LeftOut,
    displacement_reason,
    header_faults,
    inside,
    nifti_of,
    spacing_notes,
)
from .layout import COLUMNS, LABELLED, MORE_COLUMNS, UNLABELLED, mnms_parts, mnms_sheet, subjects
from .sheet import read_sheet, whole_number

_VENDOR_NAMES = {"siemens": "A", "philips": "B", "ge": "C", "canon": "D"}


def read_mnms(root: Path | str) -> list[Case]:
    """All labelled subjects of vendors A and B in the challenge's layout, in the sheet's order.

    Args:
        root: the folder that holds the challenge's sheet and its folders.

    Raises:
        Sim2RealError: naming file and fault, for the first subject that cannot be used (and how
            many there are), and for a vendor without any subject.
    """
    return survey_mnms(root).sound(root).cases


def survey_mnms(root: Path | str, vendors: tuple[str, ...] = ("A", "B")) -> Cohort:
    """The subjects with every fault that sheet and headers show, and with those left out.

    A listed subject without a folder is left out where the others make a whole release, a training
    and a test subject of each vendor: the challenge has released 375 and 345 subjects. Elsewhere it
    is a fault. Folders without a row and labels that lie elsewhere than their image are left out.

    Args:
        root: as in ``read_mnms``.
        vendors: those to read; empty: any.

    Raises:
        Sim2RealError: when there is no folder or no sheet to go by.
    """
    root = Path(root)
    refuse(
        not root.is_dir(),
        f"{root}: no such folder; mnms_root (of cohort or real_hearts) must name the folder of the"
        " M&Ms data",
    )
    sheet = mnms_sheet(root)
    inside(sheet, root)
    listed = read_sheet(sheet, COLUMNS, MORE_COLUMNS)
    rows = [{**row, "Vendor": row["Vendor"].upper()} for row in listed]
    n_rows = Counter(row["External code"] for row in rows)
    folders, faults = _folders(root)
    cohort, absent, other_vendors = Cohort(faults=faults), [], Counter()
    for row in rows:
        code, vendor = row["External code"], row["Vendor"]
        parts = folders.get(code, [])
        if problem := _row_problem(row, n_rows, parts, known_vendors=bool(vendors)):
            cohort.faults.append(f"{sheet}: {problem}")
        elif vendors and vendor not in vendors:
            other_vendors[vendor] += 1
        elif not parts:
            absent.append(LeftOut(code, vendor, "", "listed in the sheet, but without a folder"))
        elif parts[0] != UNLABELLED:
            cohort.add(_subject(root, parts[0], code, row, sheet))
    for code in sorted(folders.keys() - n_rows.keys()):
        part = folders[code][0]
        if part != UNLABELLED:
            reason = f"has a folder in {part}, but no row in the sheet"
            cohort.add(LeftOut(code, "", LABELLED[part], reason))
    if other_vendors:
        counts = ", ".join(f"{vendor} {n}" for vendor, n in sorted(other_vendors.items()))
        cohort.notes.append(f"of other vendors, not read: {counts}")
    _account_for_absent(cohort, absent, rows, vendors, sheet)
    cohort.notes.extend(spacing_notes(cohort.cases))
    # a code that stands twice is named once
    return replace(cohort, faults=list(dict.fromkeys(cohort.faults)))


def _account_for_absent(
    cohort: Cohort, absent: list[LeftOut], rows: list[dict], vendors: tuple[str, ...], sheet: Path
) -> None:
    """Subjects without a folder, and vendors without a subject, as left out or as faults."""
    present = {(case.vendor, case.split) for case in cohort.cases}
    if present and all((v, split) in present for v in vendors for split in ("train", "test")):
        cohort.left_out.extend(absent)
        return
    cohort.faults.extend(
        f"{sheet}: subject {item.subject} is listed, but none of {', '.join(LABELLED)} holds a"
        f" folder {item.subject}; copy it there or remove the row"
        for item in absent
    )
    for vendor in sorted(set(vendors) - {vendor for vendor, _ in present}):
        if not cohort.faults or all(row["Vendor"] != vendor for row in rows):
            cohort.faults.append(
                f"{sheet}: no labelled subject of vendor {vendor} to use; expected one or more of"
                f" {' and of '.join(vendors)}"
            )


def _folders(root: Path) -> tuple[dict[str, list[str]], list[str]]:
    """({code: the parts of the release that hold a folder of it}, faults)."""
    folders, faults = {}, []
    for part in mnms_parts(root):
        try:
            inside(root / part, root)
            for path in subjects(root / part):
                folders.setdefault(path.name, []).append(part)
        except Sim2RealError as error:
            faults.append(str(error))
    return folders, faults


def _row_problem(
    row: dict[str, str], n_rows: Counter, parts: list[str], known_vendors: bool
) -> str:
    """What is wrong with a row, or ""; parts: those of the release that hold a folder of it."""
    code, vendor = row["External code"], row["Vendor"]
    if not code or Path(code).name != code or code.startswith(".") or "\\" in code:
        return (
            f"line {row['line']}: '{code}' is no subject's code; expected letters and digits, no"
            " path"
        )
    if n_rows[code] > 1:
        return f"subject {code} stands in it twice; keep one row"
    if known_vendors and vendor not in _VENDOR_NAMES.values():
        return f"subject {code} has vendor '{vendor}'; expected A, B, C or D"
    by_name = _VENDOR_NAMES.get(row.get("VendorName", "").split(" ")[0].lower(), vendor)
    if by_name != vendor:
        return (
            f"subject {code} has vendor {vendor} and vendor name '{row['VendorName']}', which is"
            f" vendor {by_name}; mend one"
        )
    if len(parts) > 1:
        return f"subject {code} has a folder in {' and in '.join(parts)}; keep one"
    return ""


def _subject(
    root: Path, part: str, code: str, row: dict[str, str], sheet: Path
) -> Case | LeftOut | list[str]:
    """The subject's case, why it is left out, or what is wrong with it."""
    image, label = (nifti_of(root / part / code, f"{code}_sa{end}") for end in ("", "_gt"))
    faults = header_faults(Frame(image, label), root, 4)
    image_is_sound = not any(fault.startswith(f"{image}: ") for fault in faults)
    n_phases = open_stack(image).shape[3] if image_is_sound else None
    indices = {}
    for phase in PHASES:
        try:
            index = indices[phase] = whole_number(row[phase])
        except ValueError:
            faults.append(
                f"{sheet}: subject {code} has {phase} index '{row[phase]}'; expected a whole number"
                " from 0"
            )
            continue
        if n_phases is not None and not 0 <= index < n_phases:
            faults.append(
                f"{sheet}: subject {code} has {phase} index {index}, but {image.name} has"
                f" {n_phases} phases, counted from 0"
            )
    if len(indices) == 2 and indices["ED"] == indices["ES"]:
        faults.append(
            f"{sheet}: subject {code} has index {indices['ED']} for ED and for ES; expected two"
            " phases"
        )
    if faults:
        return faults
    vendor, split = row["Vendor"], LABELLED[part]
    if reason := displacement_reason(Frame(image, label)):
        return LeftOut(code, vendor, split, reason)
    frames = (Frame(image, label, indices[phase]) for phase in PHASES)
    return Case(code, vendor, split, row.get("Pathology", ""), row.get("Sex", ""), *frames)
