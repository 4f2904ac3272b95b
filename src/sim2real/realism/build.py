"""Chapter 5 on disk: the distances, and the examples of Fig. 3."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from ..core.device import choose_device
from ..core.labels import VENDORS
from ..core.parameters import RealismParameters
from ..core.run import RunFolder
from .distances import distance_table, image_sets, median_slice, texture_space
from .inception import find_weights, inception_features

CHAPTER = "05_realism"


def feature_spaces(parameters: RealismParameters) -> tuple[dict[str, Callable], str]:
    """Feature spaces at hand, by name, and why Inception is not among them if it is not."""
    weights, reason = find_weights(parameters)
    spaces = {"texture": texture_space}
    if weights is not None:
        device = choose_device()
        spaces = {"inception": lambda images, name: inception_features(images, weights, device, name), **spaces}
    return spaces, reason


def measure(run: RunFolder, spaces: dict[str, Callable]) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Write ``distances.csv``; return it and, for each domain, the slice nearest to its set's median texture."""
    sets = image_sets(run)
    kept: dict[str, dict[str, np.ndarray]] = {space: {} for space in spaces}
    distances = distance_table(sets, {space: partial(_remember, extract, kept[space]) for space, extract in spaces.items()})
    run.write_manifest(CHAPTER, distances, "distances.csv")
    shown = [name for name in sets if not name.endswith("_test")]
    return distances, {name: sets[name][median_slice(kept["texture"][name])] for name in shown}


def _remember(extract: Callable, kept: dict, images: np.ndarray, name: str) -> np.ndarray:
    kept[name] = extract(images, name)
    return kept[name]


def results(distances: pd.DataFrame, spaces: dict, weights_note: str) -> dict:
    """Numbers the prose of chapter 5 quotes; a distance that cannot be had is missing."""
    phrase = "Inception (FID) and texture features" if "inception" in spaces else f"texture features alone, no FID: {weights_note}"
    values: dict = {"features": ", ".join(spaces), "features_phrase": phrase}
    for row in distances.to_dict("records"):
        values[f"{row['features']}_{row['images']}_to_{row['reference']}"] = row["distance"]
    for space in spaces:
        for vendor in VENDORS:
            before, after = (values[f"{space}_{name}_to_real_{vendor}"] for name in ("simulated", f"sim2real_{vendor}"))
            values[f"{space}_ratio_{vendor}"] = after / before
    floors = [values[f"texture_real_{vendor}_to_real_{vendor}"] for vendor in VENDORS]
    values["floor_note"] = "" if np.isfinite(floors).all() else "Without test subjects there is no floor: it is not available in this run."
    return values
