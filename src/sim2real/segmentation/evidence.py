"""The second page of chapter 6 on disk: intervals, comparisons and the judge, from what the first
page wrote."""

import pandas as pd

from ..cohort import COHORT
from ..data import RunFolder, named_numbers
from .chapter import SEGMENTATION
from .intervals import ALL, comparison_table, joined
from .judge import keeps_table, label_cases
from .oracle import oracle_table
from .stage import all_images
from .training import model_folder


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


def judge(run: RunFolder, seed: int) -> pd.DataFrame:
    """Write and return ``keeps_label.csv`` of the judge, the real regime's model of ``seed``."""
    model = model_folder(run.chapter(SEGMENTATION.name), "real", seed)
    keeps = keeps_table(label_cases(run, all_images(run), model))
    run.write_manifest(SEGMENTATION.name, keeps, "keeps_label.csv")
    return keeps


def oracle(run: RunFolder, rows: pd.DataFrame) -> pd.DataFrame:
    """Write and return ``oracle.csv`` of every regime; ``rows``: of ``read_rows``."""
    folder = run.chapter(SEGMENTATION.name)
    models = {
        regime: {seed: model_folder(folder, regime, seed) for seed in sorted(set(part["seed"]))}
        for regime, part in rows.groupby("training", sort=False)
    }
    table = oracle_table(run, run.manifest(COHORT.name, "relocated.csv"), rows, models)
    run.write_manifest(SEGMENTATION.name, table, "oracle.csv")
    return table


def results(intervals: pd.DataFrame, comparisons: pd.DataFrame) -> dict:
    """Numbers on intervals and comparisons that the prose quotes."""
    seeds = int(intervals["n_seeds"].max())
    seeds_note = (
        f"Each regime was trained with {seeds} seeds, and the variance between trainings is in the"
        " intervals."
        if seeds > 1
        else (
            "Each regime was trained with one seed, so that the variance between trainings is in no"
            " interval of this page: they say what other test subjects would have given with these"
            " very networks, and not what other trainings would have."
        )
    )
    values: dict = {
        "n_seeds": seeds,
        "n_comparisons": int(comparisons["p"].notna().sum()),
        "n_subjects": int(intervals["n_subjects"].max()),
        "seeds_note": seeds_note,
    }
    overall = [
        table[(table["vendor"] == ALL) & (table["structure"] == ALL)]
        for table in (intervals, comparisons)
    ]
    differences = {"": "difference", "_p": "p", "_p_holm": "p_holm"}
    return {
        **values,
        **named_numbers(overall[0], "{measure}_{training}", {"": "mean"}),
        **named_numbers(overall[1], "{first}_less_{second}", differences),
    }


def judge_results(keeps: pd.DataFrame) -> dict:
    """Numbers on the judge that the prose quotes; keeps: what ``judge`` returns."""
    overall = keeps[keeps["structure"] == ALL]
    return {
        **named_numbers(overall, "keeps_{images}", {"": "dice"}),
        **named_numbers(
            overall, "keeps_change_{images}", {"": "change"}, "change_low", "change_high"
        ),
    }
