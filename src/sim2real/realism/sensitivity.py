"""What the texture features see: real slices, changed on purpose."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from ..data.labels import VENDORS
from ..data.seeds import generator
from ..metrics.frechet import frechet_distance
from ..metrics.texture import standardise, texture_features
from .sets import SliceSet

SENSITIVITY_COLUMNS = ["change", "distance", "times_other_half", "n_images", "n_reference"]


def changes(images: np.ndarray) -> dict[str, np.ndarray]:
    """``images`` (n, row, column) in [0, 1], unchanged and changed in six ways, by name. Noise:
    Gaussian, its SD in units of the range."""

    def noise(sd: float) -> np.ndarray:
        return np.clip(
            images + generator(0, "sensitivity", str(sd)).normal(0, sd, images.shape), 0, 1
        )

    return {
        "other half": images,
        "blurred 1 px": gaussian_filter(images, (0, 1, 1)),
        "blurred 2 px": gaussian_filter(images, (0, 2, 2)),
        "+ noise 0.05": noise(0.05),
        "+ noise 0.1": noise(0.1),
        "flattened to four grey levels": np.round(images * 3) / 3,
        "gamma 1.5": np.clip(images, 0, 1) ** 1.5,
    }


def sensitivity(
    sets: dict[str, SliceSet], distance: Callable[[np.ndarray, np.ndarray], float] | None = None
) -> pd.DataFrame:
    """Fréchet distance of one half of the real training slices, changed, to the other half:
    ``SENSITIVITY_COLUMNS``.

    sets: slices by the name of the set. distance: of two stacks of slices (n, row, column); none:
    in texture features. The halves share no subject, and each has every second one of each vendor
    by name. The row ``other half`` is unchanged: a change is seen if it is well above it. Empty
    with fewer than two subjects of a vendor.
    """
    halves: list[list[np.ndarray]] = [[], []]
    for found in (sets[f"real_{vendor}"] for vendor in VENDORS):
        second = np.isin(found.subjects, np.unique(found.subjects)[1::2])
        if not second.any():
            return pd.DataFrame(columns=SENSITIVITY_COLUMNS)
        halves[0].append(found.values[second])
        halves[1].append(found.values[~second])
    judged, kept = (np.concatenate(half).astype(float) for half in halves)
    if distance is None:
        distance = partial(_in_texture, reference=texture_features(kept))
    distances = {name: distance(changed, kept) for name, changed in changes(judged).items()}
    floor = distances["other half"]
    rows = [
        (name, distance, distance / floor, len(judged), len(kept))
        for name, distance in distances.items()
    ]
    return pd.DataFrame(rows, columns=SENSITIVITY_COLUMNS)


def _in_texture(images: np.ndarray, _: np.ndarray, reference: np.ndarray) -> float:
    return frechet_distance(*standardise(texture_features(images), reference))
