"""Appendix 2: few real subjects, with and without translated images. The paper's claim that
sim2real helps "particularly in scenarios where data is scarce", tested.

The dataset, plans and preprocessing are those of chapter 6, the test subjects too; every training
has the same number of iterations.
"""

from itertools import product
from pathlib import Path

import pandas as pd

from ..data import RunFolder, named_numbers, refuse, seed_of
from ..metrics import paired_difference
from .chapter import SCARCITY, SEGMENTATION
from .dataset import read_cases, regime_cases
from .evaluate import EVALUATION_COLUMNS, predict_tests, score_cases
from .intervals import ALL, by_subject, mean_over_subjects, part_of, places, with_holm
from .parameters import ScarcityParameters, SegmentationParameters
from .stage import all_images
from .training import train_cases

TRAININGS = ("real", "both")
TABLE_COLUMNS = [
    "training",
    "n_real",
    "n_simulated",
    "vendor",
    "structure",
    "dice",
    "ci_low",
    "ci_high",
    "n_subjects",
    "n_seeds",
]
GAIN_COLUMNS = [
    "n_real",
    "vendor",
    "structure",
    "difference",
    "ci_low",
    "ci_high",
    "p",
    "p_holm",
    "n_subjects",
    "n_seeds",
]


def ordered_subjects(cases: pd.DataFrame, seed: int) -> list[tuple[str, str]]:
    """(vendor, subject) of the real training subjects, vendors in turn, each vendor's drawn by name
    with ``seed``: a size is the first n.

    So 5 of them are among 10, these among 20. cases: ``dataset.read_cases``. Where one vendor has
    more, its rest is left off.
    """
    real = cases[cases["domain"] == "real"]
    vendors = sorted(real["vendor"].unique())
    drawn = [
        sorted(
            set(real.loc[real["vendor"] == vendor, "subject"]),
            key=lambda name, vendor=vendor: seed_of(seed, "scarcity", vendor, name),
        )
        for vendor in vendors
    ]
    return [
        (vendor, subject)
        for pair in zip(*drawn, strict=False)
        for vendor, subject in zip(vendors, pair, strict=True)
    ]


def n_in_equal_parts(cases: pd.DataFrame) -> int:
    """How many real training subjects there are, of both vendors in equal parts."""
    return len(ordered_subjects(cases, 0))


def sizes(cases: pd.DataFrame, asked: list[int]) -> tuple[list[int], str]:
    """Those of ``asked`` that the cohort has, in order, and a sentence on those that it has not,
    or nothing."""
    available = n_in_equal_parts(cases)
    made = sorted({n for n in asked if n <= available})
    left_out = sorted(set(asked) - set(made))
    refuse(
        not made,
        f"scarcity.n_real {sorted(asked)}: the cohort has {available} real training subjects"
        " in equal parts; ask for fewer",
    )
    if not left_out:
        return made, ""
    return made, (
        f"Left out, since the cohort has {available} real training subjects in equal parts:"
        f" {', '.join(map(str, left_out))}."
    )


def cases_of(cases: pd.DataFrame, training: str, n_real: int, seed: int) -> list[str]:
    """Names of the slices that ``training``, real or both, learns from with the first ``n_real``
    subjects: for both, all of sim2real as well."""
    chosen = set(ordered_subjects(cases, seed)[:n_real])
    pairs = zip(cases["domain"], cases["vendor"], cases["subject"], strict=True)
    real = cases["case"][
        [domain == "real" and (vendor, subject) in chosen for domain, vendor, subject in pairs]
    ].tolist()
    return sorted(real + (regime_cases(cases, "sim2real") if training == "both" else []))


def train_scarce(
    run: RunFolder, parameters: SegmentationParameters, n_real: int, seed: int
) -> dict[str, pd.DataFrame]:
    """Train with ``n_real`` subjects and one seed, with and without sim2real images; each
    training's log. Finished ones are only read.

    Empty for a size that the cohort has not.
    """
    source = run.chapter(SEGMENTATION.name)
    cases = read_cases(source)
    if n_real > n_in_equal_parts(cases):
        return {}
    return {
        training: train_cases(
            source,
            f"{training}, {n_real} real subjects",
            cases_of(cases, training, n_real, seed),
            model_folder(run, training, n_real, seed),
            seed,
            parameters,
        )
        for training in TRAININGS
    }


def score_all(run: RunFolder, parameters: ScarcityParameters) -> pd.DataFrame:
    """The models of every size and seed on the test subjects: rows as in ``cases.csv``, written
    there.

    Each model is a training of its own under ``A2_scarcity/models``.
    """
    table, cases = all_images(run), read_cases(run.chapter(SEGMENTATION.name))
    n_virtual = cases[cases["case"].isin(regime_cases(cases, "sim2real"))]["subject"].nunique()
    rows = []
    for seed, n_real, training in product(
        parameters.seeds, sizes(cases, parameters.n_real)[0], TRAININGS
    ):
        counts = {
            "training": training,
            "seed": seed,
            "n_real": n_real,
            "n_simulated": n_virtual if training == "both" else 0,
        }
        predictions = predict_tests(run.path, table, model_folder(run, training, n_real, seed))
        rows += [{**counts, **row} for row in score_cases(run.path, table, predictions)]
    scores = pd.DataFrame(rows)[EVALUATION_COLUMNS]
    run.write_manifest(SCARCITY.name, scores, "cases.csv")
    return scores


def model_folder(run: RunFolder, training: str, n_real: int, seed: int) -> Path:
    return run.chapter(SCARCITY.name) / "models" / f"{training}_{n_real}_seed{seed}"


def scarce_parameters(
    segmentation: SegmentationParameters, parameters: ScarcityParameters
) -> SegmentationParameters:
    """Chapter 6's parameters with this study's length of training."""
    length = {
        "n_epochs": parameters.n_epochs,
        "iterations_per_epoch": parameters.iterations_per_epoch,
    }
    return segmentation.model_copy(update=length)


def summarise(run: RunFolder, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write and return ``scarcity.csv`` (``TABLE_COLUMNS``) and ``gains.csv`` (``GAIN_COLUMNS``:
    both less real, the same test subjects).

    Intervals at 95 % over test subjects and, if there are several, seeds (``metrics.crossed``);
    ``p_holm`` over all of ``gains.csv``.
    """
    table, gains = [], []
    for n_real, cases in rows.groupby("n_real"):
        n_simulated = cases.groupby("training")["n_simulated"].first()
        for place in places(cases):
            values = {
                training: by_subject(part_of(cases, training, *place), "dice")
                for training in TRAININGS
            }
            for training in TRAININGS:
                mean = mean_over_subjects(values[training])._asdict()
                del mean["p"]
                names = (training, n_real, n_simulated[training], *place)
                table.append((*names, *mean.values()))
            gains.append((n_real, *place, *paired_difference(values["both"], values["real"])))
    scarcity, gains = pd.DataFrame(table, columns=TABLE_COLUMNS), with_holm(gains, GAIN_COLUMNS)
    run.write_manifest(SCARCITY.name, scarcity, "scarcity.csv")
    run.write_manifest(SCARCITY.name, gains, "gains.csv")
    return scarcity, gains


def results(table: pd.DataFrame, gains: pd.DataFrame, left_out: str) -> dict:
    """Numbers the appendix quotes: overall Dice and gain of the smallest and of the largest size,
    and of each size by its number."""
    overall = table[(table["vendor"] == ALL) & (table["structure"] == ALL)]
    gained = gains[(gains["vendor"] == ALL) & (gains["structure"] == ALL)].set_index("n_real")
    smallest, largest = int(gained.index.min()), int(gained.index.max())
    seeds = int(table["n_seeds"].max())
    seeds_note = (
        f"{seeds} seeds a size, each with subjects of its own; the variance between trainings is in"
        " the intervals."
        if seeds > 1
        else (
            "One seed a size: the variance between trainings and between choices of subjects is not"
            " in the intervals."
        )
    )
    values: dict = {
        "left_out": left_out,
        "n_smallest": smallest,
        "n_largest": largest,
        "n_seeds": seeds,
        "seeds_note": seeds_note,
        "n_simulated": int(overall["n_simulated"].max()),
        "n_test_subjects": int(overall["n_subjects"].max()),
    }
    named_sizes = [
        ("smallest", smallest),
        ("largest", largest),
        *((str(n), n) for n in gained.index),
    ]
    for name, size in named_sizes:
        row = gained.loc[[size]].assign(name=name)
        values |= named_numbers(row, "gain_{name}", {"": "difference", "_p_holm": "p_holm"})
        for training in TRAININGS:
            part = overall[(overall["training"] == training) & (overall["n_real"] == size)]
            values[f"dice_{training}_{name}"] = float(part["dice"].iloc[0])
    return values | {"change_of_gain": values["gain_smallest"] - values["gain_largest"]}
