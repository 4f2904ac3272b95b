r"""Convolutions of stride 1 by Winograd's minimal filtering: the same sum, with a quarter of the multiplications.

Four by four outputs of a 3 x 3 kernel (three by three of a 4 x 4 kernel) are a bilinear form of the kernel and a tile of
6 x 6 inputs that 36 multiplications give, where the sum by definition takes 144,

.. math:: Y = A^T \left[ (G\,g\,G^T) \odot (B^T d\,B) \right] A

(Lavin and Gray, CVPR 2016, equation 8, arXiv 1509.09308). Over channels and tiles the 36 products are 36 products of matrices.
Rounding differs from the stock convolution's in the fifth digit of float32; in float64 the two agree to 1e-12.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

TILE = 6
_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)
"""At which polynomials are multiplied, beside infinity: Lavin and Gray's choice for F(4, 3)."""


@lru_cache(maxsize=32)
def transforms(kernel: int, dtype: torch.dtype, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    r"""(:math:`G`, :math:`B^T`, :math:`A^T`) of a kernel of 3 or 4: (6, k), (6, 6) and (m, 6), m = 7 - k.

    Toom and Cook: multiplying two polynomials of m and k coefficients is evaluating both at 6 points (the last is infinity,
    where the leading coefficient stands) and interpolating; the transpose of that algorithm is the filter (Winograd 1980).
    Interpolation is scaled so that B has whole numbers and G takes the fractions.
    """
    outputs = TILE + 1 - kernel
    at = np.array(_POINTS)
    evaluate = {n: np.vstack([at[:, None] ** np.arange(n), np.eye(n)[-1]]) for n in (outputs, kernel, TILE)}
    scale = np.array([np.prod([p - q for q in _POINTS if q != p]) for p in _POINTS] + [1.0])
    data = np.linalg.inv(evaluate[TILE]).T * scale[:, None]
    forms = (evaluate[kernel] / scale[:, None], data, evaluate[outputs].T)
    return tuple(torch.tensor(form, dtype=dtype, device=device) for form in forms)


class _Convolve(torch.autograd.Function):
    """x (b, c, h, w), already padded, weight (n, c, k, k), bias (n,), to (b, n, h - k + 1, w - k + 1), stored channels last."""

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        n, c, k, _ = weight.shape
        of_kernel, of_data, of_output = transforms(k, x.dtype, x.device)
        m, (b, _, height, width) = TILE + 1 - k, x.shape
        rows, columns = (-(-(side - k + 1) // m) for side in (height, width))
        x = x.permute(0, 2, 3, 1).contiguous()  # (b, h, w, c)
        spare = (0, 0, 0, columns * m + k - 1 - width, 0, rows * m + k - 1 - height)
        x = F.pad(x, spare) if any(spare) else x
        s = x.stride()
        tiles = x.as_strided((TILE, TILE, b, rows, columns, c), (s[1], s[2], s[0], m * s[1], m * s[2], 1))
        data = _twice(of_data, tiles.reshape(TILE, TILE, -1)).view(TILE**2, -1, c)  # (36, b rows columns, c)
        kernel = _twice(of_kernel, weight.permute(2, 3, 0, 1).reshape(k, k, n * c)).view(TILE**2, n, c)
        product = torch.bmm(data, kernel.transpose(1, 2))  # (36, b rows columns, n)
        ctx.save_for_backward(data, kernel)
        ctx.sizes = (b, height, width, rows, columns, k)
        out = _twice(of_output, product.view(TILE, TILE, -1)).view(m, m, b, rows, columns, n)
        out = out.permute(2, 3, 0, 4, 1, 5).reshape(b, rows * m, columns * m, n)
        return out[:, : height - k + 1, : width - k + 1].add_(bias).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        data, kernel = ctx.saved_tensors
        b, height, width, rows, columns, k = ctx.sizes
        _, n, c = kernel.shape
        of_kernel, of_data, of_output = transforms(k, gradient.dtype, gradient.device)
        m = TILE + 1 - k
        gradient = gradient.permute(0, 2, 3, 1).contiguous()
        to_bias = gradient.view(-1, n).sum(dim=0) if ctx.needs_input_grad[2] else None
        spare = (0, 0, 0, columns * m - gradient.shape[2], 0, rows * m - gradient.shape[1])
        gradient = F.pad(gradient, spare) if any(spare) else gradient
        tiles = gradient.view(b, rows, m, columns, m, n).permute(2, 4, 0, 1, 3, 5).reshape(m, m, -1)
        product = _twice(of_output.T, tiles).view(TILE**2, -1, n)  # (36, b rows columns, n)
        to_x = to_weight = None
        if ctx.needs_input_grad[1]:
            by_kernel = torch.bmm(product.transpose(1, 2), data)  # (36, n, c)
            to_weight = _twice(of_kernel.T, by_kernel.view(TILE, TILE, -1)).view(k * k, -1).T.contiguous().view(n, c, k, k)
        if ctx.needs_input_grad[0]:
            by_data = torch.bmm(product, kernel)  # (36, b rows columns, c)
            tiles = _twice(of_data.T, by_data.view(TILE, TILE, -1)).view(TILE, TILE, b, rows, columns, c)
            to_x = _overlapping_sum(tiles, m)[:, :height, :width].permute(0, 3, 1, 2)
        return to_x, to_weight, to_bias


def _twice(form: Tensor, x: Tensor) -> Tensor:
    """A form (q, p) along both leading axes of x (p, p, anything): (q, q, anything)."""
    p, _, rest = x.shape
    return form @ (form @ x.reshape(p, -1)).view(-1, p, rest)


def _overlapping_sum(tiles: Tensor, m: int) -> Tensor:
    """Tiles (6, 6, b, rows, columns, c) that start m apart, to the sum of all at each place: (b, (rows + 1) m, (columns + 1) m, c)."""
    _, _, b, rows, columns, c = tiles.shape
    total = tiles.new_zeros(b, rows + 1, m, columns + 1, m, c)
    for i in range(TILE):
        for j in range(TILE):
            (down, row), (right, column) = divmod(i, m), divmod(j, m)
            total[:, down : down + rows, row, right : right + columns, column] += tiles[i, j]
    return total.view(b, (rows + 1) * m, (columns + 1) * m, c)


def channels_last(x: Tensor) -> bool:
    """Whether x (b, c, h, w) is stored as (b, h, w, c), as what Winograd's convolutions give, and not in the usual order."""
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


class Convolution(nn.Conv2d):
    """A convolution of stride 1 that is done by Winograd's algorithm where ``winograd`` is set on it and it gains by it."""

    winograd = False

    def forward(self, x: Tensor) -> Tensor:
        if not (self.winograd and self._gains(x)) or torch.is_autocast_enabled(x.device.type):
            return super().forward(x.contiguous())  # the stock gradient is slow for channels last
        (up, left) = self.padding
        x = F.pad(x, (left, left, up, up)) if up or left else x
        return _Convolve.apply(x, self.weight, self.bias)

    def _gains(self, x: Tensor) -> bool:
        """With few channels or large images, moving the tiles costs more than the products that are saved."""
        return self.in_channels * self.out_channels >= 64**2 and x.shape[-1] * x.shape[-2] <= 96**2 and self.kernel_size[0] in (3, 4)
