"""Judges of lesson 4: PatchNCE, its temperature and negatives, and the game of generator and
discriminator, against PyTorch."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch.nn import functional as F

from ..translation import least_squares, patch_nce
from .answers import NotYet, call, not_yet, number, right


def by_hand(answer: object, query: np.ndarray, key: np.ndarray, temperature: float) -> None:
    """Judged by the loss that the translation of chapter 4 is trained with. query, key: unit
    vectors (patch, feature)."""
    given = number(answer, "loss")
    true, at_one = (_nce(query, key, t) for t in (temperature, 1.0))
    if abs(given - true) > 1e-4 * max(1, true):
        hint = ""
        if abs(given - at_one) < 1e-3:
            hint = "; that is the loss at a temperature of 1"
        elif abs(given - len(query) * true) < 1e-3:
            hint = "; that is the sum over the patches"
        elif abs(given + true) < 1e-3:
            hint = "; a loss falls as the probability of the right patch rises"
        raise NotYet(f"{given:.4f} is not the mean of -log(probability of the own patch){hint}")
    right("The loss with which chapter 4 trains gives the same.")


def at_chance(answer: object, n_patches: int) -> None:
    """Judged by PyTorch's loss of features that tell nothing."""
    given = number(answer, "loss_at_chance")
    alike = np.ones((n_patches, 3)) / np.sqrt(3)
    true = _nce(alike, alike, 0.07)
    not_yet(
        abs(given - true) > 0.003,
        f"features that are all alike do not give {given:.3f}: each of how many patches, the"
        " own one counted, is then equally probable?",
    )
    right(
        "Whatever the temperature: alike features leave the choice to chance. A contrastive loss"
        " near this has learned nothing."
    )


def temperature(answer: object, own: float, other: float, n_patches: int) -> None:
    """Judged by PyTorch's softmax at that temperature."""
    given = number(answer, "temperature")
    not_yet(
        given <= 0,
        f"a temperature of {given:g}; expected one above 0",
    )
    similarity = torch.full((n_patches,), other, dtype=torch.float64)
    similarity[0] = own
    probability = float(F.softmax(similarity / given, dim=0)[0])
    way = "lower" if probability < 0.5 else "higher"
    not_yet(
        abs(probability - 0.5) > 0.02,
        f"at a temperature of {given:.3g} the own patch has a probability of {probability:.2f};"
        f" try a {way} one",
    )
    right(
        "There the own patch is as probable as all the others together; above it the loss hardly"
        " sees the difference."
    )


def fooled(score: object, loss: object) -> None:
    """Judged by a search for the discriminator's best score, with the loss that chapter 4 trains
    with."""
    given, value = number(score, "best_score"), number(loss, "loss_then")

    def discriminator(at: float) -> float:
        scores = torch.full((1, 1, 2, 3), float(at), dtype=torch.float64)
        return float(least_squares(scores, real=False) + least_squares(scores, real=True)) / 2

    best = minimize_scalar(discriminator, bounds=(-1, 2), method="bounded")
    not_yet(
        abs(given - best.x) > 0.01,
        f"with a score of {given:g} for all images the discriminator's loss is"
        f" {discriminator(given):.3f}, and a search finds a lower one",
    )
    not_yet(
        abs(value - best.fun) > 0.005,
        f"the score is right, and {value:g} is not the loss there: it is half of the sum of two"
        " means",
    )
    right(
        "When it can no longer tell, the discriminator's loss rests there: in the curves of chapter"
        " 4, that is no sign of failure."
    )


def with_negatives(answer: Callable) -> None:
    """Judged by PyTorch's cross-entropy, and by what a negative must and must not do."""
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(7, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    query, positive, negatives = vectors[0], vectors[1], vectors[2:]
    for some in (negatives[:1], negatives):
        given = number(call(answer, query, positive, some, 0.2), "the loss")
        logits = torch.from_numpy(np.concatenate([[query @ positive], some @ query]) / 0.2)
        true = float(F.cross_entropy(logits[None], torch.tensor([0])))
        not_yet(
            given < 0,
            f"with {len(some)} negatives your loss is {given:.3f}; -log of a probability is"
            " never below 0: what may it be chosen from?",
        )
        not_yet(
            abs(given - true) > 1e-4,
            f"with {len(some)} negatives your loss is {given:.4f}, and PyTorch's cross-entropy"
            " is another: what stands in the sum below?",
        )
    not_yet(
        number(
            call(answer, query, positive, np.concatenate([negatives, negatives]), 0.2), "the loss"
        )
        <= true,
        "more negatives of the same kind must make the choice harder; in yours the loss does"
        " not rise",
    )
    right("PyTorch's cross-entropy agrees.")


def _nce(query: np.ndarray, key: np.ndarray, temperature: float) -> float:
    pair = (torch.from_numpy(np.asarray(part, float))[None] for part in (query, key))
    return float(patch_nce(*pair, temperature).mean())
