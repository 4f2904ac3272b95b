import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import gaussian_filter

from sim2real.data import Image, Sim2RealError, write_image
from sim2real.metrics import texture_distance
from sim2real.translation import (
    Cut,
    TranslationParameters,
    figures,
    train_translator,
    watch,
    watched_subjects,
)
from sim2real.translation.watch import Watch, Watched, choosing, health, load_split

SMALL = TranslationParameters(
    precision="float32",
    generator_features=4,
    discriminator_features=4,
    residual_blocks=2,
    projection_features=8,
    n_patches=16,
    batch_size=1,
    n_steps=20,
    decay_steps=3,
    learning_rate=1e-3,
    checkpoint_every_s=1e-9,
)
RANDOM = np.random.default_rng(0)
SOURCE, TARGET, HALF, OTHERS = (
    gaussian_filter(RANDOM.random((n, 32, 40)), (0, 1, 1)).astype(np.float32) for n in (6, 4, 3, 2)
)
WATCHED = Watched(HALF, OTHERS)


class Scores(torch.nn.Module):
    """A discriminator that scores a patch by its brightness in [0, 1]."""

    def forward(self, x):
        return (x + 1) / 2


class Brighter(torch.nn.Module):
    def forward(self, x):
        return (x + 0.5).clamp(-1, 1)


def test_looks_are_eight_and_say_what_was_seen(tmp_path):
    train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, watched=WATCHED)
    table = health(tmp_path)
    assert list(table.columns) == watch.COLUMNS
    assert table["step"].tolist() == [0, 2, 5, 8, 10, 12, 15, 18, 20]
    assert (
        table["nearest"].sum() == 1
        and table.loc[table["nearest"] == 1, "distance"].item() == table["distance"][1:].min()
    )
    for column, slices in (("distance", HALF), ("distance_others", OTHERS)):
        assert table[column][0] == pytest.approx(texture_distance(SOURCE, slices))
    assert table.loc[1:, ["sure_real", "sure_translated"]].stack().between(0, 1).all()


def test_sureness_is_the_share_of_patches_near_their_target():
    real = np.zeros((2, 32, 40), np.float32)
    real[0, :8] = 0.95  # a quarter of one of two slices
    source = np.full((3, 32, 40), 0.04, np.float32)
    source[:, :, 20:] = 0.5
    real = Watched(np.repeat(real[:1], 2, 0), np.repeat(real[1:], 2, 0))
    looking = Watch(source, real, 10, seed=0, device="cpu")
    looking.add_row(5, torch.nn.Identity(), Scores())
    looking.add_row(10, Brighter(), Scores())
    assert looking.table()["sure_real"].tolist()[1:] == [1 / 8, 1 / 8]
    assert looking.table()["sure_translated"].tolist()[1:] == [1 / 2, 0]


def test_a_translation_that_comes_nearer_is_marked():
    looking = Watch(HALF * 0.5, WATCHED, 10, seed=0, device="cpu")
    looking.add_row(5, Brighter(), Scores())
    looking.add_row(10, torch.nn.Identity(), Scores())
    distances = dict(zip(looking.table()["step"], looking.table()["distance"], strict=True))
    assert distances[10] == pytest.approx(distances[0], rel=1e-6)  # nothing was changed
    nearest = min((5, 10), key=distances.get)
    assert looking.table().query("nearest == 1")["step"].item() == nearest


def test_what_a_choice_buys_is_told_of_the_subjects_chosen_by_and_of_others():
    table = pd.DataFrame(
        {
            "step": [0, 5, 10],
            "distance": [9.0, 2.0, 4.0],
            "distance_others": [9.0, 6.0, 5.0],
            "nearest": [0, 1, 0],
        }
    )
    assert choosing(table) == {"chosen": 0.5, "others": 1.2}
    table["nearest"] = [0, 0, 1]
    assert choosing(table) == {"chosen": 1, "others": 1}


def test_watching_changes_nothing_of_the_training(tmp_path):
    watched = train_translator(SOURCE, TARGET, SMALL, tmp_path / "watched", seed=0, watched=WATCHED)
    assert watched.equals(train_translator(SOURCE, TARGET, SMALL, tmp_path / "alone", seed=0))
    first, second = (
        (tmp_path / name / "generator.pt").read_bytes() for name in ("watched", "alone")
    )
    assert first == second
    assert health(tmp_path / "alone").empty


@pytest.mark.parametrize("stop", [1, 8, 13])
def test_killed_and_resumed_is_watched_alike(tmp_path, monkeypatch, stop):
    train_translator(SOURCE, TARGET, SMALL, tmp_path / "whole", seed=0, watched=WATCHED)
    with monkeypatch.context() as context:
        cut_step, taken = Cut.step, []

        def dying(*arguments):
            taken.append(1)
            if len(taken) > stop:
                raise KeyboardInterrupt
            return cut_step(*arguments)

        context.setattr(Cut, "step", staticmethod(dying))
        with pytest.raises(KeyboardInterrupt):
            train_translator(SOURCE, TARGET, SMALL, tmp_path / "parts", seed=0, watched=WATCHED)
    train_translator(SOURCE, TARGET, SMALL, tmp_path / "parts", seed=0, watched=WATCHED)
    assert (tmp_path / "whole" / "health.csv").read_bytes() == (
        tmp_path / "parts" / "health.csv"
    ).read_bytes()


def test_other_watched_slices_are_another_training(tmp_path):
    train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, watched=WATCHED)
    with pytest.warns(UserWarning, match="starts afresh"):
        train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, watched=Watched(OTHERS, HALF))


def test_watched_slices_of_another_size_are_refused(tmp_path):
    with pytest.raises(Sim2RealError, match="watched slices are \\(32, 36\\) pixels"):
        train_translator(
            SOURCE, TARGET, SMALL, tmp_path, seed=0, watched=Watched(HALF[:, :, :36], OTHERS)
        )


@pytest.mark.parametrize(
    ("n", "share", "held"),
    [
        (14, 0.15, 2),
        (75, 0.15, 11),
        (5, 0.15, 0),
        (6, 0.15, 2),
        (14, 0.0, 0),
        (9, 0.5, 0),
        (12, 0.3, 4),
    ],
)
def test_the_stated_share_of_subjects_is_held_out_where_enough_are_left(n, share, held):
    subjects = np.array([f"S{k:03d}" for k in range(n)])
    chosen = watched_subjects(subjects, share, seed=1)
    assert len(set(chosen)) == held and set(chosen) <= set(subjects)
    assert chosen == watched_subjects(subjects[::-1], share, seed=1)  # whatever their order


def test_subjects_are_never_on_both_sides(tmp_path):
    rows = []
    for k in range(8):
        for phase in ("ED", "ES"):
            path = f"{k}_{phase}.nii.gz"
            write_image(
                tmp_path / path,
                Image(np.full((32, 40, 2), (k + 1) / 10, np.float32), np.diag([1.25, 1.25, 8, 1])),
            )
            rows.append({"subject": f"S{k}", "phase": phase, "image": path})
    target, watched = load_split(tmp_path, pd.DataFrame(rows), 0.25, seed=0)
    values = [
        {round(10 * float(slice_.mean())) for slice_ in slices} for slices in (target, *watched)
    ]
    assert [len(target), *map(len, watched)] == [24, 4, 4]
    assert [len(of_part) for of_part in values] == [6, 1, 1] and len(set.union(*values)) == 8
    target, watched = load_split(tmp_path, pd.DataFrame(rows), 0.0, seed=0)
    assert len(target) == 32 and watched is None


def test_health_figure_marks_the_nearest_step(tmp_path):
    log = train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, watched=WATCHED)
    figure = figures.health_figure(log, health(tmp_path))
    assert len(figure.axes) == 4
    star = [line for line in figure.axes[3].lines if line.get_marker() == "*"]
    assert star[0].get_xdata()[0] == health(tmp_path).query("nearest == 1")["step"].item()
    assert len(figures.health_figure(log, health(tmp_path / "nowhere")).axes) == 2
