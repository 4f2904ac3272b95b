import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.metrics import kernel_distance, kernel_distance_by_subject


def by_double_loop(features, reference):
    """Every pair written out."""

    def k(x, y):
        return (sum(a * b for a, b in zip(x, y, strict=True)) / len(x) + 1) ** 3

    def mean_of_others(vectors):
        return np.mean(
            [k(x, y) for i, x in enumerate(vectors) for j, y in enumerate(vectors) if i != j]
        )

    return (
        mean_of_others(features)
        + mean_of_others(reference)
        - 2 * np.mean([k(x, y) for x in features for y in reference])
    )


def sets(n=7, m=11, d=3):
    rng = np.random.default_rng(3)
    return rng.normal(size=(n, d)), rng.normal(0.4, 1.3, size=(m, d))


def test_agrees_with_a_double_loop():
    features, reference = sets()
    assert kernel_distance(features, reference) == pytest.approx(
        by_double_loop(features, reference), rel=1e-12, abs=1e-12
    )


def test_double_loop_with_each_image_paired_with_itself_is_another_number():
    """The planted error: a biased estimate is told from the unbiased one."""
    features, reference = sets()
    within = (features @ features.T / 3 + 1) ** 3, (reference @ reference.T / 3 + 1) ** 3
    biased = (
        within[0].mean() + within[1].mean() - 2 * ((features @ reference.T / 3 + 1) ** 3).mean()
    )
    assert abs(kernel_distance(features, reference) - biased) > 0.1


def test_mean_over_many_pairs_of_sets_is_the_closed_form():
    """One feature, N(m, 1) against N(0, 1): with k = (1 + xy)³ the squared discrepancy is 3 m² + 3
    m⁴ + (m³ + 3m)²."""
    m, rng = 0.7, np.random.default_rng(1)
    found = [
        kernel_distance(rng.normal(m, 1, (12, 1)), rng.normal(0, 1, (9, 1))) for _ in range(6000)
    ]
    wanted = 3 * m**2 + 3 * m**4 + (m**3 + 3 * m) ** 2
    assert abs(np.mean(found) - wanted) < 4 * np.std(found) / np.sqrt(len(found))
    assert np.std(found) / np.sqrt(len(found)) < 0.1 * wanted


def test_unusable_sets_are_refused_in_one_line():
    features, reference = sets()
    with pytest.raises(Sim2RealError, match=r"1 image\(s\); it needs at least two"):
        kernel_distance(features[:1], reference)
    with pytest.raises(Sim2RealError, match="from one feature space"):
        kernel_distance(features[:, :2], reference)
    with pytest.raises(Sim2RealError, match="NaN"):
        kernel_distance(features * np.nan, reference)


def test_leaving_out_subjects_is_the_distance_of_the_rest():
    features, reference = sets()
    names, other = np.array(list("abacbca")), np.array(list("zzyyyxxxxwz"))
    distance = kernel_distance_by_subject(features, names, reference, other)
    for kept in (names != "c", names == "a"):
        assert distance(kept, other != "x") == pytest.approx(
            by_double_loop(features[kept], reference[other != "x"]), rel=1e-12, abs=1e-12
        )


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 9), (3, 2)])
def test_two_images_are_enough(n, m):
    assert kernel_distance(*sets(n, m)) == pytest.approx(by_double_loop(*sets(n, m)))
