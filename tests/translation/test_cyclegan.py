import numpy as np
import pytest
import torch
from torch import nn

from sim2real.data import Sim2RealError
from sim2real.translation import (
    CycleGan,
    Optimisers,
    TranslationParameters,
    build,
    load_generator,
    train_translator,
    translate,
)
from sim2real.translation.cyclegan import build_cyclegan, exchange

TINY = TranslationParameters(
    precision="float32",
    generator_features=4,
    discriminator_features=4,
    residual_blocks=2,
    projection_features=8,
    n_patches=16,
    batch_size=2,
    n_steps=6,
    decay_steps=3,
    learning_rate=1e-3,
    checkpoint_every_s=1e-9,
)
RANDOM = np.random.default_rng(0)
SOURCE, TARGET = (
    RANDOM.random((5, 32, 40), dtype=np.float32),
    RANDOM.random((3, 32, 40), dtype=np.float32) ** 2,
)


class SmallPool(CycleGan):
    """Full after three slices, so that a short training draws from it."""

    __module__ = CycleGan.__module__  # whose code the training rests on

    def __init__(self):
        super().__init__(pool_size=3)


class Line(nn.Module):
    """a x + b, for a network whose output can be had by hand."""

    def __init__(self, a, b):
        super().__init__()
        self.a, self.b = (
            nn.Parameter(torch.tensor(a, dtype=torch.float64)),
            nn.Parameter(torch.tensor(b, dtype=torch.float64)),
        )

    def forward(self, x):
        return self.a * x + self.b


def lines():
    names = ("generator", "discriminator", "generator_back", "discriminator_back")
    return nn.ModuleDict(
        dict(
            zip(
                names,
                (Line(0.5, 0.1), Line(2.0, -0.3), Line(1.5, -0.2), Line(-1.0, 0.4)),
                strict=True,
            )
        )
    )


def test_losses_and_gradients_of_two_pixels_by_hand():
    """G(x) = x/2 + 0.1, F(y) = 3y/2 - 0.2, D_y(s) = 2s - 0.3, D_x(s) = 0.4 - s; x = (0.2, -0.4), y
    = (0.6, 0.2)."""
    source, real = (
        torch.tensor(values, dtype=torch.float64).reshape(1, 1, 1, 2)
        for values in ([0.2, -0.4], [0.6, 0.2])
    )
    networks = lines()
    optimisers = Optimisers(networks, 0.0)
    losses = CycleGan().step(networks, optimisers, source, real, TINY, torch.Generator())
    # G(x) = (0.2, -0.1); F(y) = (0.7, 0.1); F(G(x)) = (0.1, -0.35); G(F(y)) = (0.45, 0.15); G(y) =
    # (0.4, 0.2); F(x) = (0.1, -0.8)
    cycle = (0.1 + 0.05) / 2 + (0.15 + 0.05) / 2
    identity = (0.2 + 0.0) / 2 + (0.1 + 0.4) / 2
    gan, gan_back = (
        (0.9**2 + 1.5**2) / 2,
        (1.3**2 + 0.7**2) / 2,
    )  # D_y(G(x)) = (0.1, -0.5), D_x(F(y)) = (-0.3, 0.3)
    judged = ((0.1**2 + 0.5**2) / 2 + (0.1**2 + 0.9**2) / 2) / 2  # D_y(y) = (0.9, 0.1)
    judged_back = ((0.3**2 + 0.3**2) / 2 + (0.8**2 + 0.2**2) / 2) / 2  # D_x(x) = (0.2, 0.8)
    assert losses.tolist() == pytest.approx([judged, judged_back, gan, gan_back, cycle, identity])
    # d/db of G. GAN: 2 * 2 * mean(D_y(G(x)) - 1) = -4.8. Cycle of x: -3/2 at the first pixel, 3/2
    # at the second, by the sign of
    # F(G(x)) - x = (-0.1, 0.05): 0. Cycle of y: both below y: -1. Identity: (-1 + 0) / 2, the
    # second pixel lying at its target.
    assert networks["generator"].b.grad.item() == pytest.approx(-4.8 + 10 * (0 - 1 + 0.5 * -0.5))
    # d/db of D_y: half of 2 * mean(D_y(G(x))) and of 2 * mean(D_y(y) - 1)
    assert networks["discriminator"].b.grad.item() == pytest.approx(-0.2 - 0.5)


def test_discriminators_are_shown_what_the_generators_made_before_their_step():
    source, real = (
        torch.tensor(values, dtype=torch.float64).reshape(1, 1, 1, 2)
        for values in ([0.2, -0.4], [0.6, 0.2])
    )
    method, networks = CycleGan(), lines()
    method.step(networks, Optimisers(networks, 0.1), source, real, TINY, torch.Generator())
    assert method.state_dict()["discriminator"][0].flatten().tolist() == pytest.approx([0.2, -0.1])
    assert networks["generator"].b.item() != 0.1


def test_a_pool_gives_back_what_it_is_given_until_it_is_full():
    pool, random = [], torch.Generator().manual_seed(0)
    before = random.get_state()
    for step in range(2):
        fakes = torch.full((2, 1, 3, 5), float(step)) + torch.tensor([0.0, 0.5]).reshape(2, 1, 1, 1)
        assert torch.equal(exchange(pool, 4, fakes, random), fakes)
    assert torch.equal(random.get_state(), before)
    assert sorted(x.mean().item() for x in pool) == [0.0, 0.5, 1.0, 1.5]


def test_a_full_pool_gives_an_older_slice_half_of_the_time_and_never_loses_or_doubles_one():
    pool, random = [], torch.Generator().manual_seed(1)
    given, shown = [], []
    for step in range(400):
        given.append(float(step))
        fake = torch.full((1, 1, 3, 5), float(step))
        shown.append(exchange(pool, 5, fake, random).mean().item())
    older = [a != b for a, b in zip(given[5:], shown[5:], strict=True)]
    assert 0.43 < np.mean(older) < 0.57
    kept = [x.mean().item() for x in pool]
    assert len(kept) == 5
    # each slice is shown once when it leaves the pool or passes by; the first five on entry, too
    late = shown[5:]
    assert len(set(late)) == len(late) and not set(late) & set(kept)
    assert set(late) | set(kept) == set(given)


def test_a_pools_slices_carry_no_gradient():
    fakes = torch.ones(1, 1, 2, 3, requires_grad=True) * 2
    assert not exchange([], 2, fakes, torch.Generator()).requires_grad


def state(folder):
    return torch.load(folder / "checkpoint.pt", weights_only=True)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("stop", [1, 4])
def test_killed_and_resumed_is_the_same_to_the_bit_pools_and_all(
    tmp_path, monkeypatch, stop, precision
):
    parameters = TINY.model_copy(update={"precision": precision})
    whole = train_translator(
        SOURCE, TARGET, parameters, tmp_path / "whole", seed=3, method=SmallPool
    )
    step, taken = CycleGan.step, []

    def dying(*arguments):
        if len(taken) == stop:
            raise KeyboardInterrupt
        taken.append(1)
        return step(*arguments)

    with monkeypatch.context() as context:
        context.setattr(CycleGan, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            train_translator(
                SOURCE, TARGET, parameters, tmp_path / "parts", seed=3, method=SmallPool
            )
    torch.rand(17)  # global random state must not matter
    assert train_translator(
        SOURCE, TARGET, parameters, tmp_path / "parts", seed=3, method=SmallPool
    ).equals(whole)
    first, second = (state(tmp_path / name) for name in ("whole", "parts"))
    assert len(first["method"]["discriminator"]) == 3  # 12 slices were made
    for name, slices in first["method"].items():
        assert all(torch.equal(a, b) for a, b in zip(slices, second["method"][name], strict=True))
    assert all(
        torch.equal(weights, second["networks"][name])
        for name, weights in first["networks"].items()
    )
    assert (tmp_path / "whole/generator.pt").read_bytes() == (
        tmp_path / "parts/generator.pt"
    ).read_bytes()


def test_its_generator_is_used_as_any_other(tmp_path):
    log = train_translator(SOURCE, TARGET, TINY, tmp_path, seed=0, method=CycleGan)
    assert (
        list(log.columns) == ["step", *CycleGan.losses, "learning_rate"]
        and len(log) == TINY.n_steps
    )
    found = translate(load_generator(tmp_path / "generator.pt"), SOURCE)
    assert found.shape == SOURCE.shape and found.min() >= 0 and found.max() <= 1


def test_a_cut_trainings_checkpoint_is_not_taken_for_one_of_cyclegan(tmp_path):
    train_translator(SOURCE, TARGET, TINY, tmp_path, seed=0)
    with pytest.warns(UserWarning, match="starts afresh"):
        train_translator(SOURCE, TARGET, TINY, tmp_path, seed=0, method=CycleGan)


def test_a_loss_that_is_not_finite_names_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(
        CycleGan, "step", lambda *_: torch.tensor([0.1, 0.1, 0.1, 0.1, float("nan"), 0.1])
    )
    with pytest.raises(Sim2RealError, match="loss_cycle is nan at step 0"):
        train_translator(SOURCE, TARGET, TINY, tmp_path, seed=0, method=CycleGan)


def test_at_full_size_it_trains_two_of_each_network_and_cut_one_and_its_heads():
    """Sizes of the public models: generator 11,365,633, discriminator 2,762,689, projection heads
    559,872."""
    full = TranslationParameters(
        precision="float32",
        generator_features=64,
        discriminator_features=64,
        residual_blocks=9,
        projection_features=256,
    )
    count = lambda networks: sum(weights.numel() for weights in networks.parameters())  # noqa: E731
    assert count(build_cyclegan(full, seed=0)) == 2 * (11_365_633 + 2_762_689)
    assert count(build(full, seed=0)) == 11_365_633 + 2_762_689 + 559_872


def test_the_way_forth_begins_as_cut_does_and_the_way_back_otherwise():
    cycle, cut = build_cyclegan(TINY, seed=5), build(TINY, seed=5)
    for name in ("generator", "discriminator"):
        assert all(
            torch.equal(a, b)
            for a, b in zip(cycle[name].parameters(), cut[name].parameters(), strict=True)
        )
    assert not torch.equal(
        cycle["generator"].layers[1].weight, cycle["generator_back"].layers[1].weight
    )
