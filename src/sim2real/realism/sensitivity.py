"""What the texture features see: real slices, changed on purpose."""

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from ..data import generator
from ..metrics import frechet_distance, standardise, texture_features
from .sets import SliceSet, vendors_in

SENSITIVITY_COLUMNS = ["change", "distance", "times_other_half", "n_images", "n_reference"]

# The changes, and how the results name them.
RESULT_NAMES = {
    "other half": "other_half",
    "blurred 1 px": "blur_1",
    "blurred 2 px": "blur_2",
    "+ noise 0.05": "noise_05",
    "+ noise 0.1": "noise_1",
    "flattened to four grey levels": "flattened",
    "gamma 1.5": "gamma",
}


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


def sensitivity_table(sets: dict[str, SliceSet]) -> pd.DataFrame:
    """Fréchet distance of one half of the real training slices, changed, to the other half, in
    texture features standardised on it.

    The halves share no subject, and each has every second one of each vendor by name. The row
    ``other half`` is unchanged: a change is seen if it is well above it.

    Args:
        sets: slices by the name of the set.

    Returns:
        ``SENSITIVITY_COLUMNS``; empty with fewer than two subjects of a vendor.
    """
    halves: list[list[np.ndarray]] = [[], []]
    for images in (sets[f"real_{vendor}"] for vendor in vendors_in(sets)):
        second = np.isin(images.subjects, np.unique(images.subjects)[1::2])
        if not second.any():
            return pd.DataFrame(columns=SENSITIVITY_COLUMNS)
        halves[0].append(images.values[second])
        halves[1].append(images.values[~second])
    changed, other = (np.concatenate(half).astype(float) for half in halves)
    reference = texture_features(other)
    distances = {
        name: frechet_distance(*standardise(texture_features(images), reference))
        for name, images in changes(changed).items()
    }
    table = pd.Series(distances).rename_axis("change").reset_index(name="distance")
    return table.assign(
        times_other_half=table["distance"] / distances["other half"],
        n_images=len(changed),
        n_reference=len(other),
    )
