"""Chapter 6 on disk, and what it shows and says."""

import json

import pandas as pd

from ..core.images import read_image, read_labels
from ..core.labels import REGIMES, VENDORS
from ..core.parameters import SegmentationParameters
from ..core.run import RunFolder
from ..core.slices import as_shown
from .dataset import read_plans, regime_cases
from .evaluate import evaluate_model, median_cases, table1
from .nnunet import plans_for
from .regimes import count_subjects

CHAPTER = "06_segmentation"


def all_images(run: RunFolder) -> pd.DataFrame:
    """Simulated, translated and real images in one table of ``SLICE_COLUMNS``."""
    return pd.concat([run.manifest("03_real_cohort", "slices.csv"), run.manifest("04_translation", "translated.csv")], ignore_index=True)


def regimes_table(table: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Subjects and slices of each regime."""
    rows = [{"training": regime, **count_subjects(table, regime), "n_slices": len(regime_cases(cases, regime))} for regime in REGIMES]
    return pd.DataFrame(rows).set_index("training")


def plan_table(folder, parameters: SegmentationParameters, seed: int) -> pd.DataFrame:
    """nnU-Net's plan, as every regime is trained with it."""
    plans = plans_for(read_plans(folder)[0], parameters, seed)["configurations"]["2d"]
    network = plans["architecture"]["arch_kwargs"]
    shown = {"patch size": plans["patch_size"], "batch size": plans["batch_size"], "spacing (mm)": plans["spacing"],
             "features a stage": network["features_per_stage"], "convolutions a stage": network["n_conv_per_stage"]}  # fmt: skip
    return pd.DataFrame({"value": {name: json.dumps(value) for name, value in shown.items()}})


def evaluate(run: RunFolder, parameters: SegmentationParameters) -> tuple[pd.DataFrame, dict]:
    """(rows of ``cases.csv``, predictions by (training, seed) and case) of every regime and seed."""
    table, rows, predictions = all_images(run), [], {}
    for regime in REGIMES:
        for seed in parameters.seeds:
            found, predictions[regime, seed] = evaluate_model(run.path, run.chapter(CHAPTER), table, regime, seed)
            rows.append(found)
    return pd.concat(rows, ignore_index=True), predictions


def write_tables(run: RunFolder, cases: pd.DataFrame) -> pd.DataFrame:
    """Write ``cases.csv`` and ``table1.csv``; return the latter."""
    table = table1(cases)
    run.write_manifest(CHAPTER, cases, "cases.csv")
    run.write_manifest(CHAPTER, table, "table1.csv")
    return table


def caption(cohort_phrase: str, table: pd.DataFrame) -> str:
    n = table["n_cases"].max()
    return f"This run: test images of {cohort_phrase}; {n} images a cell (test subjects at ED and ES, times seeds). N counts subjects in training."


def median_examples(run: RunFolder, cases: pd.DataFrame, predictions: dict) -> dict:
    """Arguments of ``examples_figure``: the median test case of each vendor (of the regime ``both``), all regimes' contours."""
    table = all_images(run).set_index(["domain", "vendor", "subject", "phase"])
    images, references, titles = {}, {}, {}
    drawn: dict[str, dict] = {regime: {} for regime in REGIMES}
    seed = int(cases["seed"].iloc[0])
    for vendor, (subject, phase) in median_cases(cases).items():
        row = table.loc[("real", vendor, subject, phase)]
        stack, reference = as_shown(read_image(run.path / row["image"])), as_shown(read_labels(run.path / row["label"]))
        middle = len(stack) // 2
        images[vendor], references[vendor] = stack[middle], reference[middle]
        titles[vendor] = f"{VENDORS.get(vendor, vendor)} ({vendor}), {phase}"
        for regime in REGIMES:
            drawn[regime][vendor] = predictions[regime, seed][vendor, subject, phase][middle]
    return {"images": images, "references": references, "predictions": drawn, "titles": titles}


def results(table: pd.DataFrame, cases: pd.DataFrame) -> dict:
    """Numbers the prose of chapter 6 quotes: mean Dice and HD by regime, and by regime, vendor and structure."""
    values: dict = {"n_test_images": int(table["n_cases"].max()), "n_seeds": int(cases["seed"].nunique())}
    for regime, rows in table.groupby("training"):
        values |= {f"n_real_{regime}": int(rows["n_real"].iloc[0]), f"n_simulated_{regime}": int(rows["n_simulated"].iloc[0]),
                   f"dice_{regime}": rows["dice_mean"].mean(), f"hd_mm_{regime}": rows["hd_mm_mean"].mean(),
                   f"n_empty_{regime}": int(rows["n_empty"].sum())}  # fmt: skip
        for row in rows.to_dict("records"):
            values[f"dice_{regime}_{row['vendor']}_{row['structure']}"] = row["dice_mean"]
            values[f"hd_mm_{regime}_{row['vendor']}_{row['structure']}"] = row["hd_mm_mean"]
    values["gain_of_translation"] = values["dice_simulated"] - values["dice_plain"]
    values["gain_of_adding_sim2real"] = values["dice_both"] - values["dice_real"]
    values["loss_against_real"] = values["dice_real"] - values["dice_simulated"]
    return values
