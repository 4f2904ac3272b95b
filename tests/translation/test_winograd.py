from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional as F

from sim2real.core.parameters import TranslationParameters
from sim2real.translation import winograd
from sim2real.translation.networks import InstanceNorm, build
from sim2real.translation.resample import Down, Up
from sim2real.translation.step import cut_step
from sim2real.translation.winograd import Convolution, channels_last


def doubles(*shape, seed=0):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def with_gradients(function, *inputs, incoming=None):
    inputs = [x.clone().requires_grad_() for x in inputs]
    out = function(*inputs)
    incoming = doubles(*out.shape, seed=9) if incoming is None else incoming
    return [out, *torch.autograd.grad(out, inputs, incoming)]


def ours(x, weight, bias, padding=0, mirrored=False):
    return winograd._Convolve.apply(x, weight, bias, padding, mirrored)


@pytest.mark.parametrize("kernel", [3, 4])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize(("height", "width"), [(6, 6), (17, 23), (70, 61), (4, 11)])
def test_convolution_and_gradients_equal_the_stock_ones(kernel, padding, height, width):
    """Sides that are no multiples of a tile, one smaller than a tile, and images of several groups of tiles."""
    given = doubles(2, 5, height, width), doubles(7, 5, kernel, kernel, seed=1), doubles(7, seed=2)
    found = with_gradients(lambda *inputs: ours(*inputs, padding), *given)
    wanted = with_gradients(lambda *inputs: F.conv2d(*inputs, padding=padding), *given)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_mirrored_borders_are_those_of_a_reflection_pad(layout):
    given = doubles(2, 5, 9, 14).contiguous(memory_format=layout), doubles(7, 5, 3, 3, seed=1), doubles(7, seed=2)
    found = with_gradients(lambda *inputs: ours(*inputs, 1, True), *given)
    wanted = with_gradients(lambda x, *others: F.conv2d(F.pad(x, (1, 1, 1, 1), mode="reflect"), *others), *given)
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-10)


def test_a_wrong_transform_would_be_seen(monkeypatch):
    """Planted error: one point of the interpolation is another for the kernel than for the data."""
    right = winograd.transforms

    def wrong(kernel, dtype, device):
        of_kernel, *others = right(kernel, dtype, device)
        of_kernel = of_kernel.clone()
        of_kernel[3, 1] *= -1
        return of_kernel, *others

    given = doubles(1, 3, 9, 12), doubles(2, 3, 3, 3, seed=1), doubles(2, seed=2)
    monkeypatch.setattr(winograd, "transforms", wrong)
    assert (ours(*given) - F.conv2d(*given)).abs().max() > 0.01


def test_single_precision_loses_at_most_a_digit():
    x, weight, bias = doubles(1, 64, 34, 34), doubles(32, 64, 3, 3, seed=1), doubles(32, seed=2)
    wanted = F.conv2d(x, weight, bias)
    found = ours(x.float(), weight.float(), bias.float())
    assert (found - wanted).norm() < 1e-5 * wanted.norm()


def test_only_what_gains_by_it_is_done_so(monkeypatch):
    asked = []
    monkeypatch.setattr(
        winograd._Convolve, "apply", lambda x, weight, bias, *padding: asked.append(tuple(weight.shape)) or F.conv2d(x, weight, bias)
    )
    for inside, outside, kernel, side in ((64, 64, 3, 34), (16, 64, 3, 34), (64, 64, 7, 34)):
        layer = Convolution(inside, outside, kernel)
        layer.winograd = True
        layer(torch.zeros(1, inside, side, side))
    assert asked == [(64, 64, 3, 3)]


@pytest.mark.parametrize("module", [Down(), Up(), InstanceNorm()])
def test_layers_give_the_same_for_images_stored_channels_last(module):
    x = doubles(2, 5, 6, 9)
    last = x.contiguous(memory_format=torch.channels_last)
    incoming = doubles(*module(x).shape, seed=9)
    found = with_gradients(module, last, incoming=incoming.contiguous(memory_format=torch.channels_last))
    assert channels_last(found[0])
    for a, b in zip(found, with_gradients(module, x, incoming=incoming), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def test_a_step_of_cut_has_the_losses_and_gradients_of_the_direct_convolutions():
    found = []
    for convolution in ("direct", "winograd"):
        parameters = TranslationParameters(generator_features=16, discriminator_features=32, residual_blocks=5, convolution=convolution)
        networks = build(parameters, seed=0).double()
        random = torch.Generator().manual_seed(1)
        for weights in networks.parameters():
            weights.data.normal_(0, 0.05, generator=random)
        still = SimpleNamespace(discriminator=torch.optim.SGD(networks["discriminator"].parameters(), 0.0))
        still.translator = torch.optim.SGD([*networks["generator"].parameters(), *networks["heads"].parameters()], 0.0)
        losses = cut_step(networks, still, doubles(1, 1, 48, 64).tanh(), doubles(1, 1, 48, 64, seed=3).tanh(), parameters, random)
        found.append((losses, [weights.grad for weights in networks.parameters()]))
    torch.testing.assert_close(found[0][0], found[1][0], rtol=0, atol=1e-6)
    for direct, fast in zip(found[0][1], found[1][1], strict=True):
        assert (direct - fast).abs().max() < 1e-6 * direct.abs().max().clamp(min=1e-6)
