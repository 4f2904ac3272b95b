"""The M&Ms challenge's folder, read as it is."""

from collections import Counter
from pathlib import Path

from ..data.errors import Sim2RealError
from ..data.images import open_image
from .cases import Case, Cohort, Frame, LeftOut, displacement_reason, header_faults, inside
from .sheet import is_date, read_sheet, same_number, whole_number

_SHEETS = (
    "211230_M&Ms_Dataset_information_diagnosis_opendataset",
    "201207_M&Ms Dataset information - diagnosis - opendataset",
)
_LABELLED = {"Training/Labeled": "train", "Validation": "validation", "Testing": "test"}
_UNLABELLED = "Training/Unlabeled"
_COLUMNS = ("External code", "Vendor", "ED", "ES")
_VENDOR_NAMES = {"siemens": "A", "philips": "B", "ge": "C", "canon": "D"}


def is_mnms(root: Path) -> bool:
    """Whether a folder holds the challenge's sheet or one of its folders."""
    return _sheet_path(root) is not None or any(
        (root / name).is_dir() for name in (*_LABELLED, _UNLABELLED)
    )


def read_mnms(root: Path | str) -> list[Case]:
    """All labelled subjects of vendors A and B in the challenge's layout, in the sheet's order.

    Raises Sim2RealError, naming file and fault, for the first subject that cannot be used (and says
    how many there are), and for a vendor without any subject.
    """
    return survey_mnms(root).sound(root).cases


def survey_mnms(root: Path | str, vendors: tuple[str, ...] = ("A", "B")) -> Cohort:
    """The same of ``vendors`` (none named: of any vendor) with every fault that sheet and headers
    show, and with the subjects left out.

    A listed subject without a folder is left out where the others make a whole release, a training
    and a test subject of each vendor: the challenge has released 375 and 345 subjects. Elsewhere it
    is a fault. Folders without a row and labels that lie elsewhere than their image are left out.
    Raises Sim2RealError when there is no folder or no sheet to go by.
    """
    root = Path(root)
    sheet = _require_sheet(root)
    rows = read_sheet(sheet, _COLUMNS)
    folders, faults = _folders(root)
    found = Cohort(faults=faults)
    named = {row["External code"] for row in rows}
    absent = []
    for row in _asked_rows(found, rows, vendors, sheet):
        code = _folder_of(row["External code"], folders, named)
        parts = folders.get(code, [])
        if not parts:
            absent.append((code, row["Vendor"]))
        elif len(parts) > 1:
            found.faults.append(
                f"{sheet}: subject {code} has a folder in {' and in '.join(parts)}; keep one"
            )
        elif parts[0] != _UNLABELLED:
            _add(found, root, parts[0], code, row, sheet)
    _account_for_unlisted(found, folders, {_folder_of(code, folders, named) for code in named})
    _account_for_absent(found, absent, vendors, sheet)
    _require_vendors(found, rows, vendors, sheet)
    return found


def _sheet_path(root: Path) -> Path | None:
    paths = [root / (name + suffix) for name in _SHEETS for suffix in (".csv", ".xlsx")]
    return next((path for path in paths if path.exists()), None)


def _require_sheet(root: Path) -> Path:
    if not root.is_dir():
        raise Sim2RealError(
            f"{root}: no such folder; cohort.mnms_root must name the folder of the M&Ms data"
        )
    path = _sheet_path(root)
    if path is None:
        raise Sim2RealError(
            f"{root}: holds no {_SHEETS[0]}.csv (nor the older sheet); copy the challenge's CSV"
            " into this folder"
        )
    inside(path, root)
    return path


def _folders(root: Path) -> tuple[dict[str, list[str]], list[str]]:
    """({code: the parts of the release that hold a folder of it}, faults)."""
    folders, faults = {}, []
    for part in (*_LABELLED, _UNLABELLED):
        try:
            if not (root / part).exists():
                continue
            inside(root / part, root)
            for path in sorted((root / part).iterdir()):
                if path.is_dir() and not path.name.startswith("."):
                    folders.setdefault(path.name, []).append(part)
        except Sim2RealError as error:
            faults.append(str(error))
        except OSError as error:
            faults.append(
                f"{root / part}: cannot be listed ({error.strerror}); expected a folder of subjects"
            )
    return folders, faults


def _asked_rows(
    found: Cohort, rows: list[dict[str, str]], vendors: tuple[str, ...], sheet: Path
) -> list[dict[str, str]]:
    """Sound rows of ``vendors``, the letter in capitals; faults and the count of other vendors go
    into ``found``."""
    named, problems, elsewhere, asked = (
        Counter(row["External code"] for row in rows),
        {},
        Counter(),
        [],
    )
    for row in rows:
        row = {**row, "Vendor": row["Vendor"].upper()}
        problem = _row_problem(row, named, any_vendor=not vendors)
        if problem:
            problems[f"{sheet}: {problem}"] = None  # a code that stands twice is told once
        elif vendors and row["Vendor"] not in vendors:
            elsewhere[row["Vendor"]] += 1
        else:
            asked.append(row)
    found.faults.extend(problems)
    if elsewhere:
        found.notes.append(
            "of other vendors, not read: "
            + ", ".join(f"{vendor} {n}" for vendor, n in sorted(elsewhere.items()))
        )
    return asked


def _row_problem(row: dict[str, str], named: Counter, any_vendor: bool) -> str:
    code, vendor = row["External code"], row["Vendor"]
    if is_date(code):
        return (
            f"line {row['line']} has the date '{code}' for a code, which Excel made of it; write"
            " the code as text"
        )
    if not code or Path(code).name != code or code.startswith(".") or "\\" in code:
        return (
            f"line {row['line']}: '{code}' is no subject's code; expected letters and digits, no"
            " path"
        )
    if named[code] > 1:
        return f"subject {code} stands in it twice; keep one row"
    if not any_vendor and vendor not in _VENDOR_NAMES.values():
        return f"subject {code} has vendor '{row['Vendor']}'; expected A, B, C or D"
    meant = _VENDOR_NAMES.get(row.get("VendorName", "").split(" ")[0].lower(), vendor)
    if meant != vendor:
        return (
            f"subject {code} has vendor {vendor} and vendor name '{row['VendorName']}', which is"
            f" vendor {meant}; mend one"
        )
    return ""


def _folder_of(code: str, folders: dict[str, list[str]], named: set[str]) -> str:
    """The code of the folder that a row means: its own, or the only one that a spreadsheet would
    have turned into it."""
    if code in folders:
        return code
    meant = [name for name in same_number(code, list(folders)) if name not in named]
    return meant[0] if len(meant) == 1 else code


def _add(found: Cohort, root: Path, part: str, code: str, row: dict[str, str], sheet: Path) -> None:
    """The subject's case, or what is wrong with it, into ``found``."""
    image, label = (root / part / code / f"{code}_sa{end}.nii.gz" for end in ("", "_gt"))
    faults = header_faults(Frame(image, label), root, 4)
    indices = {}
    for phase in ("ED", "ES"):
        try:
            indices[phase] = whole_number(row[phase])
        except ValueError:
            faults.append(
                f"{sheet}: subject {code} has {phase} index '{row[phase]}'; expected a whole number"
                " from 0"
            )
    if not any(fault.startswith(f"{image}: ") for fault in faults):
        phases = open_image(image).shape[3]
        faults += [
            f"{sheet}: subject {code} has {phase} index {index}, but {image.name} has {phases}"
            " phases, counted from 0"
            for phase, index in indices.items()
            if not 0 <= index < phases
        ]
    if len(indices) == 2 and indices["ED"] == indices["ES"]:
        faults.append(
            f"{sheet}: subject {code} has index {indices['ED']} for ED and for ES; expected two"
            " phases"
        )
    found.faults.extend(faults)
    if faults:
        return
    reason = displacement_reason(Frame(image, label))
    if reason:
        found.left_out.append(LeftOut(code, row["Vendor"], _LABELLED[part], reason))
        return
    frames = (Frame(image, label, indices[phase]) for phase in ("ED", "ES"))
    found.cases.append(
        Case(
            code,
            row["Vendor"],
            _LABELLED[part],
            row.get("Pathology", ""),
            row.get("Sex", ""),
            *frames,
        )
    )


def _account_for_absent(
    found: Cohort, absent: list[tuple[str, str]], vendors: tuple[str, ...], sheet: Path
) -> None:
    there = {(case.vendor, case.split) for case in found.cases}
    whole = bool(there) and all(
        (vendor, split) in there for vendor in vendors for split in ("train", "test")
    )
    for code, vendor in absent:
        if whole:
            found.left_out.append(
                LeftOut(code, vendor, "", "listed in the sheet, but without a folder")
            )
        else:
            found.faults.append(
                f"{sheet}: subject {code} is listed, but none of {', '.join(_LABELLED)} holds a"
                f" folder {code}; copy it there or remove the row"
            )


def _account_for_unlisted(found: Cohort, folders: dict[str, list[str]], listed: set[str]) -> None:
    for code, parts in sorted(folders.items()):
        if code not in listed and parts[0] != _UNLABELLED:
            found.left_out.append(
                LeftOut(
                    code,
                    "",
                    _LABELLED[parts[0]],
                    f"has a folder in {parts[0]}, but no row in the sheet",
                )
            )


def _require_vendors(
    found: Cohort, rows: list[dict[str, str]], vendors: tuple[str, ...], sheet: Path
) -> None:
    for vendor in vendors:
        explained = found.faults and any(row["Vendor"].upper() == vendor for row in rows)
        if not explained and not any(case.vendor == vendor for case in found.cases):
            wanted = " and of ".join(vendors)
            found.faults.append(
                f"{sheet}: no labelled subject of vendor {vendor} to use; expected one or more of"
                f" {wanted}"
            )
