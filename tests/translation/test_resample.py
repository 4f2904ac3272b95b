import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d, zoom
from torch.nn import functional as F

from sim2real.translation.resample import Down, Up

SIZES = [(12, 20), (13, 20), (9, 7)]


@pytest.mark.parametrize("size", SIZES)
def test_down_is_a_binomial_blur_and_every_second_pixel(size):
    x = np.random.default_rng(0).normal(size=size)
    blurred = convolve1d(
        convolve1d(x, np.array([1, 2, 1]) / 4, axis=0, mode="mirror"),
        np.array([1, 2, 1]) / 4,
        axis=1,
        mode="mirror",
    )
    found = Down()(torch.from_numpy(x)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(found, blurred[::2, ::2], atol=1e-14)


@pytest.mark.parametrize("size", SIZES)
def test_down_and_its_gradient_equal_a_depthwise_convolution(size):
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    kernel = (
        (torch.outer(torch.tensor([1.0, 2, 1]), torch.tensor([1.0, 2, 1])) / 16)
        .double()
        .expand(3, 1, 3, 3)
    )
    first, second = x.clone().requires_grad_(), x.clone().requires_grad_()
    found, wanted = (
        Down()(first),
        F.conv2d(F.pad(second, (1, 1, 1, 1), mode="reflect"), kernel, stride=2, groups=3),
    )
    incoming = torch.randn_like(found)
    found.backward(incoming)
    wanted.backward(incoming)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-14)
    torch.testing.assert_close(first.grad, second.grad, rtol=0, atol=1e-14)


@pytest.mark.parametrize("size", SIZES)
def test_up_is_bilinear_interpolation(size):
    x = torch.randn(2, 3, *size, dtype=torch.float64)
    torch.testing.assert_close(
        Up()(x),
        F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False),
        rtol=0,
        atol=1e-14,
    )
    by_scipy = zoom(x[1, 2].numpy(), 2, order=1, mode="nearest", grid_mode=True)
    np.testing.assert_allclose(Up()(x)[1, 2].numpy(), by_scipy, atol=1e-12)


def test_a_constant_stays_constant_both_ways():
    x = torch.full((1, 2, 8, 12), 0.7)
    torch.testing.assert_close(Up()(Down()(x)), x)
