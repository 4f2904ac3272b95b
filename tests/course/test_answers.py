"""What is no answer at all is refused by every judge; another form of a right one is not."""

import numpy as np
import pytest

from sim2real.course import mr_simulation, real_cohort, realism, segmentation, translation, verdict
from sim2real.course.answers import NotYet, array, number


@pytest.mark.parametrize(
    "answer", [np.nan, np.inf, [1.0, np.nan], "many", [[1], [1, 2]], 1j, None, ...]
)
def test_only_finite_real_numbers_are_an_array(answer):
    with pytest.raises(NotYet) as refused:
        array(answer, "your answer")
    assert "\n" not in str(refused.value) and "your answer" in str(refused.value)
    assert array([[1, 2]], "it").tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize("answer", [True, "1", [1.0], np.nan, object()])
def test_only_a_finite_number_is_a_number(answer):
    with pytest.raises(NotYet):
        number(answer, "it")


def test_arrays_of_nan_are_right_nowhere():
    p = [0.01, 0.02, 0.04]
    for judged in (
        lambda: verdict.corrected([np.nan] * 3, p),
        lambda: mr_simulation.low_resolution(lambda image, n, m: np.full((n, m), np.nan)),
        lambda: real_cohort.normalised(lambda stack: np.full(stack.shape, np.nan)),
        lambda: verdict.interval(lambda values, subjects: (None, None)),
    ):
        with pytest.raises(NotYet):
            judged()


@pytest.mark.parametrize(
    "judged",
    [
        lambda: segmentation.policy(lambda prediction, reference, spacing: ("1", "2")),
        lambda: segmentation.policy(lambda prediction, reference, spacing: (..., ...)),
        lambda: real_cohort.middle_slices(lambda ed, es, count: ["a", "b"]),
        lambda: real_cohort.middle_slices(lambda ed, es, count: [[1], [2, 3]]),
        lambda: real_cohort.frames(lambda row, labels: ([[1], [2, 3]], [[1], [2, 3]])),
        lambda: verdict.reading(lambda low, high, side, bound: np.zeros(3)),
    ],
)
def test_an_answer_of_another_kind_is_refused_in_one_line(judged):
    with pytest.raises(NotYet) as refused:
        judged()
    assert "\n" not in str(refused.value)


def test_an_interval_may_be_an_array(capsys):
    def by_subject(values, subjects):
        means = np.array([values[subjects == name].mean() for name in np.unique(subjects)])
        return means.mean() + np.array([-1, 1]) * 2.262 * means.std(ddof=1) / np.sqrt(len(means))

    verdict.interval(by_subject)
    assert capsys.readouterr().out.startswith("Right.")


def test_features_that_see_nothing_are_refused():
    stack = np.random.default_rng(0).random((12, 16, 16))
    with pytest.raises(NotYet, match="no two slices differ"):
        realism.sees_flattening(lambda stack: np.ones((len(stack), 2)), stack, stack[::-1])


def test_a_loss_that_ignores_repeated_negatives_is_refused():
    def forgetful(query, positive, negatives, temperature):
        logits = np.array([query @ positive, *(np.unique(negatives, axis=0) @ query)]) / temperature
        return float(np.log(np.exp(logits).sum()) - logits[0])

    with pytest.raises(NotYet, match="must make the choice harder"):
        translation.with_negatives(forgetful)
