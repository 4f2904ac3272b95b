"""What a GPU computes, against the processor. Skipped, and said so, where torch finds none."""

import numpy as np
import pytest
import torch

from sim2real.translation import (
    Optimisers,
    TranslationParameters,
    build,
    cut_step,
    load_generator,
    train_translator,
    translate,
)
from sim2real.translation.precision import settled
from sim2real.translation.watch import Watched

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no GPU here")
SIZES = TranslationParameters(
    generator_features=8,
    discriminator_features=8,
    residual_blocks=5,
    projection_features=16,
    n_patches=32,
    batch_size=2,
    n_steps=12,
    decay_steps=4,
    lambda_gan=1.0,
    precision="float32",
)
METHODS = {
    "CUT": {},
    "FastCUT": {"flip_equivariance": True, "identity_nce": False},
}


def slices(seed, n):
    return np.random.default_rng(seed).random((n, 64, 48), np.float32)


def first_step(parameters, device):
    networks = build(parameters, seed=1).double()
    for weights in networks.parameters():
        weights.data.normal_(0, 0.1, generator=torch.Generator().manual_seed(weights.numel()))
    networks.to(device)
    batch = [
        torch.from_numpy(slices(seed, 2)).double().to(device)[:, None] * 2 - 1 for seed in (0, 1)
    ]
    losses = cut_step(
        networks,
        Optimisers(networks, learning_rate=0.0),
        *batch,
        parameters,
        torch.Generator().manual_seed(0),
    )
    return {
        "losses": losses.cpu(),
        **{name: weights.grad.cpu() for name, weights in networks.named_parameters()},
    }


@pytest.mark.parametrize("method", METHODS)
def test_in_float64_losses_and_gradients_are_those_of_the_processor(method):
    parameters = SIZES.model_copy(update=METHODS[method])
    here, there = first_step(parameters, "cpu"), first_step(parameters, "cuda")
    for name, values in here.items():
        torch.testing.assert_close(
            there[name],
            values,
            rtol=1e-6,
            atol=1e-9 * float(1 + values.abs().max()),
            msg=lambda told, name=name: f"{name}: {told}",
        )


def trained(folder, device, update=None):
    return train_translator(
        slices(0, 9),
        slices(1, 7),
        SIZES.model_copy(update=update or {}),
        folder,
        3,
        device,
        watched=Watched(slices(2, 5), slices(1, 6)),
    )


@pytest.fixture(scope="module")
def on_gpu(tmp_path_factory):
    """Folder and log of a training on a GPU; convolutions are in TF32, as they are by default."""
    folder = tmp_path_factory.mktemp("gpu")
    return folder, trained(folder, "cuda")


def test_a_training_on_a_gpu_begins_as_on_a_processor_and_goes_on_from_its_checkpoint(
    on_gpu, tmp_path
):
    folder, log = on_gpu
    np.testing.assert_allclose(
        log.to_numpy()[0], trained(tmp_path, "cpu").to_numpy()[0], rtol=2e-2
    )  # later steps enlarge the rounding
    (folder / "generator.pt").unlink()
    assert trained(folder, "cuda").equals(log)


def test_its_generator_translates_on_a_processor_as_on_the_gpu(on_gpu):
    made = [
        translate(load_generator(on_gpu[0] / "generator.pt", device), slices(0, 3), device)
        for device in ("cuda", "cpu")
    ]
    np.testing.assert_allclose(*made, atol=5e-3)


@pytest.mark.parametrize("own", [{"precision": "auto"}, {"compiled": True}])
def test_faster_arithmetic_begins_alike(on_gpu, tmp_path, own):
    np.testing.assert_allclose(
        trained(tmp_path, "cuda", own).to_numpy()[0], on_gpu[1].to_numpy()[0], rtol=0.05
    )


def test_auto_is_bfloat16(tmp_path):
    found = settled(SIZES.model_copy(update={"precision": "auto"}), tmp_path, torch.device("cuda"))
    assert found.precision == "bfloat16"
