"""The two networks that lie in the checkout, trained on the phantom alone, never on a person.

    python -m sim2real.segmentation.pretrain FOLDER PEOPLE

makes them anew in ``FOLDER`` (a quarter of an hour on two cores; begun ones go on) and puts them
where they are read from: the *finder*, which finds the heart in a whole field of view
(``cohort.find_heart``), and the *segmenter* behind ``sim2real predict`` without a run. The
segmenter's card tells how it was made and its Dice on ``PEOPLE``, a folder in M&Ms layout.
"""

import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.ndimage import affine_transform

from ..cohort import (
    FINDER,
    FINDER_GRID,
    CohortParameters,
    prepare_randomised,
    prepare_simulated,
    upright,
)
from ..data import (
    PHASES,
    SLICE_COLUMNS,
    STRUCTURES,
    Image,
    RunFolder,
    generator,
    map_in_order,
    read_json,
    read_labels,
    write_image,
    write_json,
)
from ..population import POPULATION, PopulationParameters, labels_of, make_population
from ..simulation import SimulationParameters, random_contrast, simulate_population
from .apply import predict_source
from .dataset import prepare_dataset, regime_cases
from .parameters import SegmentationParameters
from .pretrained import PRETRAINED
from .training import FINAL, train_cases

FIELD_MM = 384.0
WINDOW_MM = (220.0, 384.0)  # edges of a field of view
SHIFT_MM = 45.0  # of the heart from the middle of the field
ZOOM = 0.2  # largest logarithm of a change of size
N_DRAWS = 3
FIELD = PopulationParameters(n_subjects=100, field_of_view_mm=FIELD_MM, voxel_mm=2, sub_slices=1)
FINDING = SegmentationParameters(
    features=[8, 16, 32, 64, 64], batch_size=8, n_epochs=8, iterations_per_epoch=320
)
POPULATION_OF_SEGMENTER = PopulationParameters(n_subjects=160)
REGIME = "randomised+simulated"
COHORT_OF_CARD = "ACDC"  # whose PEOPLE are
SIMULATION_OF_SEGMENTER = SimulationParameters()
SEGMENTING = SegmentationParameters(batch_size=8, n_epochs=12, iterations_per_epoch=400)


def train_finder(run: RunFolder) -> None:
    """Whole fields of view of random contrast, turned through the whole circle; the network that
    labels the heart in them."""
    make_population(run, FIELD, 0)
    subjects = run.manifest(POPULATION.name).to_dict("records")
    tasks = list(product([run.path], subjects, range(N_DRAWS)))
    rows = sum(map_in_order(_field_draw, tasks, name="whole fields", unit="image"), [])
    table = pd.DataFrame(rows, columns=SLICE_COLUMNS)
    model = _train(run, table, "randomised", FINDING)
    weights = _slim(model)[1]
    # a module that the network lists twice under other names is kept once, and of the layers that
    # deep supervision adds only the last, which gives the labels
    last = f"seg_layers.{len(FINDING.features) - 2}."
    names = [
        name
        for name in weights
        if not ("all_modules" in name or ".encoder." in name)
        and ("seg_layers" not in name or last in name)
    ]
    np.savez_compressed(FINDER, **{name: weights[name].numpy() for name in names})


def _field_draw(task: tuple[Path, dict, int]) -> list[dict]:
    run, row, draw = task
    maps = read_labels(run / row["structures"])
    rng = generator(0, "whole field", row["subject"], draw)
    middle, rows = maps.data.shape[4] // 2, []
    for p, phase in enumerate(PHASES):
        image = random_contrast(Image(maps.data[:, :, :, p], maps.affine), rng)
        label = Image(labels_of(maps.data[:, :, :, p, middle]), maps.affine)
        image, label = upright(image, label, guide=label, always=True)
        base = f"fields/randomised/{row['subject']}-{draw}_{phase}"
        names = {"image": f"{base}.nii.gz", "label": f"{base}_gt.nii.gz"}
        for path, turned in zip(names.values(), posed(image, label, rng), strict=True):
            write_image(run / path, turned)
        of_image = {"vendor": "", "subject": f"{row['subject']}-{draw}", "phase": phase}
        rows.append({"domain": "randomised", "split": "train", **of_image, **names})
    return rows


def posed(image: Image, label: Image, rng: np.random.Generator) -> list[Image]:
    """Both on the finder's grid, turned by any angle, larger or smaller, shifted, and cut by a
    rectangular field of view."""
    angle, zoom = rng.uniform(0, 2 * np.pi), np.exp(rng.uniform(-ZOOM, ZOOM))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    pixels, pixel_mm = FINDER_GRID.pixels, FINDER_GRID.pixel_mm
    step = turn * pixel_mm * zoom / image.spacing_mm[0]
    heart = np.argwhere(label.data.any(axis=2))
    middle = (heart.min(axis=0) + heart.max(axis=0)) / 2
    place = (pixels - 1) / 2 + rng.uniform(-SHIFT_MM, SHIFT_MM, 2) / pixel_mm
    offset = middle - step @ place
    half = rng.uniform(*WINDOW_MM, 2) / pixel_mm / 2
    inside = np.all(np.abs(np.indices((pixels, pixels)).T - (pixels - 1) / 2) <= half, axis=2).T
    affine = np.diag([pixel_mm, pixel_mm, image.spacing_mm[2], 1])
    return [
        Image(
            np.stack(
                [
                    affine_transform(plane, step, offset, (pixels, pixels), order=order) * inside
                    for plane in np.moveaxis(stack.data, 2, 0)
                ],
                axis=2,
            ),
            affine,
        )
        for stack, order in ((image, 1), (label, 0))
    ]


def train_shipped_segmenter(run: RunFolder) -> None:
    """The phantom's hearts alone: to each simulated image ``N_DRAWS`` of random contrast."""
    make_population(run, POPULATION_OF_SEGMENTER, 0)
    simulate_population(run, SIMULATION_OF_SEGMENTER, 0)
    cohort = CohortParameters()
    randomised = prepare_randomised(run, cohort, N_DRAWS, "06_segmentation")
    table = pd.concat([prepare_simulated(run, cohort)[0], randomised], ignore_index=True)
    model = _train(run, table, REGIME, SEGMENTING)
    plans, weights = _slim(model)
    shutil.rmtree(PRETRAINED, ignore_errors=True)
    write_json(PRETRAINED / "plans.json", plans)
    write_json(PRETRAINED / "dataset.json", read_json(model / "dataset.json"))
    torch.save({"network_weights": weights}, PRETRAINED / FINAL)


def _train(
    run: RunFolder, table: pd.DataFrame, regime: str, parameters: SegmentationParameters
) -> Path:
    chapter, model = run.chapter("06_segmentation"), run.path / "model"
    cases = prepare_dataset(run.path, chapter, table, (regime,))
    train_cases(chapter, regime, regime_cases(cases, regime), model, 0, parameters)
    return model


def _slim(model: Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """A model's plans, and its weights in half precision."""
    stored = torch.load(model / FINAL, map_location="cpu", weights_only=True)["network_weights"]
    # one array under several names, as the modules of nnU-Net's network are, is kept once
    halves = {weights.data_ptr(): weights.half() for weights in stored.values()}
    weights = {name: halves[weights.data_ptr()] for name, weights in stored.items()}
    return read_json(model / "plans.json"), weights


def write_card(people: Path, output: Path, commit: str) -> None:
    """``card.json``: how the segmenter was made, and mean Dice over all labelled subjects of
    ``people``, none of whom it learned from.

    Args:
        people: folder in M&Ms layout.
        output: folder for the predictions.
        commit: of the code that trained it.
    """
    scores = predict_source(people, PRETRAINED, CohortParameters(crop_centre="heart"), "", output)
    by_structure = scores.groupby("structure")["dice"].mean()
    card = {
        "training": REGIME,
        "n_virtual_subjects": POPULATION_OF_SEGMENTER.n_subjects,
        "n_draws": N_DRAWS,
        "commit": commit,
        "population": POPULATION_OF_SEGMENTER.model_dump(mode="json"),
        "simulation": SIMULATION_OF_SEGMENTER.model_dump(mode="json"),
        "segmentation": SEGMENTING.model_dump(mode="json"),
        "cohort": COHORT_OF_CARD,
        "n_subjects": int(scores["subject"].nunique()),
        **{f"dice_{name}": float(by_structure[name]) for name in STRUCTURES},
    }
    write_json(PRETRAINED / "card.json", card)


if __name__ == "__main__":
    folder, cohort = map(Path, sys.argv[1:3])
    now = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=PRETRAINED.parent, capture_output=True, check=True
    )
    train_finder(RunFolder(folder / "finder"))
    train_shipped_segmenter(RunFolder(folder / "segmenter"))
    write_card(cohort, folder / "predictions", now.stdout.decode().strip())
