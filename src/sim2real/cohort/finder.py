"""The heart found in an image without a label: a first pass over the whole field of view.

The weights lie beside this file. They are an nnU-Net's, trained on whole slices of the phantom,
with contrasts drawn at random and turned through the whole circle (``segmentation.pretrain``), and
never on an image of a person. The network is small enough to be applied by numpy, so that
chapter 3 needs no PyTorch.
"""

from functools import cache
from pathlib import Path

import numpy as np
from scipy.ndimage import label as connected

from ..data import LV, MYO, RV, Image, as_shown, as_stored
from .grid import Grid, field_centre, from_grid, to_grid, upright

FINDER = Path(__file__).with_name("finder.npz")
FINDER_GRID = Grid(pixels=128, pixel_mm=3.0)


def find_heart(image: Image) -> Image:
    """A coarse label of the heart, which tells where it lies and where its RV is.

    Args:
        image: (x, y, slice), any orientation and intensities.

    Returns:
        Labels in the same geometry, of the middle half of the slices, 0 in the others; 0 everywhere
        where no heart is found.
    """
    n_slices = image.data.shape[2]
    turned, _ = upright(image)
    on_grid = to_grid(turned, field_centre(turned), FINDER_GRID)
    planes = as_shown(on_grid)
    labels = np.zeros(planes.shape, np.uint8)
    for k in range(n_slices // 4, n_slices - n_slices // 4):
        # the network has learned the whole circle, not perfectly: quarter turns vote
        votes = [np.rot90(scores(np.rot90(planes[k], t)), -t, (1, 2)) for t in range(4)]
        labels[k] = sum(votes).argmax(axis=0)
    for values in ((LV, MYO, RV), LV, MYO, RV):  # the heart's largest piece, then each structure's
        mask = np.isin(labels, values)
        pieces, _ = connected(mask, np.ones((3, 3, 3)))
        sizes = np.bincount(pieces[mask])
        labels[mask & (pieces != (sizes.argmax() if sizes.size else 0))] = 0
    return Image(from_grid(as_stored(labels, on_grid.affine), image), image.affine)


def scores(plane: np.ndarray) -> np.ndarray:
    """Probabilities of background, LV, MYO and RV.

    Args:
        plane: (row, column) of ``FINDER_GRID``, any intensities.

    Returns:
        (class, row, column).
    """
    weights, skipped = _weights(), []
    least = max(1e-8 * np.abs(plane).max(), np.finfo(np.float32).tiny)  # whatever the unit
    x = ((plane - plane.mean()) / max(plane.std(), least)).astype(np.float32)[None]
    n_stages = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("enc"))
    for stage in range(n_stages):
        x = _stage(x, f"encoder.stages.{stage}.0", stride=2 if stage else 1)
        skipped.append(x)
    for stage, skip in enumerate(reversed(skipped[:-1])):
        x = np.concatenate([_twice_as_large(x, f"decoder.transpconvs.{stage}"), skip])
        x = _stage(x, f"decoder.stages.{stage}")
    x = _convolve(x, f"decoder.seg_layers.{n_stages - 2}")
    x = np.exp(x - x.max(axis=0))
    return x / x.sum(axis=0)


def _stage(x: np.ndarray, name: str, stride: int = 1) -> np.ndarray:
    """Two times convolution, instance norm, leaky ReLU; x: (channel, row, column)."""
    for k in range(2):
        x = _convolve(x, f"{name}.convs.{k}.conv", 1 if k else stride)
        mean, variance = x.mean(axis=(1, 2), keepdims=True), x.var(axis=(1, 2), keepdims=True)
        scale, shift = (_weights()[f"{name}.convs.{k}.norm.{end}"] for end in ("weight", "bias"))
        x = (x - mean) / np.sqrt(variance + 1e-5) * scale[:, None, None] + shift[:, None, None]
        x = np.where(x > 0, x, 0.01 * x)
    return x


def _convolve(x: np.ndarray, name: str, stride: int = 1) -> np.ndarray:
    kernel, bias = _weights()[f"{name}.weight"], _weights()[f"{name}.bias"]
    size = kernel.shape[2]
    padded = np.pad(x, [(0, 0), *[(size // 2, size // 2)] * 2])
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(1, 2))
    product = np.tensordot(kernel, windows[:, ::stride, ::stride], ([1, 2, 3], [0, 3, 4]))
    return product + bias[:, None, None]


def _twice_as_large(x: np.ndarray, name: str) -> np.ndarray:
    """Transposed convolution of two by two, stride two."""
    kernel, bias = _weights()[f"{name}.weight"], _weights()[f"{name}.bias"]  # (in, out, row, col)
    blocks = np.tensordot(kernel, x, ([0], [0])).transpose(0, 3, 1, 4, 2)
    return blocks.reshape(kernel.shape[1], 2 * x.shape[1], -1) + bias[:, None, None]


@cache
def _weights() -> dict[str, np.ndarray]:
    with np.load(FINDER) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}
