"""The segmenter as a judge and the oracle, on a toy model; and the choice of cases that are
shown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim2real.data import Image, RunFolder, read_image, write_image
from sim2real.segmentation import SegmentationParameters, evaluate_model, train_segmenter
from sim2real.segmentation.judge import KEEPS_COLUMNS, keeps_table, label_cases
from sim2real.segmentation.oracle import oracle_table
from sim2real.segmentation.stage import chosen_cases
from sim2real.segmentation.training import model_folder


@pytest.fixture(scope="module")
def model(chapter) -> Path:
    train_segmenter(
        chapter,
        "real",
        1,
        SegmentationParameters(batch_size=4, n_epochs=1, iterations_per_epoch=60),
        "cpu",
    )
    return model_folder(chapter, "real", 1)


def test_judge_agrees_with_labels_that_fit_and_not_with_moved_ones(run, table, model):
    cases = label_cases(RunFolder(run), table, model)
    assert (
        set(cases["images"]) == {"simulated", "sim2real_A", "sim2real_B"}
        and len(cases) == 3 * 5 * 2 * 3
    )
    kept = keeps_table(cases)
    assert list(kept.columns) == KEEPS_COLUMNS and len(kept) == 3 * 4
    overall = kept[kept["structure"] == "all"].set_index("images")
    assert (
        (overall["dice"] > 0.6).all()
        and (overall["n_subjects"] == 5).all()
        and (overall["n_images"] == 10).all()
    )
    moved = cases.assign(dice=cases["dice"] - 0.2 * (cases["images"] == "sim2real_B"))
    row = keeps_table(moved).set_index(["images", "structure"]).loc[("sim2real_B", "all")]
    before = kept.set_index(["images", "structure"]).loc[("sim2real_B", "all")]
    assert (
        row["change"] == pytest.approx(before["change"] - 0.2)
        and row["change_high"] < before["change_high"]
    )


def test_an_oracle_gains_nothing_from_the_same_images_and_loses_with_empty_ones(
    run, chapter, table, model, tmp_path
):
    cases, _ = evaluate_model(run, chapter, table, "real", 1)
    tests = table.query("domain == 'real' and split == 'test'").assign(domain="oracle")
    oracle = lambda rows: oracle_table(RunFolder(run), rows, cases, {"real": {1: model}})
    same = oracle(tests).iloc[0]
    assert same["gain"] == 0 and same["dice"] == same["oracle_dice"]
    assert same["dice"] == pytest.approx(cases["dice"].mean())
    assert same["located"] == tests["subject"].nunique()
    for path in tests["image"]:
        image = read_image(run / path)
        write_image(run / f"empty/{path}", Image(np.zeros_like(image.data), image.affine))
    empty = oracle(tests.assign(image="empty/" + tests["image"])).iloc[0]
    assert empty["oracle_dice"] == 0 and empty["gain"] == -empty["dice"]
    assert oracle(tests.assign(domain="unlabelled")).empty


def test_best_median_and_worst_follow_from_the_means_over_structures():
    rows = []
    for subject, dice in {
        "p": (0.9, 0.3),
        "q": (0.7, 0.7),
        "r": (0.2, 0.2),
        "s": (0.5, 0.5),
    }.items():
        rows += [
            ["real", 0, "A", subject, "ED", name, 1 - value]
            for name, value in zip(("LV", "RV"), dice, strict=True)
        ]
        rows += [
            ["real", 3, "A", subject, "ED", name, value]
            for name, value in zip(("LV", "RV"), dice, strict=True)
        ]
    table = chosen_cases(
        pd.DataFrame(
            rows, columns=["training", "seed", "vendor", "subject", "phase", "structure", "dice"]
        ),
        seed=3,
    )
    assert dict(zip(table["place"], table["subject"], strict=True)) == {
        "best": "q",
        "median": "s",
        "worst": "r",
    }  # q .7, p .6, s .5, r .2
