"""The heart found in an image without a label: a first pass over the whole field of view.

The network lies beside this file. It was trained on whole slices of the phantom, with contrasts
drawn at random and turned through the whole circle (``segmentation.pretrain``), and never on an
image of a person.
"""

from functools import cache
from pathlib import Path

import numpy as np
import torch

from ..data import Image, as_shown, as_stored, largest_pieces
from .grid import Grid, field_centre, from_grid, to_grid, upright

FINDER = Path(__file__).with_name("finder.pt")
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
    middle = slice(n_slices // 4, n_slices - n_slices // 4)
    turned, _ = upright(image)
    on_grid = to_grid(turned, field_centre(turned), FINDER_GRID)
    planes = as_shown(on_grid)
    labels = np.zeros(planes.shape, np.uint8)
    labels[middle] = largest_pieces(_label(planes[middle]))
    return Image(from_grid(as_stored(labels, on_grid.affine), image), image.affine)


def _label(planes: np.ndarray) -> np.ndarray:
    means, deviations = (f(planes, axis=(1, 2), keepdims=True) for f in (np.mean, np.std))
    standard = (planes - means) / np.maximum(deviations, 1e-8)  # as nnU-Net scales in training
    images = torch.from_numpy(standard.astype(np.float32))[:, None]
    with torch.inference_mode():
        # by quarter turns: the network has been taught the whole circle, not perfectly
        votes = [
            torch.rot90(_network()(torch.rot90(images, k, (2, 3))).softmax(1), -k, (2, 3))
            for k in range(4)
        ]
    return sum(votes).argmax(1).numpy().astype(np.uint8)


@cache
def _network() -> torch.nn.Module:
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans

    stored = torch.load(FINDER, map_location="cpu", weights_only=True)
    architecture = stored["architecture"]
    network = get_network_from_plans(
        architecture["network_class_name"],
        architecture["arch_kwargs"],
        architecture["_kw_requires_import"],
        input_channels=1,
        output_channels=4,
        deep_supervision=False,
    )
    network.load_state_dict(stored["weights"])
    return network.eval()
