"""Dice and Hausdorff distance of each test case, and their Table 1."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..core.errors import Sim2RealError
from ..core.images import read_image, read_labels
from ..core.labels import REGIMES, STRUCTURES
from ..core.slices import as_shown
from ..metrics.overlap import dice, hausdorff_mm
from .predict import predict_slices
from .regimes import count_subjects
from .training import model_folder

EVALUATION_COLUMNS = ["training", "seed", "n_real", "n_simulated", "vendor", "subject", "phase", "structure", "dice", "hd_mm", "empty"]
TABLE_COLUMNS = [
    "training",
    "n_real",
    "n_simulated",
    "vendor",
    "structure",
    "n_cases",
    "dice_mean",
    "dice_sd",
    "hd_mm_mean",
    "hd_mm_sd",
    "n_empty",
]


def evaluate_model(
    run: Path | str, folder: Path | str, table: pd.DataFrame, regime: str, seed: int, device: str | torch.device = "auto"
) -> tuple[pd.DataFrame, dict[tuple[str, str, str], np.ndarray]]:
    """Rows of ``cases.csv`` of one model, and its predictions by (vendor, subject, phase), each (slice, row, column).

    run: folder that the paths in ``table`` start from. folder: the chapter's folder, with the trained model.
    table: images as in ``SLICE_COLUMNS``; judged are the real test subjects, and no other.
    """
    run, counts = Path(run), count_subjects(table, regime)
    tests = table[(table["domain"] == "real") & (table["split"] == "test")].to_dict("records")
    if not tests:
        raise Sim2RealError("no real test image in the table of slices; put at least one subject into split 'test' (chapter 3)")
    images = [read_image(run / row["image"]) for row in tests]
    stacks = [as_shown(image) for image in images]
    spacings = {tuple(np.round(image.spacing_mm[1::-1], 4)) for image in images}
    if len(spacings) > 1:
        raise Sim2RealError(f"test images with pixels of {sorted(spacings)} mm; all must lie on one analysis grid")
    labels = predict_slices(model_folder(folder, regime, seed), np.concatenate(stacks), spacings.pop(), device)
    parts = np.split(labels, np.cumsum([len(stack) for stack in stacks])[:-1])
    rows, predictions = [], {}
    for row, image, prediction in zip(tests, images, parts, strict=True):
        reference = as_shown(read_labels(run / row["label"]))
        names = {name: row[name] for name in ("vendor", "subject", "phase")}
        predictions[tuple(map(str, names.values()))] = prediction
        # axes (slice, row, column), so their spacing is that of (x, y, slice) backwards
        for case in structure_rows(prediction, reference, image.spacing_mm[::-1]):
            rows.append({"training": regime, "seed": seed, **counts, **names, **case})
    return pd.DataFrame(rows)[EVALUATION_COLUMNS], predictions


def structure_rows(prediction: np.ndarray, reference: np.ndarray, spacing_mm) -> list[dict]:
    """``structure, dice, hd_mm, empty`` of LV, RV and MYO: 3D over all slices of an image.

    prediction, reference: labels, shape (slice, row, column). spacing_mm: (slice, row, column), in mm.
    An empty prediction: Dice 0, HD the diagonal of the image's field of view, ``empty`` 1 (see ``metrics.overlap``).
    """
    rows = []
    for structure, value in STRUCTURES.items():
        masks = prediction == value, reference == value
        empty = int(not all(mask.any() for mask in masks))
        rows.append({"structure": structure, "dice": dice(*masks), "hd_mm": hausdorff_mm(*masks, spacing_mm), "empty": empty})
    return rows


def table1(cases: pd.DataFrame) -> pd.DataFrame:
    """Mean and SD over the cases (and seeds) of each training, vendor and structure: ``TABLE_COLUMNS``. No case is left out."""
    if lost := int(cases[["dice", "hd_mm"]].isna().any(axis=1).sum()):
        raise Sim2RealError(f"{lost} cases have no Dice or HD; expected a number for each: evaluate anew")
    groups = cases.groupby(["training", "n_real", "n_simulated", "vendor", "structure"], as_index=False)
    table = groups.agg(
        n_cases=("dice", "size"), dice_mean=("dice", "mean"), dice_sd=("dice", "std"),
        hd_mm_mean=("hd_mm", "mean"), hd_mm_sd=("hd_mm", "std"), n_empty=("empty", "sum"),
    )  # fmt: skip
    order = {name: place for place, name in enumerate([*REGIMES, *STRUCTURES])}
    by = ["training", "vendor", "structure"]
    table = table.sort_values(by, key=lambda column: column if column.name == "vendor" else column.map(order))
    return table[TABLE_COLUMNS].reset_index(drop=True)


def median_cases(cases: pd.DataFrame, training: str = "both") -> dict[str, tuple[str, str]]:
    """{vendor: (subject, phase)} of the image whose mean Dice over structures is the median one for ``training`` (the lower of two)."""
    means = cases[cases["training"] == training].groupby(["vendor", "subject", "phase"], as_index=False)["dice"].mean()
    ordered = means.sort_values(["vendor", "dice", "subject", "phase"]).groupby("vendor")
    return {vendor: tuple(map(str, rows.iloc[(len(rows) - 1) // 2][["subject", "phase"]])) for vendor, rows in ordered}
