"""How a training goes, watched on real slices of subjects it never sees.

A distance to those slices marks the step at which the translated slices came nearest. With
``translation.keep_nearest`` the generator of that step is kept, and chapter 5 leaves the watched
subjects out of its references (``chosen_by``). Of a generator's grain the share that comes nearest
is kept with it: noise hides from the discriminator what else gives a translation away, so that it
learns to make more of it than real slices have.
"""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..data import generator as random_generator
from ..data import load_slices, read_table, write_table
from ..metrics import frechet_distance, standardise, texture_features
from .apply import to_network, translate
from .networks import Discriminator, Generator
from .parameters import TranslationParameters

NAME = "health.csv"
# sure_*: share of patches within ``SURE`` of the discriminator's target; distance: Fréchet, in
# texture features, with that share of the grain.
COLUMNS = ["step", "sure_real", "sure_translated", "distance", "grain_share", "best"]
# Of the grain, tried beside the whole of it.
SHARES = (0.0, 0.25, 0.5, 0.75)
EVALUATIONS, N_SLICES, SURE = 8, 24, 0.1
FEWEST_SUBJECTS = 2


def load_split(
    run: Path | str, rows: pd.DataFrame, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """(slices to train on, slices held out for watching or None) of the images in ``rows``, each
    (n, h, w); split by subject."""
    watched = rows["subject"].isin(held_out_subjects(rows["subject"].unique(), share, seed))
    return load_slices(run, rows[~watched]), (
        load_slices(run, rows[watched]) if watched.any() else None
    )


def held_out_subjects(subjects: np.ndarray, share: float, seed: int) -> list[str]:
    """About ``share`` of the subjects, two at least, in an order that the seed alone decides; none
    for a share of 0.

    None either where fewer than twice as many would be left to train on.
    """
    n = max(FEWEST_SUBJECTS, round(share * len(subjects)))
    if not share or len(subjects) < 3 * n:
        return []
    order = random_generator(seed, "watched subjects").permutation(len(subjects))
    return sorted(np.sort(subjects)[order[:n]].tolist())


def chosen_by(subjects: np.ndarray, parameters: TranslationParameters, seed: int) -> list[str]:
    """Of a vendor's training subjects those by which its generator was chosen; none where the last
    one was kept."""
    return (
        held_out_subjects(subjects, parameters.watch_share, seed) if parameters.keep_nearest else []
    )


class Watch:
    """Rows of ``COLUMNS``, one for every look; at step 0 the simulated slices as they are, without
    a discriminator."""

    def __init__(
        self,
        source: np.ndarray,
        held_out: np.ndarray,
        n_steps: int,
        seed: int,
        device: torch.device | str,
        shares: tuple[float, ...] = (),
    ):
        order = random_generator(seed, "watched slices").permutation(len(source))
        self.source, self.real, self.device, self.shares = (
            source[np.sort(order[:N_SLICES])],
            held_out,
            device,
            shares,
        )
        self.steps = {round(n_steps * (k + 1) / EVALUATIONS) for k in range(EVALUATIONS)} - {0}
        self.rows: list[list[float]] = []

    @cached_property
    def features(self) -> np.ndarray:
        return texture_features(self.real)

    def add_row(self, step: int, generator: Generator, discriminator: Discriminator) -> None:
        """Measure the translations of this step's generator and add a row."""
        if not self.rows:
            self.rows.append(
                [0, float("nan"), float("nan"), self._distance(self.source), float("nan")]
            )
        translated = translate(generator, self.source, self.device)
        sure = [
            self._sure(discriminator, slices, target)
            for slices, target in ((self.real, 1.0), (translated, 0.0))
        ]
        distances = {1.0: self._distance(translated)}
        if self.shares:
            distances |= {
                share: self._distance(slices) for share, slices in self._with_less_grain(generator)
            }
        share = min(distances, key=distances.get)
        self.rows.append([step, *sure, distances[share], share])

    @property
    def is_nearest(self) -> bool:
        """Whether no look before the last came as near."""
        return bool(self.table()["best"].iloc[-1])

    def table(self) -> pd.DataFrame:
        table = pd.DataFrame(self.rows, columns=COLUMNS[:-1])
        after = table.loc[table["step"] > 0, "distance"]
        return table.assign(best=(table.index == after.idxmin()).astype(int) if len(after) else 0)

    @property
    def share(self) -> float:
        """Of the grain, the share with which the last look came nearest."""
        return self.rows[-1][COLUMNS.index("grain_share")]

    def write(self, folder: Path) -> None:
        write_table(folder / NAME, self.table())

    def _distance(self, slices: np.ndarray) -> float:
        return frechet_distance(*standardise(texture_features(slices), self.features))

    @torch.no_grad()
    def _with_less_grain(self, generator: Generator) -> Iterator[tuple[float, np.ndarray]]:
        """The translations with each of ``shares`` of the grain, as ``translate`` gives them."""
        x = to_network(self.source)
        parts = [generator.parts(part.to(self.device))[:2] for part in x.split(16)]
        for share in self.shares:
            images = torch.cat(
                [generator.with_grain(clean, grain, share) for clean, grain in parts]
            )
            yield share, ((images + 1) / 2).clamp(0, 1)[:, 0].cpu().numpy()

    @torch.no_grad()
    def _sure(self, discriminator: Discriminator, slices: np.ndarray, target: float) -> float:
        x = to_network(slices)
        scores = torch.cat([discriminator(part.to(self.device)).flatten() for part in x.split(8)])
        return float(((scores - target).abs() < SURE).double().mean())


def health(folder: Path | str) -> pd.DataFrame:
    """``health.csv`` of a model's folder; no row where the training was not watched."""
    path = Path(folder) / NAME
    return read_table(path) if path.is_file() else pd.DataFrame(columns=COLUMNS)
