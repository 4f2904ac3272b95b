"""Fréchet distances between every set of images and the real training images of each vendor."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..core.labels import VENDORS
from ..core.run import RunFolder
from ..core.slices import load_slices
from ..metrics.frechet import frechet_distance
from ..metrics.texture import standardise, texture_features

DISTANCE_COLUMNS = ["images", "reference", "features", "distance", "ci_low", "ci_high", "n_images", "n_reference"]


def image_sets(run: RunFolder) -> dict[str, np.ndarray]:
    """All slices of each set, (n, row, column): simulated, sim2real_A, sim2real_B, the references real_A and real_B
    (train subjects) and the judged real_A_test and real_B_test (test subjects). Sets without a subject are left out."""
    slices = run.manifest("03_real_cohort", "slices.csv")
    translated = run.manifest("04_translation", "translated.csv")
    wanted = {"simulated": slices[slices["domain"] == "simulated"]}
    for vendor in VENDORS:
        real = slices[(slices["domain"] == "real") & (slices["vendor"] == vendor)]
        wanted[f"sim2real_{vendor}"] = translated[translated["domain"] == f"sim2real_{vendor}"]
        wanted[f"real_{vendor}"] = real[real["split"] == "train"]
        wanted[f"real_{vendor}_test"] = real[real["split"] == "test"]
    return {name: load_slices(run.path, rows) for name, rows in wanted.items() if len(rows)}


def distance_table(sets: dict[str, np.ndarray], spaces: dict[str, Callable[[np.ndarray, str], np.ndarray]]) -> pd.DataFrame:
    """Every set against each vendor's real training slices, in every feature space: ``DISTANCE_COLUMNS``.

    ``real_X`` as images are the vendor's test subjects: against their own training subjects they give the floor.
    A distance that cannot be had (no test subject) is missing. No interval is given: the usual bootstrap of a Fréchet
    distance does not cover the truth.
    """
    rows = []
    for space, extract in spaces.items():
        features = {name: extract(images, name) for name, images in sets.items()}
        for reference in (f"real_{vendor}" for vendor in VENDORS):
            for images in ("simulated", *(f"sim2real_{v}" for v in VENDORS), *(f"real_{v}" for v in VENDORS)):
                judged = f"{images}_test" if images.startswith("real_") else images
                found = features.get(judged)
                distance = np.nan if found is None else _distance(found, features[reference], space)
                rows.append(
                    (images, reference, space, distance, np.nan, np.nan, 0 if found is None else len(found), len(features[reference]))
                )
    return pd.DataFrame(rows, columns=DISTANCE_COLUMNS)


def _distance(features: np.ndarray, reference: np.ndarray, space: str) -> float:
    if space == "texture":
        features, reference = standardise(features, reference)
    return frechet_distance(features, reference)


def texture_space(images: np.ndarray, name: str) -> np.ndarray:
    """The texture features of each slice; ``name`` is not needed here, but by spaces that show progress."""
    return texture_features(images)


def median_slice(features: np.ndarray) -> int:
    """Index of the slice nearest to the median of its set, feature by feature in units of their spread."""
    spread = features.std(axis=0) + 1e-9
    return int(np.argmin(np.linalg.norm((features - np.median(features, axis=0)) / spread, axis=1)))
