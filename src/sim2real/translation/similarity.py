"""How alike a training found patches of input and output: what PatchNCE compares, at places of
one's own choice."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .apply import to_network
from .networks import build
from .parameters import TranslationParameters

# Pixels that layer 0 of the generator, the padded input, has on each side more than the slice.
PADDING = 3


def trained_networks(model: Path | str, parameters: TranslationParameters) -> nn.ModuleDict | None:
    """The networks of a training's last step, heads among them, from ``checkpoint.pt`` in
    ``model``; None where there is none."""
    path = Path(model) / "checkpoint.pt"
    if not path.is_file():
        return None
    networks = build(parameters, seed=0)
    networks.load_state_dict(torch.load(path, map_location="cpu", weights_only=True)["networks"])
    return networks.eval()


@torch.no_grad()
def similarities(
    networks: nn.ModuleDict,
    source: np.ndarray,
    translated: np.ndarray,
    query: tuple[int, int],
    places: Sequence[tuple[int, int]],
) -> list[float]:
    r"""Mean over the PatchNCE layers of :math:`q \cdot k`, the cosine of the query with the input
    at each of ``places``, -1 to 1.

    source, translated: (h, w) in [0, 1]. query: row and column in ``translated``; places: the same
    in ``source``, where the first is the query's own place if its positive is to come first. The
    encoder and the heads are those that the training compared by.
    """
    generator, heads = networks["generator"], networks["heads"]
    keys, queries = (
        generator.encode(to_network(image[None]), generator.patch_layers)
        for image in (source, translated)
    )
    positions = [
        [
            _flat(spots, source.shape, feature, layer)
            for feature, layer in zip(keys, generator.patch_layers, strict=True)
        ]
        for spots in ([query], places)
    ]
    pairs = zip(heads(queries, positions[0]), heads(keys, positions[1]), strict=True)
    # (1, 1, width) and (1, p, width) a layer
    return torch.stack([(q * k).sum(dim=-1)[0] for q, k in pairs]).mean(dim=0).tolist()


def _flat(
    places: Sequence[tuple[int, int]], shape: tuple[int, int], feature: Tensor, layer: int
) -> Tensor:
    """Flat positions (1, p) in a layer's features (1, c, h', w') of places (row, column) in a slice
    of ``shape``."""
    rows, columns = feature.shape[-2:]
    shift, inner = (PADDING, shape) if layer == 0 else (0, (rows, columns))
    spots = [
        ((row * inner[0]) // shape[0] + shift, (column * inner[1]) // shape[1] + shift)
        for row, column in places
    ]
    return torch.tensor([[row * columns + column for row, column in spots]])
