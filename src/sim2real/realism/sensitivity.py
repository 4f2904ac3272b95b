"""What the feature spaces see: real slices changed on purpose, in texture and in content."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter, rotate

from ..data import LV, RV, generator
from .distances import LEAD, distance_of
from .sets import SliceSet, vendors_in

SENSITIVITY_COLUMNS = [
    "change",
    "of",
    "features",
    "measure",
    "distance",
    "ci_low",
    "ci_high",
    "times_floor",
    "n_images",
    "n_reference",
]
UNCHANGED = "other half"
# The changes of texture and of content, and how the results name them.
TEXTURE = {
    "blurred 1 px": "blur_1",
    "blurred 2 px": "blur_2",
    "+ noise 0.05": "noise_05",
    "+ noise 0.1": "noise_1",
    "flattened to four grey levels": "flattened",
    "gamma 1.5": "gamma",
}
CONTENT = {
    "ventricles darkened in part": "darkened",
    "a blob at the edge": "blob",
    "an organ from another slice": "organ",
    "grain in half of the image": "half_grain",
    "heart turned by 60 degrees": "turned",
}
RESULT_NAMES = {UNCHANGED: "other_half", **TEXTURE, **CONTENT}
SOFT_PX = 1.5  # SD of the edges of a changed part
BLOB_PX, BLOB_HEIGHT = 6.0, 0.6
ORGAN_PX = 18  # radius
HEART_PX = 10  # of the turned disc beyond the heart
TURN_DEG = 60.0


def changes(images: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """``images`` (n, row, column) in [0, 1] unchanged, and changed in ways of ``TEXTURE`` and
    ``CONTENT``, by name. labels: of the same shape, 1 LV, 2 MYO, 3 RV, 0 elsewhere. Noise:
    Gaussian, its SD in units of the range."""

    def noise(sd: float) -> np.ndarray:
        return generator(0, "sensitivity", str(sd)).normal(0, sd, images.shape)

    rng = generator(0, "sensitivity", "places")
    half = np.arange(images.shape[2]) < images.shape[2] // 2
    made = {
        UNCHANGED: images,
        "blurred 1 px": gaussian_filter(images, (0, 1, 1)),
        "blurred 2 px": gaussian_filter(images, (0, 2, 2)),
        "+ noise 0.05": images + noise(0.05),
        "+ noise 0.1": images + noise(0.1),
        "flattened to four grey levels": np.round(images * 3) / 3,
        "gamma 1.5": np.clip(images, 0, 1) ** 1.5,
        "ventricles darkened in part": _darkened(images, labels),
        "a blob at the edge": np.maximum(images, _blobs(images.shape, rng)),
        "an organ from another slice": _with_organ(images, rng),
        "grain in half of the image": images + noise(0.1) * half,
        "heart turned by 60 degrees": _turned(images, labels),
    }
    return {name: np.clip(changed, 0, 1) for name, changed in made.items()}


def _darkened(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The blood on one side of the middle of both ventricles at two fifths of its signal."""
    blood = np.isin(labels, (LV, RV))
    columns = np.arange(images.shape[2])
    middle = np.array([columns[part.any(axis=0)].mean() if part.any() else 0 for part in blood])
    dark = blood & (columns < middle[:, None, None])
    return images * (1 - 0.6 * gaussian_filter(dark.astype(float), (0, SOFT_PX, SOFT_PX)))


def _blobs(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A bright Gaussian on one of the four edges of each slice."""
    n, rows, columns = shape
    along, side = rng.uniform(0.1, 0.9, n), rng.integers(4, size=n)
    row = np.choose(side, [0 * along, 0 * along + 1, along, along]) * (rows - 1)
    column = np.choose(side, [along, along, 0 * along, 0 * along + 1]) * (columns - 1)
    y, x = np.indices((rows, columns))
    squares = (y - row[:, None, None]) ** 2 + (x - column[:, None, None]) ** 2
    return BLOB_HEIGHT * np.exp(-squares / (2 * BLOB_PX**2))


def _with_organ(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A disc of each slice, in a corner, replaced by the middle of a slice half a set away."""
    n, rows, columns = images.shape
    y, x = np.indices((rows, columns))
    up, left = rng.choice([-1, 1], (2, n))
    others = np.roll(images, n // 2, axis=0)
    made = []
    for image, other, dy, dx in zip(
        images, others, up * rows // 4, left * columns // 4, strict=True
    ):
        inside = np.hypot(y - rows // 2 - dy, x - columns // 2 - dx) <= ORGAN_PX
        share = gaussian_filter(inside.astype(float), SOFT_PX)
        made.append(image + share * (np.roll(other, (dy, dx), axis=(0, 1)) - image))
    return np.stack(made)


def _turned(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """A disc about the heart, turned about its middle; slices without a heart as they are."""
    y, x = np.indices(images.shape[1:])
    made = []
    for image, label in zip(images, labels, strict=True):
        places = np.argwhere(label)
        if not len(places):
            made.append(image)
            continue
        row, column = middle = np.round((places.min(axis=0) + places.max(axis=0)) / 2).astype(int)
        distance = np.hypot(y - row, x - column)
        share = gaussian_filter((distance <= distance[label > 0].max() + HEART_PX) * 1.0, SOFT_PX)
        shift = np.array(image.shape) // 2 - middle
        about_it = rotate(np.roll(image, shift, (0, 1)), TURN_DEG, reshape=False, order=1)
        made.append(image + share * (np.roll(about_it, -shift, (0, 1)) - image))
    return np.stack(made)


def sensitivity_table(
    sets: dict[str, SliceSet], labels: dict[str, np.ndarray], spaces: dict[str, Callable]
) -> pd.DataFrame:
    """Distance of one half of the real training slices, changed, to the other half, in each space's
    leading measure: ``SENSITIVITY_COLUMNS``.

    The halves share no subject, and each has every second one of each vendor by name. The row
    ``other half`` is unchanged: a change is seen if it is well above the upper end of its interval
    (or its distance, if that is larger), the floor in ``times_floor``.

    Args:
        sets: slices by the name of the set.
        labels: of the slices of ``real_X``, by the same names.
        spaces: of ``feature_spaces``.

    Returns:
        Empty with fewer than two subjects of a vendor.
    """
    halves: list[list] = [[], []]
    for name in (f"real_{vendor}" for vendor in vendors_in(sets)):
        images = sets[name]
        second = np.isin(images.subjects, np.unique(images.subjects)[1::2])
        if not second.any():
            return pd.DataFrame(columns=SENSITIVITY_COLUMNS)
        for half, mask in zip(halves, (second, ~second), strict=True):
            half.append((images.values[mask], labels[name][mask], images.subjects[mask]))
    (ours, masks, subjects), (other, _, others) = (
        [np.concatenate(part) for part in zip(*half, strict=True)] for half in halves
    )
    made, rows = changes(ours.astype(float), masks), []
    for space, extract in spaces.items():
        reference = SliceSet(extract(other, "the other half"), others)
        floor = np.nan
        for name, images in made.items():
            changed = SliceSet(extract(images, name), subjects)
            found = distance_of(changed, reference, space, LEAD[space])
            if name == UNCHANGED:
                floor = max(found.high, found.value)
            of = "texture" if name in TEXTURE else "content" if name in CONTENT else ""
            numbers = (found.value, found.low, found.high, found.value / floor)
            rows.append((name, of, space, LEAD[space], *numbers, len(ours), len(other)))
    return pd.DataFrame(rows, columns=SENSITIVITY_COLUMNS)
