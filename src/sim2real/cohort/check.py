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

from ..data import (
    LV,
    MYO,
    PHASES,
    RV,
    STRUCTURES,
    VENDORS,
    Image,
    Sim2RealError,
    fingerprint_of,
    map_in_order,
    open_image,
    read_json,
    refuse,
    science_digest,
    unpacked,
    write_json,
)
from .acdc import VENDOR, survey_acdc
from .cases import Case, Cohort, LeftOut
from .grid import TooFewSlices, mid_ventricular, upright
from .layout import is_acdc, is_mnms, refuse_folder
from .mnms import survey_mnms
from .parameters import CohortParameters

_PLAUSIBLE_LV_ML = (20.0, 600.0)  # at ED: a small child's and the largest dilated ventricle
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Findings:
    """What the voxels of one subject show.

    Args:
        faults: what stops a run.
        reason: why it is left out; "": it is not.
        doubts: what does not stop a run and ought to be looked at.
        content: a hash of the image at ED.
    """

    faults: list[str] = field(default_factory=list)
    reason: str = ""
    doubts: list[str] = field(default_factory=list)
    content: str = ""


@dataclass(frozen=True)
class Report:
    """Everything ``sim2real cohort check`` tells.

    Args:
        cohort: the subjects that can be used, every fault, and the subjects left out.
        doubts: what ought to be looked at.
        lacking: splits of vendors that no subject is left of.
        is_acdc: whether the folder is ACDC's, which is of vendor A alone.
    """

    cohort: Cohort
    doubts: list[str]
    lacking: list[str]
    is_acdc: bool

    @property
    def usable(self) -> bool:
        """Whether a run can be done with the folder."""
        return not self.cohort.faults and not self.lacking

    @property
    def verdict(self) -> str:
        """The numbers and what follows from them, in a line."""
        cohort = self.cohort
        numbers = (
            f"{len(cohort.cases)} subjects to use, {len(cohort.left_out)} left out,"
            f" {len(cohort.faults)} errors, {len(self.doubts)} doubts"
        )
        if self.lacking:
            return f"{numbers}: no run can be done, there is none of {', '.join(self.lacking)}"
        if cohort.faults:
            return f"{numbers}: no run can be done before the errors are put right"
        if self.is_acdc:
            return f"{numbers}: a run can be done, of vendor A alone (cohort.acdc_root)"
        return f"{numbers}: a run can be done"

    def lines(self) -> list[str]:
        """A table of the subjects that can be used, then one line a finding, the verdict last."""
        cohort = self.cohort
        return [
            *(cases_table(cohort.cases).to_string().splitlines() if cohort.cases else []),
            *(f"error: {fault}" for fault in cohort.faults),
            *(f"left out: {_named(subject)}: {subject.reason}" for subject in cohort.left_out),
            *(f"doubt: {doubt}" for doubt in self.doubts),
            *cohort.notes,
            self.verdict,
        ]


def check_cohort(root: Path | str) -> Report:
    """Read all of an M&Ms or ACDC folder that a run would read, on all cores, and go on after every
    fault.

    Raises:
        Sim2RealError: where there is nothing to go by: no folder, no sheet, no patient.
    """
    root = Path(root)
    refuse(not root.is_dir(), f"{root}: no such folder; name the folder of M&Ms or of ACDC")
    of_mnms = is_mnms(root)
    of_acdc = not of_mnms and is_acdc(root)
    if not (of_mnms or of_acdc):
        refuse_folder(
            root,
            f"{root}: holds neither the sheet and folders of M&Ms nor ACDC's training/patientNNN",
            "name the folder above them",
        )
    survey = survey_acdc(root) if of_acdc else survey_mnms(root)
    findings = _findings(survey.cases, CohortParameters().n_slices)
    cohort = _sorted_out(survey, findings)
    doubts, same_content = [], defaultdict(list)
    for case, finding in zip(survey.cases, findings, strict=True):
        doubts += [f"{_named(case)}: {doubt}" for doubt in finding.doubts]
        if finding.content:
            same_content[finding.content].append(_named(case))
    doubts += [
        f"{' and '.join(names)} have the same image at ED"
        for names in same_content.values()
        if len(names) > 1
    ]
    present = {(case.vendor, case.split) for case in cohort.cases}
    lacking = [
        f"{split} {vendor}"
        for vendor in ([VENDOR] if of_acdc else VENDORS)
        for split in ("train", "test")
        if (vendor, split) not in present
    ]
    return Report(cohort, doubts, lacking, of_acdc)


def examined(survey: Cohort, n_slices: int, known: Path) -> Cohort:
    """A cohort whose headers are sound, with what the voxels show against its subjects.

    Args:
        survey: the cohort.
        n_slices: as of chapter 3.
        known: file that keeps which subjects were found sound, by the paths, sizes and times of
            their files: these are not read again.
    """
    try:
        reasons = read_json(known)
    except Sim2RealError:  # absent or damaged: all is read
        reasons = {}
    code = science_digest(__name__)
    stamped = {fingerprint_of(code, n_slices, case.stamp): case for case in survey.cases}
    unknown = {stamp: case for stamp, case in stamped.items() if stamp not in reasons}
    found = {}
    if unknown:
        found = dict(zip(unknown, _findings(list(unknown.values()), n_slices), strict=True))
        reasons |= {stamp: item.reason for stamp, item in found.items() if not item.faults}
        write_json(known, reasons)
    findings = [found.get(stamp) or Findings(reason=reasons[stamp]) for stamp in stamped]
    return _sorted_out(survey, findings)


def _findings(cases: list[Case], n_slices: int) -> list[Findings]:
    work = partial(examine, n_slices=n_slices)
    return map_in_order(work, cases, name="cohort check", unit="subject")


def _sorted_out(survey: Cohort, findings: list[Findings]) -> Cohort:
    """A cohort's subjects by what their voxels show: to use, left out, or faults."""
    cohort = Cohort([], list(survey.faults), list(survey.left_out), survey.notes)
    for case, finding in zip(survey.cases, findings, strict=True):
        if finding.faults:
            cohort.add([fault for fault in finding.faults if fault not in cohort.faults])
        elif finding.reason:
            cohort.add(LeftOut(case.subject, case.vendor, case.split, finding.reason))
        else:
            cohort.add(case)
    return cohort


def cases_table(cases: list[Case]) -> pd.DataFrame:
    """Subjects by vendor and split (rows) and pathology (columns), with totals."""
    table = pd.DataFrame(map(vars, cases)).replace({"pathology": {"": "unknown"}})
    rows = [table["vendor"], table["split"]]
    return pd.crosstab(rows, table["pathology"], margins=True, margins_name="all")


def examine(case: Case, n_slices: int) -> Findings:
    """Every file of a subject read to its end, both phases looked at."""
    broken = {path: fault for path in case.files if (fault := length_fault(path))}
    faults, images, labels = list(broken.values()), [], []
    for phase in PHASES:
        frame = case.frame(phase)
        for path, read, stacks in (
            (frame.image, case.read_image, images),
            (frame.label, case.read_label, labels),
        ):
            try:
                if path not in broken:
                    stacks.append(read(phase))
            except Sim2RealError as fault:
                faults.append(str(fault))
    if faults:
        return Findings(list(dict.fromkeys(faults)))  # of a 4D label once, not at each phase
    content = hashlib.sha256(images[0].data.tobytes()).hexdigest()
    try:
        mid_ventricular([label.data for label in labels], n_slices, case.subject)
    except TooFewSlices as fault:
        empty = [
            f"the label at {phase} holds {lack}"
            for phase, label in zip(PHASES, labels, strict=True)
            if (lack := _lack(label.data))
        ]
        return Findings(reason="; ".join([*empty, fault.reason]), content=content)
    return Findings(doubts=_doubts(images[0], labels), content=content)


def length_fault(path: Path) -> str:
    """What is wrong when a NIfTI file, read to its end, is longer or shorter than its header says;
    "" for a sound one."""
    nifti = open_image(path)
    claimed = int(nifti.dataobj.offset) + math.prod(nifti.shape) * nifti.get_data_dtype().itemsize
    length = 0
    try:
        with unpacked(path) as file:
            while (chunk := file.read(_CHUNK)) and length <= claimed:
                length += len(chunk)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return f"{path}: cut short or damaged ({error}); copy the file again"
    except OSError as error:
        return f"{path}: cannot be read to its end ({error.strerror or error}); look after its disk"
    if length == claimed:
        return ""
    held = f"more than {claimed:,}" if length > claimed else f"{length:,}"
    return f"{path}: holds {held} bytes, its header claims {claimed:,}; copy the file again"


def _doubts(image: Image, labels: list[Image]) -> list[str]:
    """Findings that do not stop a run; image: at ED, labels: at ED and ES."""
    voxel_ml = abs(np.linalg.det(image.affine[:3, :3])) / 1e3
    ed, es = ((label.data == LV).sum() * voxel_ml for label in labels)
    *blood, muscle = (np.median(image.data[labels[0].data == value]) for value in (LV, RV, MYO))
    label = upright(image, labels[0], guide=labels[0])[1].data
    lv, rv = (np.argwhere(label == value).mean(axis=0) for value in (LV, RV))
    right, down, _ = rv - lv
    low, high = _PLAUSIBLE_LV_ML
    doubts = {
        f"the LV holds {ed:.0f} ml at ED and {es:.0f} ml at ES; the phases may be exchanged": ed
        <= es,
        f"the LV holds {ed:.0f} ml at ED; voxel size or label may be wrong": not low <= ed <= high,
        "blood is no brighter than muscle at ED; the label may not lie on its image": min(blood)
        <= muscle,
        "the RV lies behind the LV; the stack may be stored mirrored": down > abs(right),
    }
    return [doubt for doubt, holds in doubts.items() if holds]


def _lack(label: np.ndarray) -> str:
    missing = [f"no {name}" for name, value in STRUCTURES.items() if not (label == value).any()]
    return "nothing" if len(missing) == len(STRUCTURES) else " and ".join(missing)


def _named(subject: Case | LeftOut) -> str:
    place = ", ".join(filter(None, (subject.vendor, subject.split)))
    return f"{subject.subject} ({place})" if place else subject.subject
