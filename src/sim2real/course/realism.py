"""Judges of lesson 5: Fréchet distances by optimal transport, their bias, an unbiased one, and
features that see texture."""

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

from ..metrics import frechet_distance
from .answers import NotYet, array, call, not_yet, number, right


def frechet_1d(answer: Callable) -> None:
    """Judged by optimal transport: the mean squared way from each quantile of one Gaussian to the
    same of the other."""
    levels = (np.arange(20000) + 0.5) / 20000
    for first, second in (
        ((0.0, 1.0), (0.0, 1.0)),
        ((3.0, 1.0), (1.0, 1.0)),
        ((0.0, 0.5), (0.0, 3.0)),
        ((1.0, 2.0), (-1.0, 0.7)),
    ):
        given = number(call(answer, *first, *second), "the distance")
        true = float(np.mean((norm.ppf(levels, *first) - norm.ppf(levels, *second)) ** 2))
        case = f"N({first[0]:g}, SD {first[1]:g}) to N({second[0]:g}, SD {second[1]:g})"
        part = (
            "the means agree, so it is the term of the spreads"
            if first[0] == second[0]
            else "look at both terms"
        )
        not_yet(
            abs(given - true) > 0.01 * max(true, 0.1),
            f"{case}: {given:.3f} is not the mean squared way of the cheapest transport; {part}",
        )
    right("It is the mean squared way of the cheapest transport of one Gaussian into the other.")


def bias_ratio(answer: object, n_features: int, n_images: int) -> None:
    """Judged by a simulation of its own, of two samples of one and the same population."""
    given = number(answer, "ratio")
    rng = np.random.default_rng(11)
    means = [
        np.mean([frechet_distance(*rng.normal(size=(2, n, n_features))) for _ in range(30)])
        for n in (n_images, 2 * n_images)
    ]
    true = means[1] / means[0]
    not_yet(
        abs(given - true) > 0.08,
        "with twice the images the distance of two samples of one population is not"
        f" {given:.2f} times what it was: simulate it"
        + (
            "; a standard error falls with the root of n, a bias of a variance falls faster"
            if 0.62 < given < 0.8
            else ""
        ),
    )
    right("The bias falls about as 1/n: distances of sets of unlike size cannot be compared.")


def unbiased(answer: Callable) -> None:
    """Judged by its mean over many pairs of samples of one population, which must be 0, and by
    samples that differ."""
    rng = np.random.default_rng(5)
    drawn = [
        number(call(answer, *rng.normal(size=(2, 8, 3))), "the kernel distance") for _ in range(300)
    ]
    error = np.std(drawn) / np.sqrt(len(drawn))
    if abs(np.mean(drawn)) > 4 * error:
        raise NotYet(
            f"over 300 pairs of samples of one population your distance is {np.mean(drawn):.2f} on"
            f" average, {abs(np.mean(drawn)) / error:.0f} standard errors from 0; is a vector"
            " compared with itself anywhere?"
        )
    apart = number(
        call(answer, rng.normal(size=(40, 3)), rng.normal(2.0, 1.0, (40, 3))), "the kernel distance"
    )
    # E k(x, x') = 1 + 3 E[s²] with s = x.x'/d, and so on: for means 0 and m the difference is a
    # polynomial, taken here from large samples
    big = rng.normal(size=(2, 4000, 3)), rng.normal(2.0, 1.0, (2, 4000, 3))
    kernel = lambda a, b: ((a * b).sum(axis=1) / 3 + 1) ** 3  # noqa: E731
    true = float(
        kernel(*big[0]).mean() + kernel(*big[1]).mean() - 2 * kernel(big[0][0], big[1][0]).mean()
    )
    not_yet(
        not 0.4 * true < apart < 2 * true,
        f"two populations that lie two SD apart are {apart:.1f} apart in your distance, far"
        " from what large samples give; look at the kernel",
    )
    right("It is 0 on average where there is no difference, and can be below 0 in a single sample.")


def sees_flattening(answer: Callable, one_half: np.ndarray, other_half: np.ndarray) -> None:
    """Judged by what is asked of it: the distance of flattened slices against that of the unchanged
    other half of the patients."""
    flattened = np.round(one_half * 3) / 3
    spaces = [
        array(call(answer, stack), "your features") for stack in (one_half, other_half, flattened)
    ]
    not_yet(
        any(
            space.ndim != 2 or len(space) != len(stack)
            for space, stack in zip(spaces, (one_half, other_half, flattened), strict=True)
        ),
        f"features of shape {spaces[0].shape} for {len(one_half)} slices; expected (slice,"
        " feature)",
    )
    not_yet(
        spaces[0].shape[1] > 8,
        f"{spaces[0].shape[1]} features for {len(one_half)} slices; a covariance needs more"
        " slices than that: use at most 8",
    )
    mean, sd = spaces[1].mean(axis=0), spaces[1].std(axis=0)
    real, reference, flat = ((space - mean) / np.where(sd > 1e-12, sd, 1) for space in spaces)
    floor, distance = frechet_distance(real, reference), frechet_distance(flat, reference)
    not_yet(
        floor == 0,
        "in your features no two slices differ; expected features that tell slices apart",
    )
    not_yet(
        distance < 5 * floor,
        f"in your features flattened slices lie {distance / floor:.1f} times as far from the"
        " other patients as unchanged ones; expected 5 times or more. What does a slice lose"
        " when four grey levels are left of it, and what keeps?",
    )
    right(
        f"Flattened slices lie {distance / floor:.0f} times as far away as other patients: these"
        " features see texture."
    )
