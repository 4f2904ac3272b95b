import numpy as np
import pandas as pd
import pytest

from sim2real.verdict import VerdictParameters, cells_figure, compare_table

PUBLISHED = pd.DataFrame(
    [
        ("real", "A", "LV", 0.90, 8.0),
        ("real", "B", "LV", 0.88, 9.0),
        ("both", "A", "MYO", 0.87, 12.0),
    ],
    columns=["training", "vendor", "structure", "dice", "hd"],
)


def ours(**changes):
    rows = [
        ("real", "A", "LV", 0.91, 9.5),
        ("real", "B", "LV", 0.86, 7.5),
        ("simulated", "A", "LV", 0.3, 40.0),
        ("both", "A", "MYO", 0.87, 12.0),
    ]
    table = pd.DataFrame(
        rows, columns=["training", "vendor", "structure", "dice_mean", "hd_mm_mean"]
    )
    return table.assign(**changes)


def cell(table, training, vendor, structure, measure):
    found = table[
        (table["training"] == training)
        & (table["vendor"] == vendor)
        & (table["structure"] == structure)
        & (table["measure"] == measure)
    ]
    assert len(found) == 1
    return found.iloc[0]


def test_every_published_cell_stands_beside_ours():
    table = compare_table(
        ours(), PUBLISHED, VerdictParameters(dice_tolerance=0.015, hd_tolerance_mm=1.6)
    )
    assert len(table) == 6
    first = cell(table, "real", "A", "LV", "Dice")
    assert (first["published"], first["ours"], first["within"]) == (0.90, 0.91, "yes") and first[
        "difference"
    ] == pytest.approx(0.01)
    assert cell(table, "real", "B", "LV", "Dice")["within"] == "no"
    assert cell(table, "real", "B", "LV", "HD")["difference"] == pytest.approx(-1.5)
    assert cell(table, "both", "A", "MYO", "HD")["difference"] == 0


@pytest.mark.parametrize(
    ("column", "measure", "shift"), [("dice_mean", "Dice", -0.2), ("hd_mm_mean", "HD", 5.0)]
)
def test_a_planted_difference_is_caught_in_its_measure_alone(column, measure, shift):
    wide = VerdictParameters(dice_tolerance=0.05, hd_tolerance_mm=2.0)
    assert set(compare_table(ours(), PUBLISHED, wide)["within"]) == {"yes"}
    shifted = compare_table(ours(**{column: ours()[column] + shift}), PUBLISHED, wide)
    assert set(shifted.loc[shifted["measure"] == measure, "within"]) == {"no"}
    assert set(shifted.loc[shifted["measure"] != measure, "within"]) == {"yes"}


def test_a_cell_we_lack_is_not_called_different():
    table = compare_table(ours().iloc[:1], PUBLISHED, VerdictParameters())
    assert list(table["within"]) == ["yes", "yes", *["not available"] * 4] and np.isnan(
        table["ours"].iloc[-1]
    )


def test_each_cell_is_drawn_at_its_difference_on_the_line_of_its_regime_and_structure():
    table = compare_table(ours(), PUBLISHED, VerdictParameters())
    figure = cells_figure(table, VerdictParameters())
    lines = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    for axes, measure in zip(figure.axes, ("Dice", "HD"), strict=True):
        drawn = [
            (round(float(x), 6), lines[int(y)])
            for marks in axes.collections
            for x, y in marks.get_offsets()
        ]
        rows = table[table["measure"] == measure]
        wanted = [
            (round(row.difference, 6), f"{row.training}, {row.structure}")
            for row in rows.itertuples()
        ]
        assert sorted(drawn) == sorted(wanted)
