from functools import partial

import numpy as np
import pytest
from scipy.special import betainc
from scipy.stats import binomtest, ttest_1samp, ttest_ind

from sim2real.data import Sim2RealError
from sim2real.metrics import frechet_distance, jackknife, share

SLICES = 8  # four slices at two phases
FEATURES = 23


def slices_of(subjects, sds, mean, alike, rng):
    """Gaussian features (slice, feature); ``alike``: share of their variance that the slices of a
    subject have in common."""
    own = rng.normal(size=(subjects, 1, FEATURES)) * np.sqrt(alike)
    other = rng.normal(size=(subjects, SLICES, FEATURES)) * np.sqrt(1 - alike)
    return (mean + (own + other) * sds).reshape(-1, FEATURES)


def coverage(interval, n_images, n_reference, sds, mean, draws, alike=0.6, seed=0):
    """How often ``interval(features, reference, subjects of each)`` holds the distance, and the
    means of plug-in and corrected.

    The features are uncorrelated, the reference's of SD 1 and mean 0: the true distance is the sum
    of mean² + (sd - 1)².
    """
    rng = np.random.default_rng(seed)
    true = (np.broadcast_to(mean, FEATURES) ** 2 + (np.broadcast_to(sds, FEATURES) - 1) ** 2).sum()
    found = []
    for _ in range(draws):
        sets = slices_of(n_images, sds, mean, alike, rng), slices_of(n_reference, 1, 0, alike, rng)
        found.append(
            interval(*sets, *(np.repeat(np.arange(n), SLICES) for n in (n_images, n_reference)))
        )
    value, corrected, low, high = np.array(found).T
    return np.mean((low <= true) & (true <= high)), true, value.mean(), corrected.mean()


def by_jackknife(features, reference, *subjects, halvings=20):
    return jackknife(
        lambda one, two: frechet_distance(features[one], reference[two]),
        *subjects,
        lowest=0,
        halvings=halvings,
    )


def by_percentiles(features, reference, *subjects):
    """The interval that does not cover: percentiles of the distance between resampled subjects."""
    rng, drawn = np.random.default_rng(0), []
    for _ in range(100):
        picks = [rng.integers(0, len(names) // SLICES, len(names) // SLICES) for names in subjects]
        rows = [(pick[:, None] * SLICES + np.arange(SLICES)).ravel() for pick in picks]
        drawn.append(frechet_distance(features[rows[0]], reference[rows[1]]))
    value = frechet_distance(features, reference)
    return value, value, *np.percentile(drawn, (2.5, 97.5))


@pytest.mark.parametrize(
    ("n_images", "n_reference", "sds", "mean"),
    [
        (40, 14, 1.2, 0.3),
        (20, 20, 1.0, 0.302),
        (40, 14, np.linspace(0.5, 2.5, FEATURES), np.linspace(-1, 1, FEATURES)),
    ],
    ids=["40 and 14", "20 and 20, true distance 2.1", "40 and 14, far"],
)
def test_interval_holds_the_true_frechet_distance_as_often_as_it_says(
    n_images, n_reference, sds, mean
):
    often, true, plain, corrected = coverage(
        by_jackknife, n_images, n_reference, sds, mean, draws=60
    )
    assert often >= 0.9  # 95 % meant
    assert abs(corrected - true) < 0.35 * abs(plain - true)


def test_interval_of_equal_populations_holds_nought():
    often, _, plain, corrected = coverage(by_jackknife, 14, 20, 1.0, 0.0, draws=60)
    assert often >= 0.9 and plain > 4 and corrected < plain / 3


def test_few_subjects_need_the_correction_from_halves():
    """Eight subjects and fourteen: without it the interval lies too high."""
    bare, *_ = coverage(partial(by_jackknife, halvings=0), 8, 14, 1.0, 0.0, draws=60)
    often, *_ = coverage(by_jackknife, 8, 14, 1.0, 0.0, draws=60)
    assert often >= 0.85 > 0.75 > bare


def test_percentile_bootstrap_is_seen_not_to_cover():
    often, true, plain, _ = coverage(by_percentiles, 20, 20, 1.0, 0.302, draws=8)
    assert often == 0 and plain > 3 * true


def test_slices_in_place_of_subjects_are_seen_not_to_cover():
    """The planted error: each slice taken for a person of its own."""

    def of_slices(features, reference, *_):
        return by_jackknife(
            features, reference, np.arange(len(features)), np.arange(len(reference))
        )

    often, true, _, corrected = coverage(of_slices, 20, 14, 1.0, 0.302, draws=8)
    assert often < 0.5 and corrected > 1.5 * true


def test_interval_of_a_mean_is_student_s():
    values = np.random.default_rng(2).normal(5, 2, 13)
    found = jackknife(lambda kept: values[kept].mean(), np.arange(13))
    assert found[2:] == pytest.approx(tuple(ttest_1samp(values, 0).confidence_interval(0.95)))
    assert found.corrected == pytest.approx(found.value)


def test_interval_of_a_difference_is_welch_s():
    rng = np.random.default_rng(3)
    one, two = rng.normal(5, 2, 13), rng.normal(3, 7, 9)
    found = jackknife(lambda a, b: one[a].mean() - two[b].mean(), np.arange(13), np.arange(9))
    assert found[2:] == pytest.approx(
        tuple(ttest_ind(one, two, equal_var=False).confidence_interval(0.95))
    )


def test_correction_takes_the_bias_off_a_variance():
    values = np.random.default_rng(4).normal(size=11)
    assert jackknife(lambda kept: values[kept].var(), np.arange(11)).corrected == pytest.approx(
        values.var(ddof=1)
    )


def test_correction_takes_off_what_falls_with_the_number_alone():
    """3 + 1/n, whoever the n are: no spread, and all of 1/n is bias."""
    found = jackknife(lambda kept: 3 + 1 / kept.sum(), np.arange(9))
    assert found.value > 3.1 and found[1:] == pytest.approx((3, 3, 3))


def test_interval_is_cut_where_no_truth_can_be():
    found = jackknife(lambda kept: np.arange(-3.0, 4)[kept].mean(), np.arange(7), lowest=0)
    assert found.corrected == pytest.approx(0) and found.low == 0 < found.high


def test_too_few_subjects_have_no_interval_however_many_slices():
    values, names = np.random.default_rng(5).normal(size=(2, 40)), np.repeat(list("abcd"), 10)
    for found in (
        jackknife(lambda kept: values[0, kept].mean(), names),
        share(values[0] > 0, names),
    ):
        assert np.isfinite(found.value) and np.isnan(found[1:]).all()
    with pytest.raises(Sim2RealError, match="no image in a sample"):
        jackknife(lambda kept: 0, np.array([]))


def test_share_of_independent_images_has_the_exact_binomial_interval():
    """A subject an image: the share's jackknife variance is p (1 - p) / (n - 1), so that n - 1
    images count."""
    yes = np.arange(41) < 12
    low, high = share(yes, np.arange(41))[2:]
    exact = binomtest(12, 41).proportion_ci(0.95, "exact")
    assert (low, high) == pytest.approx((exact.low, exact.high), abs=0.01)


def test_share_where_all_agree_counts_each_subject_once():
    found = share(np.ones(64, bool), np.repeat(np.arange(8), 8))
    exact = binomtest(8, 8).proportion_ci(0.95, "exact")
    assert (found.low, found.high) == pytest.approx((exact.low, 1))


@pytest.mark.parametrize("true", [0.5, 0.9])
def test_interval_of_a_share_covers_slices_that_go_with_their_subject(true):
    rng, held, naive = np.random.default_rng(6), 0, 0
    names = np.repeat(np.arange(16), SLICES)
    for _ in range(300):
        yes = rng.random(16 * SLICES) < np.repeat(rng.beta(true, 1 - true, 16), SLICES)
        found = share(yes, names)
        held += found.low <= true <= found.high
        each = binomtest(int(yes.sum()), len(yes)).proportion_ci(0.95, "exact")
        naive += each.low <= true <= each.high
    assert held >= 0.87 * 300 and naive < 0.8 * 300


def test_halves_lower_an_interval_and_never_raise_it():
    """A bias of 1/n² is larger in a half than the jackknife expects; one of minus 1/n² is smaller,
    and is corrected further."""
    values = np.random.default_rng(7).normal(size=12)
    for sign, further in ((1, False), (-1, True)):
        bare, halved = (
            jackknife(
                lambda kept, sign=sign: values[kept].mean() + sign * 40 / kept.sum() ** 2,
                np.arange(12),
                halvings=n,
            )
            for n in (0, 400)
        )
        assert (
            (halved.low < bare.low - 0.05) == further
            and (further or halved.low == bare.low)
            and halved.high == bare.high
        )


def test_a_share_of_independent_images_of_few_subjects_counts_the_images():
    rng = np.random.default_rng(8)
    widths = [
        np.subtract(*share(rng.random(400) < 0.3, np.repeat(np.arange(10), 40))[:1:-1])
        for _ in range(40)
    ]
    exact = binomtest(120, 400).proportion_ci(0.95, "exact")
    assert np.median(widths) == pytest.approx(
        exact.high - exact.low, rel=0.35
    )  # ten subjects alone would be six times as wide


def test_share_alike_in_every_subject_counts_each_subject_once():
    """Half of the eight images of each of eight subjects."""
    found = share(np.tile([True, False], 32), np.repeat(np.arange(8), 8))
    exact = binomtest(4, 8).proportion_ci(0.95, "exact")
    assert found.value == 0.5 and (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_share_of_six_independent_images_is_that_of_five():
    """Half of them, so two and a half of five, which the incomplete beta function allows: the
    interval's ends have tails of 2.5 %."""
    found = share(np.arange(6) < 3, np.arange(6))
    assert betainc(2.5, 3.5, found.low) == pytest.approx(0.025) and betainc(
        3.5, 2.5, found.high
    ) == pytest.approx(0.975)
