r"""Convolutions of stride 1 by Winograd's minimal filtering: the same sum, with a quarter of the multiplications.

Four by four outputs of a 3 x 3 kernel (three by three of a 4 x 4 kernel) are a bilinear form of the kernel and a tile of
6 x 6 inputs that 36 multiplications give, where the sum by definition takes 144,

.. math:: Y = A^T \left[ (G\,g\,G^T) \odot (B^T d\,B) \right] A

(Lavin and Gray, CVPR 2016, equation 8, arXiv 1509.09308). Over channels and tiles the 36 products are 36 products of matrices.
Rounding differs from the stock convolution's in the fifth digit of float32; in float64 the two agree to 1e-12.
"""

from collections.abc import Iterator
from functools import lru_cache
from math import prod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

TILE = 6
_POINTS = (0.0, 1.0, -1.0, 2.0, -2.0)
"""At which polynomials are multiplied, beside infinity: Lavin and Gray's choice for F(4, 3)."""
FEWEST_PAIRS = 64**2
"""Of channels in and out; with fewer, moving the tiles costs more than the products that are saved."""
TOGETHER = 128
"""Tiles transformed at a time: enough for the products of matrices, few enough for a cache."""


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
    """x (b, c, h, w), weight (n, c, k, k), bias (n,) to (b, n, h + 2 p - k + 1, w + 2 p - k + 1), stored channels last.

    About x are p zeros or, if ``mirrored``, its own pixels.

    Tiles are transformed a group at a time, so that they stay in the processor's cache, and again on the way back, so that they
    need not be kept.
    """

    @staticmethod
    def forward(ctx, x: Tensor, weight: Tensor, bias: Tensor, padding: int, mirrored: bool) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.padding, ctx.mirrored = padding, mirrored
        n, c, k, _ = weight.shape
        b, m = len(x), TILE + 1 - k
        height, width = (side + 2 * padding - k + 1 for side in x.shape[-2:])
        rows, columns = -(-height // m), -(-width // m)
        x = _filled(x, rows * m + k - 1, columns * m + k - 1, padding, mirrored)  # (b, h, w, c)
        kernel, of_output = _kernel(weight), transforms(k, x.dtype, x.device)[2]
        out = x.new_empty(b, rows, m, columns, m, n)
        for images, lines in _groups(b, rows, columns):
            data = _data(x, k, images, lines, columns)  # (36, tiles, c)
            product = torch.bmm(data, kernel.transpose(1, 2), out=_scratch("product", (TILE**2, data.shape[1], n), x))
            found = _twice(of_output, product, "found").view(m, m, len(images), len(lines), columns, n)
            out[images.start : images.stop, lines.start : lines.stop] = found.permute(2, 3, 0, 4, 1, 5)
        return out.view(b, rows * m, columns * m, n)[:, :height, :width].add_(bias).permute(0, 3, 1, 2)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None, None, None]:
        source, weight = ctx.saved_tensors
        n, c, k, _ = weight.shape
        (b, _, height, width), m, padding = source.shape, TILE + 1 - k, ctx.padding
        rows, columns = (-(-side // m) for side in gradient.shape[-2:])
        x = _filled(source, rows * m + k - 1, columns * m + k - 1, padding, ctx.mirrored)
        of_kernel, of_data, of_output = transforms(k, x.dtype, x.device)
        gradient = _filled(gradient, rows * m, columns * m).view(b, rows, m, columns, m, n)
        to_bias = gradient.view(-1, n).sum(dim=0) if ctx.needs_input_grad[2] else None
        kernel = _kernel(weight) if ctx.needs_input_grad[0] else None
        to_x = x.new_zeros(b, rows + 1, m, columns + 1, m, c) if ctx.needs_input_grad[0] else None
        by_kernel = _scratch("by kernel", (TILE**2, n, c), x).zero_() if ctx.needs_input_grad[1] else None
        for images, lines in _groups(b, rows, columns):
            n_tiles = len(images) * len(lines) * columns
            part = gradient[images.start : images.stop, lines.start : lines.stop].permute(2, 4, 0, 1, 3, 5)
            tiles = _scratch("tiles", part.shape, x).copy_(part).view(m * m, n_tiles, n)
            product = _twice(of_output.T, tiles, "product").view(TILE**2, n_tiles, n)
            if by_kernel is not None:
                by_kernel.baddbmm_(product.transpose(1, 2), _data(x, k, images, lines, columns))
            if to_x is not None:
                by_data = torch.bmm(product, kernel, out=_scratch("data", (TILE**2, n_tiles, c), x))
                tiles = _twice(of_data.T, by_data, "found").view(TILE, TILE, len(images), len(lines), columns, c)
                _add_overlapping(tiles, to_x[images.start : images.stop, lines.start : lines.stop + 1])
        if to_x is not None:
            to_x = to_x.view(b, (rows + 1) * m, (columns + 1) * m, c)[:, : height + 2 * padding, : width + 2 * padding].permute(0, 3, 1, 2)
            if ctx.mirrored:
                to_x = torch.ops.aten.reflection_pad2d_backward(to_x, source, [padding] * 4)
            else:
                to_x = to_x[:, :, padding : padding + height, padding : padding + width]
        to_weight = None
        if by_kernel is not None:
            to_weight = _twice(of_kernel.T, by_kernel, "found").view(k * k, -1).T.contiguous().view(n, c, k, k)
        return to_x, to_weight, to_bias, None, None


def _groups(b: int, rows: int, columns: int) -> Iterator[tuple[range, range]]:
    """Images and rows of tiles that are worked on together: about ``TOGETHER`` tiles, rows of one image or several whole images."""
    n_images, n_rows = max(1, TOGETHER // (rows * columns)), max(1, TOGETHER // columns)
    for image in range(0, b, n_images):
        for row in range(0, rows, n_rows):
            yield range(image, min(b, image + n_images)), range(row, min(rows, row + n_rows))


def _filled(x: Tensor, height: int, width: int, padding: int = 0, mirrored: bool = False) -> Tensor:
    """x (b, c, h, w) as (b, height, width, c) in this order of memory, padded and, to whole tiles, with zeros below and to the right."""
    if mirrored:
        x, padding = F.pad(x, (padding,) * 4, mode="reflect"), 0
    x = x.permute(0, 2, 3, 1)
    around = (0, 0, padding, width - x.shape[2] - padding, padding, height - x.shape[1] - padding)
    return F.pad(x, around) if any(around) else x.contiguous()


def _kernel(weight: Tensor) -> Tensor:
    """(n, c, k, k) to (36, n, c)."""
    n, c, k, _ = weight.shape
    flat = _scratch("tiles", (k, k, n, c), weight).copy_(weight.permute(2, 3, 0, 1))
    return _twice(transforms(k, weight.dtype, weight.device)[0], flat.view(k * k, n, c), "kernel").view(TILE**2, n, c)


def _data(x: Tensor, k: int, images: range, lines: range, columns: int) -> Tensor:
    """Transformed tiles (36, tiles, c) of some rows of tiles of some of the images x (b, h, w, c)."""
    m, (by_image, by_row, by_column, _) = TILE + 1 - k, x.stride()
    shape = (TILE, TILE, len(images), len(lines), columns, x.shape[3])
    start = images.start * by_image + lines.start * m * by_row + x.storage_offset()
    tiles = x.as_strided(shape, (by_row, by_column, by_image, m * by_row, m * by_column, 1), start)
    tiles = _scratch("tiles", shape, x).copy_(tiles).view(TILE**2, -1, x.shape[3])
    return _twice(transforms(k, x.dtype, x.device)[1], tiles, "data").view(tiles.shape)


def _twice(form: Tensor, x: Tensor, name: str) -> Tensor:
    """A form (q, p) along both axes that x (p p, anything) has for its first: (q, q, anything), in the scratch of that name."""
    q, p = form.shape
    half = torch.bmm(form.expand(p, q, p), x.view(p, p, -1), out=_scratch("half", (p, q, x.numel() // p**2), x))
    return torch.mm(form, half.view(p, -1), out=_scratch(name, (q, half.numel() // p), x)).view(q, q, -1)


_memory: dict[tuple, Tensor] = {}


def _scratch(name: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Memory of that shape and name, for what does not outlive a convolution; the same again and again, as new memory costs time."""
    key, size = (name, like.dtype, like.device), prod(shape)
    if key not in _memory or _memory[key].numel() < size:
        _memory[key] = like.new_empty(size)
    return _memory[key][:size].view(shape)


def _add_overlapping(tiles: Tensor, total: Tensor) -> None:
    """Add tiles (6, 6, b, rows, columns, c) that start m apart to where they lie in total (b, rows + 1, m, columns + 1, m, c)."""
    _, _, _, rows, columns, _ = tiles.shape
    m = total.shape[2]
    for i in range(TILE):
        for j in range(TILE):
            (down, row), (right, column) = divmod(i, m), divmod(j, m)
            total[:, down : down + rows, row, right : right + columns, column] += tiles[i, j]


def channels_last(x: Tensor) -> bool:
    """Whether x (b, c, h, w) is stored as (b, h, w, c), as what Winograd's convolutions give, and not in the usual order."""
    return x.is_contiguous(memory_format=torch.channels_last) and not x.is_contiguous()


class Convolution(nn.Conv2d):
    """A convolution of stride 1 that is done by Winograd's algorithm where ``winograd`` is set on it and it gains by it."""

    winograd = False

    def forward(self, x: Tensor) -> Tensor:
        gains = self.in_channels * self.out_channels >= FEWEST_PAIRS and self.kernel_size[0] in (3, 4)
        if not (self.winograd and gains) or torch.is_autocast_enabled(x.device.type):
            return super().forward(x.contiguous())  # the stock gradient is slow for channels last
        return _Convolve.apply(x, self.weight, self.bias, self.padding[0], self.padding_mode == "reflect")
