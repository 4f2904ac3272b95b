import warnings

import numpy as np
import pytest
import torch

from sim2real.data import Sim2RealError
from sim2real.translation import Cut, TranslationParameters, train_translator
from sim2real.translation.training import crop, draw, learning_rate

TINY = TranslationParameters(
    precision="float32",
    generator_features=4,
    discriminator_features=4,
    residual_blocks=2,
    projection_features=8,
    n_patches=16,
    crop_pixels=32,
    batch_size=2,
    n_steps=7,
    decay_steps=3,
    learning_rate=1e-3,
    checkpoint_every_s=1e-9,
)
RANDOM = np.random.default_rng(0)
SOURCE = RANDOM.random((5, 32, 40), dtype=np.float32)
TARGET = RANDOM.random((3, 32, 40), dtype=np.float32) ** 2


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def stop_before(monkeypatch, step):
    """Let the training die as if killed, before it takes ``step``."""
    cut_step, taken = Cut.step, []

    def dying(*arguments):
        if len(taken) == step:
            raise KeyboardInterrupt
        taken.append(step)
        return cut_step(*arguments)

    monkeypatch.setattr(Cut, "step", staticmethod(dying))


def state(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)


def assert_same(a, b):
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            assert_same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    else:
        assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("stop", [1, 5])
def test_killed_and_resumed_is_the_same_to_the_bit(tmp_path, monkeypatch, stop, precision):
    parameters = TINY.model_copy(update={"precision": precision})
    whole = train_translator(SOURCE, TARGET, parameters, tmp_path / "whole", seed=3)
    with monkeypatch.context() as context:
        stop_before(context, stop)
        with pytest.raises(KeyboardInterrupt):
            train_translator(SOURCE, TARGET, parameters, tmp_path / "parts", seed=3)
    assert state(tmp_path / "parts")["step"] == stop
    torch.rand(17)  # global random state must not matter
    resumed = train_translator(SOURCE, TARGET, parameters, tmp_path / "parts", seed=3)
    assert resumed.equals(whole)
    assert_same(state(tmp_path / "whole"), state(tmp_path / "parts"))
    assert (tmp_path / "whole/generator.pt").read_bytes() == (
        tmp_path / "parts/generator.pt"
    ).read_bytes()


def test_a_lost_checkpoint_interval_is_repeated_alike(tmp_path, monkeypatch):
    """Killed after steps that no checkpoint holds, the training starts over and ends the same."""
    rare = TINY.model_copy(update={"checkpoint_every_s": 1e9})
    with monkeypatch.context() as context:
        stop_before(context, 4)
        with pytest.raises(KeyboardInterrupt):
            train_translator(SOURCE, TARGET, rare, tmp_path, seed=3)
    assert not (tmp_path / "checkpoint.pt").exists()
    assert train_translator(SOURCE, TARGET, rare, tmp_path, seed=3).equals(
        train_translator(SOURCE, TARGET, TINY, tmp_path / "other", seed=3)
    )


def test_a_finished_training_returns_at_once(tmp_path, monkeypatch):
    log = train_translator(SOURCE, TARGET, TINY, tmp_path, seed=0)
    stop_before(monkeypatch, 0)
    assert train_translator(
        SOURCE, TARGET, TINY.model_copy(update={"checkpoint_every_s": 5.0}), tmp_path, seed=0
    ).equals(log)
    assert list(log.columns) == [
        "step",
        "loss_d",
        "loss_gan",
        "loss_nce",
        "loss_idt",
        "learning_rate",
    ]
    assert log["step"].tolist() == list(range(7))


@pytest.mark.parametrize("other", ["seed", "data", "parameters", "damaged"])
def test_another_trainings_checkpoint_is_set_aside(tmp_path, other):
    short = TINY.model_copy(update={"n_steps": 2})
    train_translator(SOURCE, TARGET, short, tmp_path, seed=0)
    if other == "damaged":
        whole = (tmp_path / "checkpoint.pt").read_bytes()
        (tmp_path / "checkpoint.pt").write_bytes(whole[: len(whole) // 2])
    seed = 1 if other == "seed" else 0
    source = SOURCE[::-1] if other == "data" else SOURCE
    parameters = short.model_copy(update={"temperature": 0.1}) if other == "parameters" else short
    with pytest.warns(UserWarning, match="starts afresh"):
        log = train_translator(source, TARGET, parameters, tmp_path, seed)
    assert (tmp_path / "checkpoint.retired.pt").is_file()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log.equals(train_translator(source, TARGET, parameters, tmp_path / "clean", seed))


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    cut_step, calls = Cut.step, []

    def spoiled(networks, *arguments):
        calls.append(1)
        if len(calls) == 4:
            next(networks["generator"].parameters()).data.fill_(float("nan"))
        return cut_step(networks, *arguments)

    monkeypatch.setattr(Cut, "step", staticmethod(spoiled))
    with pytest.raises(Sim2RealError, match="is nan at step 3;.*learning_rate") as error:
        train_translator(SOURCE, TARGET, TINY, tmp_path, seed=0)
    assert "\n" not in str(error.value)
    assert state(tmp_path)["step"] == 3
    assert all(torch.isfinite(weights).all() for weights in state(tmp_path)["networks"].values())


BAD = {
    "no slice": (SOURCE[:0], "at least one slice"),
    "not a stack": (SOURCE[0], "expected \\(n, height, width\\)"),
    "unequal": (SOURCE[:, :, :36], "one grid"),
    "odd": (SOURCE[:, :, :39], "multiples of 4"),
    "too small": (SOURCE[:, :28], "at least 32"),
    "above one": (SOURCE * 255, "scaled to \\[0, 1\\]"),
    "below zero": (SOURCE * 2 - 1, "scaled to \\[0, 1\\]"),
    "NaN": (
        np.where(np.arange(5)[:, None, None] == 2, np.nan, SOURCE),
        "hold NaN or infinite values \\(slice 2\\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_unusable_slices_are_refused_in_one_line(tmp_path, case):
    source, message = BAD[case]
    with pytest.raises(Sim2RealError, match=message) as error:
        train_translator(source, TARGET, TINY, tmp_path, seed=0)
    assert "\n" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_every_slice_is_seen_once_an_epoch_in_changing_orders():
    seen = [index for step in range(10) for index in draw(7, "source", 5, step, batch_size=2)]
    epochs = [seen[start : start + 5] for start in range(0, 20, 5)]
    assert all(sorted(epoch) == list(range(5)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) > 1


def test_a_step_sees_a_square_of_each_slice_at_a_place_of_its_own():
    images = torch.arange(3 * 40 * 52, dtype=torch.float32).reshape(3, 1, 40, 52)
    seen = [crop(images, 32, np.random.default_rng(seed)) for seed in range(40)]
    corners = torch.stack([squares[:, 0, 0, 0] for squares in seen]) - images[:, 0, 0, 0]
    rows, columns = corners // 52, corners % 52
    assert {rows.min().item(), rows.max().item()} == {0, 8}  # each place that there is
    assert columns.min() == 0 and columns.max() == 20
    assert (corners[:, 0] != corners[:, 1]).any()
    for squares, first in zip(seen, corners, strict=True):
        assert squares.shape == (3, 1, 32, 32)
        row, column = divmod(int(first[2]), 52)
        assert torch.equal(squares[2, 0], images[2, 0, row : row + 32, column : column + 32])


@pytest.mark.parametrize("side", [0, 96])
def test_slices_within_the_square_are_seen_whole(side):
    images = torch.rand(2, 1, 40, 52)
    assert torch.equal(crop(images, side, np.random.default_rng(0)), images)


def test_a_square_that_the_networks_cannot_take_is_refused(tmp_path):
    parameters = TINY.model_copy(update={"crop_pixels": 28})
    with pytest.raises(Sim2RealError, match="crop_pixels=28: expected 0 or at least 32"):
        train_translator(SOURCE, TARGET, parameters, tmp_path, 0)


def test_learning_rate_is_constant_then_falls_in_equal_steps_to_nothing():
    rates = [learning_rate(step, TINY) / TINY.learning_rate for step in range(TINY.n_steps + 1)]
    assert rates == pytest.approx([1, 1, 1, 1, 3 / 4, 2 / 4, 1 / 4, 0])


def test_without_the_identity_term_its_loss_is_zero(tmp_path):
    log = train_translator(
        SOURCE,
        TARGET,
        TINY.model_copy(update={"identity_nce": False, "n_steps": 2}),
        tmp_path,
        seed=0,
    )
    assert (log["loss_idt"] == 0).all() and (log["loss_nce"] > 0).all()


def out_of_memory(*_):
    raise torch.OutOfMemoryError("CUDA out of memory")


def no_memory(*_):
    raise RuntimeError(
        "[enforce fail] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 10"
        " bytes"
    )


@pytest.mark.parametrize("fault", [out_of_memory, no_memory])
@pytest.mark.parametrize(
    ("batch", "advice"),
    [(6, "try translation.batch_size=3"), (1, "try a translation.generator_features below 4")],
)
def test_memory_that_runs_out_is_told_in_one_line(tmp_path, monkeypatch, fault, batch, advice):
    monkeypatch.setattr(Cut, "step", staticmethod(fault))
    with pytest.raises(
        Sim2RealError, match=f"out of memory at step 0 with {batch} slices a step.*{advice}"
    ):
        train_translator(
            SOURCE, TARGET, TINY.model_copy(update={"batch_size": batch}), tmp_path, seed=0
        )


def test_another_fault_of_a_step_is_not_taken_for_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(Cut, "step", staticmethod(lambda *_: torch.zeros(2) + torch.zeros(3)))
    with pytest.raises(RuntimeError, match="size of tensor"):
        train_translator(SOURCE, TARGET, TINY, tmp_path, seed=0)


def test_training_tells_patches_apart(tmp_path):
    """PatchNCE ends below the logarithm of the number of patches, its value where nothing is told
    apart."""
    parameters = TINY.model_copy(
        update={"n_steps": 80, "learning_rate": 1e-3, "checkpoint_every_s": 60.0}
    )
    losses = train_translator(SOURCE, TARGET, parameters, tmp_path, seed=0)["loss_nce"]
    assert losses[0] > np.log(16)
    assert losses[70:].mean() < 0.9 * np.log(16)
