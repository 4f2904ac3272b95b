"""Chapter 5 on disk: the tables of distances, vendors and sensitivity, and the examples of Fig.
3."""

from collections.abc import Callable, Iterable
from itertools import product

import numpy as np
import pandas as pd

from ..data import RunFolder, choose_device, named_numbers, spoken_interval
from ..metrics import FEWEST_SUBJECTS
from ..translation import TranslationParameters
from .chapter import REALISM
from .distances import change_table, distance_table, kid_table
from .inception import find_weights, inception_features
from .parameters import RealismParameters
from .sensitivity import RESULT_NAMES, sensitivity_table
from .sets import described, image_sets, median_slice, texture_space
from .vendor import vendor_table


def feature_spaces(parameters: RealismParameters) -> tuple[dict[str, Callable], str]:
    """Feature spaces at hand, by name, and why Inception is not among them if it is not."""
    weights, reason = find_weights(parameters)
    spaces = {"texture": texture_space}
    if weights is not None:
        device = choose_device()
        spaces = {
            "inception": lambda images, name: inception_features(images, weights, device, name),
            **spaces,
        }
    return spaces, reason


def measure_sets(
    run: RunFolder, spaces: dict[str, Callable], translation: TranslationParameters, seed: int
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Write ``distances.csv``, ``changes.csv``, ``kid.csv``, ``vendor.csv`` and
    ``sensitivity.csv``.

    translation, seed: of the run; they tell the subjects by which a generator was chosen.
    Returns the first and, for each domain, the slice nearest to its set's median texture.
    """
    sets = image_sets(run, translation, seed)
    features = {space: described(sets, extract) for space, extract in spaces.items()}
    texture = features["texture"]
    distances = distance_table(features)
    for table, name in (
        (distances, "distances"),
        (change_table(features), "changes"),
        (kid_table(features), "kid"),
        (vendor_table(texture), "vendor"),
        (sensitivity_table(sets), "sensitivity"),
    ):
        run.write_manifest(REALISM.name, table, f"{name}.csv")
    shown = [name for name in sets if not name.endswith("_test")]
    return distances, {
        name: sets[name].values[median_slice(texture[name].values)] for name in shown
    }


def results(distances: pd.DataFrame, spaces: dict, weights_note: str) -> dict:
    """Numbers on ``distances.csv`` that the prose of chapter 5 quotes; one that cannot be had is
    missing."""
    phrase = (
        "Inception (FID) and texture features"
        if "inception" in spaces
        else f"texture features alone, no FID: {weights_note}"
    )
    values: dict = {"features": ", ".join(spaces), "features_phrase": phrase}
    values |= distance_numbers(distances, spaces)
    return values | {
        "floor_note": _floor_note(distances),
        "interval_note": _interval_note(distances),
    }


def distance_numbers(distances: pd.DataFrame, spaces: Iterable[str]) -> dict:
    """Every distance with its correction and interval; of each of ``spaces`` and each vendor the
    distance after translation over that before, as defined, not corrected."""
    name = "{features}_{images}_to_{reference}"
    values = named_numbers(distances, name, {"": "distance", "_corrected": "corrected"})
    references = distances["reference"].unique()
    for space, vendor in product(spaces, [reference[-1] for reference in references]):
        before, after = (
            values[f"{space}_{images}_to_real_{vendor}"]
            for images in ("simulated", f"sim2real_{vendor}")
        )
        values[f"{space}_ratio_{vendor}"] = after / before
    return values


def change_numbers(changes: pd.DataFrame, columns: dict[str, str]) -> dict:
    """``change``: to the untranslated slices; ``own``: to those of the other vendor."""
    kinds = np.where(changes["than"] == "simulated", "change", "own")
    return named_numbers(changes.assign(kind=kinds), "{features}_{kind}_{vendor}", columns)


def statistics(run: RunFolder) -> dict:
    """Numbers on the chapter's other tables: kernel distances, changes by translation, vendors,
    sensitivity."""
    changes, kid, vendor, planted = (
        run.manifest(REALISM.name, f"{name}.csv")
        for name in ("changes", "kid", "vendor", "sensitivity")
    )
    is_real = vendor["images"] == "real"
    numbers = {}
    if is_real.any():  # not with one vendor alone
        accuracy = vendor[is_real].iloc[0]
        interval = spoken_interval(accuracy["accuracy_low"], accuracy["accuracy_high"])
        numbers = {
            "vendor_accuracy": accuracy["accuracy"],
            "vendor_accuracy_interval": interval,
        }
    both = {"": "kid", "_corrected": "corrected"}
    distances = planted.set_index("change")["distance"]
    return {
        **named_numbers(kid, "kid_{features}_{images}_to_{reference}", both),
        **change_numbers(changes, {"": "change", "_corrected": "corrected"}),
        **named_numbers(vendor[~is_real], "called_A_{images}", {"": "share_A"}),
        **numbers,
        **{f"sees_{key}": distances.get(name, np.nan) for name, key in RESULT_NAMES.items()},
    }


def _floor_note(distances: pd.DataFrame) -> str:
    floors = distances.loc[distances["images"] == distances["reference"], "distance"]
    return (
        ""
        if np.isfinite(floors).all()
        else "Without test subjects there is no floor: it is not available in this run."
    )


def _interval_note(distances: pd.DataFrame) -> str:
    if distances["ci_low"].notna().all():
        return ""
    return (
        f"Where no interval stands, a set has fewer than {FEWEST_SUBJECTS} subjects or no more"
        " images than the space has features."
    )
