"""The ACDC challenge's folder, read as it is: patients of one hospital, imaged on Siemens scanners,
so all of vendor A."""

import re
from pathlib import Path

from ..data import PHASES, Sim2RealError, refuse
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
from .layout import ACDC_PARTS, PATIENT, acdc_parts, is_acdc, patients, refuse_folder
from .sheet import decoded

VENDOR = "A"
_PREFIX = "acdc-"  # before the patient's folder name, so that no code of M&Ms is met


def survey_acdc(root: Path | str) -> Cohort:
    """All labelled patients as vendor A, ``training`` as train and ``testing`` as test, with every
    fault of files and headers.

    Patients without any label file (the first release of ``testing``) and patients whose label lies
    elsewhere than the image are left out. Raises Sim2RealError when there is no patient at all.
    """
    root = Path(root)
    refuse(
        not root.is_dir(),
        f"{root}: no such folder; acdc_root (of cohort or real_hearts) must name the folder of the"
        " ACDC data",
    )
    if not is_acdc(root):
        refuse_folder(
            root,
            f"{root}: holds neither training/patientNNN nor testing/patientNNN",
            "expected ACDC's own folders",
        )
    cohort, part_of = Cohort(), {}
    for part in acdc_parts(root):
        split = ACDC_PARTS[part]
        for folder in _patients(root / part, cohort):
            other = part_of.setdefault(folder.name, part)
            if other == part:
                cohort.add(_patient(folder, split, root))
            else:
                cohort.add([f"{folder}: this patient lies in {other}, too; keep one"])
    cohort.notes.extend(spacing_notes(cohort.cases))
    return cohort


def _patients(part: Path, cohort: Cohort) -> list[Path]:
    """The patients' folders, their lack added to the cohort's faults: half of one is not read
    silently."""
    try:
        folders = patients(part)
        refuse(not folders, f"{part}: holds no folder patientNNN; copy some there or remove it")
    except Sim2RealError as error:
        cohort.add([str(error)])
        return []
    return folders


def _patient(folder: Path, split: str, root: Path) -> Case | LeftOut | list[str]:
    """The patient's case, why it is left out, or what is wrong with it."""
    path, subject = folder / "Info.cfg", _PREFIX + folder.name
    if not PATIENT.fullmatch(folder.name):
        return LeftOut(subject, VENDOR, split, "its folder is not named patientNNN")
    try:
        info = _info(path, root)
        numbers = [_frame_number(info, phase, path) for phase in PHASES]
    except Sim2RealError as error:
        return [str(error)]
    if numbers[0] == numbers[1]:
        return [f"{path}: has frame {numbers[0]} for ED and for ES; expected two frames"]
    names = [f"{folder.name}_frame{number:02d}" for number in numbers]
    ed, es = (Frame(nifti_of(folder, name), nifti_of(folder, f"{name}_gt")) for name in names)
    if all(f.image.exists() and not f.label.exists() for f in (ed, es)):
        return LeftOut(subject, VENDOR, split, "has no label")
    if faults := header_faults(ed, root, 3) + header_faults(es, root, 3):
        return faults
    if reason := displacement_reason(ed) or displacement_reason(es):
        return LeftOut(subject, VENDOR, split, reason)
    return Case(subject, VENDOR, split, info.get("group", ""), "", ed, es)


def _info(path: Path, root: Path) -> dict[str, str]:
    """``Info.cfg``, lines such as ``ED: 1`` or ``ed = "1"``, as text by name in small letters."""
    try:
        inside(path, root)
        lines = decoded(path.read_bytes()).splitlines()
    except OSError as error:
        raise Sim2RealError(
            f"{path}: cannot be read ({error.strerror or error}); expected the patient's file that"
            " names the frames of ED and ES"
        ) from None
    except UnicodeDecodeError as error:
        raise Sim2RealError(
            f"{path}: cannot be read ({error}); copy the patient's folder again"
        ) from None
    pairs = (re.split("[:=]", line, maxsplit=1) for line in lines if re.search("[:=]", line))
    return {name.strip().lower(): value.strip(" \t\"'") for name, value in pairs}


def _frame_number(info: dict[str, str], phase: str, path: Path) -> int:
    name = phase.lower()
    refuse(
        name not in info, f"{path}: has no line '{phase}: ...'; expected the number of its frame"
    )
    text = info[name]
    last = int(info["nbframe"]) if info.get("nbframe", "").isdecimal() else 999
    refuse(
        not (text.isascii() and text.isdecimal() and 1 <= int(text) <= last),
        f"{path}: has {phase} frame '{text}'; expected a whole number from 1 to NbFrame",
    )
    return int(text)
