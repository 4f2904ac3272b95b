"""Appendix A3: regimes joined by +, self-training, and the tables that answer its questions."""

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sim2real.cohort import CohortParameters
from sim2real.data import (
    SLICE_COLUMNS,
    RunFolder,
    Sim2RealError,
    read_image,
    read_labels,
    write_image,
)
from sim2real.segmentation import (
    RealHeartsParameters,
    SegmentationParameters,
    answers,
    count_subjects,
    predict_slices,
    predict_with_confidence,
    read_cases,
    real_hearts,
    regime_rows,
    self_training,
    train_cases,
)
from sim2real.segmentation.chapter import REAL_HEARTS, trainings_on_people
from sim2real.segmentation.regimes import in_equal_parts
from sim2real.translation import TranslationParameters

ROOT = Path(__file__).resolve().parents[2]
NAME = REAL_HEARTS.name
SHORT = SegmentationParameters(batch_size=2, n_epochs=1, iterations_per_epoch=2)
STUDY = RealHeartsParameters(acdc_root=Path("people"), n_epochs=1, iterations_per_epoch=2)
TINY_CUT = TranslationParameters(
    generator_features=4,
    discriminator_features=4,
    residual_blocks=1,
    projection_features=8,
    n_patches=8,
    decay_steps=1,
    watch_share=0.0,
)


def with_more(run: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table with two images of random contrast of each virtual subject and phase, copies of the
    simulated ones, and the real training images once more, without labels."""
    real = table[(table["domain"] == "real") & (table["split"] == "train")]
    rows = [table, real.assign(domain="unlabelled", label="nowhere.nii.gz")]
    for draw in range(2):
        part = table[table["domain"] == "simulated"].copy()
        part["domain"], part["subject"] = "randomised", part["subject"] + f"-{draw}"
        for column in ("image", "label"):
            copies = [f"randomised/{draw}_{Path(path).name}" for path in part[column]]
            (run / "randomised").mkdir(exist_ok=True)
            for path, copy in zip(part[column], copies, strict=True):
                shutil.copy(run / path, run / copy)
            part[column] = copies
        rows.append(part)
    return pd.concat(rows, ignore_index=True)


@pytest.fixture(scope="module")
def people_run(run, table, tmp_path_factory) -> RunFolder:
    """A study prepared from the toy cohort, whose real subjects are of two sources and groups."""
    folder = RunFolder(tmp_path_factory.mktemp("people"))
    for part in table["domain"].unique():
        shutil.copytree(run / part, folder.path / part)
    torch.set_num_threads(1)
    whole = with_more(folder.path, table)
    folder.write_manifest(NAME, whole, "slices.csv")
    real = whole[whole["domain"] == "real"].drop_duplicates("subject")
    subjects = real[["subject", "vendor", "split"]].assign(
        group=["sick", "well"] * 3, source=["acdc"] * 3 + ["mnms"] * 3
    )
    folder.write_manifest(NAME, subjects, "subjects.csv")
    costs = pd.DataFrame({"vendor": ["A", "B"], "n_steps": 9, "seconds": [60.0, 30.0]})
    folder.write_manifest(NAME, costs, "cut.csv")
    real_hearts.prepare_cases(folder)
    return folder


@pytest.fixture(scope="module")
def trained(people_run) -> RunFolder:
    """The same with every training, of two steps."""
    for regime, seed in trainings_on_people(STUDY):
        real_hearts.train(people_run, regime, seed, SHORT)
    return people_run


def test_a_regime_of_parts_holds_what_its_parts_hold(people_run):
    table = real_hearts.all_slices(people_run)
    images = {
        name: set(regime_rows(table, name)["image"])
        for name in (*real_hearts.REGIMES, "real+sim2real")
    }
    assert images["randomised+sim2real"] == images["randomised"] | images["sim2real"]
    assert images["simulated+sim2real"] == images["simulated"] | images["sim2real"]
    assert images["real+sim2real"] == images["both"]
    with pytest.raises(Sim2RealError, match="regime 'randomised\\+unreal' does not exist"):
        regime_rows(table, "randomised+unreal")


def test_all_draws_of_a_virtual_subject_are_one_subject(people_run):
    table = real_hearts.all_slices(people_run)
    for regime in ("randomised", "randomised+sim2real"):
        assert count_subjects(table, regime) == {"n_real": 0, "n_simulated": 5}
    assert len(regime_rows(table, "randomised")) == 5 * 2 * 2


@pytest.mark.parametrize("sizes", [(10, 10), (800, 2400), (800, 1200), (56, 800), (7, 11, 300)])
def test_parts_of_unlike_size_are_drawn_alike_often(sizes):
    parts = [[f"{k}-{name}" for name in range(size)] for k, size in enumerate(sizes)]
    drawn = pd.Series(in_equal_parts(parts))
    shares = drawn.str[0].value_counts(normalize=True) * len(sizes)
    assert (abs(shares - 1) < 0.07).all()
    often = drawn.value_counts()
    for part in parts:
        assert often[part].nunique() == 1  # no subject is favoured over another
    assert in_equal_parts(parts[:1]) == sorted(parts[0])


def test_a_combination_s_list_of_cases_is_in_equal_parts(people_run):
    cases = read_cases(people_run.chapter(NAME))
    names = pd.Series(real_hearts.cases_of(cases, "randomised+sim2real"))
    assert names.str.startswith("randomised").sum() == names.str.startswith("sim2real").sum()
    assert set(real_hearts.cases_of(cases, "real")) == set(cases[cases["domain"] == "real"]["case"])


def test_every_seed_for_the_plain_regimes_and_one_for_combinations():
    study = RealHeartsParameters(seeds=[4, 2, 9], mnms_root=Path("people"))
    seeds = pd.DataFrame(trainings_on_people(study)).groupby(0)[1].apply(list).to_dict()
    plain = ("simulated", "randomised", "sim2real", "real", "both")
    combined = ("randomised+sim2real", "simulated+sim2real")
    assert seeds == {**dict.fromkeys(plain, [4, 2, 9]), **dict.fromkeys(combined, [4])}


def test_people_are_cropped_round_the_heart_and_are_the_study_s_own():
    cohort = CohortParameters(mnms_root=Path("other"), crop_centre="field", n_slices=3)
    people = STUDY.people(cohort)
    assert (people.mnms_root, people.acdc_root) == (None, Path("people"))
    assert people.crop_centre == "heart" and people.n_slices == 3 and people.vendors == ("A",)
    assert not RealHeartsParameters().has_people and STUDY.has_people


def heart(lv: float = 11, wall: float = 6, size: int = 96) -> np.ndarray:
    """A disc in a ring, a crescent on its left that touches the ring; (row, column)."""
    row, column = np.mgrid[:size, :size] - size / 2
    column = column - 8
    labels = np.zeros((size, size), np.uint8)
    labels[np.hypot(row, column + lv + wall) < lv + 3] = 3
    labels[np.hypot(row, column) < lv + wall] = 2
    labels[np.hypot(row, column) < lv] = 1
    return labels


def spoilt(labels: np.ndarray, how: str) -> np.ndarray:
    labels = labels.copy()
    row, column = (np.argwhere(labels == 1).mean(axis=0)).astype(int)
    if how == "a second LV":
        labels[5:9, 5:9] = 1
    elif how == "open wall":
        labels[:row][labels[:row] == 2] = 0
    elif how == "no RV":
        labels[labels == 3] = 0
    elif how == "RV apart":
        labels = np.where(labels == 3, 0, labels)
        labels[30:60, 5:15] = 3
    elif how == "RV of two pieces":
        labels[row - 1 : row + 1][labels[row - 1 : row + 1] == 3] = 0
    return labels


def test_a_heart_is_told_from_what_is_none():
    assert self_training.is_heart_shaped(heart(), 1.5)
    for how in ("a second LV", "open wall", "no RV", "RV apart", "RV of two pieces"):
        assert not self_training.is_heart_shaped(spoilt(heart(), how), 1.5), how
    assert not self_training.is_heart_shaped(heart(), 0.4)  # the heart of a mouse
    assert not self_training.is_heart_shaped(np.zeros((40, 50), np.uint8), 1.5)


def test_confidence_is_the_mean_over_what_is_called_heart():
    labels = np.array([[0, 1, 2], [0, 0, 3]])
    probability = np.array([[1.0, 0.5, 0.6], [0.9, 0.9, 1.0]])
    assert self_training.confidence_of(labels, probability) == pytest.approx(0.7)
    assert self_training.confidence_of(labels * 0, probability) == 0


def test_specks_are_taken_away_and_a_second_heart_is_refused():
    speck, two = heart(), spoilt(heart(), "a second LV")
    speck[3:5, 3:5] = 3
    assert np.array_equal(self_training.heart_in(speck, 1.5), heart())
    two[5:19, 5:19] = 1
    assert self_training.heart_in(two, 1.5) is None


def test_the_best_finds_most_hearts_however_sure_the_others_are():
    found, none = heart(), spoilt(heart(), "no RV")
    slices = {
        "simulated": ([none, none], 0.99),
        "randomised": ([found, none], 0.7),
        "sim2real": ([found, found], 0.99),
        "randomised+sim2real": ([found, found], 0.5),
        "simulated+sim2real": ([none, none], 0.99),
    }
    labelled = {
        name: {("A", "s", "ED"): (np.stack(pair), np.full((2, *found.shape), sure))}
        for name, (pair, sure) in slices.items()
    }
    choice = self_training.choice_table(labelled, 1.5).set_index("training")
    assert choice["heart_shaped"].tolist() == [0, 0.5, 1, 1, 0]
    assert choice["confidence"].tolist() == pytest.approx([0.99, 0.7, 0.99, 0.5, 0.99])
    assert self_training.best_of_others(choice.reset_index()) == "randomised+sim2real"


def test_kept_are_the_sure_and_heart_shaped_slices_under_given_labels(people_run, tmp_path):
    run, table = RunFolder(tmp_path), real_hearts.all_slices(people_run)
    people = table[table["domain"].isin(["real", "unlabelled"])]
    shutil.copytree(people_run.path / "real", tmp_path / "real")
    for path in people[
        "image"
    ].unique():  # pixels of 2.5 mm: a heart of people's size on so small a grid
        stack = read_image(tmp_path / path)
        stack.affine[:2, :2] *= 2
        write_image(tmp_path / path, stack)
    n_columns, n_rows, _ = stack.data.shape
    fits = heart(lv=7, wall=5, size=64)[:n_rows, 8 : 8 + n_columns]
    probability = np.stack([np.full(fits.shape, p) for p in (0.95, 0.2)])
    train = people[people["domain"] == "unlabelled"]
    keys = list(zip(train["vendor"], train["subject"], train["phase"], strict=True))
    labelled = {key: (np.stack([fits, fits]), probability) for key in keys}
    labelled[keys[1]] = (np.stack([spoilt(fits, "no RV"), fits]), probability)
    rows, n_kept, n_all = self_training.write_kept(run, people, labelled, tmp_path / "self")
    # the first slice of every image, for the network is sure of it, but for the one without an RV
    assert (n_kept, n_all) == (len(keys) - 1, 2 * len(keys)) and len(rows) == n_kept
    assert set(rows["domain"]) == {"self"} and set(rows["split"]) == {"train"}
    assert list(rows.columns) == SLICE_COLUMNS
    given = read_labels(tmp_path / rows["label"].iloc[0])
    assert np.array_equal(given.data[:, :, 0].T, fits) and given.data.shape[2] == 1
    first = read_image(tmp_path / train["image"].iloc[0]).data[:, :, :1]
    assert np.array_equal(read_image(tmp_path / rows["image"].iloc[0]).data, first)


def test_confidence_comes_with_the_labels_that_every_prediction_gives(trained):
    model = trained.chapter(NAME) / "models" / "real_seed0"
    table = real_hearts.all_slices(trained)
    stack = read_image(trained.path / table["image"].iloc[-1]).data.transpose(2, 1, 0)
    labels, confidence = predict_with_confidence(model, stack, (1.5, 1.25), "cpu")
    assert np.array_equal(labels, predict_slices(model, stack, (1.5, 1.25), "cpu"))
    assert confidence.shape == stack.shape
    assert confidence.min() >= 0.25 and confidence.max() <= 1  # the likeliest of four classes


def test_a_training_starts_from_the_weights_that_it_is_given(trained, tmp_path):
    folder = trained.chapter(NAME)
    start, still = (
        folder / "models" / "real_seed0",
        SHORT.model_copy(update={"learning_rate": 1e-9}),
    )
    names = real_hearts.cases_of(read_cases(folder), "real")
    train_cases(folder, "on", names, tmp_path / "on", 7, still, "cpu", start=start)
    train_cases(folder, "anew", names, tmp_path / "anew", 7, still, "cpu")
    weights = {
        place: torch.load(place / "checkpoint_final.pth", weights_only=True)["network_weights"]
        for place in (start, tmp_path / "on", tmp_path / "anew")
    }
    first = weights[start]
    near = {
        place.name: all(torch.allclose(first[key], of[key], atol=1e-6) for key in first)
        for place, of in weights.items()
    }
    assert near == {"real_seed0": True, "on": True, "anew": False}
    with pytest.raises(Sim2RealError, match="no finished training there for 'on' to start from"):
        train_cases(folder, "on", names, tmp_path / "b", 7, still, "cpu", start=tmp_path / "none")


def test_scores_are_of_every_test_subject_once_with_its_source(trained):
    cases = real_hearts.read_scores(trained, trainings_on_people(STUDY))
    assert list(cases.columns) == real_hearts.CASE_COLUMNS
    assert set(zip(cases["subject"], cases["source"], strict=True)) == {
        ("A2", "acdc"),
        ("B2", "mnms"),
    }
    assert not cases.duplicated(["training", "seed", "subject", "phase", "structure"]).any()
    assert len(cases) == 7 * 2 * 2 * 3
    counts = cases.drop_duplicates("training").set_index("training")[["n_real", "n_simulated"]]
    assert counts.loc["randomised+sim2real"].tolist() == [0, 5]
    assert counts.loc["both"].tolist() == [4, 5]


def test_self_training_goes_on_from_its_training_and_is_told_of(trained, monkeypatch):
    for origin in ("sim2real", "best"):  # after two steps nothing looks like a heart
        row, log = self_training.self_train(trained, origin, SHORT, STUDY)
        assert log is None and row["n_kept"] == 0 and row["n_slices"] == 4 * 2 * 2
    assert row["training"] in set(real_hearts.LABEL_FREE) - {"sim2real"}
    monkeypatch.setattr(self_training, "is_heart_shaped", lambda *_: True)
    monkeypatch.setattr(self_training, "SURE", 0.0)
    monkeypatch.setattr(self_training, "SPECKS", 1.0)
    row, log = self_training.self_train(trained, "sim2real", SHORT, STUDY)
    assert row["n_kept"] == 16 and len(log) == 1
    cases = answers.read_cases(trained, STUDY)
    assert set(cases["training"]) == {*real_hearts.REGIMES, "sim2real+self"}
    made = read_cases(trained.chapter(NAME) / "self" / "sim2real")
    assert set(made["domain"]) == {"sim2real_A", "sim2real_B", "self"}  # and no label of a person
    _, table, comparisons = answers.write_tables(trained, STUDY)
    costs = trained.manifest(NAME, "costs.csv").set_index("work")["minutes"]
    assert costs["CUT, vendor A"] == 1 and costs["CUT, vendor B"] == 0.5
    told = answers.results(trained, cases, table, comparisons)
    assert told["self_sim2real_made"] == 1 and told["self_best_made"] == 0
    assert told["n_test_subjects"] == 2 and told["answer_physics"].startswith("cannot be told")
    assert (table["minutes"] > 0).all() and table["training"].tolist()[-1] == "sim2real+self"


@pytest.fixture
def translated(people_run):
    """``translated(table)``: two steps of CUT towards the people of ``table``, whose images under
    labels are not there."""

    def work(table: pd.DataFrame) -> pd.DataFrame:
        table = table[table["domain"].isin(["simulated", "real", "unlabelled"])].copy()
        table.loc[table["domain"] == "real", ["image", "label"]] = "nowhere.nii.gz"
        return real_hearts.translate_to_people(people_run, table, TINY_CUT, 2, 0)

    tables = [people_run.chapter(NAME) / name for name in ("slices.csv", "cut.csv")]
    before = [path.read_bytes() for path in tables]
    yield work
    for path, content in zip(tables, before, strict=True):
        path.write_bytes(content)


def test_translation_sees_no_label_and_has_the_vendors_of_the_people(translated, people_run):
    table = real_hearts.all_slices(people_run)
    both = translated(table)
    assert (both["domain"].value_counts()[["sim2real_A", "sim2real_B"]] == 10).all()
    costs = people_run.manifest(NAME, "cut.csv")
    assert list(costs["vendor"]) == ["A", "B"] and (costs["seconds"] > 0).all()
    alone = translated(table[table["vendor"] != "B"])
    assert set(alone["domain"]) == {"simulated", "real", "unlabelled", "sim2real_A"}
    assert people_run.manifest(NAME, "cut.csv")["seconds"].iloc[0] == costs["seconds"].iloc[0]


def made_up(levels: dict[str, float], seeds: dict[str, list[int]] | None = None) -> pd.DataFrame:
    """Cases of six subjects a vendor and group, whose Dice differ by training alone."""
    rows = []
    for training, level in levels.items():
        for seed in (seeds or {}).get(training, [0]):
            for vendor in "AB":
                for number in range(12):
                    group = ("sick", "well")[number % 2]
                    for structure in ("LV", "RV", "MYO"):
                        dice = 0.5 + 0.01 * number + level
                        names = (training, seed, 0, 5, vendor, f"{vendor}{number}")
                        rows.append((*names, "ED", structure, dice, 9.0, 0, "mnms", group))
    return pd.DataFrame(rows, columns=[*real_hearts.CASE_COLUMNS, "group"])


LEVELS = {name: 0.01 * k for k, name in enumerate(real_hearts.REGIMES)}


def test_a_planted_difference_is_found_and_no_other():
    table = answers.comparison_table(made_up(LEVELS)).set_index(["first", "second"])
    whole = table.query("group == 'all' and structure == 'all'")["difference"]
    for first, second in whole.index:
        assert whole[first, second] == pytest.approx(LEVELS[first] - LEVELS[second])
    assert {tuple(pair) for pair in answers.QUESTIONS.values()} <= set(whole.index)


def test_a_difference_in_one_group_alone_is_told_of_that_group():
    cases = made_up(dict.fromkeys(real_hearts.REGIMES, 0.0))
    planted = (cases["training"] == "sim2real") & (cases["group"] == "sick")
    cases.loc[planted, "dice"] += 0.2
    rows = answers.comparison_table(cases).query("first == 'sim2real' and second == 'simulated'")
    by_group = rows[rows["structure"] == "all"].set_index("group")["difference"]
    assert by_group["sick"] == pytest.approx(0.2) and by_group["well"] == pytest.approx(0)
    assert by_group["all"] == pytest.approx(0.1)
    assert (rows["n_subjects"][rows["group"] != "all"] == 12).all()


def test_only_seeds_that_both_trainings_have_are_paired():
    cases = made_up(LEVELS, {"randomised": [0, 1, 2]})
    cases.loc[cases["seed"] > 0, "dice"] = 0.0  # would spoil the difference
    rows = answers.comparison_table(cases).query("first == 'randomised+sim2real'")
    row = rows.query("group == 'all' and structure == 'all'").iloc[0]
    expected = LEVELS["randomised+sim2real"] - LEVELS["randomised"]
    assert row["difference"] == pytest.approx(expected) and row["n_seeds"] == 1


def test_scores_count_every_case_and_every_empty_one():
    cases = made_up({"real": 0.0})
    cases.loc[cases["subject"] == "A0", ["dice", "hd_mm", "empty"]] = [0.0, 100.0, 1]
    scores = answers.score_table(cases)
    assert list(scores.columns) == answers.SCORE_COLUMNS and len(scores) == 3
    dices = sorted(
        [0.0] + [0.5 + 0.01 * n for n in range(1, 12)] + [0.5 + 0.01 * n for n in range(12)]
    )
    row = scores.iloc[0]
    assert row["n_cases"] == 24 and row["n_empty"] == 1
    assert row["dice_mean"] == pytest.approx(np.mean(dices))
    assert row["dice_median"] == pytest.approx((dices[11] + dices[12]) / 2)
    assert (row["hd_mm_median"], row["hd_mm_mean"]) == (9.0, pytest.approx((100 + 23 * 9) / 24))


def test_scores_measured_by_others_are_shown_where_they_are(tmp_path):
    assert answers.read_held_out(tmp_path).empty
    path = tmp_path / "book" / "real_hearts" / "held_out.csv"
    path.parent.mkdir(parents=True)
    scores = answers.score_table(made_up({"real": 0.0, "sim2real": -0.1}))
    scores.to_csv(path, index=False)
    shown = answers.held_out_shown(answers.read_held_out(tmp_path))
    assert list(shown.index) == ["real", "sim2real"]
    assert (shown["LV"] - shown["mean"]).abs().max() == pytest.approx(0)
    scores.drop(columns="n_empty").to_csv(path, index=False)
    with pytest.raises(Sim2RealError, match="held_out.csv: lacks the column n_empty"):
        answers.read_held_out(tmp_path)


def test_every_yardstick_has_a_source_in_the_bibliography_and_says_what_differs():
    table = answers.read_yardsticks()
    known = re.findall(r"^@\w+\{(\w+),", (ROOT / "book" / "references.bib").read_text(), re.M)
    assert set(table["key"]) <= set(known)
    assert table[["LV", "RV", "MYO"]].stack().between(0, 1).all()
    assert (table[["source", "differs"]].map(len) > 10).all().all()
