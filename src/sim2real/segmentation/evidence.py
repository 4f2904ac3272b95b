"""The second page of chapter 6 on disk: intervals, comparisons, clinical measures, pictures and the
judge, from what the first page wrote."""

import numpy as np
import pandas as pd

from ..data.images import read_image, read_labels
from ..data.labels import REGIMES
from ..data.numbers import named_numbers, spoken_interval
from ..data.run import RunFolder
from ..data.slices import as_shown
from ..realism.sensitivity import RESULT_NAMES
from ..realism.sets import image_sets
from ..realism.stage import change_numbers, distance_numbers
from ..translation.parameters import TranslationParameters
from .chapter import SEGMENTATION
from .clinical import agreement_table, clinical_measures
from .evaluate import predictions_folder, read_predictions
from .judge import judge_tables, keeps_table, label_cases
from .stage import all_images
from .statistics import ALL, comparison_table, joined
from .training import model_folder

PLACES = ("best", "median", "worst")


def read_rows(run: RunFolder) -> pd.DataFrame:
    """``cases.csv`` and ``measures.csv`` as one table."""
    return joined(
        run.manifest(SEGMENTATION.name, "cases.csv"),
        run.manifest(SEGMENTATION.name, "measures.csv"),
    )


def compare(run: RunFolder, rows: pd.DataFrame) -> pd.DataFrame:
    """Write and return ``comparisons.csv``."""
    table = comparison_table(rows)
    run.write_manifest(SEGMENTATION.name, table, "comparisons.csv")
    return table


def clinical(run: RunFolder, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write and return ``clinical_subjects.csv`` and ``clinical.csv``."""
    subjects = clinical_measures(rows)
    table = agreement_table(subjects)
    run.write_manifest(SEGMENTATION.name, subjects, "clinical_subjects.csv")
    run.write_manifest(SEGMENTATION.name, table, "clinical.csv")
    return subjects, table


def judge(
    run: RunFolder, seed: int, translation: TranslationParameters, run_seed: int
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], float]:
    """Write ``keeps_label.csv``, ``distances.csv``, ``changes.csv`` and ``sensitivity.csv`` of the
    judge, the real regime's model of ``seed``.

    translation, run_seed: of the run; they tell the subjects by which a generator was chosen.

    Returns the first, the others by name, and the share of the features' variance that their
    components keep.
    """
    model = model_folder(run.chapter(SEGMENTATION.name), "real", seed)
    keeps = keeps_table(label_cases(run, all_images(run), model))
    tables, explained = judge_tables(model, image_sets(run, translation, run_seed))
    for name, table in {"keeps_label": keeps, **tables}.items():
        run.write_manifest(SEGMENTATION.name, table, f"{name}.csv")
    return keeps, tables, explained


def chosen_cases(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """``training, place, vendor, subject, phase, dice``: of each training under ``seed`` the best,
    median and worst test image.

    By mean Dice over the structures; of two in the middle the lower, ties by vendor, subject and
    phase.
    """
    chosen = []
    for training in [name for name in REGIMES if name in set(rows["training"])]:
        cases = rows[(rows["training"] == training) & (rows["seed"] == seed)]
        means = cases.groupby(["vendor", "subject", "phase"], as_index=False)["dice"].mean()
        keys, ascending = ["dice", "vendor", "subject", "phase"], [False, True, True, True]
        ordered = means.sort_values(keys, ascending=ascending, ignore_index=True)
        places = ordered.iloc[[0, len(ordered) // 2, len(ordered) - 1]]
        chosen.append(places.assign(training=training, place=PLACES))
    columns = ["training", "place", "vendor", "subject", "phase", "dice"]
    return pd.concat(chosen, ignore_index=True)[columns]


def pictures(run: RunFolder, chosen: pd.DataFrame, seed: int) -> list[dict]:
    """Rows of ``chosen_cases`` with ``image``, ``reference`` and ``prediction``, each (row,
    column), of the slice in the middle of the stack."""
    table, folder = all_images(run), run.chapter(SEGMENTATION.name)
    real = table[table["domain"] == "real"].set_index(["vendor", "subject", "phase"])
    predictions = {
        training: read_predictions(predictions_folder(folder, training, seed), table)
        for training in chosen["training"].unique()
    }
    rows = chosen.to_dict("records")
    for row in rows:
        key = (row["vendor"], row["subject"], row["phase"])
        stacks = {
            "image": as_shown(read_image(run.path / real.loc[key, "image"])),
            "reference": as_shown(read_labels(run.path / real.loc[key, "label"])),
            "prediction": predictions[row["training"]][key],
        }
        row |= {name: stack[len(stack) // 2] for name, stack in stacks.items()}
    return rows


def results(intervals: pd.DataFrame, comparisons: pd.DataFrame, agreement: pd.DataFrame) -> dict:
    """Numbers on intervals, comparisons and clinical measures that the prose quotes."""
    seeds = int(intervals["n_seeds"].max())
    values: dict = {
        "n_seeds": seeds,
        "n_comparisons": int(comparisons["p"].notna().sum()),
        "n_subjects": int(intervals["n_subjects"].max()),
    }
    values["seeds_note"] = (
        f"Each regime was trained with {seeds} seeds, and the variance between trainings is in the"
        " intervals."
        if seeds > 1
        else (
            "Each regime was trained with one seed, so that the variance between trainings is in no"
            " interval of this page: they say what other test subjects would have given with these"
            " very networks, and not what other trainings would have."
        )
    )
    overall = [
        table[(table["vendor"] == ALL) & (table["structure"] == ALL)]
        for table in (intervals, comparisons)
    ]
    differences = {"": "difference", "_p": "p", "_p_holm": "p_holm"}
    values |= named_numbers(overall[0], "{measure}_{training}", {"": "mean"})
    values |= named_numbers(overall[1], "{first}_less_{second}", differences)
    for row in agreement[agreement["vendor"] == ALL].to_dict("records"):
        name = f"{row['measure']}_{row['training']}"
        values[f"{name}_bias"] = row["bias"]
        values[f"{name}_limits"] = spoken_interval(row["limit_low"], row["limit_high"])
    return values


def judge_results(keeps: pd.DataFrame, tables: dict[str, pd.DataFrame], explained: float) -> dict:
    """Numbers on the judge that the prose quotes; arguments: what ``judge`` returns."""
    overall = keeps[keeps["structure"] == ALL]
    values = {
        "explained": explained,
        **named_numbers(overall, "keeps_{images}", {"": "dice"}),
        **named_numbers(
            overall, "keeps_change_{images}", {"": "change"}, "change_low", "change_high"
        ),
        **distance_numbers(tables["distances"], ["segmenter"]),
        **change_numbers(tables["changes"], {"": "corrected"}),
    }
    planted = tables["sensitivity"]
    for space in ("segmenter", "bottom"):
        rows = planted[planted["features"] == space]
        times = rows.set_index("change")["times_other_half"]
        for change in ("blurred 1 px", "blurred 2 px", "+ noise 0.1", *list(RESULT_NAMES)[5:]):
            values[f"{space}_sees_{RESULT_NAMES[change]}"] = float(times.get(change, np.nan))
    return values
