"""Chapter 6 on disk, and what it shows and says."""

import json

import pandas as pd

from ..cohort import COHORT
from ..data import REGIMES, RunFolder, as_shown, read_image, read_labels
from ..translation import TRANSLATION
from .chapter import SEGMENTATION
from .dataset import read_plans, regimes_table  # noqa: F401  (a notebook finds the latter here)
from .evaluate import (
    EVALUATION_COLUMNS,
    MEASURE_COLUMNS,
    evaluate_model,
    predictions_folder,
    write_predictions,
)
from .intervals import interval_table
from .nnunet import plans_for
from .parameters import SegmentationParameters
from .table1 import DISTANCES, table1_means

PLACES = ("best", "median", "worst")


def all_images(run: RunFolder) -> pd.DataFrame:
    """Simulated, translated and real images in one table of ``SLICE_COLUMNS``."""
    tables = [
        run.manifest(COHORT.name, "slices.csv"),
        run.manifest(TRANSLATION.name, "translated.csv"),
    ]
    return pd.concat(tables, ignore_index=True)


def plan_table(folder, parameters: SegmentationParameters, seed: int) -> pd.DataFrame:
    """nnU-Net's plan, as every regime is trained with it."""
    plans = plans_for(read_plans(folder)[0], parameters, seed)["configurations"]["2d"]
    network = plans["architecture"]["arch_kwargs"]
    shown = {
        "patch size": plans["patch_size"],
        "batch size": plans["batch_size"],
        "spacing (mm)": plans["spacing"],
        "features a stage": network["features_per_stage"],
        "convolutions a stage": network["n_conv_per_stage"],
    }
    return pd.DataFrame({"value": {name: json.dumps(value) for name, value in shown.items()}})


def evaluate(run: RunFolder, parameters: SegmentationParameters) -> tuple[pd.DataFrame, dict]:
    """(rows of ``cases.csv`` and ``measures.csv``, predictions by (training, seed) and case) of
    every regime and seed; predictions are written."""
    table, folder, rows, predictions = all_images(run), run.chapter(SEGMENTATION.name), [], {}
    for regime in REGIMES:
        for seed in parameters.seeds:
            scores, labels = evaluate_model(run.path, folder, table, regime, seed)
            target = predictions_folder(folder, regime, seed)
            write_predictions(run.path, target, table, labels)
            predictions[regime, seed] = labels
            rows.append(scores)
    return pd.concat(rows, ignore_index=True), predictions


def write_tables(run: RunFolder, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write ``cases.csv``, ``measures.csv``, ``table1.csv`` and ``table1_intervals.csv``; return
    the last two."""
    table, intervals = table1_means(rows), interval_table(rows)
    written = {
        "cases": rows[EVALUATION_COLUMNS],
        "measures": rows[MEASURE_COLUMNS],
        "table1": table,
        "table1_intervals": intervals,
    }
    for name, content in written.items():
        run.write_manifest(SEGMENTATION.name, content, f"{name}.csv")
    return table, intervals


def caption(cohort_phrase: str, table: pd.DataFrame, intervals: pd.DataFrame) -> str:
    """What stands below Table 1: cohort, and what N counts."""
    images = ", ".join(
        f"{row.training} {row.n_training_images}"
        for row in intervals.drop_duplicates("training").itertuples()
    )
    return (
        f"This run: test images of {cohort_phrase}; {cells_phrase(table)} (test subjects at ED and"
        f" ES, times seeds). N counts subjects in training; images in training: {images}."
    )


def cells_phrase(table: pd.DataFrame) -> str:
    """How many images a cell of Table 1 rests on, by vendor where the vendors differ."""
    n_cases = table.groupby("vendor")["n_cases"].max()
    if n_cases.nunique() == 1:
        return f"{n_cases.iloc[0]} images a cell"
    return ", ".join(f"{n} images a cell of vendor {vendor}" for vendor, n in n_cases.items())


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


def pictures(run: RunFolder, chosen: pd.DataFrame, predictions: dict) -> list[dict]:
    """Rows of ``chosen_cases`` with ``image``, ``reference`` and ``prediction``, each (row,
    column), of the slice in the middle of the stack; predictions: by regime and case."""
    table = all_images(run)
    real = table[table["domain"] == "real"].set_index(["vendor", "subject", "phase"])
    rows = chosen.to_dict("records")
    for row in rows:
        key = (row["vendor"], row["subject"], row["phase"])
        image = read_image(run.path / real.loc[key, "image"])
        label = read_labels(run.path / real.loc[key, "label"])
        stacks = as_shown(image), as_shown(label), predictions[row["training"]][key]
        middle = [stack[len(stack) // 2] for stack in stacks]
        row |= dict(zip(("image", "reference", "prediction"), middle, strict=True))
    return rows


def results(table: pd.DataFrame, rows: pd.DataFrame, distance: str) -> dict:
    """Numbers the prose of chapter 6 quotes: mean Dice and HD by regime, and by regime, vendor and
    structure.

    rows: ``evaluate``'s. distance: of ``layout.DISTANCES``, the one of the main table.
    """
    n_seeds = int(rows["seed"].nunique())
    values: dict = {
        "cells_phrase": cells_phrase(table),
        "n_seeds": n_seeds,
        "seeds_phrase": (
            "Each regime was trained once"
            + ("" if n_seeds == 1 else f" from each of {n_seeds} seeds")
        ),
        "distance_phrase": DISTANCES[distance][1],
    }
    for regime, cases in rows.groupby("training"):
        values[f"n_images_{regime}"] = int(cases["n_images"].iloc[0])
    for regime, cells in table.groupby("training"):
        values |= {
            f"n_real_{regime}": int(cells["n_real"].iloc[0]),
            f"n_simulated_{regime}": int(cells["n_simulated"].iloc[0]),
            f"dice_{regime}": cells["dice_mean"].mean(),
            f"hd_mm_{regime}": cells["hd_mm_mean"].mean(),
            f"n_empty_{regime}": int(cells["n_empty"].sum()),
        }
        values |= {
            f"{measure}_{regime}_{row['vendor']}_{row['structure']}": row[f"{measure}_mean"]
            for row in cells.to_dict("records")
            for measure in ("dice", "hd_mm")
        }
    return values | {
        "gain_of_translation": values["dice_sim2real"] - values["dice_simulated"],
        "gain_of_adding_sim2real": values["dice_both"] - values["dice_real"],
        "loss_against_real": values["dice_real"] - values["dice_sim2real"],
    }
