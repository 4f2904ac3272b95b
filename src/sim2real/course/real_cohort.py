"""Judges of lesson 3: phases by the sheet's index, intensities that can be compared, and the four
slices in the middle."""

from collections.abc import Callable

import numpy as np
from skimage.exposure import rescale_intensity
from sklearn.metrics import f1_score

from ..data import LV, MYO, RV
from .answers import NotYet, array, call, not_yet, number, right


def frames(answer: Callable) -> None:
    """Judged by the labels themselves, which are drawn at two phases alone, the cavity larger at
    ED."""
    for ed, es in ((0, 3), (6, 1)):
        labels = np.zeros((6, 5, 3, 7), np.uint8)
        labels[1:5, 1:4, :, ed] = LV
        labels[2:4, 2:3, :, es] = LV
        given = call(answer, {"ED": str(ed), "ES": str(es)}, labels)
        not_yet(
            not isinstance(given, tuple) or len(given) != 2,
            "expected two stacks of shape (x, y, slice), ED first, as a tuple",
        )
        stacks = [
            array(part, f"the stack at {phase}")
            for part, phase in zip(given, ("ED", "ES"), strict=True)
        ]
        not_yet(
            any(stack.shape != (6, 5, 3) for stack in stacks),
            "expected two stacks of shape (x, y, slice), ED first, as a tuple",
        )
        volumes = [int((stack == LV).sum()) for stack in stacks]
        not_yet(
            0 in volumes,
            f"the sheet says ED {ed}, ES {es}: a stack you return holds no label at all, and"
            " labels are drawn at ED and ES; from which number do the sheet and the array"
            " count?",
        )
        not_yet(
            volumes[0] < volumes[1],
            "your ED has the smaller cavity; a cohort may store ES first, the sheet tells which"
            " is which",
        )
    right("Both stacks hold labels, and the cavity is larger at ED, whichever is stored first.")


def normalised(answer: Callable) -> None:
    """Judged by what must not matter (gain, offset, one bright pixel) and by another library's
    scaling."""
    rng = np.random.default_rng(1)
    stack = rng.gamma(2.0, 60.0, (20, 24, 3)) * np.array([0.5, 1.0, 2.0])
    given = array(call(answer, stack), "your stack")
    not_yet(
        given.shape != stack.shape,
        f"a stack of shape {stack.shape} became one of {given.shape}; the shape must stay",
    )
    not_yet(
        given.min() < 0 or given.max() > 1,
        f"values from {given.min():.2f} to {given.max():.2f}; expected 0 to 1, what lies beyond"
        " clipped",
    )
    not_yet(
        np.abs(array(call(answer, 7 * stack + 300), "your stack") - given).max() > 1e-4,
        "another gain and offset of the scanner change your image; normalised intensities must"
        " not depend on either",
    )
    bright = stack.copy()
    bright[0, 0, 0] = 100 * stack.max()
    not_yet(
        np.median(np.abs(array(call(answer, bright), "your stack") - given)) > 0.02,
        "one bright pixel darkens your whole image; a wet surface or a flow artefact does the"
        " same: use percentiles",
    )
    per_slice = given.mean(axis=(0, 1))
    not_yet(
        per_slice[2] < 1.5 * per_slice[0],
        "the third slice was four times as bright as the first and is no longer: are the"
        " percentiles those of the whole image?",
    )
    expected = rescale_intensity(
        stack, in_range=tuple(np.percentile(stack, (1, 99))), out_range=(0.0, 1.0)
    )
    not_yet(
        np.abs(given - expected).max() > 0.005,
        "the scaling is of the right kind; which two percentiles become 0 and 1?",
    )
    right(
        "Gain, offset and one bright pixel change nothing, and another library gives the same"
        " image."
    )


def threshold_transfer(
    raw: object,
    scaled: object,
    image: np.ndarray,
    scaled_image: np.ndarray,
    label: np.ndarray,
    thresholds: tuple[float, float],
) -> None:
    """Judged by scikit-learn's F1 score, which is Dice, over the heart's pixels."""
    answers = number(raw, "dice_raw"), number(scaled, "dice_normalised")
    heart = (label == LV) | (label == MYO)
    for name, given, pixels, threshold in zip(
        ("dice_raw", "dice_normalised"), answers, (image, scaled_image), thresholds, strict=True
    ):
        true = f1_score(label[heart] == LV, pixels[heart] > threshold, zero_division=0.0)
        everywhere = f1_score(
            (label == LV).ravel(), (pixels > threshold).ravel(), zero_division=0.0
        )
        hint = (
            "; blood elsewhere and fat are as bright, so look within LV and MYO alone"
            if abs(given - everywhere) < 0.005
            else ""
        )
        not_yet(
            abs(given - true) > 0.005,
            f"{name} is {given:.3f}, which is not the overlap of the bright pixels with the"
            f" LV{hint}",
        )
    right(
        "A threshold in scanner units does not travel from one vendor to the other; one in"
        " normalised units does."
    )


def middle_slices(answer: Callable) -> None:
    """Judged on stacks made by hand."""
    cases = (
        ("all complete", range(2, 8), range(2, 8), [3, 4, 5, 6]),
        ("the apex empties at end systole", range(1, 9), range(3, 9), [4, 5, 6, 7]),
        (
            "seven complete, one fewer is left at the first end",
            range(0, 7),
            range(0, 7),
            [1, 2, 3, 4],
        ),
    )
    for case, at_ed, at_es, expected in cases:
        given = call(answer, *(_stack(complete) for complete in (at_ed, at_es)), 4)
        chosen = [int(k) for k in array(given, f"{case}: what you return").ravel()]
        not_yet(
            len(chosen) != 4,
            f"{case}: {len(chosen)} slices were chosen; expected 4",
        )
        lacking = [k for k in chosen if k not in at_ed or k not in at_es]
        if lacking:
            raise NotYet(
                f"{case}: slice {lacking[0]} lacks a structure at one of the phases; it must hold"
                " LV, MYO and RV at both"
            )
        not_yet(
            sorted(chosen) != expected,
            f"{case}: {sorted(chosen)} are complete but not the ones in the middle",
        )
    right("The four in the middle, of those complete at both phases.")


def _stack(complete: range) -> np.ndarray:
    """Labels (x, y, slice) of ten slices; only those in ``complete`` hold all three structures, the
    others lack one."""
    labels = np.zeros((4, 5, 10), np.uint8)
    labels[0, 0], labels[1, 1] = LV, MYO
    labels[2, 3, list(complete)] = RV
    return labels
