"""The ACDC challenge's folder, read as it is: patients of one hospital, imaged on Siemens scanners,
so all of vendor A."""

import re
from pathlib import Path

import numpy as np

from ..data import PHASES, Sim2RealError, refuse
from .cases import (
    Case,
    Cohort,
    Frame,
    LeftOut,
    displacement_reason,
    header_faults,
    inside,
    is_exchanged,
    refuse_exchanged,
    spacing_notes,
)

VENDOR = "A"
_PARTS = {"training": "train", "testing": "test"}
_OUR_LABELS = (0, 3, 2, 1)  # ACDC counts 1 RV, 2 MYO, 3 LV
_FRAME = re.compile(r"patient\d{3}_frame\d\d_gt\.nii(\.gz)?")  # the name of its labels
_PREFIX = "acdc-"  # before the patient's folder name, so that no code of M&Ms is met


def is_acdc(root: Path) -> bool:
    """Whether a folder holds ACDC's ``training`` or ``testing`` with patients in it."""
    return any(next((root / part).glob("patient*"), None) is not None for part in _PARTS)


def survey_acdc(root: Path | str) -> Cohort:
    """All labelled patients as vendor A, ``training`` as train and ``testing`` as test, with every
    fault of files and headers.

    Patients without any label file (the first release of ``testing``) and patients whose label lies
    elsewhere than the image are left out. Raises Sim2RealError when there is no patient at all.
    """
    root = Path(root)
    refuse(
        not root.is_dir(),
        f"{root}: no such folder; cohort.acdc_root must name the folder of the ACDC data",
    )
    refuse(
        not is_acdc(root),
        f"{root}: holds neither training/patient* nor testing/patient*; expected ACDC's own"
        " folders",
    )
    cohort, part_of = Cohort(), {}
    for part, split in _PARTS.items():
        for folder in sorted((root / part).glob("patient*")):
            other = part_of.setdefault(folder.name, part)
            if other == part:
                cohort.add(_patient(folder, split, root))
            else:
                cohort.add([f"{folder}: this patient lies in {other}, too; keep one"])
    cohort.notes.extend(spacing_notes(cohort.cases))
    return cohort


def numbered_as_ours(label: np.ndarray, path: Path) -> np.ndarray:
    """A label (x, y, slice) of a user's file with 1 LV, 2 MYO, 3 RV: of ACDC's, known by its name,
    LV and RV change their numbers. Raises Sim2RealError for other files with these exchanged."""
    if _FRAME.fullmatch(path.name) and is_exchanged(label):
        return np.array(_OUR_LABELS, np.uint8)[label]
    refuse_exchanged(label, path)
    return label


def _patient(folder: Path, split: str, root: Path) -> Case | LeftOut | list[str]:
    """The patient's case, why it is left out, or what is wrong with it."""
    path, name = folder / "Info.cfg", _PREFIX + folder.name
    try:
        info = _info(path, root)
        numbers = [_frame_number(info, phase, path) for phase in PHASES]
    except Sim2RealError as error:
        return [str(error)]
    if numbers[0] == numbers[1]:
        return [f"{path}: has frame {numbers[0]} for ED and for ES; expected two frames"]
    files = [folder / f"{folder.name}_frame{number:02d}" for number in numbers]
    ed, es = (Frame(Path(f"{file}.nii.gz"), Path(f"{file}_gt.nii.gz")) for file in files)
    if all(f.image.exists() and not f.label.exists() for f in (ed, es)):
        return LeftOut(name, VENDOR, split, "has no label")
    if faults := header_faults(ed, root, 3) + header_faults(es, root, 3):
        return faults
    if reason := displacement_reason(ed) or displacement_reason(es):
        return LeftOut(name, VENDOR, split, reason)
    return Case(name, VENDOR, split, info.get("Group", ""), "", ed, es, _OUR_LABELS)


def _info(path: Path, root: Path) -> dict[str, str]:
    """``Info.cfg``, lines such as ``ED: 1``, as text by name."""
    try:
        inside(path, root)
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Sim2RealError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}); copy the"
            " patient's folder again"
        ) from None
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def _frame_number(info: dict[str, str], phase: str, path: Path) -> int:
    text = info.get(phase, "")
    last = int(info["NbFrame"]) if info.get("NbFrame", "").isdecimal() else 999
    refuse(
        not (text.isascii() and text.isdecimal() and 1 <= int(text) <= last),
        f"{path}: has {phase} frame '{text}'; expected a whole number from 1 to NbFrame",
    )
    return int(text)
