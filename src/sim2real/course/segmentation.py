"""Judges of lesson 6: Dice and Hausdorff distance, against scikit-learn, SciPy and cases made by
hand."""

from collections.abc import Callable

import numpy as np
from scipy.spatial.distance import directed_hausdorff
from sklearn.metrics import f1_score, jaccard_score

from .answers import call, not_yet, number, right


def overlap(answer: object, prediction: np.ndarray, reference: np.ndarray) -> None:
    """Judged by scikit-learn's F1 score, which is Dice."""
    given = number(answer, "dice_of_squares")
    pair = reference.ravel(), prediction.ravel()
    hint = (
        "; that is the intersection over the union"
        if abs(given - jaccard_score(*pair)) < 1e-3
        else ""
    )
    not_yet(
        abs(given - f1_score(*pair)) > 1e-3, f"{given:.3f} is not the Dice of the two squares{hint}"
    )
    right("scikit-learn calls it the F1 score.")


def shifted_disc(
    answer: object, prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, float]
) -> None:
    """Judged by SciPy's Hausdorff distance of the pixels' centres in mm."""
    given = number(answer, "hausdorff_mm")
    points = [np.argwhere(mask) * np.asarray(spacing_mm) for mask in (prediction, reference)]
    true = max(directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0])
    in_pixels = [np.argwhere(mask) for mask in (prediction, reference)]
    pixels = max(directed_hausdorff(*in_pixels)[0], directed_hausdorff(*in_pixels[::-1])[0])
    hint = (
        "; that is in pixels"
        if abs(given - pixels) < 0.05
        else "; rows and columns have edges of their own"
    )
    not_yet(
        abs(given - true) > 0.05,
        f"{given:.2f} mm is not the largest distance from a pixel of one disc to the other"
        f" disc{hint}",
    )
    right("A convex shape that is shifted lies as far from itself as the shift is long, in mm.")


def policy(answer: Callable) -> None:
    """Judged on four pairs of masks made by hand."""
    empty, block = np.zeros((3, 4, 12), bool), np.zeros((3, 4, 12), bool)
    block[1, 1:3, 2:5] = True
    diagonal = 13.0  # of 3, 4 and 12 voxels of 1 mm
    cases = (
        ("both masks empty", empty, empty, (1.0, 0.0)),
        ("an empty prediction of a structure that is there", empty, block, (0.0, diagonal)),
        ("a prediction where there is nothing", block, empty, (0.0, diagonal)),
        ("equal masks", block, block, (1.0, 0.0)),
        ("a mask shifted by one voxel", np.roll(block, 1, axis=2), block, (2 / 3, 1.0)),
    )
    for case, prediction, reference, expected in cases:
        given = call(answer, prediction, reference, (1.0, 1.0, 1.0))
        not_yet(
            not isinstance(given, (tuple, list)) or len(given) != 2,
            f"{case}: expected two numbers, Dice and the Hausdorff distance",
        )
        for name, value, true in zip(("Dice", "Hausdorff distance"), given, expected, strict=True):
            not_yet(
                value is None or (isinstance(value, float) and not np.isfinite(value)),
                f"{case}: the {name} is {value}; such a case drops out of the mean, and the"
                " worst failure flatters the table",
            )
            value = number(value, f"{case}: the {name}")
            not_yet(
                abs(value - true) > 1e-6,
                f"{case}: a {name} of {value:g}; is it as bad (or as good) as it could be?",
            )
    right("Every case has two numbers, and none drops out of the mean.")


def island(answer: object, reference: np.ndarray, spacing_mm: tuple[float, float]) -> None:
    """Judged by scikit-learn's F1 score and SciPy's Hausdorff distance."""
    if answer is None or answer is Ellipsis:
        number(answer, "prediction")
    prediction = np.asarray(answer, bool)
    not_yet(
        prediction.shape != reference.shape,
        f"a mask of shape {prediction.shape}; expected {reference.shape}",
    )
    not_yet(
        not prediction.any(),
        "an empty mask has a Dice of 0",
    )
    score = f1_score(reference.ravel(), prediction.ravel())
    points = [np.argwhere(mask) * np.asarray(spacing_mm) for mask in (prediction, reference)]
    distance = max(directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0])
    not_yet(
        score < 0.98,
        f"its Dice is {score:.3f}; expected 0.98 or more. How few pixels can spoil a largest"
        " distance?",
    )
    not_yet(
        distance < 50,
        f"its Dice is {score:.3f} and its Hausdorff distance {distance:.1f} mm; expected 50 mm"
        " or more",
    )
    right(
        f"Dice {score:.3f}, Hausdorff distance {distance:.0f} mm: the two answer different"
        " questions, and a table needs both."
    )
