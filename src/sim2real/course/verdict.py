"""Judges of lesson 7: corrected p-values by closed testing, paired tests by signs, intervals by
coverage, verdicts by hand."""

from collections.abc import Callable
from itertools import combinations, product

import numpy as np

from .answers import array, call, not_yet, number, right


def corrected(answer: object, p: list[float]) -> None:
    """Judged by closed testing with Bonferroni's test of every subset, of which Holm's procedure is
    the short cut."""
    given = array(answer, "p_holm")
    not_yet(
        given.shape != (len(p),),
        f"expected {len(p)} corrected p-values, in the order of the given ones; given shape"
        f" {given.shape}",
    )
    subsets = [part for size in range(1, len(p) + 1) for part in combinations(range(len(p)), size)]
    true = [
        max(min(1.0, len(part) * min(p[i] for i in part)) for part in subsets if k in part)
        for k in range(len(p))
    ]
    for k, (mine, theirs) in enumerate(zip(given, true, strict=True)):
        hint = (
            "; every p times their number is Bonferroni's, which gives away power"
            if np.allclose(given, np.minimum(1, len(p) * np.array(p)))
            else ""
        )
        way = "large" if mine > theirs else "small"
        not_yet(
            abs(mine - theirs) > 1e-9,
            f"the corrected value of p = {p[k]:g} is {mine:g}, which is too {way}{hint}",
        )
    right("Testing every subset of the hypotheses, the long way, gives the same.")


def paired(answer: object, first: np.ndarray, second: np.ndarray) -> None:
    """Judged by all the signs that the subjects' differences could have had, a test without a
    normal distribution."""
    given = number(answer, "p_value")
    not_yet(
        not 0 <= given <= 1,
        f"{given:g} is no p-value; expected 0 to 1",
    )
    difference = np.asarray(first) - np.asarray(second)
    signs = np.array(list(product((-1, 1), repeat=len(difference))))
    exact = float((np.abs(signs @ difference) >= abs(difference.sum()) - 1e-12).mean())
    way = "larger" if given > exact else "smaller"
    not_yet(
        not exact / 5 <= given <= exact * 5 + 1e-12,
        f"p = {given:.3g} is many times {way} than the exact test over the subjects' signs"
        " gives; both segmenters were judged on the same hearts: what of their variance is"
        " common to both?",
    )
    right("The exact test over all signs of the differences says the same.")


def interval(answer: Callable) -> None:
    """Judged by how often it holds the true mean, for slices of one subject that resemble each
    other."""
    rng = np.random.default_rng(2)
    held, draws, n_subjects, n_slices = 0, 300, 10, 8
    subjects = np.repeat(np.arange(n_subjects), n_slices)
    for _ in range(draws):
        values = (
            0.85 + rng.normal(0, 0.05, n_subjects)[subjects] + rng.normal(0, 0.02, subjects.size)
        )
        ends = array(call(answer, values, subjects), "your interval")
        not_yet(
            ends.shape != (2,) or not ends[0] <= ends[1],
            "expected the two ends of the interval, the lower one first",
        )
        held += ends[0] <= 0.85 <= ends[1]
    not_yet(
        held / draws < 0.91,
        f"of {draws} studies with {n_subjects} subjects of {n_slices} slices your interval"
        f" holds the true mean in {held / draws:.0%}; expected about 95 %. How many independent"
        " things were measured?",
    )
    not_yet(
        held / draws > 0.99,
        f"your interval holds the true mean in {held / draws:.0%} of studies; it is wider than"
        " one of 95 % need be",
    )
    right("It holds the true mean as often as it claims.")


def reading(answer: Callable) -> None:
    """Judged on rows made by hand."""
    cases = (
        ((0.02, 0.06, "above", 0.0), "supported"),
        ((-0.01, 0.06, "above", 0.0), "undecided"),
        ((-0.05, -0.01, "above", 0.0), "not supported"),
        ((-9.0, -2.0, "below", 0.0), "supported"),
        ((-1.0, 3.0, "below", 0.0), "undecided"),
        ((0.07, 0.09, "below", 0.06), "not supported"),
    )
    for (low, high, side, bound), expected in cases:
        given = call(answer, low, high, side, bound)
        not_yet(
            not isinstance(given, str)
            or given
            not in (
                "supported",
                "not supported",
                "undecided",
            ),
            f"{given!r} is no verdict; expected supported, not supported or undecided",
        )
        where = (
            "holds the bound"
            if low <= bound <= high
            else f"lies {'above' if low > bound else 'below'} the bound"
        )
        not_yet(
            given != expected,
            f"an interval of {low:g} to {high:g} {where} of {bound:g}, and the claim puts it"
            f" {side}: '{given}' does not follow",
        )
    right("The interval decides, not the number within it.")
