"""The segmenter as a judge, on a toy model; and the choice of cases that are shown."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.data.run import RunFolder
from sim2real.data.slices import load_slices
from sim2real.segmentation.encoder import COMPONENTS, encode, reduction
from sim2real.segmentation.evidence import chosen_cases
from sim2real.segmentation.judge import KEEPS_COLUMNS, keeps_table, label_cases
from sim2real.segmentation.parameters import SegmentationParameters
from sim2real.segmentation.training import model_folder, train_segmenter


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


@pytest.fixture(scope="module")
def slices(run, table) -> np.ndarray:
    return load_slices(run, table[table["domain"] == "real"])


def test_features_do_not_depend_on_the_scale_of_intensity_but_on_what_is_shown(model, slices):
    plain, scaled = (
        encode(model, slices, device="cpu"),
        encode(model, 700 * slices + 9, device="cpu"),
    )
    assert plain.stages.shape == (len(slices), plain.stages.shape[1]) and plain.bottom.shape[
        0
    ] == len(slices)
    assert np.allclose(plain.stages, scaled.stages, rtol=1e-3, atol=1e-4)
    flattened = encode(model, np.round(slices * 3) / 3, device="cpu")
    assert (
        np.abs(flattened.stages - plain.stages).mean()
        > 20 * np.abs(scaled.stages - plain.stages).mean()
    )


def test_features_of_a_slice_do_not_depend_on_its_company(model, slices):
    alone, together = (
        encode(model, slices[17:18], device="cpu"),
        encode(model, slices, device="cpu"),
    )
    assert np.allclose(alone.stages[0], together.stages[17], rtol=1e-4, atol=1e-5)


def test_components_of_a_plane_are_found_and_keep_its_distances():
    """Points in a plane of a space of ten: two components hold all, and distances keep their
    ratios."""
    rng = np.random.default_rng(0)
    frame = np.linalg.qr(rng.normal(size=(10, 2)))[0].T
    points = rng.normal(size=(60, 2)) * (3, 1)
    kept = reduction(points @ frame + 5, components=2)
    assert kept.explained == pytest.approx(1)
    reduced = kept.apply(points @ frame + 5)
    assert np.cov(reduced, rowvar=False).trace() == pytest.approx(1)
    standard = (points @ frame) / (points @ frame).std(axis=0)
    ratios = np.linalg.norm(reduced[1:] - reduced[:-1], axis=1) / np.linalg.norm(
        standard[1:] - standard[:-1], axis=1
    )
    assert np.allclose(ratios, ratios[0])


def test_components_are_fewer_than_slices_and_a_single_slice_has_none():
    rng = np.random.default_rng(1)
    assert reduction(rng.normal(size=(6, 40))).axes.shape == (40, 5)
    assert reduction(rng.normal(size=(90, 40))).axes.shape == (40, COMPONENTS)
    with pytest.raises(
        Sim2RealError,
        match=r"principal components of 1 slice\(s\); a covariance needs at least two",
    ):
        reduction(rng.normal(size=(1, 40)))


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
