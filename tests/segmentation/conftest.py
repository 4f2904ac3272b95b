"""A toy cohort with grids of unequal sides: 5 virtual subjects, 2 real train and 1 test subject a
vendor, 2 slices an image."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim2real.data import SLICE_COLUMNS, Image, write_image
from sim2real.segmentation.evaluate import EVALUATION_COLUMNS

ROWS, COLUMNS, SLICES = 64, 48, 2
AFFINE = np.diag([1.25, 1.5, 9.0, 1.0])


def toy_heart(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A bright disc in a dark ring, a bright crescent on its left: image and label, each (row,
    column)."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    row, column = row - ROWS / 2 - rng.normal(0, 1), column - 0.56 * COLUMNS - rng.normal(0, 1)
    radius, wall = 8 + rng.normal(0, 0.7), 4
    label = np.zeros((ROWS, COLUMNS), np.uint8)
    label[np.hypot(row, column + radius + wall) < radius + 2] = 3
    label[np.hypot(row, column) < radius + wall] = 2
    label[np.hypot(row, column) < radius] = 1
    image = np.choose(label, [0.4, 0.9, 0.2, 0.7]) + rng.normal(0, 0.04, label.shape)
    return np.clip(image, 0, 1).astype(np.float32), label


def write_toy_cohort(run: Path) -> pd.DataFrame:
    rows = []

    def add(domain, vendor, subject, split, *names):
        for phase in ("ED", "ES"):
            rng = np.random.default_rng([*names, phase == "ES"])
            image, label = (
                np.stack(parts).transpose(2, 1, 0)
                for parts in zip(*(toy_heart(rng) for _ in range(SLICES)), strict=True)
            )
            paths = [f"{domain}/{subject}_{phase}{kind}.nii.gz" for kind in ("", "_label")]
            for path, data in zip(paths, (image, label), strict=True):
                write_image(run / path, Image(data, AFFINE))
            rows.append([domain, vendor, subject, phase, split, *paths])

    for number in range(5):
        add("simulated", "", f"{number:03}", "train", 0, number)
        for style, vendor in enumerate("AB"):
            add(f"sim2real_{vendor}", vendor, f"{number:03}", "train", 1 + style, number)
    for style, vendor in enumerate("AB"):
        for number in range(3):
            add(
                "real",
                vendor,
                f"{vendor}{number}",
                "train" if number < 2 else "test",
                3 + style,
                number,
            )
    return pd.DataFrame(rows, columns=SLICE_COLUMNS)


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="session")
def table(run) -> pd.DataFrame:
    return write_toy_cohort(run)


@pytest.fixture(scope="session")
def chapter(run, table) -> Path:
    """The chapter's folder with the dataset prepared."""
    import torch

    from sim2real.segmentation import prepare_dataset

    torch.set_num_threads(1)
    prepare_dataset(run, run / "06_segmentation", table)
    return run / "06_segmentation"


@pytest.fixture
def cases():
    """``real`` wins RV of A, ``simulated`` beats all everywhere and must not be outlined, else
    ``both`` wins."""
    level = {"sim2real": 0.7, "real": 0.8, "both": 0.85, "simulated": 0.95}
    rows = []
    for training, vendor, subject, phase, structure in product(
        level, "AB", ("s0", "s1"), ("ED", "ES"), ("LV", "RV", "MYO")
    ):
        extra = 0.1 if (training, vendor, structure) == ("real", "A", "RV") else 0
        rows.append(
            [training, 0, 3, 5, vendor, subject, phase, structure, level[training] + extra, 9.0, 0]
        )
    return pd.DataFrame(rows, columns=EVALUATION_COLUMNS)
