"""The page of a sweep, from chapters' results made by hand."""

import json

import pandas as pd
import pytest

from sim2real.core.sweep import read_sweep
from sim2real.verdict.responses import PANELS, read_numbers, responses_figure, summarise, write_page


@pytest.fixture
def sweep():
    return read_sweep("tiny", ["simulation.flip_angle_deg=30,45,60", "simulation.snr=20,30"], 2, "06_segmentation")


@pytest.fixture
def folder(tmp_path, sweep):
    """A finished sweep: the distance is ten times the angle plus the seed, a Dice is a hundredth of the SNR."""
    for row in sweep.plan().to_dict("records"):
        angle, snr, seed = row["simulation.flip_angle_deg"], row["simulation.snr"], row["seed"]
        results = {
            "01_virtual_population": {"source": "a phantom"},
            "03_real_cohort": {"cohort_phrase": "a cohort"},
            "05_realism": {
                "texture_sim2real_A_to_real_A": 10 * angle + seed,
                "texture_real_A_to_real_B": 5.0,
                "preset": "tiny",
                "seed": seed,
            },
            "06_segmentation": {"dice_both": snr / 100, "dice_real": None, "dice_both_A_LV": 0.5, "n_epochs": 1},
        }
        for chapter, values in results.items():
            (tmp_path / row["folder"] / chapter).mkdir(parents=True)
            (tmp_path / row["folder"] / chapter / "results.json").write_text(json.dumps(values))
    return tmp_path


def test_mean_and_spread_are_over_seeds_alone(sweep, folder):
    table = summarise(read_numbers(sweep, folder), list(sweep.axes))
    assert set(table["name"]) == {"texture_sim2real_A_to_real_A", "dice_both"}
    distance = table[(table["name"] == "texture_sim2real_A_to_real_A") & (table["simulation.snr"] == "30")]
    assert distance["mean"].tolist() == [300.5, 450.5, 600.5]
    assert distance["sd"].to_numpy() == pytest.approx(0.5**0.5)  # of 0 and 1
    assert (table["n_seeds"] == 2).all()
    dice = table[table["name"] == "dice_both"]
    assert dice["mean"].tolist() == pytest.approx([0.2, 0.3] * 3) and dice["sd"].max() == pytest.approx(0)


def test_a_panel_a_number_and_a_line_for_each_value_of_the_second_axis(sweep, folder):
    figure = responses_figure(summarise(read_numbers(sweep, folder), list(sweep.axes)), list(sweep.axes))
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [panel.get_title() for panel in panels] == ["texture_sim2real_A_to_real_A", "dice_both"]
    lines = [container[0].get_xydata().tolist() for container in panels[0].containers]
    assert lines == [[[30, 300.5], [45, 450.5], [60, 600.5]]] * 2
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["20", "30"]


def test_words_on_an_axis_stand_in_the_order_given():
    rows = [("06_segmentation", "dice_both", word, 0.5, float("nan"), 1) for word in ("hd95", "hd", "assd")]
    figure = responses_figure(pd.DataFrame(rows, columns=["chapter", "name", "a.b", "mean", "sd", "n_seeds"]), ["a.b"])
    assert [tick.get_text() for tick in figure.axes[0].get_xticklabels()] == ["hd95", "hd", "assd"]


def test_the_page_holds_table_figure_badges_and_runs(sweep, folder):
    page = write_page(sweep, folder)
    text = page.read_text(encoding="utf-8")
    for told in ("a test run: its numbers mean nothing", "cohort: a cohort", "anatomy: a phantom", "2 seeds a point", "600", "dice_both",
                 'alt="Mean and standard deviation', *sweep.plan()["folder"]):  # fmt: skip
        assert told in text
    assert "http" not in text and (folder / "responses.svg").is_file()
    assert len(pd.read_csv(folder / "numbers.csv")) == 12 * 4  # two numbers of either chapter: no text, no echo of a parameter


def test_of_many_numbers_the_page_tells_what_it_does_not_draw(tmp_path):
    sweep = read_sweep("tiny", [], 2, "01_virtual_population")
    for row in sweep.plan().to_dict("records"):
        (tmp_path / row["folder"] / "01_virtual_population").mkdir(parents=True)
        values = {f"number_{index}": index + row["seed"] for index in range(PANELS + 3)} | {"source": "a phantom", "same": 1.0}
        (tmp_path / row["folder"] / "01_virtual_population" / "results.json").write_text(json.dumps(values))
    text = write_page(sweep, tmp_path).read_text(encoding="utf-8")
    assert "3 more are in the table" in text and f"number_{PANELS + 2}" in text and "same" not in text
