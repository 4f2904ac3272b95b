"""Every measure of each test case, and predictions on disk: one label image a case, in the
geometry of the test image, so that any viewer lays the one over the other."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..data import (
    STRUCTURES,
    Sim2RealError,
    as_shown,
    as_stored,
    largest_pieces,
    read_image,
    read_labels,
    refuse,
    write_image,
)
from ..metrics import dice, distances_mm, hausdorff_2d_mm
from .predict import predict_slices
from .regimes import count_subjects, regime_rows
from .training import model_folder

EVALUATION_COLUMNS = [
    "training",
    "seed",
    "n_real",
    "n_simulated",
    "vendor",
    "subject",
    "phase",
    "structure",
    "dice",
    "hd_mm",
    "empty",
]
# Of ``measures.csv``, whose rows are those of ``cases.csv``. Distances as in ``metrics.overlap``;
# n_empty_slices: slices that one of prediction and reference alone holds; volumes over the image's
# slices; n_images: real and simulated images of the training.
MEASURE_COLUMNS = [
    "training",
    "seed",
    "vendor",
    "subject",
    "phase",
    "structure",
    "hd95_mm",
    "assd_mm",
    "hd_2d_mm",
    "n_empty_slices",
    "predicted_ml",
    "reference_ml",
    "n_images",
]


def evaluate_model(
    run: Path | str,
    folder: Path | str,
    table: pd.DataFrame,
    regime: str,
    seed: int,
    device: str | torch.device = "auto",
) -> tuple[pd.DataFrame, dict[tuple[str, str, str], np.ndarray]]:
    """Rows of ``cases.csv`` and ``measures.csv`` of one model, and its predictions by (vendor,
    subject, phase), each (slice, row, column).

    run: folder that the paths in ``table`` start from. folder: the chapter's folder, with the
    trained model. table: images as in ``SLICE_COLUMNS``; judged are the real test subjects, and no
    other.
    """
    counts = {**count_subjects(table, regime), "n_images": len(regime_rows(table, regime))}
    predictions = predict_tests(run, table, model_folder(folder, regime, seed), device)
    rows = [
        {"training": regime, "seed": seed, **counts, **row}
        for row in score_cases(run, table, predictions)
    ]
    return pd.DataFrame(rows)[[*EVALUATION_COLUMNS, *MEASURE_COLUMNS[6:]]], predictions


def real_test_rows(table: pd.DataFrame) -> list[dict]:
    """Rows of the real test subjects. Raises Sim2RealError if there is none."""
    tests = table[(table["domain"] == "real") & (table["split"] == "test")].to_dict("records")
    refuse(
        not tests,
        "no real test image in the table of slices; put at least one subject into split 'test'"
        " (chapter 3)",
    )
    return tests


def predict_tests(
    run: Path | str, table: pd.DataFrame, model: Path, device: str | torch.device = "auto"
) -> dict:
    """Labels that the model in folder ``model`` gives to every real test image, the largest pieces
    of them, by (vendor, subject, phase): (slice, row, column)."""
    tests = real_test_rows(table)
    labels = predict_images(run, tests, model, device)
    return {case_key(row): largest_pieces(part) for row, part in zip(tests, labels, strict=True)}


def predict_images(
    run: Path | str, rows: list[dict], model: Path | str, device: str | torch.device = "auto"
) -> list[np.ndarray]:
    """Labels that the model in folder ``model`` gives to the image of each row, (slice, row,
    column).

    Raises Sim2RealError for images whose pixels differ in size.
    """
    images = [read_image(Path(run) / row["image"]) for row in rows]
    stacks = [as_shown(image) for image in images]
    spacings = {tuple(np.round(image.spacing_mm[1::-1], 4)) for image in images}
    refuse(
        len(spacings) > 1,
        f"images with pixels of {sorted(spacings)} mm; all must lie on one analysis grid",
    )
    labels = predict_slices(model, np.concatenate(stacks), spacings.pop(), device)
    return np.split(labels, np.cumsum([len(stack) for stack in stacks])[:-1])


def case_key(row: dict) -> tuple[str, str, str]:
    return tuple(str(row[name]) for name in ("vendor", "subject", "phase"))


def score_cases(
    run: Path | str, table: pd.DataFrame, predictions: dict[tuple[str, str, str], np.ndarray]
) -> list[dict]:
    """``vendor, subject, phase`` and the measures of ``measure_rows`` of every test image and
    structure.

    Raises Sim2RealError unless ``predictions`` are of just the real test images of ``table``, slice
    by slice.
    """
    tests, rows = real_test_rows(table), []
    if odd := set(predictions) ^ {case_key(row) for row in tests}:
        case = min(odd)
        lacks = "is not a test image of this run" if case in predictions else "has no prediction"
        raise Sim2RealError(
            f"case {' '.join(case)} {lacks} ({len(odd)} such cases); predictions must be of the"
            " reference's cases: predict anew"
        )
    for row in tests:
        label = read_labels(Path(run) / row["label"])
        reference, prediction = as_shown(label), predictions[case_key(row)]
        refuse(
            prediction.shape != reference.shape,
            f"prediction of {' '.join(case_key(row))} has shape {prediction.shape}, its"
            f" reference {reference.shape}; predict anew",
        )
        names = {name: row[name] for name in ("vendor", "subject", "phase")}
        # axes (slice, row, column), so their spacing is that of (x, y, slice) backwards
        rows += [
            {**names, **measures}
            for measures in measure_rows(prediction, reference, label.spacing_mm[::-1])
        ]
    return rows


def measure_rows(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> list[dict]:
    """All measures of LV, RV and MYO, in 3D over all slices of an image; names as in
    ``EVALUATION_COLUMNS`` and ``MEASURE_COLUMNS``.

    prediction, reference: labels, shape (slice, row, column). spacing_mm: (slice, row, column), in
    mm. An empty prediction: Dice 0, distances the diagonal of the image's field of view, ``empty``
    1 (see ``metrics.overlap``).
    """
    rows = []
    for structure, value in STRUCTURES.items():
        masks = prediction == value, reference == value
        empty = int(not all(mask.any() for mask in masks))
        volumes = (float(np.count_nonzero(mask) * np.prod(spacing_mm) / 1000) for mask in masks)
        planes, lost = hausdorff_2d_mm(*masks, spacing_mm)
        rows.append(
            {
                "structure": structure,
                "dice": dice(*masks),
                "empty": empty,
                **distances_mm(*masks, spacing_mm),
                "hd_2d_mm": planes,
                "n_empty_slices": lost,
                **dict(zip(("predicted_ml", "reference_ml"), volumes, strict=True)),
            }
        )
    return rows


def structure_rows(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> list[dict]:
    """``structure, dice, hd_mm, empty`` of ``measure_rows``."""
    return [
        {name: row[name] for name in ("structure", "dice", "hd_mm", "empty")}
        for row in measure_rows(prediction, reference, spacing_mm)
    ]


def predictions_folder(folder: Path | str, training: str, seed: int) -> Path:
    return Path(folder) / "predictions" / f"{training}_seed{seed}"


def write_predictions(
    run: Path | str,
    folder: Path,
    table: pd.DataFrame,
    predictions: dict[tuple[str, str, str], np.ndarray],
) -> None:
    """``<vendor>_<subject>_<phase>.nii.gz`` in ``folder``, uint8, of every real test image of
    ``table``; older ones are removed.

    predictions: by (vendor, subject, phase), each (slice, row, column). run: folder that the paths
    in ``table`` start from.
    """
    shutil.rmtree(folder, ignore_errors=True)
    for row in real_test_rows(table):
        affine = read_image(Path(run) / row["image"]).affine
        write_image(
            folder / _file_name(case_key(row)),
            as_stored(predictions[case_key(row)].astype(np.uint8), affine),
        )


def read_predictions(folder: Path, table: pd.DataFrame) -> dict[tuple[str, str, str], np.ndarray]:
    """What ``write_predictions`` wrote. Raises Sim2RealError unless they are of just the real test
    images of ``table``."""
    keys = {_file_name(case_key(row)): case_key(row) for row in real_test_rows(table)}
    present = {path.name for path in folder.glob("*.nii.gz")}
    if odd := present ^ keys.keys():
        name = min(odd)
        lacks = "no test image of this run" if name in present else "missing"
        raise Sim2RealError(
            f"{folder / name}: {lacks} ({len(odd)} such cases); expected the cases of the"
            " reference: run chapter 6 again"
        )
    return {key: as_shown(read_labels(folder / name)) for name, key in keys.items()}


def _file_name(key: tuple[str, str, str]) -> str:
    return "_".join(key) + ".nii.gz"
