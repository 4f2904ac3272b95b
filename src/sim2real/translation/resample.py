r"""Anti-aliased halving and doubling of an image's sides, as products with a small matrix along
each axis.

Both are linear and separable, so :math:`Y = A_h X A_w^T`. Matrix products are the cheapest form of
it in bfloat16 on a CPU; in float32 they cost about what the depthwise convolution and the
interpolation do.
"""

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Down(nn.Module):
    """Blur with [1, 2, 1] / 4 along each axis, mirrored at the border, and keep every second pixel
    (Zhang, ICML 2019)."""

    def forward(self, x: Tensor) -> Tensor:
        return _along_both_axes(down_matrix, x)  # (b, c, h, w) to (b, c, ceil(h / 2), ceil(w / 2))


class Up(nn.Module):
    """Bilinear interpolation between pixel centres: no checkerboard, unlike a transposed
    convolution."""

    def forward(self, x: Tensor) -> Tensor:
        return _along_both_axes(up_matrix, x)  # (b, c, h, w) to (b, c, 2h, 2w)


def _along_both_axes(matrix, x: Tensor) -> Tensor:
    rows, columns = (matrix(size, x.device).to(x.dtype) for size in x.shape[-2:])
    return rows @ (x @ columns.T)


@lru_cache(maxsize=64)
def down_matrix(size: int, device: torch.device) -> Tensor:
    """Shape (ceil(size / 2), size): row j weighs pixels 2j - 1, 2j, 2j + 1 with 1/4, 1/2, 1/4;
    pixel -1 is pixel 1."""
    padded = F.pad(torch.eye(size, device=device)[None], (1, 1), mode="reflect")[
        0
    ]  # (size, size + 2)
    blurred = padded[:, :-2] / 4 + padded[:, 1:-1] / 2 + padded[:, 2:] / 4  # (size, size)
    return blurred[:, ::2].T.contiguous()


@lru_cache(maxsize=64)
def up_matrix(size: int, device: torch.device) -> Tensor:
    """Shape (2 size, size): each new pixel lies a quarter of a pixel from an old one, so weighs 3/4
    of it, 1/4 of the next."""
    padded = F.pad(torch.eye(size, device=device)[None], (1, 1), mode="replicate")[
        0
    ]  # (size, size + 2)
    before = padded[:, :-2] / 4 + padded[:, 1:-1] * 3 / 4  # (size, size), new pixels 0, 2, 4, ...
    after = padded[:, 1:-1] * 3 / 4 + padded[:, 2:] / 4  # (size, size), new pixels 1, 3, 5, ...
    return torch.stack([before, after], dim=2).flatten(1).T.contiguous()
