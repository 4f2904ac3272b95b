from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest

from sim2real.data import STRUCTURES, Sim2RealError
from sim2real.segmentation import comparison_table, interval_table, joined
from sim2real.segmentation.intervals import COMPARISON_COLUMNS, INTERVAL_COLUMNS, MEASURES

LEVEL = {"sim2real": 0.80, "real": 0.86, "both": 0.86, "simulated": 0.60}


@cache
def judged(n_subjects=7, seeds=(0, 1), n_b=None) -> pd.DataFrame:
    """Subjects differ by far more than regimes; ES is 0.1 worse than ED; of ``both``, LV of B is
    0.08 better than of ``real``."""
    rows, rng = [], np.random.default_rng(0)
    for vendor in "AB":
        for k in range(n_subjects if vendor == "A" else n_b or n_subjects):
            hard = rng.normal(0, 0.05)
            for training, seed, phase, structure in product(LEVEL, seeds, ("ED", "ES"), STRUCTURES):
                dice = (
                    LEVEL[training] + hard - 0.05 * (-1) ** (phase == "ED") + rng.normal(0, 0.004)
                )
                dice += 0.08 * ((training, vendor, structure) == ("both", "B", "LV"))
                rows.append(
                    {
                        "training": training,
                        "seed": seed,
                        "vendor": vendor,
                        "subject": f"{vendor}{k}",
                        "phase": phase,
                        "structure": structure,
                        "dice": dice,
                        "empty": int(phase == "ES" and k == 0),
                        "n_images": 40,
                        "hd_mm": 9.0,
                        "hd95_mm": 5.0 + k,
                        "assd_mm": 2.0,
                        "hd_2d_mm": 4.0,
                    }
                )
    return pd.DataFrame(rows)


def test_interval_table_has_every_cell_and_measure_once():
    table = interval_table(judged())
    assert list(table.columns) == INTERVAL_COLUMNS
    keys = ["training", "vendor", "structure", "measure"]
    assert not table[keys].duplicated().any() and len(table) == 4 * 3 * 4 * len(MEASURES)
    row = table.set_index(keys).loc[("real", "A", "RV", "hd95_mm")]
    assert (
        row["n_subjects"],
        row["n_images"],
        row["n_empty"],
        row["n_seeds"],
        row["n_training_images"],
    ) == (7, 14, 2, 2, 40)
    assert row["mean"] == pytest.approx(8.0) and row["ci_low"] < 8 < row["ci_high"]


def test_a_subject_counts_once_however_many_of_its_images_there_are():
    """ED and ES of a subject differ by a constant; were they taken for people of their own, it
    would widen the interval."""
    rows = judged(seeds=(0,))
    shifted = rows.assign(dice=rows["dice"] + np.where(rows["phase"] == "ED", 0.3, -0.3))
    one, two = (
        interval_table(each).query("measure == 'dice'")[["ci_low", "ci_high"]]
        for each in (rows, shifted)
    )
    assert np.allclose(one, two)


def test_vendors_weigh_alike_whatever_their_number_of_subjects():
    rows = judged(n_subjects=5, n_b=15, seeds=(0,))
    means = (
        interval_table(rows)
        .query("training == 'real' and structure == 'all' and measure == 'dice'")
        .set_index("vendor")["mean"]
    )
    assert means["all"] == pytest.approx((means["A"] + means["B"]) / 2)


def test_planted_differences_are_found_and_where_there_is_none_none_is():
    table = comparison_table(judged(seeds=(0, 1, 2)))
    assert list(table.columns) == COMPARISON_COLUMNS and len(table) == 4 * 3 * 4
    cells = table.set_index(["first", "second", "vendor", "structure"])
    overall = cells.loc[("sim2real", "simulated", "all", "all")]
    assert overall["difference"] == pytest.approx(0.2, abs=0.01) and overall["p_holm"] < 0.01
    gained = cells.loc[("both", "real", "B", "LV")]
    assert gained["ci_low"] < 0.08 < gained["ci_high"] and gained["p_holm"] < 0.05
    for place in (("A", "RV"), ("B", "MYO"), ("A", "all")):
        assert cells.loc[("both", "real", *place), "p_holm"] > 0.05
    assert (table["p_holm"] >= table["p"]).all()


def test_interval_of_a_difference_is_far_narrower_than_those_of_its_two_means():
    rows = judged()
    means = (
        interval_table(rows)
        .query("vendor == 'all' and structure == 'all' and measure == 'dice'")
        .set_index("training")
    )
    difference = (
        comparison_table(rows)
        .query("vendor == 'all' and structure == 'all'")
        .set_index("first")
        .loc["both"]
    )
    assert difference["ci_high"] - difference["ci_low"] < 0.3 * (
        means.loc["real", "ci_high"] - means.loc["real", "ci_low"]
    )


def test_planted_swap_of_subjects_widens_the_paired_interval():
    rows = judged(seeds=(0,))
    wrong = rows.copy()
    real = wrong["training"] == "real"
    wrong.loc[real, "subject"] = [
        name[0] + str(6 - int(name[1])) for name in wrong.loc[real, "subject"]
    ]
    right, wrong = (
        comparison_table(each)
        .query("first == 'both' and vendor == 'A' and structure == 'RV'")
        .iloc[0]
        for each in (rows, wrong)
    )
    assert wrong["ci_high"] - wrong["ci_low"] > 5 * (right["ci_high"] - right["ci_low"])


def test_four_subjects_have_neither_interval_nor_p():
    rows = judged(n_subjects=4)
    assert interval_table(rows)[["ci_low", "ci_high"]].isna().all(axis=None)
    table = comparison_table(rows)
    assert (
        table[["ci_low", "ci_high", "p", "p_holm"]].isna().all(axis=None)
        and table["difference"].notna().all()
    )


def test_tables_of_other_cases_and_lost_seeds_are_refused():
    rows = judged()
    keys = ["training", "seed", "vendor", "subject", "phase", "structure"]
    cases, measures = rows[[*keys, "dice"]], rows[[*keys, "hd95_mm"]]
    assert len(joined(cases, measures)) == len(rows)
    with pytest.raises(
        Sim2RealError, match="cases.csv and measures.csv differ at .*'subject': 'A0'"
    ):
        joined(cases.iloc[1:], measures)
    with pytest.raises(Sim2RealError, match="was not judged under every seed"):
        comparison_table(
            rows[
                ~(
                    (rows["subject"] == "A3")
                    & (rows["seed"] == 1)
                    & (rows["training"] == "simulated")
                )
            ]
        )
    with pytest.raises(Sim2RealError, match="no case of training 'simulated'"):
        comparison_table(rows[rows["training"] != "simulated"])
