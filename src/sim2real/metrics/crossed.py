"""Means over subjects and trainings: every training is judged on the same subjects, so that both
are drawn and both vary; the difference of two regimes on the same subjects, and what remains of its
significance among many comparisons."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ..data import Sim2RealError, refuse
from .intervals import FEWEST_SUBJECTS, LEVEL


class CrossedMean(NamedTuple):
    """``value``: the mean; ``low``, ``high``: its 95 % interval; ``p``: two-sided, of a true mean
    of 0; NaN where there are too few subjects.

    ``n_subjects``, ``n_seeds``: what it rests on. With one seed the variance of training is not in
    the interval.
    """

    value: float
    low: float
    high: float
    p: float
    n_subjects: int
    n_seeds: int


def crossed_mean(values: np.ndarray, strata: np.ndarray | None = None) -> CrossedMean:
    r"""Mean of :math:`x_{ij}` of subject i under training seed j, with an interval over other
    subjects *and* other seeds.

    values: (subject, seed), finite. strata: (subject,), such as vendors; the mean is then that of
    the strata's means, each of one weight.

    With :math:`x_{ij} = \mu + a_i + b_j + e_{ij}` (two-way, both random; Searle, Casella and
    McCulloch 1992) the variance of the mean is
    :math:`\sigma_a^2/n + \sigma_b^2/S + \sigma_e^2/(nS)`. Three mean squares over :math:`nS`
    estimate it, :math:`A + B - E`: of the subjects' means, of the seeds' means (of the strata's
    mean, since a training is one for all of them) and of what is left. :math:`A` and :math:`B` hold
    the last term each, so that the variance is no less than the larger of them. Student's interval
    with Satterthwaite's degrees of freedom. With one seed only :math:`A` is left: the interval then
    holds for these trainings and not for other ones. Fewer than five subjects in a stratum: no
    interval.

    How often it held the true mean, 1,000 draws each: see ``tests/metrics/test_crossed.py``, which
    takes any design.
    """
    values = np.asarray(values, float)
    refuse(
        values.ndim != 2 or 0 in values.shape or not np.isfinite(values).all(),
        f"values of shape {values.shape}; expected finite ones, (subject, seed), at least one"
        " of each",
    )
    strata = np.zeros(len(values), int) if strata is None else np.asarray(strata)
    groups = [values[strata == name] for name in np.unique(strata)]
    n_subjects, n_seeds = values.shape
    by_seed = np.mean([group.mean(axis=0) for group in groups], axis=0)
    mean = float(by_seed.mean())
    if min(map(len, groups)) < FEWEST_SUBJECTS:
        return CrossedMean(mean, np.nan, np.nan, np.nan, n_subjects, n_seeds)
    weight = 1 / len(groups) ** 2
    variance, freedom = _joined(
        [(weight * group.mean(axis=1).var(ddof=1) / len(group), len(group) - 1) for group in groups]
    )
    if n_seeds > 1:
        subjects, seeds = (variance, freedom), (by_seed.var(ddof=1) / n_seeds, n_seeds - 1)
        rest = _joined(
            [(weight * _rest(group), (len(group) - 1) * (n_seeds - 1)) for group in groups]
        )
        variance, freedom = _total(subjects, seeds, rest)
    if variance == 0:
        return CrossedMean(mean, mean, mean, 1.0 if mean == 0 else 0.0, n_subjects, n_seeds)
    error = np.sqrt(variance)
    half = student.ppf(0.5 + LEVEL / 2, freedom) * error
    return CrossedMean(
        mean,
        mean - half,
        mean + half,
        float(2 * student.sf(abs(mean) / error, freedom)),
        n_subjects,
        n_seeds,
    )


def _joined(parts: list[tuple[float, int]]) -> tuple[float, float]:
    """Sum of independent (variance, degrees of freedom), with Satterthwaite's degrees of
    freedom."""
    variance = sum(part for part, _ in parts)
    return variance, (
        variance**2 / sum(part**2 / degrees for part, degrees in parts) if variance else 1.0
    )


def _total(subjects: tuple, seeds: tuple, rest: tuple) -> tuple[float, float]:
    """Variance of the mean and its degrees of freedom: the sum of the first two less the rest, or
    the larger of them if that is more."""
    larger, total = max(subjects, seeds), subjects[0] + seeds[0] - rest[0]
    if total <= larger[0]:
        return larger
    freedom = total**2 / sum(part**2 / degrees for part, degrees in (subjects, seeds, rest))
    return total, max(freedom, min(subjects[1], seeds[1]))


def _rest(group: np.ndarray) -> float:
    """Mean square of what neither subject nor seed explains, over the number of values."""
    rest = (
        group - group.mean(axis=1, keepdims=True) - group.mean(axis=0, keepdims=True) + group.mean()
    )
    n, seeds = group.shape
    return float((rest**2).sum() / ((n - 1) * (seeds - 1)) / group.size)


def paired_difference(first: pd.DataFrame, second: pd.DataFrame) -> CrossedMean:
    """Mean of ``first`` less ``second`` on the same subjects, as ``crossed_mean`` gives it:
    subjects paired, seeds counted.

    first, second: values by (vendor, subject) in rows and seed in columns. Seeds are set beside
    each other in their order; trainings of two regimes have nothing in common but that number, so
    that the difference has the variance of both. The mean is that of the vendors' means. Raises
    Sim2RealError unless both hold the same subjects and as many seeds.
    """
    one, two = first.sort_index().sort_index(axis=1), second.sort_index().sort_index(axis=1)
    if not one.index.equals(two.index):
        odd = one.index.symmetric_difference(two.index)[0]
        raise Sim2RealError(
            f"subject {odd} is judged under one of two regimes only; a paired comparison needs"
            " both: evaluate anew"
        )
    refuse(
        one.shape != two.shape,
        f"{one.shape[1]} and {two.shape[1]} seeds of two regimes; a comparison needs as many of"
        " each: train the rest",
    )
    return crossed_mean(one.to_numpy() - two.to_numpy(), one.index.get_level_values(0).to_numpy())


def holm(p: np.ndarray) -> np.ndarray:
    r"""p-values corrected for their number :math:`m` (Holm 1979): :math:`\tilde p_{(k)} = \max_{j
    \le k} \min(1, (m - j + 1)\, p_{(j)})`.

    The chance that any true null hypothesis is called false stays below the level, however the
    tests depend on one another. p: any shape (comparison,), missing ones allowed; they are no
    comparison and stay missing.
    """
    p = np.asarray(p, float)
    corrected, made = np.full(p.shape, np.nan), np.flatnonzero(np.isfinite(p))
    order = made[np.argsort(p[made], kind="stable")]
    corrected[order] = np.maximum.accumulate(np.minimum(1, p[order] * np.arange(len(order), 0, -1)))
    return corrected
