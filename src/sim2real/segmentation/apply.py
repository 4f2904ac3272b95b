"""A run's segmenter applied to a user's own images: NIfTI in, labels in the same geometry out,
scores where labels lie beside."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd

from ..cohort import (
    Case,
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
from ..cohort.grid import is_long_axis, is_oriented
from ..data import (
    LV,
    PHASES,
    RV,
    UNORIENTED,
    Faults,
    Image,
    Results,
    Sim2RealError,
    as_shown,
    as_stored,
    axes_apart,
    label_beside,
    largest_pieces,
    normalise,
    open_stack,
    phases_of,
    read_intensities,
    read_text_table,
    read_voxels,
    refuse,
    stem,
    survey_images,
    write_table,
)
from .evaluate import structure_rows
from .predict import predict_slices

_SCORES = ["training", "vendor", "split", "subject", "phase", "structure", "dice", "hd_mm", "empty"]


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

    @property
    def result(self) -> str:
        return f"{self.name}_pred.nii.gz"


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
    the scores. Of an earlier command into the same folder the scores of other images stay.

    Raises Sim2RealError for a file that cannot be used; of several images only after the others
    have been segmented, each fault told on standard error as it is met.
    """
    faults, results, rows = Faults(source), Results(output), []
    earlier = read_text_table(output / "scores.csv", _SCORES)
    find = _mnms_subjects if source.is_dir() and is_mnms(source) else _files
    for read in find(source, faults):
        stacks = faults.attempt(_unclaimed, read, results)
        for stack, prediction, scores in _predict_subject(stacks or [], model, grid):
            results.write(stack.result, prediction, stack.file)
            same = [earlier[name] == stack.details[name] for name in ("subject", "phase")]
            earlier = earlier[~(same[0] & same[1])]
            rows += [{"training": training, **stack.details, **score} for score in scores]
            words = ", ".join(
                f"{score['structure']} Dice {score['dice']:.3f}, HD {score['hd_mm']:.1f} mm"
                for score in scores
            )
            print(f"{stack.name}: {words or 'labelled; nothing to compare it with'}")
    table = pd.DataFrame(rows)
    _write_scores(output / "scores.csv", earlier, table)
    if len(table):
        groups = [name for name in ("vendor", "split") if table[name].any()]
        print(table.groupby([*groups, "structure"])[["dice", "hd_mm"]].mean().round(3).to_string())
    faults.sum_up()
    print(f"labels and scores: {output}")
    return table


def _mnms_subjects(source: Path, faults: Faults) -> list[Callable[[], list[UserPhase]]]:
    cohort = survey_mnms(source, ())
    for left in cohort.left_out:
        print(f"{left.subject}: left out, {left.reason}")
    for line in cohort.faults:
        faults.tell(line)
    faults.n_images = len(cohort.cases) + len(cohort.faults)
    return [partial(_read_case, case) for case in cohort.cases]


def _read_case(case: Case) -> list[UserPhase]:
    details = {"vendor": case.vendor, "split": case.split, "subject": case.subject}
    return [
        UserPhase(
            f"{case.subject}_{phase}",
            case.frame(phase).image,
            *case.read(phase),
            {**details, "phase": phase},
            case.read_image("ED"),
        )
        for phase in PHASES
    ]


def _files(source: Path, faults: Faults) -> list[Callable[[], list[UserPhase]]]:
    """The phases of each file, with the label ``<name>_gt`` where it lies beside: of a label file
    that holds anything the labelled phases alone."""
    found = survey_images(source, _look, faults)
    return [partial(_read_file, path, *seen) for path, seen in found.items()]


def _look(path: Path) -> tuple[list[int | None], Path | None]:
    """Phases of an image and the label beside it, after a look at the headers of both."""
    nifti, beside = open_stack(path), label_beside(path)
    phases = phases_of(path, nifti)
    if "spacing" in nifti.extra:
        print(f"{path.name}: size of voxels {nifti.extra['spacing']}")
    if axes_apart(nifti):
        print(f"{path.name}: its qform and its sform turn it differently; the sform is believed")
    if beside is not None:
        frame = Frame(path, beside)
        for fault in header_faults(frame, Path("/"), len(nifti.shape)):
            raise Sim2RealError(fault)
        refuse(reason := displacement_reason(frame), f"{path}: {reason}")
    return phases, beside


def _read_file(path: Path, phases: list[int | None], beside: Path | None) -> list[UserPhase]:
    nifti = open_stack(path)
    affine = np.asarray(nifti.affine, float)
    read = lambda phase: slices_third(Image(read_intensities(path, nifti, phase), affine))
    labels = {} if beside is None else _labels_beside(beside, affine, phases)
    first = read(phases[0])
    subject = {"vendor": "", "split": "", "subject": stem(path)}
    return [
        UserPhase(
            stem(path) + ("" if phase is None else f"_{phase}"),
            path,
            read(phase),
            label,
            {**subject, "phase": "" if phase is None else str(phase)},
            first,
        )
        for phase, label in (labels or dict.fromkeys(phases)).items()
    ]


def _labels_beside(
    beside: Path, affine: np.ndarray, phases: list[int | None]
) -> dict[int | None, Image]:
    """The label of each phase that has one; affine: of the image."""
    nifti = open_stack(beside)
    labels = {phase: whole_labels(read_voxels(beside, nifti, phase), beside) for phase in phases}
    stacks = {
        phase: slices_third(Image(label, affine)) for phase, label in labels.items() if label.any()
    }
    return {
        phase: Image(numbered_as_ours(stack.data, beside), stack.affine)
        for phase, stack in stacks.items()
    }


def _unclaimed(read: Callable[[], list[UserPhase]], results: Results) -> list[UserPhase]:
    """The phases, none of whose results would overwrite that of another image."""
    stacks = read()
    for stack in stacks:
        results.require_free(stack.result, stack.file)
    return stacks


def _write_scores(path: Path, earlier: pd.DataFrame, table: pd.DataFrame) -> None:
    """Scores below those of an earlier command, whose cells stay as they stand."""
    if len(table):
        text = StringIO(table.to_csv(index=False, float_format="%.10g"))
        earlier = pd.concat([earlier, pd.read_csv(text, dtype=str, keep_default_na=False)])
    if len(earlier) or path.exists():
        write_table(path, earlier)


def _predict_subject(
    stacks: list[UserPhase], model: Path, cohort: CohortParameters
) -> Iterator[tuple[UserPhase, np.ndarray, list[dict]]]:
    """Each phase with its labels in its file's own geometry, and scores on the analysis grid,
    turned, cropped and scaled as a test image of chapter 3: a known label does not enter."""
    if not stacks:
        return
    grid, first, subject = Grid.of(cohort), stacks[0].first, stacks[0].details["subject"]
    if is_long_axis(first.affine):
        print(
            f"{subject}: by its header no short axis, its slices lie along the heart as in a"
            " long-axis view, which the segmenter does not know"
        )
    guide = find_heart(first) if must_be_found(first, cohort) else None
    turned = [upright(stack.image, stack.label, guide) for stack in stacks]
    centre = field_centre(turned[0][0])
    if guide is not None and not is_oriented(first.affine):
        lv, rv = ((guide.data == value).any(axis=(0, 1)) for value in (LV, RV))
        way = "the right ventricle found in it" if (lv & rv).any() else "its header"
        print(f"{subject}: {UNORIENTED}; turned by {way}")
    if guide is not None and not guide.data.any():
        print(f"{subject}: no heart found; taken as its header says")
    elif cohort.crop_centre == "heart":
        centre = heart_centre([upright(guide, guide=guide)[0].data])
    known = [label.data for _, label in turned if label is not None]
    middle = _middle(known, cohort.n_slices, subject) if known else []
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
