"""What lies in a folder of real images, everything that is wrong with it, and whether a run can use
it."""

import gzip
import hashlib
import math
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.errors import Sim2RealError
from ..data.images import Image, open_image
from ..data.labels import LV, MYO, PHASES, RV, STRUCTURES
from ..data.labels import VENDORS as USED
from ..data.workers import map_in_order
from .acdc import is_acdc, survey_acdc
from .cases import Case, LeftOut
from .grid import TooFewSlices, mid_ventricular, upright
from .mnms import is_mnms, survey_mnms
from .parameters import CohortParameters

_PLAUSIBLE_LV_ML = (20.0, 600.0)  # at ED: a small child's and the largest dilated ventricle
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Findings:
    """What the voxels of one subject show: faults that stop a run, why it is left out ("": it is
    not), what looks doubtful."""

    faults: list[str] = field(default_factory=list)
    reason: str = ""
    doubts: list[str] = field(default_factory=list)
    content: str = ""  # a hash of the image at ED


@dataclass(frozen=True)
class Report:
    """Everything ``sim2real cohort check`` tells; ``usable``: whether a run can be done with the
    folder."""

    cases: list[Case]
    faults: list[str]
    left_out: list[LeftOut]
    doubts: list[str]
    notes: list[str]
    usable: bool
    verdict: str

    def lines(self) -> list[str]:
        """A table of the subjects that can be used, then one line a finding, the verdict last."""
        told = subjects_table(self.cases).to_string().splitlines() if self.cases else []
        told += [f"error: {fault}" for fault in self.faults]
        told += [f"left out: {item.subject}{_where(item)}: {item.reason}" for item in self.left_out]
        told += [f"doubt: {doubt}" for doubt in self.doubts]
        return [*told, *self.notes, self.verdict]


def check_cohort(root: Path | str) -> Report:
    """Read all of an M&Ms or ACDC folder that a run would read, on all cores, and go on after every
    fault.

    Raises Sim2RealError where there is nothing to go by: no folder, no sheet, no patient.
    """
    root = Path(root)
    if root.is_dir() and not is_mnms(root) and not is_acdc(root):
        raise Sim2RealError(
            f"{root}: holds neither the sheet and folders of M&Ms nor ACDC's training/patient*;"
            " name the folder above them"
        )
    acdc = is_acdc(root) and not is_mnms(root)
    cohort = survey_acdc(root) if acdc else survey_mnms(root)
    findings = map_in_order(
        partial(examine, n_slices=CohortParameters().n_slices),
        cohort.cases,
        name="cohort check",
        unit="subject",
    )
    pairs = list(zip(cohort.cases, findings, strict=True))
    faults = list(
        dict.fromkeys(cohort.faults + [fault for found in findings for fault in found.faults])
    )
    left_out = cohort.left_out + [
        LeftOut(case.subject, case.vendor, case.split, found.reason)
        for case, found in pairs
        if found.reason
    ]
    doubts = [
        f"{case.subject}{_where(case)}: {doubt}" for case, found in pairs for doubt in found.doubts
    ] + _twins(pairs)
    cases = [case for case, found in pairs if not found.faults and not found.reason]
    lacking = [
        f"{split} {vendor}"
        for vendor in (("A",) if acdc else USED)
        for split in ("train", "test")
        if not any((case.vendor, case.split) == (vendor, split) for case in cases)
    ]
    usable = not faults and not lacking
    counted = (
        f"{len(cases)} subjects to use, {len(left_out)} left out, {len(faults)} errors,"
        f" {len(doubts)} doubts"
    )
    return Report(
        cases,
        faults,
        left_out,
        doubts,
        cohort.notes,
        usable,
        f"{counted}: {_verdict(usable, lacking, acdc)}",
    )


def subjects_table(cases: list[Case]) -> pd.DataFrame:
    """Subjects by vendor and split (rows) and pathology (columns), with totals."""
    table = pd.DataFrame(
        {"vendor": case.vendor, "split": case.split, "pathology": case.pathology or "unknown"}
        for case in cases
    )
    return pd.crosstab(
        [table["vendor"], table["split"]], table["pathology"], margins=True, margins_name="all"
    )


def examine(case: Case, n_slices: int) -> Findings:
    """Every file of a subject read to its end, both phases looked at."""
    broken = {path: fault for path in case.files if (fault := length_fault(path))}
    faults = list(broken.values())
    images, labels = [], []
    for phase in PHASES:
        for path, read, into in (
            (case.frame(phase).image, case.read_image, images),
            (case.frame(phase).label, case.read_label, labels),
        ):
            try:
                if path not in broken:
                    into.append(read(phase))
            except Sim2RealError as fault:
                faults.append(str(fault))
    if faults:
        return Findings(faults)
    content = hashlib.sha256(images[0].data.tobytes()).hexdigest()
    lacking = [
        f"the label at {phase} holds {_nothing(label)}"
        for phase, label in zip(PHASES, labels, strict=True)
        if _nothing(label)
    ]
    try:
        mid_ventricular([label.data for label in labels], n_slices, case.subject)
    except TooFewSlices as fault:
        return Findings(reason="; ".join([*lacking, fault.reason]), content=content)
    return Findings(doubts=_doubts(images[0], labels), content=content)


def length_fault(path: Path) -> str:
    """What is wrong when a NIfTI file, read to its end, is longer or shorter than its header says;
    "" for a sound one."""
    nifti = open_image(path)
    claimed = int(nifti.dataobj.offset) + math.prod(nifti.shape) * nifti.get_data_dtype().itemsize
    length = 0
    try:
        with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as file:
            while (chunk := file.read(_CHUNK)) and length <= claimed:
                length += len(chunk)
    except (OSError, EOFError, zlib.error) as error:
        return f"{path}: cut short or damaged ({error}); copy the file again"
    if length == claimed:
        return ""
    return (
        f"{path}: holds {'more than ' if length > claimed else ''}{min(length, claimed):,} bytes,"
        f" its header claims {claimed:,}; copy the file again"
    )


def _doubts(image: Image, labels: list[Image]) -> list[str]:
    """Findings that do not stop a run and ought to be looked at; image: at ED, labels: at ED and
    ES."""
    voxel_ml = abs(np.linalg.det(image.affine[:3, :3])) / 1e3
    ed, es = ((label.data == LV).sum() * voxel_ml for label in labels)
    doubts = []
    if ed <= es:
        doubts.append(
            f"the LV holds {ed:.0f} ml at ED and {es:.0f} ml at ES; the phases may be exchanged"
        )
    if not _PLAUSIBLE_LV_ML[0] <= ed <= _PLAUSIBLE_LV_ML[1]:
        doubts.append(f"the LV holds {ed:.0f} ml at ED; voxel size or label may be wrong")
    if np.median(image.data[labels[0].data == LV]) <= np.median(image.data[labels[0].data == MYO]):
        doubts.append("blood is no brighter than muscle at ED; the label may not lie on its image")
    label = upright(image, labels[0])[1].data
    right, down = (np.argwhere(label == RV).mean(axis=0) - np.argwhere(label == LV).mean(axis=0))[
        :2
    ]
    if down > abs(right):
        doubts.append("the RV lies behind the LV; the stack may be stored mirrored")
    return doubts


def _nothing(label: Image) -> str:
    missing = [name for name, value in STRUCTURES.items() if not (label.data == value).any()]
    return (
        "nothing"
        if len(missing) == len(STRUCTURES)
        else "no " + " and no ".join(missing)
        if missing
        else ""
    )


def _twins(pairs: list[tuple[Case, Findings]]) -> list[str]:
    subjects = defaultdict(list)
    for case, found in pairs:
        if found.content:
            subjects[found.content].append(f"{case.subject}{_where(case)}")
    return [
        f"{' and '.join(names)} have the same image at ED"
        for names in subjects.values()
        if len(names) > 1
    ]


def _where(item: Case | LeftOut) -> str:
    known = ", ".join(filter(None, (item.vendor, item.split)))
    return f" ({known})" if known else ""


def _verdict(usable: bool, lacking: list[str], acdc: bool) -> str:
    if not usable:
        return "no run can be done" + (
            f", there is none of {', '.join(lacking)}"
            if lacking
            else " before the errors are put right"
        )
    return (
        "sound, as cohort.acdc_root beside an M&Ms folder, which has vendor B"
        if acdc
        else "a run can be done"
    )
