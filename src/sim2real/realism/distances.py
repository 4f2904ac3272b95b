"""Distances between every set of images and the real training images of each vendor, with intervals
over subjects."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import pandas as pd

from ..metrics import (
    Estimate,
    frechet_distance,
    jackknife,
    kernel_distance,
    kernel_distance_by_subject,
    standardise,
)
from .sets import SliceSet, vendors_in

DISTANCE_COLUMNS = [
    "images",
    "reference",
    "features",
    "measure",
    "distance",
    "ci_low",
    "ci_high",
    "n_images",
    "n_reference",
    "corrected",
]
REMAINING_COLUMNS = ["vendor", "features", "measure", "than", "remaining", "ci_low", "ci_high"]
MEASURES = FRECHET, KID = "frechet", "kid"
LEAD = {"learned": KID, "inception": FRECHET, "texture": FRECHET}
"""Of each feature space the measure that its figures and claims use: in Inception's it is FID."""
AS_THEY_ARE = "inception"
"""The space whose features are not standardised on the reference, since FID is not."""
BY_KID_ALONE = "learned"
"""The space that has no Fréchet distance with no more images than features."""


def lead_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table with ``features`` and ``measure`` in each space's leading measure."""
    return table[table["measure"] == table["features"].map(LEAD)]


def distance_table(spaces: dict[str, dict[str, SliceSet]]) -> pd.DataFrame:
    """Fréchet distance and KID of every set to each vendor's real training slices, in every feature
    space: ``DISTANCE_COLUMNS``.

    spaces: name of the space to name of the set to its features. ``real_X`` as images are the
    vendor's test subjects: against their own training subjects they give the floor. ``distance`` is
    as defined, Fréchet's biased upwards; ``corrected`` has the bias taken off and may fall below 0;
    the 95 % interval over subjects lies about it. Without a test subject a distance is missing. A
    Fréchet distance with no more images than features has neither correction nor interval, and of
    learned features it is missing; fewer than five subjects in a set have no interval either.

    Coverage of KID's interval in the simulation of ``metrics.intervals``: 0.90 to 0.98 with 14 or
    more reference subjects, the floor of 8 included; 0.76 for 8 subjects much more varied than
    their 14 reference subjects, where the kernel's third power has a heavy tail.
    """
    rows = []
    for (space, images, reference, measured, real), measure in product(_pairs(spaces), MEASURES):
        none = measured is None
        estimate = Estimate(np.nan) if none else distance_of(measured, real, space, measure)
        n = 0 if none else len(measured.values)
        numbers = (estimate.value, estimate.low, estimate.high, n, len(real.values))
        rows.append((images, reference, space, measure, *numbers, estimate.corrected))
    return pd.DataFrame(rows, columns=DISTANCE_COLUMNS)


def point_distances(spaces: dict[str, dict[str, SliceSet]]) -> pd.DataFrame:
    """The distances of ``distance_table`` alone, in a small part of its time: ``images, reference,
    features, measure, distance``."""
    rows = [
        (
            *(images, reference, space, measure),
            np.nan if measured is None else _point(measured, real, space, measure),
        )
        for (space, images, reference, measured, real), measure in product(_pairs(spaces), MEASURES)
    ]
    return pd.DataFrame(rows, columns=DISTANCE_COLUMNS[:5])


def remaining_table(spaces: dict[str, dict[str, SliceSet]]) -> pd.DataFrame:
    """How far the slices translated to a vendor lie from it, over how far others do, both less the
    distance of the vendor's own test subjects, in each space's leading measure:
    ``REMAINING_COLUMNS``.

    ``than``: the simulated slices (what translation leaves of their distance: 1 if it changes
    nothing, 0 if translated slices lie as near as real ones) or those translated to the other
    vendor (below 1 if the look is this vendor's). The interval is about the ratio less its bias;
    a subject is left out of all sets at once. Missing without test subjects, where the others lie
    as near as these, and for a Fréchet distance with no more images than features.
    """
    rows = []
    for space, sets in spaces.items():
        judged = [
            (vendor, than)
            for vendor in vendors_in(sets)
            for than in ("simulated", *(f"sim2real_{v}" for v in vendors_in(sets) if v != vendor))
        ]
        for vendor, than in judged:
            ratio, own = Estimate(np.nan), sets.get(f"real_{vendor}_test")
            if own is not None:
                parts = sets[than], sets[f"sim2real_{vendor}"], own
                measured = _remaining(parts, sets[f"real_{vendor}"], space)
                ratio = measured if np.isfinite(measured.value) else ratio
            rows.append((vendor, space, LEAD[space], than, ratio.value, ratio.low, ratio.high))
    return pd.DataFrame(rows, columns=REMAINING_COLUMNS)


def distance_of(measured: SliceSet, real: SliceSet, space: str, measure: str) -> Estimate:
    """One distance with its interval over subjects, see ``distance_table``."""
    if measure == KID:
        statistic = _kid_by_subject(measured, real, space)
        return jackknife(statistic, measured.subjects, real.subjects, lowest=0)
    if not _of_full_rank(measured, real):
        return Estimate(_point(measured, real, space, measure))
    return jackknife(
        lambda one, two: _distance(measured.values[one], real.values[two], space, measure),
        *(measured.subjects, real.subjects),
        lowest=0,
        halvings=20,
    )


def _pairs(spaces: dict[str, dict[str, SliceSet]]) -> Iterator[tuple]:
    for space, sets in spaces.items():
        vendors = vendors_in(sets)
        judged = ["simulated", *(f"{kind}_{v}" for kind in ("sim2real", "real") for v in vendors)]
        for vendor, images in product(vendors, judged):
            name = f"{images}_test" if images.startswith("real_") else images
            yield space, images, f"real_{vendor}", sets.get(name), sets[f"real_{vendor}"]


def _scaled(
    features: np.ndarray, reference: np.ndarray, space: str
) -> tuple[np.ndarray, np.ndarray]:
    return (features, reference) if space == AS_THEY_ARE else standardise(features, reference)


def _distance(features: np.ndarray, reference: np.ndarray, space: str, measure: str) -> float:
    function = kernel_distance if measure == KID else frechet_distance
    return function(*_scaled(features, reference, space))


def _point(measured: SliceSet, real: SliceSet, space: str, measure: str) -> float:
    if measure == FRECHET and space == BY_KID_ALONE and not _of_full_rank(measured, real):
        return np.nan
    return _distance(measured.values, real.values, space, measure)


def _of_full_rank(*sets: SliceSet) -> bool:
    """More images than features: without them bias does not fall as one over the number of
    subjects."""
    return all(len(part.values) > part.values.shape[1] for part in sets)


def _kid_by_subject(
    measured: SliceSet, real: SliceSet, space: str
) -> Callable[[np.ndarray, np.ndarray], float]:
    """KID of the images of two masks. Kernels of features that are scaled by the whole reference
    are summed by subject once; the scale goes with the reference's subjects."""
    features, reference = _scaled(measured.values, real.values, space)
    kernel_distance(features, reference)  # refuses what cannot be used, in one line
    as_scaled = kernel_distance_by_subject(features, measured.subjects, reference, real.subjects)

    def statistic(one: np.ndarray, two: np.ndarray) -> float:
        if space == AS_THEY_ARE or two.all():
            return as_scaled(one, two)
        return _distance(measured.values[one], real.values[two], space, KID)

    return statistic


def _remaining(parts: tuple[SliceSet, ...], real: SliceSet, space: str) -> Estimate:
    """How far the second of the parts lies from ``real`` over how far the first does, both less the
    third's distance; a subject of several parts is left out of all at once."""
    measure = LEAD[space]
    if measure == FRECHET and not _of_full_rank(*parts, real):
        return Estimate(np.nan)  # biased numbers; and in Inception's space each takes long
    ends = np.cumsum([len(part.values) for part in parts])[:-1]
    if measure == KID:
        statistics = [_kid_by_subject(part, real, space) for part in parts]
    else:
        statistics = [
            lambda one, two, part=part: _distance(
                part.values[one], real.values[two], space, measure
            )
            for part in parts
        ]

    def statistic(one: np.ndarray, two: np.ndarray) -> float:
        masks = np.split(one, ends)
        before, after, own = (of(mask, two) for of, mask in zip(statistics, masks, strict=True))
        return float((after - own) / (before - own)) if before > own else np.nan

    return jackknife(statistic, np.concatenate([part.subjects for part in parts]), real.subjects)
