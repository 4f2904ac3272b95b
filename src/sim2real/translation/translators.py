"""Appendix 1: ways to translate, trained or not, each from the same simulated slices towards the
same real ones; and what is measured of each: its weights, its time a step, its distance to real
slices, the anatomy it keeps."""

from collections.abc import Callable
from functools import partial
from time import perf_counter, process_time
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch

from ..cohort import COHORT, unlabelled_images
from ..data import VENDORS, RunFolder, choose_device, load_slices, progress, spoken_interval
from ..metrics import jackknife, kernel_distance, share, standardise
from .apply import load_generator, to_network, translate
from .baselines import BASELINES
from .chapter import TRANSLATORS
from .cyclegan import CycleGan
from .keeps import BELOW, kept_borders
from .parameters import TranslationParameters, TranslatorsParameters
from .precision import settled
from .step import Cut, Optimisers
from .training import train_translator
from .watch import load_split

# The settings that its authors document for it (Park et al. 2020, appendix; ``--CUT_mode FastCUT``
# of their public code).
FASTCUT = {"lambda_nce": 10.0, "identity_nce": False, "flip_equivariance": True}


TRAINED = {"cut": (Cut, {}), "fastcut": (Cut, FASTCUT), "cyclegan": (CycleGan, {})}
"""A method and what it changes of the run's own parameters, by name."""
# Every translator of the chapter, in its order: the untrained ones are ``BASELINES``.
TITLES = {
    "identity": "untranslated",
    "histogram": "histogram matching",
    "fourier": "Fourier amplitudes",
    "cut": "CUT",
    "fastcut": "FastCUT",
    "cyclegan": "CycleGAN",
}


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
    slices = run.manifest(COHORT.name, "slices.csv")
    rows = slices[slices["domain"] == "simulated"].reset_index(drop=True)
    real = slices.query(
        "domain == 'real' and vendor == @parameters.vendor and split == 'train'"
    ).reset_index(drop=True)
    unlabelled = unlabelled_images(run, parameters.vendor)
    target, _ = load_split(run.path, unlabelled, watch_share, seed)
    source, images = _slices_and_images(run, rows)
    reference, reference_images = _slices_and_images(run, real)
    return Material(
        source,
        load_slices(run.path, rows, "label"),
        rows["subject"].to_numpy()[images],
        images,
        target,
        reference,
        real["subject"].to_numpy()[reference_images],
        parameters.vendor,
        rows,
    )


def _slices_and_images(run: RunFolder, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """All slices of the images in ``rows``, and of each slice the number of its image."""
    stacks = [load_slices(run.path, rows.iloc[[k]]) for k in range(len(rows))]
    return np.concatenate(stacks), np.repeat(np.arange(len(rows)), list(map(len, stacks)))


def method_parameters(
    network: TranslationParameters, name: str, n_steps: int
) -> TranslationParameters:
    """Chapter 4's parameters with what the method changes, for ``n_steps`` steps with the same
    share of decay."""
    decay = round(network.decay_steps * n_steps / network.n_steps)
    return TranslationParameters(
        **network.model_dump() | TRAINED[name][1] | {"n_steps": n_steps, "decay_steps": decay}
    )


def train_all(
    run: RunFolder, material: Material, network: TranslationParameters, n_steps: int, seed: int
) -> dict[str, pd.DataFrame]:
    """Train every method of ``TRAINED`` into ``models``/<name> of the chapter's folder; the log of
    each. What is finished is not trained again."""
    return {
        name: train_translator(
            material.source,
            material.target,
            method_parameters(network, name, n_steps),
            run.chapter(TRANSLATORS.name) / "models" / name,
            seed,
            choose_device(),
            method=method,
            title=TITLES[name],
        )
        for name, (method, _) in TRAINED.items()
    }


def translate_all(run: RunFolder, material: Material, seed: int) -> dict[str, np.ndarray]:
    """The simulated slices by every translator of ``TITLES``: (n, row, column) each, in [0, 1]."""
    translated, device = {}, choose_device()
    for name in progress(TITLES, name="translate", unit="translator"):
        if name in TRAINED:
            path = run.chapter(TRANSLATORS.name) / "models" / name / "generator.pt"
            translated[name] = translate(load_generator(path, device), material.source, device)
        else:
            translated[name] = BASELINES[name](material.source, material.target, seed)
    return translated


def example_slices(
    material: Material, translated: dict[str, np.ndarray], shown: list[tuple[str, str]]
) -> dict[str, np.ndarray]:
    """For the picture: the slices of ``shown`` (subject, phase) by each translator, and a middle
    real slice of as many subjects."""
    images = material.rows.reset_index().set_index(["subject", "phase"])["index"]

    def part_of(mask: np.ndarray, parts: int) -> int:
        places = np.flatnonzero(mask)
        return places[len(places) // parts]

    chosen = [part_of(material.images == images[example], 2) for example in shown]
    people = pd.unique(material.reference_subjects)[: len(shown)]
    # in the middle of the first phase
    of_people = [part_of(material.reference_subjects == name, 4) for name in people]
    rows = {TITLES[name]: slices[chosen] for name, slices in translated.items()}
    return rows | {f"real {material.vendor}, others": material.reference[of_people]}


def vendor_name(vendor: str) -> str:
    return f"{vendor} ({VENDORS[vendor]})"


def weights(network: TranslationParameters, n_steps: int) -> pd.DataFrame:
    """Weights that must be trained and, of these, the translating generator's own: ``name, trained,
    generator``."""
    count = lambda network: sum(w.numel() for w in network.parameters())  # noqa: E731
    rows = []
    for name, (method, _) in TRAINED.items():
        networks = method().build(method_parameters(network, name, n_steps), 0)
        rows.append((name, count(networks), count(networks["generator"])))
    return pd.DataFrame(rows, columns=["name", "trained", "generator"])


def step_times(
    run: RunFolder,
    material: Material,
    network: TranslationParameters,
    n_steps: int,
    rounds: int = 3,
) -> pd.DataFrame:
    """Time of a training step over CUT's, taken in turn so that a busy machine slows all: ``name,
    round, seconds, ratio``.

    Two steps of each method a round, one mirrored and one not where the method flips; processor
    time of all threads, or time by the clock on a GPU. The first round warms up and is left out.
    Written to ``times.csv``.
    """
    device = choose_device()
    steps = {name: _timed_step(run, material, network, name, n_steps, device) for name in TRAINED}
    random = lambda seed: torch.Generator().manual_seed(seed)  # noqa: E731
    flips = [bool(torch.rand((), generator=random(seed)) < 0.5) for seed in range(64)]
    seeds = (flips.index(True), flips.index(False))
    rows = [
        (name, number, sum(step(random(seed)) for seed in seeds) / 2)
        for number in progress(range(rounds + 1), name="time of a step", unit="round")
        for name, step in steps.items()
    ]
    table = pd.DataFrame(rows, columns=["name", "round", "seconds"])
    table = table[table["round"] > 0]
    of_cut = table[table["name"] == "cut"].set_index("round")["seconds"]
    table = table.assign(ratio=table["seconds"] / table["round"].map(of_cut))
    run.write_manifest(TRANSLATORS.name, table, "times.csv")
    return table


def _timed_step(
    run: RunFolder,
    material: Material,
    network: TranslationParameters,
    name: str,
    n_steps: int,
    device: torch.device,
) -> Callable[[torch.Generator], float]:
    """A step of a method as it was trained, as a function that takes it and gives its seconds."""
    folder = run.chapter(TRANSLATORS.name) / "models" / name
    parameters = settled(method_parameters(network, name, n_steps), folder, device)
    method = TRAINED[name][0]()
    networks = method.build(parameters, 0).to(device)
    optimisers = Optimisers(networks, parameters.learning_rate)
    batch = [
        to_network(stack[np.arange(parameters.batch_size) % len(stack)]).to(device)
        for stack in (material.source, material.target)
    ]
    on_gpu = device.type == "cuda"
    wait, clock = (torch.cuda.synchronize, perf_counter) if on_gpu else (lambda: None, process_time)

    def seconds(random: torch.Generator) -> float:
        wait()
        start = clock()
        method.step(networks, optimisers, *batch, parameters, random)
        wait()
        return clock() - start

    return seconds


def distances(
    material: Material,
    translated: dict[str, np.ndarray],
    features_of: Callable[[np.ndarray], np.ndarray],
) -> pd.DataFrame:
    """KID of each translator's slices to the real training slices, and its difference to CUT's.

    features_of: from slices (n, row, column) to features (n, feature), which are standardised on
    the real ones. Columns ``name, distance, corrected, ci_low, ci_high``, then the same with
    ``_to_cut``: above 0 where CUT's slices lie nearer. The interval is over subjects; in the
    difference a subject is left out of both sets at once. Nothing but ``distance`` where there are
    fewer than five subjects.
    """
    real = features_of(material.reference)
    features = {
        name: features_of(translated[name])
        for name in progress(translated, name="features", unit="set")
    }

    def distance(name: str, images: np.ndarray, references: np.ndarray) -> float:
        return kernel_distance(*standardise(features[name][images], real[references]))

    subjects, rows = (material.subjects, material.reference_subjects), []
    for name in progress(features, name="distances", unit="set"):
        to_real = jackknife(partial(distance, name), *subjects, lowest=0.0, halvings=20)
        to_cut = jackknife(
            lambda one, two, name=name: distance(name, one, two) - distance("cut", one, two),
            *subjects,
        )
        rows.append((name, *to_real, *to_cut))
    columns = ["distance", "corrected", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=["name", *columns, *(f"{name}_to_cut" for name in columns)])


def kept_of(material: Material, translated: dict[str, np.ndarray]) -> pd.DataFrame:
    """``name, subject, kept`` of every slice that shows the heart; kept: as chapter 4 measures
    it."""
    source, labels, subjects = material.source, material.labels, material.subjects
    rows = [
        (name, subjects[k], kept_borders(source[k], translated[name][k], labels[k])["kept"])
        for name in progress(translated, name="anatomy", unit="set")
        for k in np.flatnonzero(labels.any(axis=(1, 2)))
    ]
    return pd.DataFrame(rows, columns=["name", "subject", "kept"])


def kept_table(kept: pd.DataFrame) -> pd.DataFrame:
    """Of each translator ``name, kept_median``, the 10th and 90th percentile of its slices,
    ``kept_lowest``, and ``kept_below``, the share of slices below ``BELOW``, with its interval over
    subjects."""
    rows = []
    for name, part in kept.groupby("name", sort=False):
        values = part["kept"]
        below = share((values < BELOW).to_numpy(), part["subject"].to_numpy())
        quantiles = values.quantile([0.5, 0.1, 0.9])
        rows.append((name, *quantiles, values.min(), below.value, below.low, below.high))
    names = "median 10 90 lowest below below_low below_high".split()
    return pd.DataFrame(rows, columns=["name", *(f"kept_{name}" for name in names)])


def summary(
    counts: pd.DataFrame, times: pd.DataFrame, distances: pd.DataFrame, kept: pd.DataFrame
) -> pd.DataFrame:
    """One row a translator, in the order of ``TITLES``; weights and time are missing where nothing
    is trained. Arguments: of ``weights``, ``step_times``, ``distances`` and ``kept_of``."""
    ratios = times.groupby("name", as_index=False).agg(
        time=("ratio", "median"), time_low=("ratio", "min"), time_high=("ratio", "max")
    )
    table = pd.DataFrame({"name": list(TITLES), "translator": list(TITLES.values())})
    for part in (counts, ratios, distances, kept_table(kept)):
        table = table.merge(part, on="name", how="left")
    return table


def columns_shown(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of ``summary`` that the page shows, whole numbers without decimals."""
    columns = [
        "trained",
        "generator",
        "time",
        "distance",
        "corrected",
        "ci_low",
        "ci_high",
        "kept_median",
        "kept_lowest",
        "kept_below",
    ]
    return table.set_index("translator")[columns].astype({"trained": "Int64", "generator": "Int64"})


def results(table: pd.DataFrame) -> dict:
    """Numbers of ``summary`` that the prose quotes, and what each comparison with CUT comes to, in
    words."""
    values: dict = {}
    for row in table.to_dict("records"):
        name = row["name"]
        quoted = ("distance", "corrected", "kept_median", "kept_lowest", "kept_below")
        values |= {f"{column}_{name}": row[column] for column in quoted} | {
            f"interval_{name}": spoken_interval(row["ci_low"], row["ci_high"]),
            f"kept_below_interval_{name}": spoken_interval(
                row["kept_below_low"], row["kept_below_high"]
            ),
        }
        if name != "cut":
            values |= {
                f"to_cut_{name}": row["corrected_to_cut"],
                f"to_cut_interval_{name}": spoken_interval(
                    row["ci_low_to_cut"], row["ci_high_to_cut"]
                ),
                f"finding_{name}": _finding(row["ci_low_to_cut"], row["ci_high_to_cut"]),
            }
        if name in TRAINED:
            values |= {
                f"weights_{name}": int(row["trained"]),
                f"weights_generator_{name}": int(row["generator"]),
                f"time_{name}": row["time"],
                f"time_range_{name}": spoken_interval(row["time_low"], row["time_high"]),
            }
    return values | {"weights_ratio": values["weights_cyclegan"] / values["weights_cut"]}


def _finding(low: float, high: float) -> str:
    if not np.isfinite([low, high]).all():
        return "cannot be told from CUT's here, for want of subjects"
    return (
        "lie farther from the real slices than CUT's"
        if low > 0
        else (
            "lie nearer to the real slices than CUT's"
            if high < 0
            else ("cannot be told from CUT's: the interval of the difference holds zero")
        )
    )
