"""Appendix 3 on disk: what teaches a segmenter about people? Their images, the regimes' trainings
on one dataset, and each training's score on the people of the test split.

The people are the study's own, whatever the cohort of chapter 3 is; the simulated images are those
of chapter 3.
"""

import time
from pathlib import Path

import pandas as pd

from ..cohort import (
    COHORT,
    Case,
    CohortParameters,
    prepare_randomised,
    prepare_real,
    prepare_relocated,
    read_real,
    require_subjects,
)
from ..data import (
    SLICE_COLUMNS,
    RunFolder,
    choose_device,
    load_slices,
    read_table,
    repository,
    vendors_of,
    write_table,
)
from ..translation import (
    TranslationParameters,
    load_generator,
    train_translator,
    translate_images,
)
from ..translation.checkpoint import fingerprint, load_checkpoint
from ..translation.precision import settled
from ..translation.step import Cut
from ..translation.watch import load_split
from . import dataset
from .chapter import COMBINED, REAL_HEARTS, REPEATED
from .dataset import prepare_dataset, read_cases, regime_cases
from .evaluate import EVALUATION_COLUMNS, predict_tests, score_cases
from .parameters import RealHeartsParameters, SegmentationParameters
from .regimes import count_subjects, in_equal_parts, parts_of
from .training import model_folder, train_cases

REGIMES = (*REPEATED, *COMBINED)
LABEL_FREE = tuple(name for name in REGIMES if "real" not in parts_of(name))
"""Regimes that learn from no label of a person."""
NO_PEOPLE = (
    "No folder of people's images is named, so that nothing is trained here. It is executed by:"
    " sim2real run --preset standard --appendix A3 --set real_hearts.acdc_root=FOLDER"
    " (or real_hearts.mnms_root)"
)
SUBJECT_COLUMNS = ["subject", "vendor", "split", "group", "source"]
CASE_COLUMNS = [*EVALUATION_COLUMNS, "source"]
"""Of ``cases.csv``; source: the cohort that a case is from, ``mnms`` or ``acdc``."""


def length_of_training(
    segmentation: SegmentationParameters, study: RealHeartsParameters, share: float = 1.0
) -> SegmentationParameters:
    """Chapter 6's parameters with ``share`` of this study's iterations."""
    iterations = max(1, round(share * study.iterations_per_epoch))
    length = {"n_epochs": study.n_epochs, "iterations_per_epoch": iterations}
    return segmentation.model_copy(update=length)


def prepare_images(run: RunFolder, cohort: CohortParameters, n_draws: int) -> pd.DataFrame:
    """People's images and those of random contrast on the grid, beside chapter 3's simulated ones.

    Writes ``subjects.csv`` (``SUBJECT_COLUMNS``).

    Args:
        run: with chapters 1 to 3.
        cohort: of ``RealHeartsParameters.people``; relative folders count from the project's.
        n_draws: images of random contrast of each virtual subject and phase.

    Returns:
        Rows as ``SLICE_COLUMNS``: domains simulated, randomised, real, and unlabelled: the training
        images once more, whose hearts were found without their labels.

    Raises:
        Sim2RealError: for unusable folders, and where a vendor has nobody to train on or to test.
    """
    name, root = REAL_HEARTS.name, repository()
    people = read_real(cohort, root)
    for split in ("train", "test"):
        require_subjects(people.cases, split, f"appendix {name}", cohort.vendors)
    rows = [
        (case.subject, case.vendor, case.split, case.pathology or "not told", source)
        for case in people.cases
        for source in [_source(case, cohort, root)]
    ]
    run.write_manifest(name, pd.DataFrame(rows, columns=SUBJECT_COLUMNS), "subjects.csv")
    slices = run.manifest(COHORT.name, "slices.csv")
    parts = [
        slices[slices["domain"] == "simulated"],
        prepare_randomised(run, cohort, n_draws, name),
        prepare_real(run, people, cohort, into=name),
        prepare_relocated(run, people, cohort, "unlabelled", into=name),
    ]
    return pd.concat(parts, ignore_index=True)


def _source(case: Case, cohort: CohortParameters, root: Path) -> str:
    acdc = cohort.acdc_root is not None and case.ed.image.is_relative_to(root / cohort.acdc_root)
    return "acdc" if acdc else "mnms"


def translate_to_people(
    run: RunFolder, images: pd.DataFrame, parameters: TranslationParameters, n_steps: int, seed: int
) -> pd.DataFrame:
    """Train CUT on each vendor's training images as found without labels, and translate every
    simulated image; writes ``slices.csv`` and returns it.

    What is finished is not trained again. ``cut.csv`` has ``vendor, n_steps, seconds``: the
    processor's, those of an interrupted training at the pace of its last part.

    Args:
        run: the paths in ``images`` start from its folder.
        images: of ``prepare_images``.
        parameters: of chapter 4.
        n_steps: optimiser steps, with chapter 4's share of decay.
        seed: of everything random.

    Returns:
        ``images`` and the translated ones, rows as ``SLICE_COLUMNS``.
    """
    name, device = REAL_HEARTS.name, choose_device()
    decay = round(parameters.decay_steps * n_steps / parameters.n_steps)
    parameters = parameters.model_copy(update={"n_steps": n_steps, "decay_steps": decay})
    simulated = images[images["domain"] == "simulated"]
    source, tables, costs = load_slices(run.path, simulated), [images], []
    for vendor in vendors_of(images):
        people = images[(images["domain"] == "unlabelled") & (images["vendor"] == vendor)]
        target, watched = load_split(run.path, people, parameters.watch_share, seed)
        folder = run.chapter(name) / "models" / f"cut_{vendor}"
        work = (source, target, parameters, folder, seed, device, watched)
        costs.append({"vendor": vendor, "n_steps": n_steps, "seconds": _train_timed(*work)})
        generator = load_generator(folder / "generator.pt", device)
        into = f"{name}/translated"
        tables.append(translate_images(run.path, simulated, generator, vendor, into, device))
    table = pd.concat(tables, ignore_index=True)[SLICE_COLUMNS]
    run.write_manifest(name, pd.DataFrame(costs), "cut.csv")
    run.write_manifest(name, table, "slices.csv")
    return table


def _train_timed(source, target, parameters, folder, seed, device, watched) -> float:
    """Train a translation, and give the processor's seconds of the whole of it."""
    stacks = [source, target, *(watched or ())]
    settings = settled(parameters, folder, device)
    state = load_checkpoint(folder, fingerprint(stacks, settings, seed, Cut.__module__), device)
    before, began = state["step"] if state else 0, time.process_time()
    train_translator(source, target, parameters, folder, seed, device, watched)
    made, path = parameters.n_steps - before, folder / "cost.csv"
    if made:
        seconds = (time.process_time() - began) * parameters.n_steps / made
        write_table(path, pd.DataFrame({"seconds": [seconds]}))
    return float(read_table(path)["seconds"].iloc[0]) if path.is_file() else float("nan")


def all_slices(run: RunFolder) -> pd.DataFrame:
    """Every image of the study, rows as ``SLICE_COLUMNS``."""
    return run.manifest(REAL_HEARTS.name, "slices.csv")


def prepare_cases(run: RunFolder) -> pd.DataFrame:
    """One dataset for all regimes of the study; the table of its cases."""
    return prepare_dataset(run.path, run.chapter(REAL_HEARTS.name), all_slices(run), REGIMES)


def regimes_table(run: RunFolder, cases: pd.DataFrame) -> pd.DataFrame:
    """Subjects and slices of each regime."""
    return dataset.regimes_table(all_slices(run), cases, REGIMES)


def cases_of(cases: pd.DataFrame, regime: str) -> list[str]:
    """Names of the slices that ``regime`` learns from; of a combination all parts are drawn alike
    often, the smaller ones repeated."""
    return in_equal_parts([regime_cases(cases, part) for part in parts_of(regime)])


def train(
    run: RunFolder, regime: str, seed: int, parameters: SegmentationParameters
) -> pd.DataFrame:
    """Train a regime with one seed, score it on the test subjects, and return its log. A finished
    training is only read.

    parameters: of ``length_of_training``. Raises Sim2RealError where nothing is prepared.
    """
    folder = run.chapter(REAL_HEARTS.name)
    names, model = cases_of(read_cases(folder), regime), model_folder(folder, regime, seed)
    log = train_cases(folder, regime, names, model, seed, parameters)
    score(run, regime, regime, seed)
    return log


def score(run: RunFolder, training: str, regime: str, seed: int) -> pd.DataFrame:
    """Write and return the rows of ``CASE_COLUMNS`` of one training; regime: whose subjects it
    learned from under labels of their own."""
    table, folder = all_slices(run), run.chapter(REAL_HEARTS.name)
    subjects = run.manifest(REAL_HEARTS.name, "subjects.csv").set_index("subject")
    names = {"training": training, "seed": seed, **count_subjects(table, regime)}
    predictions = predict_tests(run.path, table, model_folder(folder, training, seed))
    rows = pd.DataFrame([{**names, **row} for row in score_cases(run.path, table, predictions)])
    rows = rows.assign(source=rows["subject"].map(subjects["source"]))[CASE_COLUMNS]
    write_table(_scores(folder, training, seed), rows)
    return rows


def read_scores(run: RunFolder, trainings: list[tuple[str, int]]) -> pd.DataFrame:
    """What ``score`` wrote of each (training, seed), as one table; written as ``cases.csv``."""
    folder = run.chapter(REAL_HEARTS.name)
    parts = [read_table(_scores(folder, training, seed)) for training, seed in trainings]
    cases = pd.concat(parts, ignore_index=True)
    run.write_manifest(REAL_HEARTS.name, cases, "cases.csv")
    return cases


def training_log(run: RunFolder, training: str, seed: int) -> pd.DataFrame:
    """The log of a finished training."""
    return read_table(model_folder(run.chapter(REAL_HEARTS.name), training, seed) / "log.csv")


def _scores(folder: Path, training: str, seed: int) -> Path:
    return folder / "scores" / f"{training}_seed{seed}.csv"
