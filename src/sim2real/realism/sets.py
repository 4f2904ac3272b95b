"""The sets of slices that chapter 5 compares, with the subject of each slice, and their
features."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..cohort import COHORT
from ..data import VENDORS, RunFolder, load_slices, vendors_of
from ..metrics import texture_features
from ..translation import TRANSLATION


class SliceSet(NamedTuple):
    """``values``: slices (n, row, column) in [0, 1], or their features (n, feature); ``subjects``:
    of each, (n,)."""

    values: np.ndarray
    subjects: np.ndarray


def vendors_in(sets: dict[str, SliceSet]) -> list[str]:
    """Vendors that have a reference among ``sets``."""
    return [vendor for vendor in VENDORS if f"real_{vendor}" in sets]


def image_sets(run: RunFolder) -> dict[str, SliceSet]:
    """All slices of each set: simulated, sim2real_A, sim2real_B, the references real_A and real_B
    (train subjects) and the judged real_A_test and real_B_test (test subjects). Sets without a
    subject are left out."""
    slices = run.manifest(COHORT.name, "slices.csv")
    translated = run.manifest(TRANSLATION.name, "translated.csv")
    tables = {"simulated": slices[slices["domain"] == "simulated"]}
    for vendor in vendors_of(slices):
        real = slices[(slices["domain"] == "real") & (slices["vendor"] == vendor)]
        tables |= {
            f"sim2real_{vendor}": translated[translated["domain"] == f"sim2real_{vendor}"],
            f"real_{vendor}": real[real["split"] == "train"],
            f"real_{vendor}_test": real[real["split"] == "test"],
        }
    return {name: _load(run, rows) for name, rows in tables.items() if len(rows)}


def reference_labels(run: RunFolder, sets: dict[str, SliceSet]) -> dict[str, np.ndarray]:
    """The labels of the slices of each reference ``real_X`` among ``sets``, (n, row, column)."""
    slices = run.manifest(COHORT.name, "slices.csv")
    real = slices[(slices["domain"] == "real") & (slices["split"] == "train")]
    labels = {}
    for vendor in vendors_in(sets):
        name = f"real_{vendor}"
        kept = real["subject"].astype(str).isin(sets[name].subjects)
        labels[name] = _load(run, real[(real["vendor"] == vendor) & kept], "label").values
    return labels


def _load(run: RunFolder, rows: pd.DataFrame, column: str = "image") -> SliceSet:
    stacks = [load_slices(run.path, rows.iloc[[k]], column) for k in range(len(rows))]
    return SliceSet(
        np.concatenate(stacks),
        np.repeat(rows["subject"].astype(str).to_numpy(), [len(stack) for stack in stacks]),
    )


def described(
    sets: dict[str, SliceSet], extract: Callable[[np.ndarray, str], np.ndarray]
) -> dict[str, SliceSet]:
    """The features of each set in the space of ``extract``, called with the slices and the name of
    the set."""
    return {
        name: SliceSet(extract(part.values, name), part.subjects) for name, part in sets.items()
    }


def texture_space(images: np.ndarray, name: str) -> np.ndarray:
    """The texture features of each slice; ``name`` is not needed here, but by spaces that show
    progress."""
    return texture_features(images)


def median_slice(features: np.ndarray) -> int:
    """Index of the slice nearest to the median of its set, feature by feature in units of their
    spread."""
    spread = features.std(axis=0) + 1e-9
    return int(np.argmin(np.linalg.norm((features - np.median(features, axis=0)) / spread, axis=1)))
