import numpy as np
import pandas as pd
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.metrics.crossed import holm, paired_difference


def judged(values: np.ndarray) -> pd.DataFrame:
    """Of half of the subjects each vendor; values: (subject, seed)."""
    names = [("AB"[k % 2], f"{k:02}") for k in range(len(values))]
    return pd.DataFrame(values, index=pd.MultiIndex.from_tuples(names, names=["vendor", "subject"]))


def two_regimes(rng, gain=0.0, n_subjects=16, n_seeds=3, level_sd=0.01):
    """Dice of two regimes: hard subjects are hard under both, and each training has a level of its
    own."""
    hard = rng.normal(0.8, 0.1, (n_subjects, 1))
    return [
        judged(
            hard
            + level
            + rng.normal(0, level_sd, n_seeds)
            + rng.normal(0, 0.02, (n_subjects, n_seeds))
        )
        for level in (gain, 0)
    ]


def test_planted_difference_is_found_though_subjects_differ_by_far_more():
    found = [
        paired_difference(*two_regimes(np.random.default_rng(seed), gain=0.06))
        for seed in range(100)
    ]
    assert np.mean([result.low > 0 and result.p < 0.05 for result in found]) > 0.9
    assert np.mean([result.value for result in found]) == pytest.approx(0.06, abs=0.005)


@pytest.mark.parametrize("n_seeds", [1, 3])
def test_without_a_difference_one_in_twenty_is_called_one(n_seeds):
    """With one seed no more can be asked than that these two trainings are alike: they have one
    level here. 1,000 draws: 0.04, 0.05."""
    rng = np.random.default_rng(5)
    level_sd = 0.01 if n_seeds > 1 else 0
    called = [
        paired_difference(*two_regimes(rng, n_seeds=n_seeds, level_sd=level_sd)).p < 0.05
        for _ in range(400)
    ]
    assert 0.02 <= np.mean(called) <= 0.08


def test_order_of_rows_does_not_matter_and_pairs_are_by_name():
    one, two = two_regimes(np.random.default_rng(3))
    assert paired_difference(one.sample(frac=1, random_state=0), two) == paired_difference(one, two)


def test_another_subject_or_a_missing_seed_is_refused():
    one, two = two_regimes(np.random.default_rng(4))
    with pytest.raises(Sim2RealError, match="judged under one of two regimes only"):
        paired_difference(one.iloc[1:], two)
    with pytest.raises(Sim2RealError, match="3 and 2 seeds"):
        paired_difference(one, two.iloc[:, :2])


def test_holm_of_a_case_made_by_hand():
    """Four tests: 0.01 x 4; 0.02 x 3; 0.025 x 2, which may not fall below the one before; 0.9."""
    assert holm([0.02, 0.9, 0.01, np.nan, 0.025]) == pytest.approx(
        [0.06, 0.9, 0.04, np.nan, 0.06], nan_ok=True
    )
    assert holm([0.6, 0.7]) == pytest.approx([1, 1])


def test_holm_keeps_the_rate_of_any_false_alarm():
    rng = np.random.default_rng(6)
    any_called = np.mean([(holm(rng.random(20)) < 0.05).any() for _ in range(2000)])
    assert 0.03 < any_called < 0.065 < np.mean([(rng.random(20) < 0.05).any() for _ in range(500)])
