"""How a training goes, watched on real slices of subjects it never sees, and what it would have
bought to choose its best step.

At eight looks the distance to one half of the watched subjects is taken, by which a step could be
chosen, and to the other half, which tells what that choice is worth. The generator that is kept is
the last, whatever the looks say.
"""

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from ..data import generator as random_generator
from ..data import load_slices, read_table, write_table
from ..metrics import frechet_distance, standardise, texture_features
from .apply import to_network, translate
from .networks import Discriminator, Generator

NAME = "health.csv"
# sure_*: share of patches within ``SURE`` of the discriminator's target; distance*: Fréchet, in
# texture features, to either half of the watched subjects; nearest: the look that the first names.
COLUMNS = ["step", "sure_real", "sure_translated", "distance", "distance_others", "nearest"]
EVALUATIONS, N_SLICES, SURE = 8, 24, 0.1
FEWEST_SUBJECTS = 2


class Watched(NamedTuple):
    """Real slices (n, row, column) in [0, 1] of watched subjects, in two halves by subject."""

    half: np.ndarray
    others: np.ndarray


def load_split(
    run: Path | str, rows: pd.DataFrame, share: float, seed: int
) -> tuple[np.ndarray, Watched | None]:
    """(slices to train on, those watched or None) of the images in ``rows``; split by subject."""
    names = watched_subjects(rows["subject"].unique(), share, seed)
    trained = load_slices(run, rows[~rows["subject"].isin(names)])
    if not names:
        return trained, None
    halves = (rows[rows["subject"].isin(names[k::2])] for k in range(2))
    return trained, Watched(*(load_slices(run, half) for half in halves))


def watched_subjects(subjects: np.ndarray, share: float, seed: int) -> list[str]:
    """About ``share`` of the subjects, two at least, in an order that the seed alone decides; none
    for a share of 0.

    None either where fewer than twice as many would be left to train on.
    """
    n = max(FEWEST_SUBJECTS, round(share * len(subjects)))
    if not share or len(subjects) < 3 * n:
        return []
    order = random_generator(seed, "watched subjects").permutation(len(subjects))
    return sorted(np.sort(subjects)[order[:n]].tolist())


class Watch:
    """Rows of ``COLUMNS``, one for every look; at step 0 the simulated slices as they are, without
    a discriminator."""

    def __init__(
        self,
        source: np.ndarray,
        watched: Watched,
        n_steps: int,
        seed: int,
        device: torch.device | str,
    ):
        order = random_generator(seed, "watched slices").permutation(len(source))
        self.source = source[np.sort(order[:N_SLICES])]
        self.watched, self.device = watched, device
        self.steps = {round(n_steps * (k + 1) / EVALUATIONS) for k in range(EVALUATIONS)} - {0}
        self.rows: list[list[float]] = []

    @cached_property
    def features(self) -> list[np.ndarray]:
        return [texture_features(slices) for slices in self.watched]

    def add_row(self, step: int, generator: Generator, discriminator: Discriminator) -> None:
        """Measure the translations of this step's generator and add a row."""
        if not self.rows:
            self.rows.append([0, float("nan"), float("nan"), *self._distances(self.source)])
        translated = translate(generator, self.source, self.device)
        sure = [
            self._sure(discriminator, slices, target)
            for slices, target in ((np.concatenate(self.watched), 1.0), (translated, 0.0))
        ]
        self.rows.append([step, *sure, *self._distances(translated)])

    def table(self) -> pd.DataFrame:
        table = pd.DataFrame(self.rows, columns=COLUMNS[:-1])
        after = table.loc[table["step"] > 0, "distance"]
        nearest = (table.index == after.idxmin()).astype(int) if len(after) else 0
        return table.assign(nearest=nearest)

    def write(self, folder: Path) -> None:
        write_table(folder / NAME, self.table())

    def _distances(self, slices: np.ndarray) -> list[float]:
        found = texture_features(slices)
        return [frechet_distance(*standardise(found, features)) for features in self.features]

    @torch.no_grad()
    def _sure(self, discriminator: Discriminator, slices: np.ndarray, target: float) -> float:
        x = to_network(slices)
        scores = torch.cat([discriminator(part.to(self.device)).flatten() for part in x.split(8)])
        return float(((scores - target).abs() < SURE).double().mean())


def health(folder: Path | str) -> pd.DataFrame:
    """``health.csv`` of a model's folder; no row where the training was not watched."""
    path = Path(folder) / NAME
    return read_table(path) if path.is_file() else pd.DataFrame(columns=COLUMNS)


def choosing(health: pd.DataFrame) -> dict[str, float]:
    """What it would have bought to keep the nearest look instead of the last one: the ratio of the
    two distances to the subjects chosen by, and to the others. 1 where the last is the nearest."""
    nearest, last = health[health["nearest"] == 1].iloc[0], health.iloc[-1]
    columns = {"chosen": "distance", "others": "distance_others"}
    return {name: float(nearest[column] / last[column]) for name, column in columns.items()}
