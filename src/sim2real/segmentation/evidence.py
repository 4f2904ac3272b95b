"""The second page of chapter 6 on disk: intervals, comparisons, clinical measures, pictures and the
judge, from what the first page wrote."""

import numpy as np
import pandas as pd

from ..data.images import read_image, read_labels
from ..data.labels import REGIMES, VENDORS
from ..data.numbers import spoken_interval
from ..data.run import RunFolder
from ..data.slices import as_shown
from ..realism.sets import image_sets
from ..translation.parameters import TranslationParameters
from .clinical import agreement_table, clinical_measures
from .judge import SIMULATED, keeps_table, label_cases, look
from .predictions import predictions_folder, read_predictions
from .stage import CHAPTER, all_images
from .statistics import ALL, comparison_table, joined
from .training import model_folder

PLACES = ("best", "median", "worst")


def read_rows(run: RunFolder) -> pd.DataFrame:
    """``cases.csv`` and ``measures.csv`` as one table."""
    return joined(run.manifest(CHAPTER, "cases.csv"), run.manifest(CHAPTER, "measures.csv"))


def compare(run: RunFolder, rows: pd.DataFrame) -> pd.DataFrame:
    """Write and return ``comparisons.csv``."""
    table = comparison_table(rows)
    run.write_manifest(CHAPTER, table, "comparisons.csv")
    return table


def clinical(run: RunFolder, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write and return ``clinical_subjects.csv`` and ``clinical.csv``."""
    subjects = clinical_measures(rows)
    table = agreement_table(subjects)
    run.write_manifest(CHAPTER, subjects, "clinical_subjects.csv")
    run.write_manifest(CHAPTER, table, "clinical.csv")
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
    model = model_folder(run.chapter(CHAPTER), "real", seed)
    kept = keeps_table(label_cases(run, all_images(run), model))
    tables, explained = look(run, model, image_sets(run, translation, run_seed))
    for name, table in {"keeps_label": kept, **tables}.items():
        run.write_manifest(CHAPTER, table, f"{name}.csv")
    return kept, tables, explained


def chosen_cases(rows: pd.DataFrame, seed: int) -> pd.DataFrame:
    """``training, place, vendor, subject, phase, dice``: of each training under ``seed`` the best,
    median and worst test image.

    By mean Dice over the structures; of two in the middle the lower, ties by vendor, subject and
    phase.
    """
    found = []
    for training in [name for name in REGIMES if name in set(rows["training"])]:
        own = rows[(rows["training"] == training) & (rows["seed"] == seed)]
        means = own.groupby(["vendor", "subject", "phase"], as_index=False)["dice"].mean()
        ordered = means.sort_values(
            ["dice", "vendor", "subject", "phase"],
            ascending=[False, True, True, True],
            ignore_index=True,
        )
        for place, k in zip(PLACES, (0, len(ordered) // 2, len(ordered) - 1), strict=True):
            found.append({"training": training, "place": place, **ordered.iloc[k].to_dict()})
    return pd.DataFrame(found)


def pictures(run: RunFolder, chosen: pd.DataFrame, seed: int) -> list[dict]:
    """Rows of ``chosen_cases`` with ``image``, ``reference`` and ``prediction``, each (row,
    column), of the slice in the middle of the stack."""
    table, folder = all_images(run), run.chapter(CHAPTER)
    real = table[table["domain"] == "real"].set_index(["vendor", "subject", "phase"])
    predictions = {
        training: read_predictions(predictions_folder(folder, training, seed), table)
        for training in chosen["training"].unique()
    }
    found = []
    for row in chosen.to_dict("records"):
        key = (row["vendor"], row["subject"], row["phase"])
        stacks = (
            as_shown(read_image(run.path / real.loc[key, "image"])),
            as_shown(read_labels(run.path / real.loc[key, "label"])),
        )
        parts = zip(
            ("image", "reference", "prediction"),
            (*stacks, predictions[row["training"]][key]),
            strict=True,
        )
        found.append(row | {name: stack[len(stack) // 2] for name, stack in parts})
    return found


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
    overall = intervals[(intervals["vendor"] == ALL) & (intervals["structure"] == ALL)]
    for row in overall.to_dict("records"):
        name = f"{row['measure']}_{row['training']}"
        values |= {
            name: row["mean"],
            f"{name}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
        }
    for row in comparisons[
        (comparisons["vendor"] == ALL) & (comparisons["structure"] == ALL)
    ].to_dict("records"):
        name = f"{row['first']}_less_{row['second']}"
        values |= {
            name: row["difference"],
            f"{name}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
            f"{name}_p": row["p"],
            f"{name}_p_holm": row["p_holm"],
        }
    for row in agreement[agreement["vendor"] == ALL].to_dict("records"):
        name = f"{row['measure']}_{row['training']}"
        values |= {
            f"{name}_bias": row["bias"],
            f"{name}_limits": spoken_interval(row["limit_low"], row["limit_high"]),
        }
    return values


def judge_results(kept: pd.DataFrame, tables: dict[str, pd.DataFrame], explained: float) -> dict:
    """Numbers on the judge that the prose quotes."""
    values: dict = {"explained": explained}
    known = kept[kept["structure"] == ALL].set_index("images")
    for images in SIMULATED:
        row = known.loc[images]
        values |= {
            f"keeps_{images}": row["dice"],
            f"keeps_{images}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
            f"keeps_change_{images}": row["change"],
            f"keeps_change_{images}_interval": spoken_interval(
                row["change_low"], row["change_high"]
            ),
        }
    for row in tables["distances"].to_dict("records"):
        name = f"{row['features']}_{row['images']}_to_{row['reference']}"
        values |= {
            name: row["distance"],
            f"{name}_corrected": row["corrected"],
            f"{name}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
        }
    for row in tables["changes"].to_dict("records"):
        name = f"segmenter_{'change' if row['than'] == 'simulated' else 'own'}_{row['vendor']}"
        values |= {
            name: row["corrected"],
            f"{name}_interval": spoken_interval(row["ci_low"], row["ci_high"]),
        }
    seen = tables["sensitivity"]
    for space in ("segmenter", "bottom"):
        own = seen[seen["features"] == space].set_index("change")["times_other_half"]
        for change, name in (
            ("blurred 1 px", "blur_1"),
            ("blurred 2 px", "blur_2"),
            ("+ noise 0.1", "noise_1"),
            ("flattened to four grey levels", "flattened"),
            ("gamma 1.5", "gamma"),
        ):
            values[f"{space}_sees_{name}"] = float(own.get(change, np.nan))
    return values | {f"segmenter_ratio_{v}": _ratio(values, v) for v in VENDORS}


def _ratio(values: dict, vendor: str) -> float:
    """Distance after translation over that before, as defined, not corrected."""
    return (
        values[f"segmenter_sim2real_{vendor}_to_real_{vendor}"]
        / values[f"segmenter_simulated_to_real_{vendor}"]
    )
