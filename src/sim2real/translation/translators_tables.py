"""What Appendix 1 measures of each translator: its weights, its time a step, its distance to real
slices, the anatomy it keeps."""

from time import perf_counter, process_time

import numpy as np
import pandas as pd
import torch

from ..data.device import choose_device
from ..data.numbers import spoken_interval
from ..data.progress import progress
from ..data.run import RunFolder
from ..metrics.frechet import frechet_distance
from ..metrics.intervals import Estimate, jackknife, share
from ..metrics.texture import standardise, texture_features
from .apply import to_network
from .keeps import BELOW, measure
from .parameters import TranslationParameters
from .precision import settled
from .step import Optimisers
from .translators import CHAPTER, TITLES, TRAINED, Material, settings

ROUNDS = 3


def weights(network: TranslationParameters, n_steps: int) -> pd.DataFrame:
    """Weights that must be trained and, of these, the translating generator's own: ``name, trained,
    generator``."""
    rows = []
    for name, trained in TRAINED.items():
        networks = trained.method().build(settings(network, name, n_steps), 0)
        count = {
            part: sum(w.numel() for w in network.parameters()) for part, network in networks.items()
        }
        rows.append((name, sum(count.values()), count["generator"]))
    return pd.DataFrame(rows, columns=["name", "trained", "generator"])


def step_times(
    run: RunFolder,
    material: Material,
    network: TranslationParameters,
    n_steps: int,
    rounds: int = ROUNDS,
) -> pd.DataFrame:
    """Time of a training step over CUT's, taken in turn so that a busy machine slows all: ``name,
    round, seconds, ratio``.

    Two steps of each method a round, one mirrored and one not where the method flips; processor
    time of all threads, or time by the clock on a GPU. The first round warms up and is left out.
    Written to ``times.csv``.
    """
    device = choose_device()
    works = {name: _at_work(run, network, name, n_steps, device) for name in TRAINED}
    flips = [
        bool(torch.rand((), generator=torch.Generator().manual_seed(seed)) < 0.5)
        for seed in range(64)
    ]
    rows, seeds = [], (flips.index(True), flips.index(False))
    for number in progress(range(rounds + 1), name="time of a step", unit="round"):
        seconds = {
            name: sum(_seconds(work, material, device, seed) for seed in seeds) / 2
            for name, work in works.items()
        }
        rows += [
            (name, number, value, value / seconds["cut"])
            for name, value in seconds.items()
            if number
        ]
    table = pd.DataFrame(rows, columns=["name", "round", "seconds", "ratio"])
    run.write_manifest(CHAPTER, table, "times.csv")
    return table


def _at_work(
    run: RunFolder, network: TranslationParameters, name: str, n_steps: int, device: torch.device
) -> tuple:
    parameters = settled(
        settings(network, name, n_steps), run.chapter(CHAPTER) / "models" / name, device
    )  # as it was trained
    method = TRAINED[name].method()
    networks = method.build(parameters, 0).to(device)
    return method, networks, Optimisers(networks, parameters.learning_rate), parameters


def _seconds(work: tuple, material: Material, device: torch.device, seed: int) -> float:
    method, networks, optimisers, parameters = work
    batch = [
        to_network(stack[np.arange(parameters.batch_size) % len(stack)]).to(device)
        for stack in (material.source, material.target)
    ]
    wait, clock = (
        (torch.cuda.synchronize, perf_counter)
        if device.type == "cuda"
        else (lambda: None, process_time)
    )
    wait()
    start = clock()
    method.step(networks, optimisers, *batch, parameters, torch.Generator().manual_seed(seed))
    wait()
    return clock() - start


def distances(material: Material, translated: dict[str, np.ndarray]) -> pd.DataFrame:
    """Fréchet distance of each translator's slices to the real training slices, in texture
    features, and its difference to CUT's.

    Columns ``name, distance, corrected, ci_low, ci_high``, then the same with ``_to_cut``: above 0
    where CUT's slices lie nearer. The interval is over subjects; in the difference a subject is
    left out of both sets at once. Nothing but ``distance`` where there are fewer than five subjects
    or no more images than features.
    """
    real = texture_features(material.reference)
    features = {
        name: texture_features(slices)
        for name, slices in progress(
            translated.items(), name="texture", total=len(translated), unit="set"
        )
    }
    apart = lambda name, one, two: frechet_distance(*standardise(features[name][one], real[two]))  # noqa: E731
    rows = []
    for name in progress(features, name="distances", unit="set"):
        own = _estimate(
            material, real, lambda one, two, name=name: apart(name, one, two), lowest=0.0
        )
        to_cut = _estimate(
            material,
            real,
            lambda one, two, name=name: apart(name, one, two) - apart("cut", one, two),
            lowest=-np.inf,
        )
        rows.append(
            (
                name,
                own.value,
                own.corrected,
                own.low,
                own.high,
                to_cut.value,
                to_cut.corrected,
                to_cut.low,
                to_cut.high,
            )
        )
    columns = ["distance", "corrected", "ci_low", "ci_high"]
    return pd.DataFrame(
        rows, columns=["name", *columns, *(f"{column}_to_cut" for column in columns)]
    )


def _estimate(material: Material, real: np.ndarray, statistic, lowest: float) -> Estimate:
    subjects = material.subjects, material.reference_subjects
    if (
        min(len(material.source), len(real)) <= real.shape[1]
    ):  # a bias that does not fall as one over the number of subjects
        return Estimate(float(statistic(*(np.ones(len(sample), bool) for sample in subjects))))
    return jackknife(statistic, *subjects, lowest=lowest, halvings=20 if lowest == 0 else 0)


def kept_of(material: Material, translated: dict[str, np.ndarray]) -> pd.DataFrame:
    """``name, subject, kept`` of every slice that shows the heart; kept: as chapter 4 measures
    it."""
    places = np.flatnonzero(material.labels.any(axis=(1, 2)))
    rows = [
        (
            name,
            material.subjects[k],
            measure(material.source[k], slices[k], material.labels[k])["kept"],
        )
        for name, slices in progress(
            translated.items(), name="anatomy", total=len(translated), unit="set"
        )
        for k in places
    ]
    return pd.DataFrame(rows, columns=["name", "subject", "kept"])


def kept_table(kept: pd.DataFrame) -> pd.DataFrame:
    """Of each translator ``name, kept_median``, the 10th and 90th percentile of its slices,
    ``kept_lowest``, and ``kept_below``, the share of slices below ``BELOW``, with its interval over
    subjects."""
    rows = []
    for name, values in kept.groupby("name", sort=False):
        below = share((values["kept"] < BELOW).to_numpy(), values["subject"].to_numpy())
        rows.append(
            (
                name,
                *values["kept"].quantile([0.5, 0.1, 0.9]),
                values["kept"].min(),
                below.value,
                below.low,
                below.high,
            )
        )
    columns = [
        "kept_median",
        "kept_10",
        "kept_90",
        "kept_lowest",
        "kept_below",
        "kept_below_low",
        "kept_below_high",
    ]
    return pd.DataFrame(rows, columns=["name", *columns])


def summary(
    counts: pd.DataFrame, times: pd.DataFrame, found: pd.DataFrame, kept: pd.DataFrame
) -> pd.DataFrame:
    """One row a translator, in the order of ``TITLES``; weights and time are missing where nothing
    is trained."""
    ratios = (
        times.groupby("name")["ratio"]
        .agg(time="median", time_low="min", time_high="max")
        .reset_index()
    )
    table = pd.DataFrame({"name": list(TITLES), "translator": list(TITLES.values())})
    for part in (counts, ratios, found, kept_table(kept)):
        table = table.merge(part, on="name", how="left")
    return table


def shown(table: pd.DataFrame) -> pd.DataFrame:
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
        values |= {
            f"{column}_{name}": row[column]
            for column in ("distance", "corrected", "kept_median", "kept_lowest", "kept_below")
        }
        values |= {
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
            }
            values[f"finding_{name}"] = _finding(row["ci_low_to_cut"], row["ci_high_to_cut"])
        if name in TRAINED:
            values |= {
                f"weights_{name}": int(row["trained"]),
                f"weights_generator_{name}": int(row["generator"]),
                f"time_{name}": row["time"],
            }
            values[f"time_range_{name}"] = spoken_interval(row["time_low"], row["time_high"])
    return values | {"weights_ratio": values["weights_cyclegan"] / values["weights_cut"]}


def _finding(low: float, high: float) -> str:
    if not np.isfinite([low, high]).all():
        return "cannot be told from CUT's here, for want of subjects or images"
    return (
        "lie farther from the real slices than CUT's"
        if low > 0
        else (
            "lie nearer to the real slices than CUT's"
            if high < 0
            else ("cannot be told from CUT's: the interval of the difference holds zero")
        )
    )
