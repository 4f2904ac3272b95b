"""The first page's verdict, numbers and table of what differs from the paper."""

import shlex

import pandas as pd
import pytest

from sim2real.cohort import surrogate
from sim2real.data import RunFolder, repository, write_table
from sim2real.paper import front
from sim2real.paper.front import (
    FOLDS,
    command_of,
    compared_table,
    front_block,
    number_cards,
    people_table,
    shipped_segmenter,
    verdict_sentence,
)
from sim2real.paper.parameters import load_parameters, write_parameters
from sim2real.segmentation.intervals import COMPARISON_COLUMNS


def run_with(
    path,
    preset="quick",
    both=0.9,
    real=0.88,
    sim2real=0.8,
    changes=(),
    features="learned",
    half_width=0.01,
):
    """A run's folder with no more than what the first page reads."""
    run = RunFolder(path)
    write_parameters(path, load_parameters(preset, list(changes)))
    dice = {"both": both, "real": real, "sim2real": sim2real, "simulated": 0.7}
    run.write_results("06_segmentation", {f"dice_{name}": value for name, value in dice.items()})
    rows = [
        (first, second, "all", "all", gap, gap - half_width, gap + half_width, 0.2, 0.4, 16, 1)
        for first, second in (("both", "real"), ("real", "sim2real"))
        for gap in [dice[first] - dice[second]]
    ]
    table = pd.DataFrame(rows, columns=COMPARISON_COLUMNS)
    write_table(path / "06_segmentation" / "comparisons.csv", table)
    remaining = {"learned_remaining_A": 0.3141, "learned_remaining_A_interval": "0.11 to 0.52"}
    run.write_results(
        "05_realism", {**remaining, "learned_remaining_B": None, "features": features}
    )
    cohort = {"cohort_phrase": "a made-up cohort", "n_train_A": 30, "n_train_B": 12}
    run.write_results("03_real_cohort", cohort)
    run.write_results("01_virtual_population", {"source": "a phantom"})
    return run


def rows_of(table):
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {row[0]: row[1:] for row in cells[2:]}


def test_the_papers_order_holds_where_each_regime_is_above_the_next(tmp_path):
    assert "holds here" in verdict_sentence(run_with(tmp_path))


@pytest.mark.parametrize(
    "dice, cause",
    [
        ({"both": 0.86}, "because `both` is not above `real`"),
        ({"sim2real": 0.9}, "because `real` is not above `sim2real`"),
        ({"both": 0.7, "sim2real": 0.9}, "`both` is not above `real` and `real` is not above"),
        ({"both": 0.88, "half_width": float("nan")}, "because `both` is not above `real`"),
    ],
)
def test_the_sentence_names_the_pair_that_is_reversed(tmp_path, dice, cause):
    sentence = verdict_sentence(run_with(tmp_path, **dice))
    assert "does not hold here" in sentence and cause in sentence


@pytest.mark.parametrize(
    "dice, alike",
    [
        ({"both": 0.885}, "cannot tell `both` from `real`**"),
        ({"both": 0.879, "sim2real": 0.875}, "`both` from `real` or `real` from `sim2real`**"),
    ],
)
def test_what_the_intervals_leave_open_is_not_called_reversed(tmp_path, dice, alike):
    sentence = verdict_sentence(run_with(tmp_path, **dice))
    assert "is not decided here" in sentence and alike in sentence


def test_a_difference_comes_with_its_interval(tmp_path):
    assert "`both` less `real` +0.020 (0.010 to 0.030)" in verdict_sentence(run_with(tmp_path))


def test_a_small_difference_is_no_negative_zero(tmp_path):
    sentence = verdict_sentence(run_with(tmp_path, both=0.8796))
    assert "`both` less `real` -0.0004 (-0.0104 to 0.0096)" in sentence


@pytest.mark.parametrize("seeds, told", [("[0]", True), ("[0,1]", False)])
def test_the_sentence_says_what_one_training_leaves_open(tmp_path, seeds, told):
    run = run_with(tmp_path, changes=[f"segmentation.seeds={seeds}"])
    assert ("Each was trained once" in verdict_sentence(run)) is told


def test_cards_name_vendors_that_there_are_and_lead_to_their_chapters(tmp_path):
    cards = number_cards(run_with(tmp_path))
    assert "A: **0.314** (0.11 to 0.52)" in cards and "B:" not in cards
    links = [line for line in cards.splitlines() if line.startswith(":link: ")]
    chapters = ["chapters/05_realism", "chapters/06_segmentation", "people"]
    assert links == [f":link: {name}" for name in chapters]


def test_the_card_on_people_gives_what_the_folds_gave(tmp_path, monkeypatch):
    rows = [
        ("real", 0.91, 0.9, 0.92),
        ("sim2real", 0.87, 0.85, 0.89),
        ("simulated", 0.86, 0.84, 0.88),
        ("real less sim2real", 0.04, -0.01, 0.09),
    ]
    names = ["training", "mean", "ci_low", "ci_high"]
    write_table(tmp_path / FOLDS, pd.DataFrame(rows, columns=names).assign(people=12))
    monkeypatch.setattr(front, "repository", lambda: tmp_path)
    cards = number_cards(run_with(tmp_path / "run"))
    assert "**0.870** from translated images, 0.860 from untranslated, **0.910** from im" in cards
    assert "real less translated +0.040 (-0.010 to 0.090), not decided. 12 patients" in cards


def test_the_table_of_people_has_the_committed_rows_with_their_intervals(tmp_path):
    measured = pd.read_csv(repository() / FOLDS, dtype=str)
    rows = rows_of(people_table(run_with(tmp_path)).rpartition("\n\n")[0])
    assert list(rows) == measured["training"].tolist()
    last = measured.iloc[-1]
    interval = f"({last['ci_low']} to {last['ci_high']})"
    assert rows[last["training"]][3:] == [f"{last['mean']} {interval}", last["people"]]


def test_the_table_of_people_says_which_anatomy_it_is_of(tmp_path, monkeypatch):
    measured = int(pd.read_csv(repository() / FOLDS)["anatomy"].unique().item())
    for version, ends in ((measured, "(surrogate.md)."), (measured + 1, f" {measured + 1}.")):
        monkeypatch.setattr(surrogate, "VERSION", version)
        said = people_table(run_with(tmp_path)).splitlines()[-1]
        assert f"version {measured}]" in said and said.endswith(ends)


def test_the_segmenter_of_the_project_stands_beside_a_published_network(tmp_path, monkeypatch):
    card = {"dice_LV": 0.91, "dice_RV": 0.86, "dice_MYO": 0.8242, "n_subjects": 20}
    monkeypatch.setattr(front, "pretrained_card", lambda: {**card, "cohort": "ACDC"})
    sentence = shipped_segmenter(run_with(tmp_path))
    assert "LV / RV / MYO is **0.910 / 0.860 / 0.824** on 20 patients of ACDC" in sentence
    assert "4,000 people" in sentence and "0.906 / 0.840 / 0.809 on whole stacks" in sentence
    assert "{cite}`chen2020`" in sentence


def test_what_is_as_in_the_paper_is_not_in_bold(tmp_path):
    sizes = (
        "virtual subjects",
        "CUT: networks",
        "CUT: training",
        "CUT: weights of the losses",
        "segmenter",
    )
    quick = rows_of(compared_table(run_with(tmp_path / "quick")))
    paper = rows_of(compared_table(run_with(tmp_path / "paper", "paper", features="inception")))
    for name in sizes:
        assert quick[name][1].startswith("**") and quick[name][2]
        assert paper[name][0] == paper[name][1] and not paper[name][2]
    assert quick["distance"][1] == "**kernel distance (KID) in learned features**"
    assert paper["distance"][1] == "FID"
    assert quick["real images"][1] == "**a made-up cohort**"


def test_real_subjects_are_counted_and_a_synthetic_cohort_is_called_so(tmp_path):
    run = run_with(tmp_path)
    assert rows_of(compared_table(run))["real training subjects"][:2] == ["160", "**42**"]
    assert front_block(run.path, "cohort").endswith("a made-up cohort.")
    surrogate = {"cohort_phrase": "the surrogate cohort", "cohort": "surrogate"}
    run.write_results("03_real_cohort", surrogate)
    assert "It is synthetic" in front_block(run.path, "cohort")


def test_one_changed_size_alone_is_in_bold(tmp_path):
    changes = ["population.n_subjects=12"]
    rows = rows_of(compared_table(run_with(tmp_path, "paper", changes=changes)))
    assert rows["virtual subjects"] == ["160", "**12**", "minutes on a laptop"]
    assert not rows["CUT: networks"][1].startswith("**")


def test_another_block_is_no_block(tmp_path):
    with pytest.raises(KeyError):
        front_block(tmp_path, "conclusions")


def test_the_command_of_a_run_names_what_differs_from_its_preset_and_its_studies(tmp_path):
    changes = ["scarcity.n_real=[5, 20]", "seed=7", "cohort.acdc_root=/data/the hearts"]
    run = run_with(tmp_path / "run", changes=changes)
    run.chapter("A2_scarcity").mkdir()
    words = shlex.split(command_of(run).strip("`").removeprefix("bash"))
    follow = list(zip(words, words[1:], strict=False))
    given = [after for word, after in follow if word == "--set"]
    assert [after for word, after in follow if word == "--appendix"] == ["A2"]
    assert len(given) == 3
    assert load_parameters("quick", given) == load_parameters("quick", changes)
