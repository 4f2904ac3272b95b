"""Judges of lesson 1: volumes, mass, thickening, and a population against its published bands."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from ..data import LV, MYO, RV
from ..population import DENSITY_G_PER_ML, Subject
from .answers import call, not_yet, number, right


def ejection_fraction(answer: object, subject: Subject) -> None:
    """Judged by what a ventricle that ejected so much would keep."""
    percent = number(answer, "ejection_fraction_percent")
    not_yet(
        0 < percent <= 1,
        f"{percent:.3g} is a share of one; a percentage was asked for",
    )
    kept = subject.lv_edv_ml * (1 - percent / 100)
    not_yet(
        abs(kept - subject.lv_esv_ml) > 0.01 * subject.lv_edv_ml,
        f"a ventricle of {subject.lv_edv_ml:.0f} ml that ejects {percent:.1f} % of them keeps"
        f" {kept:.0f} ml; this one keeps {subject.lv_esv_ml:.0f} ml: of which of the two"
        " volumes is the stroke a share?",
    )
    right("What the ventricle keeps at end systole agrees.")


def mass(answer: Callable) -> None:
    """Judged on a shell between two ellipsoids, whose volume has a closed form, on a grid of
    unequal sides and edges."""
    spacing = np.array([1.0, 1.5, 4.0])
    outer, inner = np.array([30.0, 36.0, 44.0]), np.array([22.0, 27.0, 32.0])
    axes = [
        np.arange(-size, size + 1) * edge for size, edge in zip((34, 27, 13), spacing, strict=True)
    ]
    place = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    within = [(((place / half_axes) ** 2).sum(axis=-1) < 1) for half_axes in (outer, inner)]
    labels = np.where(within[1], LV, np.where(within[0], MYO, 0)).astype(np.uint8)
    labels[:3] = RV  # far from the shell, and no muscle of the left ventricle
    true_ml = 4 / 3 * np.pi * (outer.prod() - inner.prod()) / 1000
    grams = number(call(answer, labels, spacing), "the mass")
    ratio = grams / (true_ml * DENSITY_G_PER_ML)
    not_yet(
        500 < ratio < 2000,
        f"{grams:,.0f} g, which is a thousand times a heart: how many cubic millimetres does a"
        " millilitre have?",
    )
    not_yet(
        abs(ratio * DENSITY_G_PER_ML - 1) < 0.02,
        f"{grams:.1f} is the volume of the muscle in ml; muscle is a little heavier than water",
    )
    not_yet(
        abs(ratio - 1) > 0.02,
        f"{grams:.1f} g for a shell of {true_ml:.0f} ml between two ellipsoids, on voxels of 1"
        " x 1.5 x 4 mm: which labels, which edges?",
    )
    right(
        "A shell between two ellipsoids weighs what its closed form says, to the error of its"
        " voxels."
    )


def thickening(answer: Callable) -> None:
    """Judged by counting the cells of a fine grid: the muscle has as many, times its length, before
    and after."""
    cases = ((24.0, 7.0, 1.0, 0.5), (25.0, 6.3, 0.85, 0.6), (22.0, 9.0, 0.9, 0.35))
    for inner, wall, shortening, ejected in cases:
        given = number(call(answer, inner, wall, shortening, ejected), "the wall at end systole")
        case = (
            f"a wall of {wall:g} mm round a radius of {inner:g} mm, shortening {shortening:g},"
            f" ejecting {ejected:.0%}"
        )
        not_yet(
            given <= 0,
            f"{case}: a wall of {given:.1f} mm; a thickness is above 0",
        )
        kept = brentq(
            lambda radius, a=inner, k=shortening, e=ejected: (
                _cells(0, radius) * k - _cells(0, a) * (1 - e)
            ),
            1.0,
            inner + 5,
        )
        before, after = _cells(inner, inner + wall), _cells(kept, kept + given) * shortening
        change = "more" if after > before else "less"
        not_yet(
            abs(after / before - 1) > 0.02,
            f"{case}: with your wall there is {abs(after / before - 1):.0%} {change} muscle at"
            " end systole; muscle keeps its volume, and the cavity's radius falls as it"
            " empties and shortens",
        )
    not_yet(
        abs(number(call(answer, 25.0, 8.0, 1.0, 0.0), "the wall") - 8.0) > 1e-6,
        "a ventricle that neither shortens nor ejects must keep its wall; yours changes it",
    )
    right("Counted on a fine grid, the muscle keeps its volume in every case.")


def z_of_mean(answer: Callable) -> None:
    """Judged by its spread over many samples of a known population: a z-score's is 1, whatever the
    size of the sample."""
    rng = np.random.default_rng(0)
    for n in (9, 25):
        drawn = [number(call(answer, rng.normal(160, 27, n), 160.0, 27.0), "z") for _ in range(600)]
        not_yet(
            abs(np.std(drawn) - 1) > 0.15,
            f"over 600 samples of {n} from the published population itself your z spreads by"
            f" {np.std(drawn):.2f}; a z-score spreads by 1. The mean of a sample varies less"
            " than one person does: by how much?",
        )
        not_yet(
            abs(np.mean(drawn)) > 0.2,
            "over 600 samples of the published population itself your z is"
            f" {np.mean(drawn):.2f} on average; expected about 0",
        )
    not_yet(
        number(call(answer, np.full(9, 200.0), 160.0, 27.0), "z") < 0,
        "a sample above the published mean has a negative z; look at the order of the difference",
    )
    right("Over many samples it spreads by one, whatever their size.")


def _cells(inner: float, outer: float, edge: float = 0.1) -> float:
    """Area between two circles in mm², by counting cells a tenth of a mm wide, of which a border's
    count by their share."""
    at = (np.arange(0, 60, edge) + edge / 2) ** 2
    radius = np.sqrt(at[:, None] + at[None, :])
    share = [np.clip((limit - radius) / edge + 0.5, 0, 1).sum() for limit in (outer, inner)]
    return 4 * float(share[0] - (share[1] if inner > 0 else 0)) * edge**2
