"""A run's segmenter applied to a user's own images: NIfTI in, labels in the same geometry out, scores where labels lie beside."""

from pathlib import Path

import numpy as np
import pandas as pd

from ..cohort.grid import Grid, TooFewSlices, field_centre, from_grid, mid_ventricular, to_grid, upright
from ..cohort.mnms import is_mnms, survey_mnms
from ..core.errors import Sim2RealError
from ..core.files import write_table
from ..core.images import Image, open_image, read_voxels, write_image
from ..core.labels import PHASES, REGIMES
from ..core.parameters import Parameters
from ..core.slices import as_shown, as_stored
from ..core.workflow import run_parameters
from .evaluate import structure_rows
from .postprocess import largest_pieces
from .predict import predict_slices
from .training import model_folder


def predict_source(source: Path, run: Path, training: str, seed: int | None, output: Path) -> pd.DataFrame:
    """Segment what lies at ``source`` with the model of ``training`` of ``run``; write labels and ``scores.csv`` to ``output``.

    source: a NIfTI stack (3D, or 4D phase by phase), a folder of them, or an M&Ms folder (then ED and ES of every labelled
    subject). Where a label is known, Dice and HD (mm, 3D) are taken over the mid-ventricular slices, as in Table 1; the
    rest of the stack is labelled too. Raises Sim2RealError for an unknown model and unusable files.
    """
    if training not in REGIMES:
        raise Sim2RealError(f"--training {training}: no such regime; there are {', '.join(REGIMES)}")
    parameters = run_parameters(run)
    model = model_folder(run / "06_segmentation", training, parameters.segmentation.seeds[0] if seed is None else seed)
    if not source.exists():
        raise Sim2RealError(f"{source}: no such file or folder; expected a NIfTI stack, a folder of them or an M&Ms folder")
    rows = []
    for name, image, label, details in _stacks(source, parameters.cohort.n_slices):
        prediction, scores = _predict_stack(image, label, model, parameters)
        write_image(output / f"{name}_pred.nii.gz", prediction)
        rows += [{"training": training, **details, **score} for score in scores]
        told = ", ".join(f"{score['structure']} Dice {score['dice']:.3f}, HD {score['hd_mm']:.1f} mm" for score in scores)
        print(f"{name}: {told or 'labelled; no reference beside it'}")
    table = pd.DataFrame(rows)
    if len(table):
        write_table(output / "scores.csv", table)
        print(table.groupby("structure")[["dice", "hd_mm"]].mean().round(3).to_string())
    print(f"labels and scores: {output}")
    return table


def _stacks(source: Path, n_slices: int):
    """(name, image, label or None with only the mid-ventricular slices of M&Ms cases kept, details) of each stack."""
    if source.is_dir() and is_mnms(source):
        cohort = survey_mnms(source, ()).sound(source)
        for left in cohort.left_out:
            print(f"{left.subject}: left out, {left.reason}")
        for case in cohort.cases:
            pairs = {phase: case.read(phase) for phase in PHASES}
            try:
                middle = mid_ventricular([label.data for _, label in pairs.values()], n_slices, case.subject)
            except TooFewSlices as fault:
                print(f"{case.subject}: left out, {fault.reason}")
                continue
            for phase, (image, label) in pairs.items():
                kept = np.zeros_like(label.data)
                kept[:, :, middle] = label.data[:, :, middle]
                details = {"vendor": case.vendor, "subject": case.subject, "phase": phase}
                yield f"{case.subject}_{phase}", image, Image(kept, label.affine), details
        return
    paths = sorted(source.glob("*.nii*")) if source.is_dir() else [source]
    paths = [path for path in paths if not path.name.split(".")[0].endswith("_gt")]
    if not paths:
        raise Sim2RealError(f"{source}: holds no NIfTI file; expected *.nii or *.nii.gz")
    for path in paths:
        nifti = open_image(path)
        beside = path.with_name(path.name.replace(".nii", "_gt.nii"))
        for index in range(nifti.shape[3] if len(nifti.shape) > 3 else 1):
            name = path.name.split(".")[0] + (f"_{index}" if len(nifti.shape) > 3 else "")
            image = Image(read_voxels(path, nifti, index), np.asarray(nifti.affine, float))
            label = None
            if beside.is_file():
                label = Image(np.rint(read_voxels(beside, open_image(beside), index)).astype(np.uint8), image.affine)
            if label is None or label.data.any():
                yield name, image, label, {"vendor": "", "subject": name, "phase": ""}


def _predict_stack(image: Image, label: Image | None, model: Path, parameters: Parameters) -> tuple[Image, list[dict]]:
    """(labels in the image's own geometry, scores on the analysis grid of the slices that carry a reference)."""
    cohort = parameters.cohort
    grid = Grid.of(cohort)
    turned, turned_label = upright(image, label)
    on_grid = to_grid(turned, field_centre(turned), grid)
    slices = as_shown(on_grid)
    reference = as_shown(to_grid(turned_label, field_centre(turned), grid, is_label=True)) if label is not None else None
    scored = np.flatnonzero(reference.any(axis=(1, 2))) if reference is not None else np.arange(0)
    judged = slices[scored] if len(scored) else slices  # intensities are scaled as in Table 1: over the slices that are judged
    low, high = np.percentile(judged, [cohort.low_percentile, cohort.high_percentile])
    scaled = np.clip((slices - low) / max(high - low, 1e-6), 0, 1).astype(np.float32)
    predicted = largest_pieces(predict_slices(model, scaled, on_grid.spacing_mm[1::-1]))
    scores = structure_rows(predicted[scored], reference[scored], on_grid.spacing_mm[::-1]) if len(scored) else []
    return Image(from_grid(as_stored(predicted, on_grid.affine), image), image.affine), scores
