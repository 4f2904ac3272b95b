"""Appendix 1: ways to translate, trained or not, each from the same simulated slices towards the
same real ones."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from ..data.device import choose_device
from ..data.labels import VENDORS
from ..data.progress import progress
from ..data.run import RunFolder
from ..data.slices import load_slices
from .apply import load_generator, translate
from .baselines import BASELINES
from .cyclegan import CycleGan
from .parameters import TranslationParameters, TranslatorsParameters
from .stage import examples
from .step import Cut
from .training import train
from .watch import load_split

CHAPTER = "A1_translators"
FASTCUT = {"lambda_nce": 10.0, "identity_nce": False, "flip_equivariance": True}
"""The settings that its authors document for it (Park et al. 2020, appendix; ``--CUT_mode FastCUT``
of their public code)."""


class Trained(NamedTuple):
    """A method and what it changes of the run's own parameters."""

    method: type
    changes: dict


TRAINED = {
    "cut": Trained(Cut, {}),
    "fastcut": Trained(Cut, FASTCUT),
    "cyclegan": Trained(CycleGan, {}),
}
TITLES = {
    "identity": "untranslated",
    "histogram": "histogram matching",
    "fourier": "Fourier amplitudes",
    "cut": "CUT",
    "fastcut": "FastCUT",
    "cyclegan": "CycleGAN",
}
"""Every translator of the chapter, in its order: the untrained ones are ``BASELINES``."""


class Material(NamedTuple):
    """What all translators work on, as stacks of slices (n, row, column).

    source and labels: every simulated slice; subjects and images, (n,): of whom it is, and the
    number of its image. target: real slices to learn from. reference, reference_subjects: all real
    training slices, those that chapter 4 holds out, too. vendor: whose look is learned. rows: the
    table of the simulated images.
    """

    source: np.ndarray
    labels: np.ndarray
    subjects: np.ndarray
    images: np.ndarray
    target: np.ndarray
    reference: np.ndarray
    reference_subjects: np.ndarray
    vendor: str
    rows: pd.DataFrame


def material_of(
    run: RunFolder, parameters: TranslatorsParameters, watch_share: float, seed: int
) -> Material:
    """Read the slices of a run; the real ones to learn from are those that chapter 4 learns
    from."""
    slices = run.manifest("03_real_cohort", "slices.csv")
    rows = slices[slices["domain"] == "simulated"].reset_index(drop=True)
    real = slices[
        (slices["domain"] == "real")
        & (slices["vendor"] == parameters.vendor)
        & (slices["split"] == "train")
    ]
    target, _ = load_split(run.path, real, watch_share, seed)
    stacks, real_stacks = (
        [load_slices(run.path, table.iloc[[k]]) for k in range(len(table))]
        for table in (rows, real)
    )
    counts, real_counts = ([len(stack) for stack in found] for found in (stacks, real_stacks))
    return Material(
        np.concatenate(stacks),
        load_slices(run.path, rows, "label"),
        np.repeat(rows["subject"].astype(str).to_numpy(), counts),
        np.repeat(np.arange(len(rows)), counts),
        target,
        np.concatenate(real_stacks),
        np.repeat(real["subject"].astype(str).to_numpy(), real_counts),
        parameters.vendor,
        rows,
    )


def settings(own: TranslationParameters, name: str, n_steps: int) -> TranslationParameters:
    """Chapter 4's parameters with what the method changes, for ``n_steps`` steps with the same
    share of decay."""
    decay = round(own.decay_steps * n_steps / own.n_steps)
    return TranslationParameters(
        **own.model_dump() | TRAINED[name].changes | {"n_steps": n_steps, "decay_steps": decay}
    )


def train_all(
    run: RunFolder, material: Material, network: TranslationParameters, n_steps: int, seed: int
) -> dict[str, pd.DataFrame]:
    """Train every method of ``TRAINED`` into ``models``/<name> of the chapter's folder; the log of
    each. What is finished is kept."""
    folder = run.chapter(CHAPTER) / "models"
    return {
        name: train(
            material.source,
            material.target,
            settings(network, name, n_steps),
            folder / name,
            seed,
            choose_device(),
            method=trained.method,
            title=TITLES[name],
        )
        for name, trained in TRAINED.items()
    }


def translate_all(run: RunFolder, material: Material, seed: int) -> dict[str, np.ndarray]:
    """The simulated slices by every translator of ``TITLES``: (n, row, column) each, in [0, 1]."""
    found = {}
    for name in progress(TITLES, name="translate", unit="translator"):
        if name in TRAINED:
            generator = load_generator(
                run.chapter(CHAPTER) / "models" / name / "generator.pt", choose_device()
            )
            found[name] = translate(generator, material.source, choose_device())
        else:
            found[name] = BASELINES[name](material.source, material.target, seed)
    return found


def shown(
    material: Material, translated: dict[str, np.ndarray], n: int = 4
) -> dict[str, np.ndarray]:
    """For the picture: the slices of chapter 4's pairs by each translator, and a middle real slice
    of as many subjects."""
    chosen = []
    for subject, phase in examples(material.rows, n):
        image = material.rows.index[
            (material.rows["subject"] == subject) & (material.rows["phase"] == phase)
        ][0]
        places = np.flatnonzero(material.images == image)
        chosen.append(places[len(places) // 2])
    people = [
        np.flatnonzero(material.reference_subjects == name)
        for name in pd.unique(material.reference_subjects)[:n]
    ]
    real = material.reference[
        [places[len(places) // 4] for places in people]
    ]  # in the middle of the first phase
    return {TITLES[name]: slices[chosen] for name, slices in translated.items()} | {
        f"real {material.vendor}, others": real
    }


def vendor_name(vendor: str) -> str:
    return f"{vendor} ({VENDORS[vendor]})"
