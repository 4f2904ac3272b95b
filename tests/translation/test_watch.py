import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import gaussian_filter

from sim2real.data import Image, Sim2RealError, write_image
from sim2real.metrics import texture_distance
from sim2real.translation import (
    AS_IN_PAPER,
    Cut,
    Generator,
    TranslationParameters,
    chosen_by,
    figures,
    held_out_subjects,
    load_generator,
    train_translator,
    translate,
    watch,
)
from sim2real.translation.watch import Watch, health, load_split

SMALL = TranslationParameters(
    **AS_IN_PAPER,
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
SOURCE, TARGET, HELD_OUT = (
    gaussian_filter(RANDOM.random((n, 32, 40)), (0, 1, 1)).astype(np.float32) for n in (6, 4, 5)
)


class Scores(torch.nn.Module):
    """A discriminator that scores a patch by its brightness in [0, 1]."""

    def forward(self, x):
        return (x + 1) / 2


class Brighter(torch.nn.Module):
    def forward(self, x):
        return (x + 0.5).clamp(-1, 1)


def test_looks_are_eight_and_say_what_was_seen(tmp_path):
    train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, held_out=HELD_OUT)
    table = health(tmp_path)
    assert list(table.columns) == watch.COLUMNS
    assert table["step"].tolist() == [0, 2, 5, 8, 10, 12, 15, 18, 20]
    assert (
        table["best"].sum() == 1
        and table.loc[table["best"] == 1, "distance"].item() == table["distance"][1:].min()
    )
    assert table["distance"][0] == pytest.approx(texture_distance(SOURCE, HELD_OUT))
    assert table.loc[1:, ["sure_real", "sure_translated"]].stack().between(0, 1).all()


def test_sureness_is_the_share_of_patches_near_their_target():
    real = np.zeros((2, 32, 40), np.float32)
    real[0, :8] = 0.95  # a quarter of one of two slices
    source = np.full((3, 32, 40), 0.04, np.float32)
    source[:, :, 20:] = 0.5
    looking = Watch(source, real, 10, seed=0, device="cpu")
    looking.add_row(5, torch.nn.Identity(), Scores())
    looking.add_row(10, Brighter(), Scores())
    assert looking.table()["sure_real"].tolist()[1:] == [1 / 8, 1 / 8]
    assert looking.table()["sure_translated"].tolist()[1:] == [1 / 2, 0]


def test_a_translation_that_comes_nearer_is_marked():
    looking = Watch(HELD_OUT * 0.5, HELD_OUT, 10, seed=0, device="cpu")
    looking.add_row(5, Brighter(), Scores())
    looking.add_row(10, torch.nn.Identity(), Scores())
    distances = dict(zip(looking.table()["step"], looking.table()["distance"], strict=True))
    assert distances[10] == pytest.approx(distances[0], rel=1e-6)  # nothing was changed
    nearest = min((5, 10), key=distances.get)
    assert looking.table().query("best == 1")["step"].item() == nearest


def grainy(share: float) -> Generator:
    """Leaves a slice as it is but for noise, about 5 % of the range with the whole of it."""
    generator = Generator(4, 1, residual=True, grain=True)
    torch.nn.init.constant_(generator.grain.strength.bias, 3.0)
    for weights in (
        generator.layers[-2].weight,
        generator.layers[-2].bias,
        generator.grain.strength.weight,
    ):
        torch.nn.init.zeros_(weights)
    generator.grain.share.fill_(share)
    return generator.eval()


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_the_share_of_grain_that_real_slices_have_is_found(share):
    real = translate(grainy(share), SOURCE)
    looking = Watch(SOURCE, real, 10, seed=0, device="cpu", shares=watch.SHARES)
    looking.add_row(5, grainy(1.0), Scores())
    assert looking.share == share and looking.table()["distance"].iloc[-1] == pytest.approx(
        0, abs=1e-4
    )


def test_the_kept_generator_adds_the_share_of_its_look(tmp_path):
    parameters = SMALL.model_copy(update={"keep_nearest": True, "grain": True, "residual": True})
    train_translator(SOURCE, TARGET, parameters, tmp_path / "some", seed=0, held_out=HELD_OUT)
    best = health(tmp_path / "some").query("best == 1")
    assert (
        load_generator(tmp_path / "some" / "generator.pt").grain.share.item()
        == best["grain_share"].item()
    )
    train_translator(
        SOURCE,
        TARGET,
        parameters.model_copy(update={"keep_nearest": False}),
        tmp_path / "whole",
        seed=0,
        held_out=HELD_OUT,
    )
    assert load_generator(tmp_path / "whole" / "generator.pt").grain.share.item() == 1
    assert (health(tmp_path / "whole")["grain_share"].iloc[1:] == 1).all()


def test_watching_changes_nothing_of_the_training(tmp_path):
    watched = train_translator(
        SOURCE, TARGET, SMALL, tmp_path / "watched", seed=0, held_out=HELD_OUT
    )
    assert watched.equals(train_translator(SOURCE, TARGET, SMALL, tmp_path / "alone", seed=0))
    first, second = (
        (tmp_path / name / "generator.pt").read_bytes() for name in ("watched", "alone")
    )
    assert first == second
    assert health(tmp_path / "alone").empty


@pytest.mark.parametrize("stop", [1, 8, 13])
def test_killed_and_resumed_is_watched_alike(tmp_path, monkeypatch, stop):
    train_translator(SOURCE, TARGET, SMALL, tmp_path / "whole", seed=0, held_out=HELD_OUT)
    with monkeypatch.context() as context:
        cut_step, taken = Cut.step, []

        def dying(*arguments):
            taken.append(1)
            if len(taken) > stop:
                raise KeyboardInterrupt
            return cut_step(*arguments)

        context.setattr(Cut, "step", staticmethod(dying))
        with pytest.raises(KeyboardInterrupt):
            train_translator(SOURCE, TARGET, SMALL, tmp_path / "parts", seed=0, held_out=HELD_OUT)
    train_translator(SOURCE, TARGET, SMALL, tmp_path / "parts", seed=0, held_out=HELD_OUT)
    assert (tmp_path / "whole" / "health.csv").read_bytes() == (
        tmp_path / "parts" / "health.csv"
    ).read_bytes()


def test_other_watched_slices_are_another_training(tmp_path):
    train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, held_out=HELD_OUT)
    with pytest.warns(UserWarning, match="starts afresh"):
        train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, held_out=HELD_OUT[::-1])


def test_watched_slices_of_another_size_are_refused(tmp_path):
    with pytest.raises(Sim2RealError, match="held-out slices are \\(32, 36\\) pixels"):
        train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, held_out=HELD_OUT[:, :, :36])


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
    chosen = held_out_subjects(subjects, share, seed=1)
    assert len(set(chosen)) == held and set(chosen) <= set(subjects)
    assert chosen == held_out_subjects(subjects[::-1], share, seed=1)  # whatever their order


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
        {round(10 * float(slice_.mean())) for slice_ in slices} for slices in (target, watched)
    ]
    assert (
        len(target) == 24
        and len(watched) == 8
        and not values[0] & values[1]
        and len(values[0] | values[1]) == 8
    )
    target, watched = load_split(tmp_path, pd.DataFrame(rows), 0.0, seed=0)
    assert len(target) == 32 and watched is None


def test_health_figure_marks_the_kept_step_and_the_nearest(tmp_path):
    log = train_translator(SOURCE, TARGET, SMALL, tmp_path, seed=0, held_out=HELD_OUT)
    figure = figures.health_figure(log, health(tmp_path), keep_nearest=False)
    assert len(figure.axes) == 4
    star = [line for line in figure.axes[3].lines if line.get_marker() == "*"]
    assert star[0].get_xdata()[0] == health(tmp_path).query("best == 1")["step"].item()
    assert all(
        any(list(line.get_xdata()) == [20, 20] for line in axis.lines) for axis in figure.axes
    )
    assert (
        len(figures.health_figure(log, health(tmp_path / "nowhere"), keep_nearest=True).axes) == 2
    )
    nearest = figures.health_figure(log, health(tmp_path), keep_nearest=True)
    marked = [list(line.get_xdata()) for line in nearest.axes[0].lines]
    assert [star[0].get_xdata()[0]] * 2 in marked


def test_the_nearest_generator_is_kept_when_asked_for_and_after_a_stop_too(tmp_path, monkeypatch):
    """What lies in generator.pt is the generator as it was at the starred look; a training cut off
    after it keeps it."""
    seen = {}
    add_row = Watch.add_row

    def remember(self, step, generator, discriminator):
        add_row(self, step, generator, discriminator)
        seen[step] = {name: weights.clone() for name, weights in generator.state_dict().items()}

    monkeypatch.setattr(Watch, "add_row", remember)
    monkeypatch.setattr(
        Watch, "_distance", lambda self, slices: abs(12 - (max(seen, default=0))) + 1.0
    )  # falls, then rises again
    parameters = SMALL.model_copy(update={"keep_nearest": True})
    train_translator(SOURCE, TARGET, parameters, tmp_path / "whole", seed=0, held_out=HELD_OUT)
    best = int(health(tmp_path / "whole").query("best == 1")["step"].item())
    assert 0 < best < SMALL.n_steps
    kept = load_generator(tmp_path / "whole" / "generator.pt").state_dict()
    assert all(torch.equal(kept[name], seen[best][name]) for name in kept)
    assert not all(torch.equal(kept[name], seen[SMALL.n_steps][name]) for name in kept)

    (tmp_path / "whole" / "generator.pt").unlink()  # the last checkpoint lies there still
    train_translator(SOURCE, TARGET, parameters, tmp_path / "whole", seed=0, held_out=HELD_OUT)
    again = load_generator(tmp_path / "whole" / "generator.pt").state_dict()
    assert all(torch.equal(again[name], kept[name]) for name in kept)


def test_subjects_a_generator_was_chosen_by_are_known_and_none_otherwise():
    subjects = np.array([f"S{k}" for k in range(20)])
    parameters = SMALL.model_copy(update={"watch_share": 0.2})
    assert chosen_by(subjects, parameters, seed=3) == []
    chosen = chosen_by(subjects, parameters.model_copy(update={"keep_nearest": True}), seed=3)
    assert chosen == held_out_subjects(subjects, 0.2, seed=3) and len(chosen) == 4
