"""Predictions on disk: one label image a case, in the geometry of the test image, so that any
viewer lays the one over the other."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.errors import Sim2RealError
from ..data.images import read_image, read_labels, write_image
from ..data.slices import as_shown, as_stored
from .evaluate import case_key, rows_to_judge

ENDING = ".nii.gz"


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
    for row in rows_to_judge(table):
        affine = read_image(Path(run) / row["image"]).affine
        write_image(
            folder / _name(case_key(row)),
            as_stored(predictions[case_key(row)].astype(np.uint8), affine),
        )


def read_predictions(folder: Path, table: pd.DataFrame) -> dict[tuple[str, str, str], np.ndarray]:
    """What ``write_predictions`` wrote. Raises Sim2RealError unless they are of just the real test
    images of ``table``."""
    keys = {_name(case_key(row)): case_key(row) for row in rows_to_judge(table)}
    there = {path.name for path in folder.glob(f"*{ENDING}")}
    if odd := there ^ keys.keys():
        name = min(odd)
        lacks = "no test image of this run" if name in there else "missing"
        raise Sim2RealError(
            f"{folder / name}: {lacks} ({len(odd)} such cases); expected the cases of the"
            " reference: run chapter 6 again"
        )
    return {key: as_shown(read_labels(folder / name)) for name, key in keys.items()}


def _name(key: tuple[str, str, str]) -> str:
    return "_".join(key) + ENDING
