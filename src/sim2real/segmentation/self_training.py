"""One round of self-training: a segmenter labels the people of the training split, whose hearts are
found and cropped without their own labels, and learns on from slices that it is sure of and that
look like a heart.

After Lee, Pseudo-Label, ICML workshop 2013. A third of the steps, from the trained network, with as
many draws of the labels it gave as of the images it had learned from.
"""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation, label

from ..data import (
    LV,
    MYO,
    SLICE_COLUMNS,
    STRUCTURES,
    Image,
    RunFolder,
    as_shown,
    as_stored,
    largest_pieces,
    read_image,
    refuse,
    write_image,
)
from ..metrics import slice_shape
from .chapter import ORIGINS, REAL_HEARTS
from .dataset import prepare_dataset, regime_cases
from .evaluate import case_key
from .parameters import RealHeartsParameters, SegmentationParameters
from .predict import predict_with_confidence
from .real_hearts import LABEL_FREE, all_slices, cases_of, length_of_training, score
from .regimes import in_equal_parts, parts_of
from .training import model_folder, train_cases

SHARE = 1 / 3
"""Of a training's steps, those of self-training."""
SURE = 0.9
"""Least mean probability, over the pixels called heart, of the class each was given."""
SPECKS = 0.05
"""Largest share of a structure, in a slice, that may lie beside its largest piece; it is taken
away."""
ENCLOSED = 0.9
"""Least share of the LV's border that lies on the MYO."""
PLAUSIBLE = {
    "lv_radius_cv": (0.0, 0.25),
    "wall_mm": (4.0, 25.0),
    "epicardial_radius_mm": (20.0, 60.0),
    "rv_solidity": (0.5, 1.0),
    "rv_arc_deg": (30.0, 180.0),
}
"""Bounds of ``metrics.slice_shape``, wider than the 10th to 90th percentile of people."""
FEWEST = 8
"""Slices; with fewer there is no self-training."""
LABELLED = dict[tuple[str, str, str], tuple[np.ndarray, np.ndarray]]
"""By (vendor, subject, phase): labels and confidence, each (slice, row, column)."""


def label_people(run: RunFolder, table: pd.DataFrame, model: Path) -> LABELLED:
    """Labels that the model in folder ``model`` gives to every unlabelled image, the largest pieces
    of them, and the probability of each.

    table: images as in ``SLICE_COLUMNS``; of the domain ``unlabelled`` the column ``image``.
    """
    rows = _unlabelled(table)
    images = [read_image(run.path / row["image"]) for row in rows]
    stacks = [as_shown(image) for image in images]
    spacing = images[0].spacing_mm[1::-1]
    ends = np.cumsum([len(stack) for stack in stacks])[:-1]
    parts = (
        np.split(array, ends)
        for array in predict_with_confidence(model, np.concatenate(stacks), spacing)
    )
    pairs = zip(*parts, strict=True)
    return {
        case_key(row): (largest_pieces(labels), sure)
        for row, (labels, sure) in zip(rows, pairs, strict=True)
    }


def confidence_of(labels: np.ndarray, probability: np.ndarray) -> float:
    """Mean probability over the pixels called heart; 0 where there is none."""
    heart = labels > 0
    return float(probability[heart].mean()) if heart.any() else 0.0


def is_heart_shaped(labels: np.ndarray, pixel_mm: float) -> bool:
    """Whether a slice (row, column) holds an LV enclosed by the MYO with the RV beside it, each of
    one piece, sizes and shapes within ``PLAUSIBLE``; square pixels of ``pixel_mm``."""
    pieces = [label(labels == value, np.ones((3, 3)))[1] for value in STRUCTURES.values()]
    if pieces != [1] * len(STRUCTURES):
        return False
    border = binary_dilation(labels == LV) & (labels != LV)
    if (labels[border] == MYO).mean() < ENCLOSED:
        return False
    shape = slice_shape(labels, pixel_mm)
    return all(low <= shape[name] <= high for name, (low, high) in PLAUSIBLE.items())


def heart_in(labels: np.ndarray, pixel_mm: float) -> np.ndarray | None:
    """A slice (row, column) with the largest piece of each structure alone; None where more than
    ``SPECKS`` of one lies elsewhere, or where what is left is not heart-shaped."""
    largest = largest_pieces(labels[None])[0]
    masks = [labels == value for value in STRUCTURES.values()]
    lost = [(mask & (largest != labels)).sum() > SPECKS * mask.sum() for mask in masks]
    return None if any(lost) or not is_heart_shaped(largest, pixel_mm) else largest


def choice_table(labelled: dict[str, LABELLED], pixel_mm: float) -> pd.DataFrame:
    """``training, heart_shaped, confidence``: share of the slices of people in which a training
    finds a heart, and its mean confidence.

    labelled: of ``label_people``, by training. On 14 people and short trainings the share ranked
    the trainings as their Dice did. Confidence, and agreement with the other trainings, did not: a
    network is as sure where it errs, and most of the trainings share their images.
    """
    rows = []
    for name, images in labelled.items():
        slices = [pair for image in images.values() for pair in zip(*image, strict=True)]
        found = [heart_in(labels, pixel_mm) is not None for labels, _ in slices]
        sure = [confidence_of(*pair) for pair in slices]
        rows.append((name, float(np.mean(found)), float(np.mean(sure))))
    return pd.DataFrame(rows, columns=["training", "heart_shaped", "confidence"])


def best_of_others(choice: pd.DataFrame) -> str:
    """The training other than ``sim2real`` that finds the most hearts; of two alike the first."""
    others = choice[choice["training"] != ORIGINS[0]]
    return str(others.loc[others["heart_shaped"].idxmax(), "training"])


def write_kept(
    run: RunFolder, table: pd.DataFrame, labelled: LABELLED, into: Path
) -> tuple[pd.DataFrame, int, int]:
    """Write the slices of people in which a heart is found with confidence, under the labels given.

    Args:
        run: the paths in ``table`` start from its folder.
        table: images as in ``SLICE_COLUMNS``.
        labelled: of ``label_people``.
        into: folder in the run's, emptied first.

    Returns:
        Rows as ``SLICE_COLUMNS`` of domain ``self``, an image with a slice or more; the number of
        slices kept, and of all.
    """
    shutil.rmtree(into, ignore_errors=True)
    rows, n_kept, n_all = [], 0, 0
    for row in _unlabelled(table):
        image, (labels, sure) = read_image(run.path / row["image"]), labelled[case_key(row)]
        hearts = [heart_in(part, image.spacing_mm[0]) for part in labels]
        kept = [
            k
            for k, heart in enumerate(hearts)
            if heart is not None and confidence_of(heart, sure[k]) >= SURE
        ]
        n_kept, n_all = n_kept + len(kept), n_all + len(labels)
        if kept:
            files = [into / f"{'_'.join(case_key(row))}{end}.nii.gz" for end in ("", "_gt")]
            write_image(files[0], Image(image.data[:, :, kept], image.affine))
            write_image(files[1], as_stored(np.stack([hearts[k] for k in kept]), image.affine))
            image_path, label_path = (path.relative_to(run.path).as_posix() for path in files)
            rows.append({**row, "domain": "self", "image": image_path, "label": label_path})
    return pd.DataFrame(rows, columns=SLICE_COLUMNS), n_kept, n_all


def self_train(
    run: RunFolder, origin: str, segmentation: SegmentationParameters, study: RealHeartsParameters
) -> tuple[pd.Series, pd.DataFrame | None]:
    """Self-training from ``sim2real``, or from the ``best`` of the others without a real label.

    Writes ``self/<origin>.csv`` (``training, n_kept, n_slices``) and, for ``best``,
    ``self/choice.csv``; scores the training on the test subjects.

    Args:
        run: with the finished trainings of the study.
        origin: of ``ORIGINS``.
        segmentation: of chapter 6.
        study: its first seed is that of the training and of what it starts from.

    Returns:
        The row of ``self/<origin>.csv``, and the log; no log where fewer than ``FEWEST`` slices
        were kept.
    """
    refuse(origin not in ORIGINS, f"origin '{origin}'; expected one of {', '.join(ORIGINS)}")
    table, folder, seed = all_slices(run), run.chapter(REAL_HEARTS.name), study.seeds[0]
    names = LABEL_FREE if origin == "best" else (origin,)
    labelled = {name: label_people(run, table, model_folder(folder, name, seed)) for name in names}
    training = origin
    if origin == "best":
        pixel_mm = read_image(run.path / _unlabelled(table)[0]["image"]).spacing_mm[0]
        choice = choice_table(labelled, pixel_mm)
        run.write_manifest(REAL_HEARTS.name, choice, "self/choice.csv")
        training = best_of_others(choice)
    place = folder / "self" / origin
    given, n_kept, n_slices = write_kept(run, table, labelled[training], place / "images")
    row = pd.DataFrame({"training": [training], "n_kept": n_kept, "n_slices": n_slices})
    run.write_manifest(REAL_HEARTS.name, row, f"self/{origin}.csv")
    if n_kept < FEWEST:
        return row.iloc[0], None
    parts = (*parts_of(training), "self")
    cases = prepare_dataset(run.path, place, pd.concat([table, given], ignore_index=True), parts)
    learned = in_equal_parts([cases_of(cases, training), regime_cases(cases, "self")])
    log = train_cases(
        place,
        f"{training}+self",
        learned,
        model_folder(folder, f"{training}+self", seed),
        seed,
        length_of_training(segmentation, study, SHARE),
        start=model_folder(folder, training, seed),
    )
    score(run, f"{training}+self", training, seed)
    return row.iloc[0], log


def read_self_training(run: RunFolder) -> pd.DataFrame:
    """``origin, training, n_kept, n_slices`` of each round of self-training."""
    parts = [
        run.manifest(REAL_HEARTS.name, f"self/{origin}.csv").assign(origin=origin)
        for origin in ORIGINS
    ]
    return pd.concat(parts, ignore_index=True)[["origin", "training", "n_kept", "n_slices"]]


def _unlabelled(table: pd.DataFrame) -> list[dict]:
    return table[table["domain"] == "unlabelled"].to_dict("records")
