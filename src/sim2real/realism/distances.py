"""Distances between every set of images and the real training images of each vendor, with intervals
over subjects."""

from collections.abc import Callable, Iterator

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
    "distance",
    "ci_low",
    "ci_high",
    "n_images",
    "n_reference",
    "corrected",
]
KID_COLUMNS = ["images", "reference", "features", "kid", *DISTANCE_COLUMNS[4:]]
CHANGE_COLUMNS = ["vendor", "features", "than", "change", "ci_low", "ci_high", "corrected"]


def distance_table(spaces: dict[str, dict[str, SliceSet]]) -> pd.DataFrame:
    """Fréchet distance of every set to each vendor's real training slices, in every feature space:
    ``DISTANCE_COLUMNS``.

    spaces: name of the space to name of the set to its features. ``real_X`` as images are the
    vendor's test subjects: against their own training subjects they give the floor. ``distance`` is
    as defined, biased upwards; ``corrected`` has the bias taken off and may fall below 0; the 95 %
    interval over subjects lies about it. A distance that cannot be had (no test subject) is
    missing, and so are correction and interval with no more images than features or fewer than five
    subjects in a set.
    """
    return _table(spaces, _frechet, DISTANCE_COLUMNS)


def point_distances(spaces: dict[str, dict[str, SliceSet]]) -> pd.DataFrame:
    """The distances of ``distance_table`` alone, in a small part of its time: ``images, reference,
    features, distance``."""
    rows = [
        (
            images,
            reference,
            space,
            (
                np.nan
                if measured is None
                else frechet_distance(*_scaled(measured.values, real.values, space))
            ),
        )
        for space, images, reference, measured, real in _pairs(spaces)
    ]
    return pd.DataFrame(rows, columns=["images", "reference", "features", "distance"])


def kid_table(spaces: dict[str, dict[str, SliceSet]]) -> pd.DataFrame:
    """The same with the kernel distance, ``KID_COLUMNS``. It needs no more images than features:
    Inception has intervals, too.

    Coverage in the simulation of ``metrics.intervals``: 0.90 to 0.98 with 14 or more reference
    subjects, the floor of 8 included; 0.76 for 8 subjects much more varied than their 14 reference
    subjects, where the kernel's third power has a heavy tail.
    """
    return _table(spaces, _kid, KID_COLUMNS)


def change_table(spaces: dict[str, dict[str, SliceSet]]) -> pd.DataFrame:
    """How much nearer the slices translated to a vendor lie to it than others do, below 0 if
    nearer: ``CHANGE_COLUMNS``.

    ``than``: the simulated slices (what translation changed) or those translated to the other
    vendor (whether the look is this vendor's). Missing with no more images than features. Both sets
    are of the same subjects, and a subject is left out of both at once. Coverage in the simulation
    of ``metrics.intervals``, 40 and 14 subjects: 0.96 and 0.97; 75 and 75: 0.95.
    """
    rows = []
    for space, sets in spaces.items():
        vendors = vendors_in(sets)
        for vendor in vendors:
            for than in (
                "simulated",
                *(f"sim2real_{other}" for other in vendors if other != vendor),
            ):
                change = _change(
                    sets[than], sets[f"sim2real_{vendor}"], sets[f"real_{vendor}"], space
                )
                rows.append(
                    (vendor, space, than, change.value, change.low, change.high, change.corrected)
                )
    return pd.DataFrame(rows, columns=CHANGE_COLUMNS)


def _table(
    spaces: dict[str, dict[str, SliceSet]], measure: Callable, columns: list[str]
) -> pd.DataFrame:
    rows = []
    for space, images, reference, measured, real in _pairs(spaces):
        estimate = Estimate(np.nan) if measured is None else measure(measured, real, space)
        n = 0 if measured is None else len(measured.values)
        rows.append(
            (
                images,
                reference,
                space,
                estimate.value,
                estimate.low,
                estimate.high,
                n,
                len(real.values),
                estimate.corrected,
            )
        )
    return pd.DataFrame(rows, columns=columns)


def _pairs(spaces: dict[str, dict[str, SliceSet]]) -> Iterator[tuple]:
    for space, sets in spaces.items():
        vendors = vendors_in(sets)
        for reference in (f"real_{vendor}" for vendor in vendors):
            for images in (
                "simulated",
                *(f"sim2real_{v}" for v in vendors),
                *(f"real_{v}" for v in vendors),
            ):
                name = f"{images}_test" if images.startswith("real_") else images
                yield space, images, reference, sets.get(name), sets[reference]


def _scaled(
    features: np.ndarray, reference: np.ndarray, space: str
) -> tuple[np.ndarray, np.ndarray]:
    return standardise(features, reference) if space == "texture" else (features, reference)


def _of_full_rank(*sets: SliceSet) -> bool:
    """More images than features: without them bias does not fall as one over the number of
    subjects."""
    return all(len(part.values) > part.values.shape[1] for part in sets)


def _frechet(measured: SliceSet, real: SliceSet, space: str) -> Estimate:
    if not _of_full_rank(measured, real):
        return Estimate(frechet_distance(*_scaled(measured.values, real.values, space)))
    return jackknife(
        lambda one, two: frechet_distance(*_scaled(measured.values[one], real.values[two], space)),
        measured.subjects,
        real.subjects,
        lowest=0,
        halvings=20,
    )


def _kid(measured: SliceSet, real: SliceSet, space: str) -> Estimate:
    features, reference = _scaled(measured.values, real.values, space)
    kernel_distance(features, reference)  # refuses what cannot be used, in one line
    as_scaled = kernel_distance_by_subject(features, measured.subjects, reference, real.subjects)

    def statistic(one, two):
        if space != "texture" or two.all():
            return as_scaled(one, two)
        return kernel_distance(
            *standardise(measured.values[one], real.values[two])
        )  # the scale goes with the reference's subjects

    return jackknife(statistic, measured.subjects, real.subjects, lowest=0)


def _change(before: SliceSet, after: SliceSet, real: SliceSet, space: str) -> Estimate:
    n = len(before.values)

    def statistic(one, two):
        reference = real.values[two]
        was, became = (
            frechet_distance(*_scaled(part.values[mask], reference, space))
            for part, mask in ((before, one[:n]), (after, one[n:]))
        )
        return became - was

    subjects = np.concatenate([before.subjects, after.subjects])
    if not _of_full_rank(before, after, real):
        return Estimate(
            np.nan
        )  # a difference of two biased numbers; and in Inception's space each takes long
    return jackknife(statistic, subjects, real.subjects)
