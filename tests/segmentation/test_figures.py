from itertools import product

import numpy as np
import pandas as pd
import pytest

from sim2real.segmentation import interval_table, read_published, table1_html, table1_means
from sim2real.segmentation.evaluate import EVALUATION_COLUMNS
from sim2real.segmentation.figures import cases_figure, chosen_figure
from sim2real.segmentation.table1 import cells


@pytest.fixture
def cases():
    """``real`` wins RV of A, ``simulated`` beats all everywhere and must not be outlined, else
    ``both`` wins."""
    level = {"sim2real": 0.7, "real": 0.8, "both": 0.85, "simulated": 0.95}
    rows = []
    for training, vendor, subject, phase, structure in product(
        level, "AB", ("s0", "s1"), ("ED", "ES"), ("LV", "RV", "MYO")
    ):
        extra = 0.1 if (training, vendor, structure) == ("real", "A", "RV") else 0
        rows.append(
            [training, 0, 3, 5, vendor, subject, phase, structure, level[training] + extra, 9.0, 0]
        )
    return pd.DataFrame(rows, columns=EVALUATION_COLUMNS)


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


def test_cases_figure_draws_every_case(cases):
    figure = cases_figure(cases)
    assert sum(len(dots.get_offsets()) for axes in figure.axes for dots in axes.collections) == len(
        cases
    )


def test_chosen_figure_has_a_panel_a_regime_and_place():
    label = np.zeros((40, 60), np.uint8)
    label[10:20, 20:34], label[12:18, 24:30], label[10:20, 12:20] = 2, 1, 3
    shown = {"image": label / 3, "reference": label, "vendor": "A", "phase": "ED", "dice": 0.5}
    chosen = [
        {**shown, "training": training, "place": place, "prediction": label * (place == "best")}
        for training, place in product(("sim2real", "real"), ("best", "worst"))
    ]
    figure = chosen_figure(chosen)
    assert len(figure.axes) == 4
    figure.canvas.draw()
