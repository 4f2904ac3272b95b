"""Two regimes on the same subjects: the difference, its interval, and what remains of its
significance among many comparisons."""

import numpy as np
import pandas as pd

from ..data.errors import Sim2RealError
from .crossed import CrossedMean, crossed_mean


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
    if one.shape != two.shape:
        raise Sim2RealError(
            f"{one.shape[1]} and {two.shape[1]} seeds of two regimes; a comparison needs as many of"
            " each: train the rest"
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
