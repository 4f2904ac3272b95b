import numpy as np
import pandas as pd
import pytest

from sim2real.data import Sim2RealError
from sim2real.segmentation import interval_table, read_published, table1_html, table1_means
from sim2real.segmentation.evaluate import EVALUATION_COLUMNS
from sim2real.segmentation.table1 import TABLE_COLUMNS, cells, with_distance


def test_published_table_is_whole():
    published = read_published()
    assert len(published) == 18 and published["source"].notna().all()
    # row sums worked out by hand from the printed table
    assert published.groupby("training")["dice"].sum().round(3).to_dict() == {
        "sim2real": 5.102,
        "real": 5.256,
        "both": 5.305,
    }
    assert published.groupby("training")["hd"].sum().round(2).to_dict() == {
        "sim2real": 70.12,
        "real": 57.16,
        "both": 58.72,
    }


def test_outline_picks_the_best_of_the_papers_three_rows(cases):
    best = cells(table1_means(cases)).query("best")
    chosen = {(row.vendor, row.structure): row.training for row in best.itertuples()}
    assert chosen.pop(("A", "RV")) == "real"
    assert set(chosen.values()) == {"both"} and len(chosen) == 5


def test_tie_of_printed_dice_goes_to_the_lower_hd():
    table = pd.DataFrame({"training": ["real", "both"], "dice": [0.9001, 0.9004], "hd": [5, 6]})
    table = table.assign(vendor="A", structure="LV", n_real=1, n_simulated=[0, 1])
    assert list(cells(table)["best"]) == [True, False]


def test_html_table_outlines_the_same_cells_and_sets_no_text_colour(cases):
    measures = dict.fromkeys(("hd95_mm", "assd_mm", "hd_2d_mm"), 1.0)
    intervals = interval_table(cases.assign(n_images=4, **measures))
    text = table1_html(table1_means(cases), read_published(), "Cohort <surrogate>", intervals)
    assert text.count('class="best"') == 12 and "&lt;surrogate&gt;" in text
    assert "; color:" not in text and "background" not in text
    # the oracle is the fixture: 0.85 and 0.9 by construction
    assert text.count(">0.850, 9.00<") == 6 and text.count(">0.900, 9.00<") == 1


def test_another_distance_takes_its_place_in_the_table_and_leaves_the_rest(cases):
    measures = {"hd95_mm": 8.0, "assd_mm": 1.0, "hd_2d_mm": 1.0}
    intervals = interval_table(cases.assign(n_images=4, **measures))
    shown = with_distance(table1_means(cases), intervals, "hd95")
    assert set(shown["distance_mean"]) == {8.0} and set(shown["hd_mm_mean"]) == {9.0}


def toy_cases() -> pd.DataFrame:
    rows = [
        ["real", 0, 4, 0, "B", "x", "ED", "RV", 0.9, 3, 0],
        ["real", 0, 4, 0, "B", "x", "ES", "RV", 0.0, 200, 1],
    ]
    rows += [
        ["sim2real", 0, 0, 5, "A", "y", "ED", "LV", 0.8, 5, 0],
        ["sim2real", 1, 0, 5, "A", "y", "ED", "LV", 0.6, 7, 0],
    ]
    return pd.DataFrame(rows, columns=EVALUATION_COLUMNS)


def test_table1_means_every_case_and_counts_the_empty_ones():
    table = table1_means(toy_cases())
    assert list(table.columns) == TABLE_COLUMNS and list(table["training"]) == ["sim2real", "real"]
    sim2real, real = table.to_dict("records")
    assert (real["n_cases"], real["n_empty"], real["dice_mean"], real["hd_mm_mean"]) == (
        2,
        1,
        0.45,
        101.5,
    )
    assert (sim2real["n_cases"], sim2real["n_simulated"]) == (2, 5) and sim2real[
        "dice_sd"
    ] == pytest.approx(0.02**0.5)


def test_lost_case_is_caught():
    cases = toy_cases()
    cases.loc[1, "hd_mm"] = np.nan
    with pytest.raises(Sim2RealError, match="1 cases have no Dice or HD"):
        table1_means(cases)
