"""What the precision ``auto`` comes to on a machine; settled once a training and kept beside it.

And the networks compiled, where that was asked for.
"""

from pathlib import Path

import torch
from torch import nn

from ..data import computes_bfloat16, read_json, refuse, write_json
from .networks import Discriminator, Generator
from .parameters import TranslationParameters

NAME = "arithmetic.json"


def settled(
    parameters: TranslationParameters, folder: Path | str, device: torch.device
) -> TranslationParameters:
    """``parameters`` without ``auto``; what took its place is written to ``folder/arithmetic.json``
    for those who read the model.

    A finished training keeps what it was made with, wherever its folder has gone.
    """
    if parameters.precision != "auto":
        return parameters
    path, finished = Path(folder) / NAME, (Path(folder) / "generator.pt").is_file()
    if finished and path.is_file():
        precision = read_json(path)["precision"]
    else:
        precision = "bfloat16" if computes_bfloat16(device) else "float32"
    write_json(path, {"precision": precision})
    return parameters.model_copy(update={"precision": precision})


def compile_networks(networks: nn.ModuleDict, device: torch.device) -> None:
    """Have torch compile generators and discriminators at their first pass, which takes about a
    minute; weights keep their names.

    Raises Sim2RealError on a CPU, where the time is in convolutions that a compiler does not make
    faster.
    """
    refuse(
        device.type != "cuda",
        "translation.compiled=true, but the training runs on a CPU; expected a GPU"
        " (device=cuda) or translation.compiled=false",
    )
    for network in networks.values():
        if isinstance(network, Generator):
            network._through = torch.compile(network._through)
        elif isinstance(network, Discriminator):
            network.forward = torch.compile(network.forward)
