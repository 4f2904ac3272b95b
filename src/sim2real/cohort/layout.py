"""What a folder of real images is: M&Ms or ACDC, by its listing and the columns of its sheet, or a
folder above or below one."""

import os
import re
from itertools import chain
from pathlib import Path

from ..data import Sim2RealError, entries, refuse, require_fetched, stem
from .sheet import has_columns, read_sheet, whole_number

PREFERRED = tuple(
    name + suffix
    for name in (
        "211230_M&Ms_Dataset_information_diagnosis_opendataset",
        "201207_M&Ms Dataset information - diagnosis - opendataset",
    )
    for suffix in (".csv", ".xlsx")
)
"""The challenge's own names of its sheet, the newest first."""
COLUMNS = ("External code", "Vendor", "ED", "ES")
MORE_COLUMNS = ("VendorName", "Pathology", "Sex")
_MNMS2_COLUMNS = ("SUBJECT_CODE", "DISEASE", "VENDOR")
LABELLED = {"Training/Labeled": "train", "Validation": "validation", "Testing": "test"}
UNLABELLED = "Training/Unlabeled"
ACDC_PARTS = {"training": "train", "testing": "test"}
PATIENT = re.compile(r"patient\d+")
"""The name of a patient's folder."""
_LEVELS_ABOVE = 3  # of a subject's folder, Training/Labeled/<code>, below the right one


def is_mnms(root: Path) -> bool:
    """Whether a folder holds one of the challenge's folders, or its sheet under its own name."""
    return bool(mnms_parts(root)) or any(path.name in PREFERRED for path in _listed(root))


def is_acdc(root: Path) -> bool:
    """Whether a folder holds ACDC's ``training`` or ``testing`` with patients in it."""
    folders = (path for part in acdc_parts(root) for path in _listed(root / part))
    return any(PATIENT.fullmatch(path.name) for path in folders)


def mnms_parts(root: Path) -> list[str]:
    """The challenge's folders that are there."""
    return [part for part in (*LABELLED, UNLABELLED) if _is_listed(root, part)]


def acdc_parts(root: Path) -> list[str]:
    """Those of ``training`` and ``testing`` that are there."""
    return [part for part in ACDC_PARTS if _is_listed(root, part)]


def patients(folder: Path) -> list[Path]:
    """Folders named after a patient, and links that were to lead to some."""
    return [path for path in subjects(folder) if path.name.lower().startswith("patient")]


def subjects(folder: Path) -> list[Path]:
    """Folders, and links that lead nowhere, whose folders are missed. Raises Sim2RealError where
    they cannot be listed."""
    try:
        return [path for path in entries(folder) if path.is_dir() or not path.exists()]
    except OSError as error:
        raise Sim2RealError(
            f"{folder}: cannot be listed ({error.strerror}); expected a folder of subjects"
        ) from None


def mnms_sheet(root: Path) -> Path:
    """The sheet of an M&Ms folder: under the challenge's own name, or under any with its columns.

    Raises Sim2RealError where there is none, where two differ, and where the challenge's folders
    are not beside it.
    """
    found, parts = _sheets(root), mnms_parts(root)
    for path in [] if found else (*(root / name for name in PREFERRED), *_tables(root)):
        require_fetched(path)
    no_sheet = (
        f"{root}: holds no {PREFERRED[0]} nor another .csv or .xlsx with the columns"
        f" {', '.join(COLUMNS)}"
    )
    no_parts = f"{root}: holds a sheet, but none of {', '.join(LABELLED)}"
    if not parts:
        refuse_folder(root, no_parts if found else no_sheet, "expected the challenge's own folders")
    refuse(not found, f"{no_sheet}; copy the challenge's sheet into this folder")
    first, *others = found
    for other in others:
        refuse(
            _content(first) != _content(other),
            f"{first}: differs from {other}, which has the columns of M&Ms, too; expected one"
            " sheet: remove the other",
        )
    return first


def refuse_folder(root: Path, fault: str, otherwise: str) -> None:
    """Raise Sim2RealError for a folder that is not of the cohort that was asked for.

    Args:
        root: the folder.
        fault: what it lacks.
        otherwise: what to do where no folder above or below it can have been meant.
    """
    for folder in (root, root / "dataset"):
        refuse(
            _is_mnms2(folder),
            f"{root}: is of M&Ms-2 (columns {', '.join(_MNMS2_COLUMNS)}; 001_SA_ED.nii.gz),"
            " another layout, which is not read; expected M&Ms or ACDC",
        )
    meant = [f"{path} ({_kind(path)})" for path in _near(root)]
    if len(meant) > 1:
        otherwise = f"name one of {', '.join(meant)}, or put halves of a cohort into one folder"
    elif meant:
        otherwise = f"name {meant[0]}"
    refuse(True, f"{fault}; {otherwise}")


def _kind(folder: Path) -> str:
    """How a folder of a cohort is named to a run, "" for any other: a sheet by itself is none, nor
    is any folder with a ``Testing`` in it."""
    parts = mnms_parts(folder)
    if "Training/Labeled" in parts or parts and _sheets(folder):
        return "M&Ms: cohort.mnms_root"
    return "ACDC: cohort.acdc_root" if is_acdc(folder) else ""


def _near(root: Path) -> list[Path]:
    """Folders of a cohort: the folder itself, of the other kind, or the nearest above it, or all of
    the first level below it that has any."""
    root = Path(os.path.abspath(root))
    for path in (root, *root.parents[:_LEVELS_ABOVE]):
        if _kind(path):
            return [path]
    below = _listed(root)
    deeper = chain.from_iterable(map(_listed, below))
    return list(filter(_kind, below)) or list(filter(_kind, deeper))


def _is_listed(root: Path, part: str) -> bool:
    """Whether the listing has a path below ``root`` under exactly this name: a disk that ignores
    case would find ACDC's ``testing`` for M&Ms' ``Testing``."""
    path = root / part
    return path in _listed(path.parent) and (
        path.parent == root or _is_listed(root, str(Path(part).parent))
    )


def _listed(folder: Path) -> list[Path]:
    """What ``entries`` has, none of a file and of a folder that may not be listed."""
    try:
        return entries(folder)
    except OSError:
        return []


def _tables(root: Path) -> list[Path]:
    return [path for path in _listed(root) if path.suffix.lower() in (".csv", ".xlsx")]


def _sheets(root: Path) -> list[Path]:
    """Tables with the columns of M&Ms; where one has the challenge's own name, that alone."""
    tables = _tables(root)
    own = [root / name for name in PREFERRED if root / name in tables]
    return own[:1] or [path for path in tables if has_columns(path, COLUMNS)]


def _is_mnms2(folder: Path) -> bool:
    images = (file for path in _listed(folder) for file in _listed(path))
    return any(stem(path) == f"{path.parent.name}_SA_ED" for path in images) or any(
        has_columns(path, _MNMS2_COLUMNS) for path in _tables(folder)
    )


def _content(sheet: Path) -> list[tuple]:
    """What is read of a sheet, whatever the order of its rows and the way its numbers are kept."""
    names = (*COLUMNS, *MORE_COLUMNS)
    rows = read_sheet(sheet, COLUMNS, MORE_COLUMNS)
    return sorted(tuple(_plain(row.get(name, "")) for name in names) for row in rows)


def _plain(text: str) -> str:
    try:
        return str(whole_number(text))
    except ValueError:
        return text
