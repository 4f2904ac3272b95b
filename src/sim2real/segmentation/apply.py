"""A run's segmenter applied to a user's own images: NIfTI in, labels in the same geometry out,
scores where labels lie beside."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ..cohort import (
    CohortParameters,
    Frame,
    Grid,
    TooFewSlices,
    displacement_reason,
    field_centre,
    find_heart,
    from_grid,
    header_faults,
    heart_centre,
    is_mnms,
    mid_ventricular,
    must_be_found,
    numbered_as_ours,
    slices_third,
    survey_mnms,
    to_grid,
    upright,
    whole_labels,
)
from ..data import (
    PHASES,
    Image,
    Sim2RealError,
    as_shown,
    as_stored,
    largest_pieces,
    nifti_files,
    normalise,
    open_stack,
    read_voxels,
    refuse,
    stem,
    write_like,
    write_table,
)
from .evaluate import structure_rows
from .predict import predict_slices


@dataclass(frozen=True)
class UserPhase:
    """One phase of a subject, slices third; ``file`` has the geometry that its labels are written
    in, ``first`` is the image that its heart is looked for in."""

    name: str
    file: Path
    image: Image
    label: Image | None
    details: dict[str, str]
    first: Image


def predict_source(
    source: Path, model: Path, grid: CohortParameters, training: str, output: Path
) -> pd.DataFrame:
    """Segment what lies at ``source`` with the segmenter in the folder ``model``; write labels and
    ``scores.csv`` to ``output``.

    source: a NIfTI stack (3D, or 4D phase by phase), a folder of them, or an M&Ms folder (then ED
    and ES of every labelled subject of every split). Where a label is known, Dice and HD (mm, 3D)
    are those of Table 1: of the mid-ventricular slices alone, chosen over all labelled phases of
    the subject. The rest of the stack is labelled too. Of a 4D file with labels beside it, the
    labelled phases are segmented. grid: of chapter 3. training: the segmenter's regime, named in
    the scores. Raises Sim2RealError for unusable files.
    """
    rows = []
    for stacks in _mnms_subjects(source) if source.is_dir() and is_mnms(source) else _files(source):
        for stack, prediction, scores in _predict_subject(stacks, model, grid):
            write_like(output / f"{stack.name}_pred.nii.gz", prediction, stack.file)
            rows += [{"training": training, **stack.details, **score} for score in scores]
            words = ", ".join(
                f"{score['structure']} Dice {score['dice']:.3f}, HD {score['hd_mm']:.1f} mm"
                for score in scores
            )
            print(f"{stack.name}: {words or 'labelled; nothing to compare it with'}")
    table = pd.DataFrame(rows)
    if len(table):
        write_table(output / "scores.csv", table)
        groups = [name for name in ("vendor", "split") if table[name].any()]
        print(table.groupby([*groups, "structure"])[["dice", "hd_mm"]].mean().round(3).to_string())
    print(f"labels and scores: {output}")
    return table


def _mnms_subjects(source: Path) -> Iterator[list[UserPhase]]:
    cohort = survey_mnms(source, ()).sound(source)
    for left in cohort.left_out:
        print(f"{left.subject}: left out, {left.reason}")
    for case in cohort.cases:
        details = {"vendor": case.vendor, "split": case.split, "subject": case.subject}
        yield [
            UserPhase(
                f"{case.subject}_{phase}",
                case.frame(phase).image,
                *case.read(phase),
                {**details, "phase": phase},
                case.read_image("ED"),
            )
            for phase in PHASES
        ]


def _files(source: Path) -> Iterator[list[UserPhase]]:
    """The phases of each file, with the label ``<name>_gt`` where it lies beside: of a label file
    that holds anything the labelled phases alone."""
    for path in nifti_files(source):
        nifti = open_stack(path)
        refuse(
            len(nifti.shape) > 4,
            f"{path}: has shape {nifti.shape}; expected 3 or 4 dimensions, slices third",
        )
        if "spacing" in nifti.extra:
            print(f"{path.name}: size of voxels {nifti.extra['spacing']}")
        phases = range(nifti.shape[3]) if len(nifti.shape) == 4 else [None]
        beside = path.with_name(path.name.replace(".nii", "_gt.nii"))
        labels = (
            _labels_beside(path, beside, phases) if beside.is_file() else {}
        ) or dict.fromkeys(phases)
        read = lambda phase, path=path, nifti=nifti: slices_third(
            Image(read_voxels(path, nifti, phase), np.asarray(nifti.affine, float))
        )
        stacks, first = [], read(phases[0])
        for phase, label in labels.items():
            name = stem(path) + (f"_{phase}" if phase is not None else "")
            stacks.append(
                UserPhase(
                    name,
                    path,
                    read(phase),
                    label,
                    {
                        "vendor": "",
                        "split": "",
                        "subject": stem(path),
                        "phase": "" if phase is None else str(phase),
                    },
                    first,
                )
            )
        yield stacks


def _labels_beside(path: Path, beside: Path, phases) -> dict[int | None, Image]:
    """The label of each phase that has one."""
    frame = Frame(path, beside)
    for fault in header_faults(frame, path.parent, len(open_stack(path).shape)):
        raise Sim2RealError(fault)
    if reason := displacement_reason(frame):
        raise Sim2RealError(f"{path}: {reason}")
    nifti, affine = open_stack(beside), np.asarray(open_stack(path).affine, float)
    labels = {phase: whole_labels(read_voxels(beside, nifti, phase), beside) for phase in phases}
    stacks = {
        phase: slices_third(Image(label, affine)) for phase, label in labels.items() if label.any()
    }
    return {
        phase: Image(numbered_as_ours(stack.data, beside), stack.affine)
        for phase, stack in stacks.items()
    }


def _predict_subject(
    stacks: list[UserPhase], model: Path, cohort: CohortParameters
) -> Iterator[tuple[UserPhase, np.ndarray, list[dict]]]:
    """Each phase with its labels in its file's own geometry, and scores on the analysis grid,
    turned, cropped and scaled as a test image of chapter 3: a known label does not enter."""
    grid, first = Grid.of(cohort), stacks[0].first
    guide = find_heart(first) if must_be_found(first, cohort) else None
    turned = [upright(stack.image, stack.label, guide) for stack in stacks]
    centre = field_centre(turned[0][0])
    if guide is not None and not guide.data.any():
        print(f"{stacks[0].details['subject']}: no heart found; taken as its header says")
    elif cohort.crop_centre == "heart":
        centre = heart_centre([upright(guide, guide=guide)[0].data])
    known = [label.data for _, label in turned if label is not None]
    middle = _middle(known, cohort.n_slices, stacks[0].details["subject"]) if known else []
    for stack, (image, label) in zip(stacks, turned, strict=True):
        on_grid = to_grid(image, centre, grid)
        scaled = normalise(as_shown(on_grid), cohort.low_percentile, cohort.high_percentile)
        predicted = predict_slices(model, scaled, on_grid.spacing_mm[1::-1])
        scores = []
        if middle and label is not None:
            reference = as_shown(to_grid(label, centre, grid, is_label=True))
            scores = structure_rows(
                largest_pieces(predicted[middle]), reference[middle], on_grid.spacing_mm[::-1]
            )
        yield (
            stack,
            _in_file(as_stored(largest_pieces(predicted), on_grid.affine), stack.file),
            scores,
        )


def _middle(labels: list[np.ndarray], n_slices: int, name: str) -> list[int]:
    try:
        return mid_ventricular(labels, n_slices, name)
    except TooFewSlices as fault:
        print(f"{name}: not scored, {fault.reason}")
        return []


def _in_file(labels: Image, file: Path) -> np.ndarray:
    """Labels of the file's voxels, (x, y, slice), uint8."""
    nifti = open_stack(file)
    empty = Image(np.broadcast_to(np.uint8(0), nifti.shape[:3]), np.asarray(nifti.affine, float))
    return from_grid(labels, empty)
