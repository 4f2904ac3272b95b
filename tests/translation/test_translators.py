import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import gaussian_filter

from sim2real.data import LV, MYO, RV, SLICE_COLUMNS, Image, RunFolder, as_stored, write_image
from sim2real.metrics import texture_features
from sim2real.realism import SliceSet, described, point_distances, texture_space
from sim2real.translation import (
    Cut,
    Generator,
    TranslationParameters,
    TranslatorsParameters,
    figures,
    translators,
)
from sim2real.translation.cyclegan import CycleGan
from sim2real.translation.translators import (
    FASTCUT,
    TITLES,
    TRAINED,
    material_of,
    method_parameters,
)

TINY = TranslationParameters(
    precision="float32",
    generator_features=4,
    discriminator_features=4,
    residual_blocks=2,
    projection_features=8,
    n_patches=16,
    n_steps=30,
    decay_steps=12,
    learning_rate=1e-3,
)
AFFINE = np.diag([1.25, 1.25, 8, 1.0])
ROWS, LINES = np.mgrid[:32, :40]
RADIUS = np.hypot(ROWS - 15, LINES - 22)
LABEL = np.select(
    [RADIUS < 5, RADIUS < 8, np.hypot(ROWS - 15, LINES - 12) < 5], [LV, MYO, RV], 0
).astype(np.uint8)
SUBJECTS = ["V1", "V2", "V3", "V4", "V5", "V6"]


def picture(greys, noise, seed):
    texture = np.random.default_rng(seed).normal(0, noise, LABEL.shape)
    return np.clip(
        gaussian_filter(np.array(greys)[LABEL], 0.6) + gaussian_filter(texture, 0.5), 0, 1
    ).astype(np.float32)


@pytest.fixture
def run(tmp_path):
    """Six simulated subjects, and of each vendor six real ones to train on and one to test on: two
    phases of three slices."""
    rows = []
    for number, (domain, vendor, split) in enumerate(
        [
            ("simulated", "", "train"),
            ("real", "A", "train"),
            ("real", "B", "train"),
            ("real", "B", "test"),
        ]
    ):
        greys, noise = (
            ((0.3, 0.9, 0.15, 0.8), 0.02) if domain == "simulated" else ((0.2, 0.95, 0.5, 0.9), 0.2)
        )
        for person in SUBJECTS if split == "train" else ["V9"]:
            name = person if domain == "simulated" else f"{vendor}{person}"
            for phase in ("ED", "ES"):
                path = f"03_real_cohort/{domain}/{name}_{phase}.nii.gz"
                slices = [
                    picture(greys, noise, seed=[number, ord(person[1]), phase == "ED", k])
                    for k in range(3)
                ]
                write_image(tmp_path / path, as_stored(np.stack(slices), AFFINE))
                label = path.replace(".nii", "_gt.nii")
                write_image(
                    tmp_path / label,
                    Image(np.stack([LABEL, LABEL, LABEL * 0]).transpose(2, 1, 0), AFFINE),
                )
                rows.append((domain, vendor, name, phase, split, path, label))
    folder = RunFolder(tmp_path)
    folder.write_manifest("03_real_cohort", pd.DataFrame(rows, columns=SLICE_COLUMNS), "slices.csv")
    folder.write_manifest("03_real_cohort", pd.DataFrame(columns=SLICE_COLUMNS), "relocated.csv")
    return folder


@pytest.fixture
def material(run):
    return material_of(run, TranslatorsParameters(vendor="B"), 0.3, seed=0)


@pytest.fixture
def translated(run, material):
    translators.train_all(run, material, TINY, 3, seed=0)
    return translators.translate_all(run, material, seed=0)


def test_all_simulated_slices_and_no_test_subject_are_in_the_material(material):
    assert (
        len(material.source)
        == len(material.labels)
        == len(material.subjects)
        == len(material.images)
        == 36
    )
    assert set(material.subjects) == set(SUBJECTS) and set(material.images) == set(range(12))
    assert (
        set(material.reference_subjects) == {f"B{name}" for name in SUBJECTS}
        and len(material.reference) == 36
    )
    assert (
        len(material.target) == 24
    )  # two of the six subjects are held out for chapter 4's watching


def test_methods_take_the_runs_own_sizes_and_the_same_share_of_decay():
    own = method_parameters(TINY, "cut", 10)
    assert (own.generator_features, own.learning_rate, own.n_steps, own.decay_steps) == (
        4,
        1e-3,
        10,
        4,
    )
    changed = {
        name
        for name, value in method_parameters(TINY, "fastcut", 10)
        if value != getattr(own, name)
    }
    assert changed == set(FASTCUT) and method_parameters(TINY, "cyclegan", 10) == own


def test_every_translator_gives_slices_and_what_is_trained_is_not_trained_again(
    run, material, translated, monkeypatch
):
    assert list(translated) == list(TITLES)
    for slices in translated.values():
        assert slices.shape == material.source.shape and slices.min() >= 0 and slices.max() <= 1
    models = run.chapter("A1_translators") / "models"
    assert {path.name for path in models.iterdir()} == set(TRAINED)
    for method, _ in TRAINED.values():
        monkeypatch.setattr(method, "step", lambda *_: pytest.fail("trained again"))
    logs = translators.train_all(run, material, TINY, 3, seed=0)
    assert {name: len(log) for name, log in logs.items()} == {"cut": 3, "fastcut": 3, "cyclegan": 3}
    assert (logs["fastcut"]["loss_idt"] == 0).all()


def test_distances_are_those_of_the_slices_and_the_difference_is_to_cut(material, translated):
    table = translators.distances(material, translated, texture_features).set_index("name")
    for name in ("identity", "cut", "cyclegan"):
        sets = {
            "simulated": SliceSet(translated[name], material.subjects),
            "real_A": SliceSet(material.reference, material.reference_subjects),
        }
        of_chapter_5 = point_distances({"texture": described(sets, texture_space)})
        kid = of_chapter_5.query("images == 'simulated' and measure == 'kid'")["distance"].item()
        assert table.loc[name, "distance"] == pytest.approx(kid)
    assert table.loc[
        "cut", ["distance_to_cut", "corrected_to_cut", "ci_low_to_cut", "ci_high_to_cut"]
    ].tolist() == [0, 0, 0, 0]
    assert table.loc["identity", "distance_to_cut"] == pytest.approx(
        table.loc["identity", "distance"] - table.loc["cut", "distance"]
    )
    assert (table["ci_low"] <= table["corrected"].clip(lower=0)).all() and (
        table["ci_low"] >= 0
    ).all()


def test_real_slices_themselves_are_told_to_lie_nearer_than_cuts(material, translated):
    """Planted: a translator that copies the real slices."""
    copies = {"cut": translated["cut"], "copy": material.reference[::-1].copy()}
    found = translators.distances(material, copies, texture_features).set_index("name").loc["copy"]
    assert found["distance"] <= 0 and found["distance_to_cut"] < 0
    assert translators._finding(-0.9, -0.2).startswith("lie nearer")
    assert translators._finding(0.2, 0.9).startswith("lie farther")
    assert translators._finding(-0.1, 0.2).startswith("cannot be told")
    assert "want of subjects" in translators._finding(np.nan, np.nan)


def test_too_few_subjects_or_images_give_no_interval(material, translated):
    few = np.isin(material.subjects, SUBJECTS[:4])
    small = material._replace(source=material.source[few], subjects=material.subjects[few])
    chosen = {name: slices[few] for name, slices in translated.items()}
    found = translators.distances(small, chosen, texture_features)
    assert (
        found["distance"].notna().all()
        and found[["corrected", "ci_low", "ci_high"]].isna().all().all()
    )


def test_the_heart_is_measured_where_there_is_one_and_a_moved_one_is_seen(material, translated):
    kept = translators.kept_of(
        material, {"identity": material.source, "moved": np.roll(material.source, 4, axis=2)}
    )
    assert kept.groupby("name").size().tolist() == [
        24,
        24,
    ]  # the third slice of each image lies beyond the heart
    table = translators.kept_table(kept).set_index("name")
    assert table.loc["identity", ["kept_median", "kept_lowest", "kept_below"]].tolist() == [1, 1, 0]
    assert table.loc["moved", "kept_median"] < 0.8 and table.loc["moved", "kept_below"] > 0.5
    assert (
        table.loc["moved", "kept_below_low"]
        <= table.loc["moved", "kept_below"]
        <= table.loc["moved", "kept_below_high"]
    )


def test_times_are_told_over_cuts(run, material, monkeypatch):
    """By a clock that a step of CUT, plain or fast, moves by one second and CycleGAN's by three."""
    clock = [0.0]
    for method, seconds in ((Cut, 1), (CycleGan, 3)):
        monkeypatch.setattr(
            method, "step", lambda *_, s=seconds: clock.__setitem__(0, clock[0] + s)
        )
    monkeypatch.setattr(translators, "process_time", lambda: clock[0])
    times = translators.step_times(run, material, TINY, 3, rounds=3)
    assert (times.loc[times["name"] == "cut", "ratio"] == 1).all() and times.groupby(
        "name"
    ).size().tolist() == [3, 3, 3]
    assert times.groupby("name")["ratio"].median()["cyclegan"] == 3


def test_weights_are_counted():
    counts = translators.weights(TINY, 3).set_index("name")
    generator = sum(w.numel() for w in Generator(4, 2).parameters())
    assert counts["generator"].tolist() == [generator] * 3
    assert counts.loc["cut", "trained"] == counts.loc["fastcut", "trained"]
    discriminator = counts.loc["cyclegan", "trained"] / 2 - generator
    assert discriminator == sum(
        w.numel()
        for w in Cut().build(method_parameters(TINY, "cut", 3), 0)["discriminator"].parameters()
    )


def test_summary_results_and_figures_have_every_translator(run, material, translated):
    times = pd.DataFrame(
        {
            "name": list(TRAINED) * 2,
            "round": [1] * 3 + [2] * 3,
            "seconds": 1.0,
            "ratio": [1.0, 0.6, 2.0, 1.0, 0.7, 2.2],
        }
    )
    parts = (
        translators.distances(material, translated, texture_features),
        translators.kept_of(material, translated),
    )
    table = translators.summary(translators.weights(TINY, 3), times, *parts)
    assert table["name"].tolist() == list(TITLES) and table["trained"].isna().sum() == 3
    values = translators.results(table)
    assert (
        values["time_cyclegan"] == pytest.approx(2.1)
        and values["time_range_cyclegan"] == "2 to 2.2"
    )
    assert not any(isinstance(value, (dict, list)) for value in values.values())
    assert {f"finding_{name}" for name in TITLES if name != "cut"} <= values.keys()
    figure = figures.tradeoff_figure(table)
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == list(
        TITLES.values()
    )
    for farthest in (3.0, 70.0, 8000.0):
        axis = figures.tradeoff_figure(table.assign(distance=farthest, ci_high=np.nan)).axes[0]
        axis.figure.canvas.draw()
        boxes = [label.get_window_extent() for label in axis.get_xticklabels()]
        assert len(boxes) > 2 and not any(
            a.overlaps(b) for a, b in zip(boxes, boxes[1:], strict=False)
        )
    shown = [("V1", "ED"), ("V2", "ES"), ("V3", "ED"), ("V4", "ES")]
    rows = translators.example_slices(material, translated, shown)
    assert len(rows) == 7 and all(len(slices) == 4 for slices in rows.values())
    np.testing.assert_array_equal(
        rows["CUT"][1], translated["cut"][material.subjects == "V2"][4]
    )  # the second subject at ES
    drawn = figures.translators_figure(rows, [", ".join(image) for image in shown])
    assert len(drawn.axes) == 28 and drawn.axes[24].get_ylabel().startswith("real B")
    np.testing.assert_array_equal(drawn.axes[13].get_images()[0].get_array(), rows["CUT"][1])
    plt.close("all")
