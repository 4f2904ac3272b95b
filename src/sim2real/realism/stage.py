"""Chapter 5 on disk: the tables of distances, vendors and sensitivity, and the examples of Fig.
3."""

from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import torch

from ..data import RunFolder, choose_device, named_numbers, spoken_interval
from ..metrics import FEWEST_SUBJECTS
from .chapter import REALISM
from .distances import FRECHET, KID, LEAD, distance_table, lead_rows, remaining_table
from .inception import find_weights, inception_features
from .learned import learned_features
from .parameters import RealismParameters
from .sensitivity import RESULT_NAMES, sensitivity_table
from .sets import described, image_sets, median_slice, reference_labels, texture_space
from .vendor import vendor_table


def feature_spaces(parameters: RealismParameters) -> tuple[dict[str, Callable], str]:
    """Feature spaces at hand, by name, and why Inception is not among them if it is not."""
    weights, reason = find_weights(parameters)
    device = choose_device()
    spaces: dict[str, Callable] = {"learned": partial(_of_network, learned_features, device)}
    if weights is not None:
        features = partial(inception_features, weights=weights)
        spaces["inception"] = partial(_of_network, features, device)
    return {**spaces, "texture": texture_space}, reason


def _of_network(
    features: Callable, device: torch.device, images: np.ndarray, name: str
) -> np.ndarray:
    return features(images, device=device, name=name)


def measure_sets(
    run: RunFolder, spaces: dict[str, Callable]
) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Write ``distances.csv``, ``remaining.csv``, ``vendor.csv`` and ``sensitivity.csv``.

    Returns the first and, for each domain, the slice nearest to its set's median texture.
    """
    sets = image_sets(run)
    features = {space: described(sets, extract) for space, extract in spaces.items()}
    texture = features["texture"]
    distances = distance_table(features)
    for table, name in (
        (distances, "distances"),
        (remaining_table(features), "remaining"),
        (vendor_table(texture), "vendor"),
        (sensitivity_table(sets, reference_labels(run, sets), spaces), "sensitivity"),
    ):
        run.write_manifest(REALISM.name, table, f"{name}.csv")
    shown = [name for name in sets if not name.endswith("_test")]
    return distances, {
        name: sets[name].values[median_slice(texture[name].values)] for name in shown
    }


def results(distances: pd.DataFrame, spaces: dict, weights_note: str) -> dict:
    """Numbers on ``distances.csv`` that the prose of chapter 5 quotes; one that cannot be had is
    missing."""
    phrase = "learned features, Inception (FID) and texture features"
    if "inception" not in spaces:
        phrase = f"learned features and texture features, no FID: {weights_note}"
    values: dict = {"features": ", ".join(spaces), "features_phrase": phrase}
    values |= distance_numbers(distances)
    lead = lead_rows(distances)
    floors = lead.loc[lead["images"] == lead["reference"], "distance"]
    no_floor = "Without test subjects there is no floor: it is not available in this run."
    no_interval = (
        f"Where no interval stands, a set has fewer than {FEWEST_SUBJECTS} subjects or no more"
        " images than the space has features."
    )
    return values | {
        "floor_note": "" if np.isfinite(floors).all() else no_floor,
        "interval_note": "" if lead["ci_low"].notna().all() else no_interval,
    }


def distance_numbers(distances: pd.DataFrame) -> dict:
    """Every distance with its correction and interval, KID's by names that begin with ``kid``; of
    each space's leading measure the ratio of after translation to before, as defined."""
    name, columns = (
        "{features}_{images}_to_{reference}",
        {"": "distance", "_corrected": "corrected"},
    )
    values = {}
    for measure, prefix in ((FRECHET, ""), (KID, "kid_")):
        rows = distances[distances["measure"] == measure]
        values |= named_numbers(rows, prefix + name, columns)
    keys = ["features", "reference", "images"]
    lead = lead_rows(distances).set_index(keys)["distance"].sort_index()
    for space, reference in product(*(lead.index.unique(name) for name in keys[:2])):
        of_reference = lead[space, reference]
        after, before = of_reference[f"sim2real_{reference[-1]}"], of_reference["simulated"]
        values[f"{space}_ratio_{reference[-1]}"] = after / before
    return values


def statistics(run: RunFolder) -> dict:
    """Numbers on the chapter's other tables: what translation leaves of the distance to the
    untranslated slices (``remaining``) and of that to the other vendor's (``own``), vendors,
    sensitivity."""
    remaining, vendor, planted = (
        run.manifest(REALISM.name, f"{name}.csv") for name in ("remaining", "vendor", "sensitivity")
    )
    kinds = np.where(remaining["than"] == "simulated", "remaining", "own")
    remaining = remaining.assign(kind=kinds)
    is_real = vendor["images"] == "real"
    numbers = {}
    if is_real.any():  # not with one vendor alone
        accuracy = vendor[is_real].iloc[0]
        interval = spoken_interval(accuracy["accuracy_low"], accuracy["accuracy_high"])
        numbers = {
            "vendor_accuracy": accuracy["accuracy"],
            "vendor_accuracy_interval": interval,
        }
    seen = planted.set_index(["features", "change"])["times_floor"]
    return {
        **named_numbers(remaining, "{features}_{kind}_{vendor}", {"": "remaining"}),
        **named_numbers(vendor[~is_real], "called_A_{images}", {"": "share_A"}),
        **numbers,
        **{
            f"{space}_sees_{key}": seen.get((space, name), np.nan)
            for space, (name, key) in product(LEAD, RESULT_NAMES.items())
        },
    }
