"""Chapter 5 on disk: the tables of distances, vendors and sensitivity, and the examples of Fig.
3."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ..data.device import choose_device
from ..data.labels import VENDORS
from ..data.numbers import spoken_interval
from ..data.run import RunFolder
from ..metrics.intervals import FEWEST_SUBJECTS
from ..translation.parameters import TranslationParameters
from .distances import change_table, distance_table, kid_table
from .inception import find_weights, inception_features
from .parameters import RealismParameters
from .sensitivity import sensitivity
from .sets import described, image_sets, median_slice, texture_space
from .vendor import vendor_table

CHAPTER = "05_realism"
SEEN = {
    "other half": "other_half",
    "blurred 1 px": "blur_1",
    "blurred 2 px": "blur_2",
    "+ noise 0.05": "noise_05",
    "+ noise 0.1": "noise_1",
    "flattened to four grey levels": "flattened",
    "gamma 1.5": "gamma",
}
"""Changes of ``sensitivity.csv``, and how the results name them."""


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


def measure(
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
        (sensitivity(sets), "sensitivity"),
    ):
        run.write_manifest(CHAPTER, table, f"{name}.csv")
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
    for row in distances.to_dict("records"):
        name = f"{row['features']}_{row['images']}_to_{row['reference']}"
        values |= {
            name: row["distance"],
            f"{name}_corrected": row["corrected"],
            f"{name}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
        }
    return (
        values
        | _ratios(values, spaces)
        | {
            "floor_note": _floor_note(values),
            "interval_note": _interval_note(distances),
        }
    )


def statistics(run: RunFolder) -> dict:
    """Numbers on the chapter's other tables: kernel distances, changes by translation, vendors,
    sensitivity."""
    changes, kid, vendor, seen = (
        run.manifest(CHAPTER, f"{name}.csv") for name in ("changes", "kid", "vendor", "sensitivity")
    )
    values: dict = {}
    for row in kid.to_dict("records"):
        name = f"kid_{row['features']}_{row['images']}_to_{row['reference']}"
        values |= {
            name: row["kid"],
            f"{name}_corrected": row["corrected"],
            f"{name}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
        }
    for row in changes.to_dict("records"):
        name = (
            f"{row['features']}_{'change' if row['than'] == 'simulated' else 'own'}_{row['vendor']}"
        )
        values |= {
            name: row["change"],
            f"{name}_corrected": row["corrected"],
            f"{name}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
        }
    for row in vendor[vendor["images"] != "real"].to_dict("records"):
        values |= {
            f"called_A_{row['images']}": row["share_A"],
            f"called_A_{row['images']}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
        }
    real = vendor.set_index("images").loc["real"].to_dict()
    values |= {
        "vendor_accuracy": real["accuracy"],
        "vendor_accuracy_interval": spoken_interval(real["accuracy_low"], real["accuracy_high"]),
    }
    values |= {f"sees_{name}": np.nan for name in SEEN.values()}
    return values | {
        f"sees_{SEEN[row['change']]}": row["distance"] for row in seen.to_dict("records")
    }


def _ratios(values: dict, spaces: dict) -> dict:
    """Distance after translation over that before, as defined, not corrected."""
    return {
        f"{space}_ratio_{vendor}": (
            values[f"{space}_sim2real_{vendor}_to_real_{vendor}"]
            / values[f"{space}_simulated_to_real_{vendor}"]
        )
        for space in spaces
        for vendor in VENDORS
    }


def _floor_note(values: dict) -> str:
    floors = [values[f"texture_real_{vendor}_to_real_{vendor}"] for vendor in VENDORS]
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
