"""Every person is tested once: four folds of an ACDC folder, each with as many patients of every
group; CUT learns anew in each from the images of the other patients, without their labels.

    python benchmarks/folds.py RUN ACDC REGIME ...          trains and scores what is unfinished
    python benchmarks/folds.py RUN ACDC REGIME ... --fold N  the same of one fold, beside others
    python benchmarks/folds.py RUN ACDC                     the table of what is finished

RUN: a run executed to chapter 3, with its parameters of appendix A3. REGIME: ``simulated``,
``randomised``, ``sim2real``, ``real``, ``both`` or parts joined by ``+``; what learns from nobody
is trained once for all folds. Trainings lie in ``RUN/folds``; Dice over all people with 95 %
intervals over subjects is written to ``book/real_hearts/folds.csv``.
"""

import argparse
import shutil
from pathlib import Path

import pandas as pd

from sim2real.cohort import surrogate
from sim2real.data import STRUCTURES, RunFolder, repository, spoken_against, write_table
from sim2real.metrics import CrossedMean, paired_difference
from sim2real.paper.parameters import run_parameters
from sim2real.segmentation import real_hearts
from sim2real.segmentation.dataset import prepare_dataset
from sim2real.segmentation.evaluate import predict_tests, score_cases
from sim2real.segmentation.intervals import ALL, by_subject, mean_over_subjects, part_of
from sim2real.segmentation.regimes import parts_of
from sim2real.segmentation.training import FINAL, train_cases

N_FOLDS, SEED = 4, 0
OF_PEOPLE = {"sim2real", "real"}  # parts of a regime that learn from people
PAIRS = (("real", "sim2real"), ("both", "real"), ("sim2real", "simulated"))
CHAPTERS = ("01_virtual_population", "02_mr_simulation", "03_real_cohort")
TABLE = Path(__file__).resolve().parents[1] / "book" / "real_hearts" / "folds.csv"


def fold_of(acdc: Path) -> dict[Path, int]:
    """The fold in which each patient is tested: those of a group are dealt out in turn."""
    folds, dealt = {}, {}
    for folder in sorted(acdc.glob("*/patient*"), key=lambda folder: folder.name):
        lines = (folder / "Info.cfg").read_text().splitlines()
        group = dict(line.split(": ", 1) for line in lines if ": " in line)["Group"]
        folds[folder] = dealt.get(group, 0) % N_FOLDS
        dealt[group] = dealt.get(group, 0) + 1
    return folds


def prepare_fold(run: Path, acdc: Path, fold: int) -> tuple[RunFolder, pd.DataFrame]:
    """A run's folder for a fold, with the chapters of ``run`` and the patients dealt out anew, and
    the table of its images."""
    place, parameters = run / "folds" / str(fold), run_parameters(run)
    place.mkdir(parents=True, exist_ok=True)
    for name in CHAPTERS:
        if not (place / name).exists():
            (place / name).symlink_to((run / name).resolve())
    for folder, tested in fold_of(acdc).items():
        part = "testing" if tested == fold else "training"
        shutil.copytree(folder, place / "acdc" / part / folder.name, dirs_exist_ok=True)
    study = parameters.real_hearts.model_copy(update={"acdc_root": place.resolve() / "acdc"})
    folder = RunFolder(place)
    people = study.people(parameters.cohort)
    return folder, real_hearts.prepare_images(folder, people, study.n_draws)


def train(run: Path, place: RunFolder, table: pd.DataFrame, fold: int, regime: str) -> None:
    """Train a regime for a fold that was prepared, where that is to be done, and score it on the
    fold's patients."""
    parameters = run_parameters(run)
    study = parameters.real_hearts
    if "sim2real" in parts_of(regime):
        translation = parameters.translation
        table = real_hearts.translate_to_people(place, table, translation, study.n_steps, SEED)
    once = not OF_PEOPLE & set(parts_of(regime))
    folder = (run / "folds" / "all" if once else place.path) / regime
    if not (once and (folder / "model" / FINAL).is_file()):
        cases = prepare_dataset(place.path, folder, table, tuple(parts_of(regime)))
        names = real_hearts.cases_of(cases, regime)
        length = real_hearts.length_of_training(parameters.segmentation, study)
        train_cases(folder, regime, names, folder / "model", SEED, length)
    predictions = predict_tests(place.path, table, folder / "model")
    rows = pd.DataFrame(score_cases(place.path, table, predictions))
    path = run / "folds" / "scores" / f"{regime}_{fold}.csv"
    write_table(path, rows.assign(training=regime, seed=SEED))
    print(f"{regime}, fold {fold}: mean Dice {rows['dice'].mean():.3f}", flush=True)


def summarise(run: Path) -> pd.DataFrame:
    """Dice of each training over the people on whom all were scored, and the differences of
    ``PAIRS`` paired by person; the interval is that of the mean over structures."""
    paths = sorted((run / "folds" / "scores").glob("*.csv"))
    cases = pd.concat([pd.read_csv(path) for path in paths], ignore_index=True)
    trainings = cases["training"].unique()
    scored = cases.groupby("subject")["training"].nunique() == len(trainings)
    cases = cases[cases["subject"].map(scored)]

    def dice(training: str, place: str) -> pd.Series:
        return by_subject(part_of(cases, training, ALL, place), "dice")

    means = {
        name: {place: mean_over_subjects(dice(name, place)) for place in (*STRUCTURES, ALL)}
        for name in trainings
    }
    for first, second in PAIRS:
        if {first, second} <= set(trainings):
            means[f"{first} less {second}"] = {
                place: paired_difference(dice(first, place), dice(second, place))
                for place in (*STRUCTURES, ALL)
            }
    study = run_parameters(run).real_hearts
    rows = [
        {
            "training": name,
            **{place: f"{of[place].value:.3f}" for place in STRUCTURES},
            **dict(zip(("mean", "ci_low", "ci_high"), _spoken(of[ALL]), strict=True)),
            "people": of[ALL].n_subjects,
            "iterations": study.n_epochs * study.iterations_per_epoch,
            "anatomy": surrogate.VERSION,
        }
        for name, of in means.items()
    ]
    return pd.DataFrame(rows)


def _spoken(mean: CrossedMean) -> list[str]:
    """Value and interval, with as many decimals as tell them from zero."""
    return spoken_against([mean.value, mean.low, mean.high], 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("acdc", type=Path)
    parser.add_argument("regimes", nargs="*")
    parser.add_argument("--fold", type=int, choices=range(N_FOLDS))
    asked = parser.parse_args()
    run = repository() / asked.run
    for fold in range(N_FOLDS) if asked.fold is None else [asked.fold]:
        scores = run / "folds" / "scores"
        wanted = [name for name in asked.regimes if not (scores / f"{name}_{fold}.csv").is_file()]
        if wanted:
            place, table = prepare_fold(run, asked.acdc, fold)
        for regime in wanted:
            train(run, place, table, fold, regime)
    table = summarise(run)
    write_table(TABLE, table)
    print(table.to_string(index=False))


if __name__ == "__main__":
    main()
