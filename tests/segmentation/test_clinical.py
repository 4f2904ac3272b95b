from itertools import product

import numpy as np
import pandas as pd
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.segmentation.clinical import (
    AGREEMENT_COLUMNS,
    SUBJECT_COLUMNS,
    agreement_table,
    clinical_measures,
)
from sim2real.segmentation.evaluate import measure_rows

REFERENCE = {
    ("LV", "ED"): 60.0,
    ("LV", "ES"): 24.0,
    ("RV", "ED"): 80.0,
    ("RV", "ES"): 48.0,
    ("MYO", "ED"): 50.0,
    ("MYO", "ES"): 52.0,
}


def volumes(extra=(0.0, 3.0, -3.0, 6.0, 4.0, 2.0)) -> pd.DataFrame:
    """Six subjects; LV at ED is predicted too large by ``extra``, all else as it is."""
    rows = []
    for k, (place, ml) in product(range(len(extra)), REFERENCE.items()):
        rows.append(
            {
                "training": "real",
                "seed": 0,
                "vendor": "AB"[k % 2],
                "subject": f"s{k}",
                "structure": place[0],
                "phase": place[1],
                "reference_ml": ml,
                "predicted_ml": ml + extra[k] * (place == ("LV", "ED")),
            }
        )
    return pd.DataFrame(rows)


def test_volume_counts_voxels_with_their_size():
    """3 voxels of 9 x 1.5 x 0.8 mm are 0.0324 ml."""
    label = np.zeros((2, 5, 7), np.uint8)
    label[0, 1, 1:3], label[1, 4, 4] = 1, 1
    row = next(
        row
        for row in measure_rows(np.zeros_like(label), label, (9.0, 1.5, 0.8))
        if row["structure"] == "LV"
    )
    assert (row["reference_ml"], row["predicted_ml"]) == (pytest.approx(0.0324), 0.0)


def test_measures_of_a_heart_made_by_hand():
    table = clinical_measures(volumes())
    assert list(table.columns) == SUBJECT_COLUMNS
    found = table[table["subject"] == "s3"].set_index("measure")
    assert found.loc["LV_EF_percent", "reference"] == pytest.approx(60.0)
    assert found.loc["LV_EF_percent", "predicted"] == pytest.approx(100 * 42 / 66)
    assert found.loc["RV_EF_percent", "predicted"] == pytest.approx(40.0)
    assert found.loc["MYO_mass_g", "reference"] == pytest.approx(52.5)  # at ED, not at ES


def test_bias_and_limits_of_differences_made_by_hand():
    """0, 3, -3, 6, 4, 2: mean 2, sum of squares about it 50."""
    table = agreement_table(clinical_measures(volumes()))
    assert list(table.columns) == AGREEMENT_COLUMNS
    row = table[(table["vendor"] == "all") & (table["measure"] == "LV_ED_ml")].iloc[0]
    assert (row["n_subjects"], row["bias"]) == (6, pytest.approx(2.0))
    assert row["limit_high"] - row["bias"] == pytest.approx(1.96 * 10**0.5)
    assert row["bias_high"] - row["bias"] == pytest.approx(
        2.5706 * (10 / 6) ** 0.5, abs=1e-3
    )  # Student's t with 5 degrees of freedom
    single = table[(table["vendor"] == "A") & (table["measure"] == "LV_ED_ml")].iloc[0]
    assert single["n_subjects"] == 3 and np.isnan(single["bias_low"])


def test_nothing_labelled_at_end_diastole_leaves_no_ejection_fraction_and_is_counted():
    rows = volumes()
    rows.loc[(rows["subject"] == "s1") & (rows["structure"] == "LV"), "predicted_ml"] = 0.0
    table = agreement_table(clinical_measures(rows)).set_index(["vendor", "measure"])
    assert (
        table.loc[("all", "LV_EF_percent"), "n_subjects"],
        table.loc[("all", "LV_EF_percent"), "n_missing"],
    ) == (5, 1)
    assert table.loc[("all", "LV_ED_ml"), "n_missing"] == 0


def test_planted_swap_of_the_phases_is_seen():
    rows = volumes()
    rows["phase"] = rows["phase"].map({"ED": "ES", "ES": "ED"})
    assert (clinical_measures(rows).query("measure == 'LV_EF_percent'")["reference"] < 0).all()


def test_a_subject_without_end_systole_is_refused():
    rows = volumes()
    with pytest.raises(Sim2RealError, match="lacks ED or ES"):
        clinical_measures(rows[~((rows["subject"] == "s2") & (rows["phase"] == "ES"))])
