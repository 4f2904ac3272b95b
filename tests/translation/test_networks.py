import pytest
import torch
from torch.nn import functional as F

from sim2real.translation import TranslationParameters, build
from sim2real.translation.networks import (
    ConvolutionToOne,
    InstanceNorm,
)

PAPER = TranslationParameters(
    precision="float32",
    generator_features=64,
    discriminator_features=64,
    residual_blocks=9,
    projection_features=256,
)
SMALL = TranslationParameters(
    precision="float32",
    generator_features=4,
    discriminator_features=4,
    residual_blocks=2,
    projection_features=8,
)


def n_parameters(network):
    return sum(weights.numel() for weights in network.parameters())


def test_sizes_are_those_of_the_public_model():
    networks = build(PAPER, seed=0)
    assert n_parameters(networks["generator"]) == 11_365_633
    assert n_parameters(networks["discriminator"]) == 2_762_689
    assert n_parameters(networks["heads"]) == 559_872


def test_patch_layers_and_their_shapes():
    generator = build(PAPER.model_copy(update={"generator_features": 4}), seed=0)["generator"]
    assert generator.patch_layers == (0, 4, 8, 12, 16)
    features = generator.encode(torch.rand(2, 1, 48, 64), generator.patch_layers)
    assert [tuple(f.shape) for f in features] == [
        (2, 1, 54, 70),
        (2, 8, 48, 64),
        (2, 16, 24, 32),
        (2, 16, 12, 16),
        (2, 16, 12, 16),
    ]


@pytest.mark.parametrize(
    ("blocks", "layers"),
    [(1, (0, 4, 8, 12)), (2, (0, 4, 8, 12, 13)), (5, (0, 4, 8, 12, 16)), (6, (0, 4, 8, 12, 16))],
)
def test_few_blocks_end_patch_layers_at_the_last_block(blocks, layers):
    networks = build(SMALL.model_copy(update={"residual_blocks": blocks}), seed=0)
    assert networks["generator"].patch_layers == layers
    assert len(networks["heads"].heads) == len(layers)


def test_one_pass_equals_two():
    generator = build(SMALL, seed=3)["generator"]
    x = torch.rand(3, 1, 40, 56) * 2 - 1
    image, features = generator.translate_and_encode(x, generator.patch_layers)
    assert torch.equal(image, generator(x))
    assert all(
        torch.equal(a, b)
        for a, b in zip(features, generator.encode(x, generator.patch_layers), strict=True)
    )


def test_networks_see_each_image_of_a_batch_alone():
    networks = build(SMALL, seed=0).double()
    x = torch.rand(3, 1, 40, 56, dtype=torch.float64) * 2 - 1
    for name in ("generator", "discriminator"):
        alone = torch.cat([networks[name](image[None]) for image in x])
        torch.testing.assert_close(networks[name](x), alone, rtol=0, atol=1e-12)


def test_first_weights_have_the_stated_spread_and_depend_on_the_seed_alone():
    torch.manual_seed(1)
    first = build(PAPER, seed=5)
    torch.manual_seed(2)
    again, other = build(PAPER, seed=5), build(PAPER, seed=6)
    convolution = first["generator"].layers[12].body[1]
    assert convolution.weight.std().item() == pytest.approx(
        0.02 * (2 / (2 * 256 * 9)) ** 0.5, rel=0.01
    )
    assert not convolution.bias.any()
    assert torch.equal(convolution.weight, again["generator"].layers[12].body[1].weight)
    assert not torch.equal(convolution.weight, other["generator"].layers[12].body[1].weight)


def test_embeddings_have_unit_length():
    networks = build(SMALL, seed=0)
    features = networks["generator"].encode(
        torch.rand(2, 1, 40, 56), networks["generator"].patch_layers
    )
    large = [1000 * f for f in features]  # so that the 1e-7 in the formula is far below the lengths
    embedded = networks["heads"](large, [torch.arange(7).expand(2, -1)] * len(features))
    assert all(z.shape == (2, 7, 8) for z in embedded)
    assert all((z.norm(dim=-1) - 1).abs().max() < 1e-3 for z in embedded)


def test_the_last_convolution_and_its_gradients_equal_the_stock_one():
    """On unequal sides, so that a swapped axis or an unflipped kernel would show."""
    layer = ConvolutionToOne(3, 1, 5).double()
    first, second = (
        torch.randn(
            2, 3, 11, 14, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
        ).requires_grad_()
        for _ in range(2)
    )
    found, wanted = layer(first), F.conv2d(second, layer.weight, layer.bias)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-13)
    incoming = torch.randn_like(found)
    ours = torch.autograd.grad(found, [first, layer.weight, layer.bias], incoming)
    stock = torch.autograd.grad(wanted, [second, layer.weight, layer.bias], incoming)
    for a, b in zip(ours, stock, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=1e-12)


def by_hand(x):
    return (x - x.mean((2, 3), keepdim=True)) / (
        x.var((2, 3), keepdim=True, correction=0) + 1e-5
    ).sqrt()


def gradient(norm, x, incoming):
    x = x.clone().requires_grad_()
    norm(x).backward(incoming)
    return x.grad


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_norm_has_the_right_gradient_whatever_the_strides(batch, layout):
    random = torch.Generator().manual_seed(0)
    x = torch.randn(batch, 5, 6, 9, dtype=torch.float64, generator=random) * 3 + 1
    incoming = torch.randn(x.shape, dtype=torch.float64, generator=random)
    wanted = gradient(by_hand, x, incoming)
    found = gradient(InstanceNorm(), x.float(), incoming.float().contiguous(memory_format=layout))
    assert (found - wanted).norm() < 1e-5 * wanted.norm()
    assert torch.autograd.gradcheck(InstanceNorm(), (x.clone().requires_grad_(),))


def test_the_norm_test_would_catch_a_wrong_gradient():
    """A planted error: a norm that takes the incoming gradient's memory in the wrong order, as
    torch 2.13.0's own does."""

    class Scrambled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, incoming):
            return incoming.permute(0, 2, 3, 1).reshape(incoming.shape)

    x, incoming = (
        torch.randn(1, 5, 6, 9, dtype=torch.float64),
        torch.randn(1, 5, 6, 9, dtype=torch.float64),
    )
    wanted = gradient(by_hand, x, incoming)
    found = gradient(lambda x: Scrambled.apply(F.instance_norm(x, eps=1e-5)), x, incoming)
    assert (found - wanted).norm() > 0.1 * wanted.norm()
