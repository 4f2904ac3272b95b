"""The ACDC challenge's folder, read as it is: patients of one hospital, imaged on Siemens scanners,
so all of vendor A."""

from pathlib import Path

from ..data.errors import Sim2RealError
from .cases import Case, Cohort, Frame, LeftOut, displacement_reason, header_faults, inside

VENDOR = "A"
_PARTS = {"training": "train", "testing": "test"}
_OURS = (0, 3, 2, 1)  # ACDC counts 1 RV, 2 MYO, 3 LV
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
    if not root.is_dir():
        raise Sim2RealError(
            f"{root}: no such folder; cohort.acdc_root must name the folder of the ACDC data"
        )
    if not is_acdc(root):
        raise Sim2RealError(
            f"{root}: holds neither training/patient* nor testing/patient*; expected ACDC's own"
            " folders"
        )
    found, seen = Cohort(), {}
    for part, split in _PARTS.items():
        for folder in sorted((root / part).glob("patient*")):
            if folder.name in seen:
                found.faults.append(
                    f"{folder}: this patient lies in {seen[folder.name]}, too; keep one"
                )
                continue
            seen[folder.name] = part
            try:
                item = _patient(folder, split, root)
                (found.left_out if isinstance(item, LeftOut) else found.cases).append(item)
            except _Faults as error:
                found.faults.extend(error.args[0])
    return found


class _Faults(Exception):
    """Everything that is wrong with one patient."""


def _patient(folder: Path, split: str, root: Path) -> Case | LeftOut:
    try:
        info = _info(folder / "Info.cfg", root)
        numbers = {phase: _frame_number(info, phase, folder / "Info.cfg") for phase in ("ED", "ES")}
        if numbers["ED"] == numbers["ES"]:
            raise Sim2RealError(
                f"{folder / 'Info.cfg'}: has frame {numbers['ED']} for ED and for ES; expected two"
                " frames"
            )
    except Sim2RealError as error:
        raise _Faults([str(error)]) from None
    frames = {
        phase: Frame(
            *(folder / f"{folder.name}_frame{number:02d}{end}.nii.gz" for end in ("", "_gt"))
        )
        for phase, number in numbers.items()
    }
    name = _PREFIX + folder.name
    if not any(frame.label.exists() for frame in frames.values()) and all(
        frame.image.exists() for frame in frames.values()
    ):
        return LeftOut(name, VENDOR, split, "has no label")
    faults = [fault for frame in frames.values() for fault in header_faults(frame, root, 3)]
    if faults:
        raise _Faults(faults)
    reason = displacement_reason(frames["ED"]) or displacement_reason(frames["ES"])
    if reason:
        return LeftOut(name, VENDOR, split, reason)
    return Case(name, VENDOR, split, info.get("Group", ""), "", frames["ED"], frames["ES"], _OURS)


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
    return {
        name.strip(): value.strip()
        for name, colon, value in (line.partition(":") for line in lines)
        if colon
    }


def _frame_number(info: dict[str, str], phase: str, path: Path) -> int:
    text = info.get(phase, "")
    last = int(info["NbFrame"]) if info.get("NbFrame", "").isdecimal() else 999
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= last):
        raise Sim2RealError(
            f"{path}: has {phase} frame '{text}'; expected a whole number from 1 to NbFrame"
        )
    return int(text)
