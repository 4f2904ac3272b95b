"""Weights of the authors' public CUT code, read.

That code (Park, Efros, Zhang, Zhu; github.com/taesungp/contrastive-unpaired-translation) saves a
state dict a network: ``latest_net_G.pth`` (``resnet_9blocks``, or another number of blocks),
``latest_net_D.pth`` (``basic``) and ``latest_net_F.pth`` (``mlp_sample``), for images of one
channel. Ours are the same networks with other names for their layers; the fixed filters of its
anti-aliasing, which it saves beside the weights, are checked and left out.
"""

import pickle
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from ..data import Sim2RealError, refuse
from .networks import Discriminator, Generator, ProjectionHeads
from .resample import Down, Up

FILES = {
    "generator": "latest_net_G.pth",
    "discriminator": "latest_net_D.pth",
    "heads": "latest_net_F.pth",
}
_WANTED = {
    "generator": (
        "a ResNet generator of one channel (--netG resnet_9blocks --input_nc 1 --output_nc 1)"
    ),
    "discriminator": "a PatchGAN of three layers and one channel (--netD basic)",
    "heads": "projection heads (--netF mlp_sample)",
}
_FILTERS = {Down: torch.tensor([1.0, 2, 1]) / 4, Up: torch.tensor([1.0, 3, 3, 1]) / 4}


def load_official(folder: Path | str) -> nn.ModuleDict:
    """The three networks with the weights in ``folder``, on the CPU; their sizes are read from the
    weights.

    Raises Sim2RealError for a missing or damaged file, for one with code in it (which is not run)
    and for other networks.
    """
    return nn.ModuleDict({name: _load(name, Path(folder) / file) for name, file in FILES.items()})


def load_official_generator(folder: Path | str) -> Generator:
    """The generator alone, ready for use; raises as ``load_official`` does."""
    return _load("generator", Path(folder) / FILES["generator"]).eval()


def official_state(name: str, network: nn.Module) -> dict[str, Tensor]:
    """A network's weights under the public code's names, with the filters that it keeps beside
    them."""
    state = {
        _official_name(name, key): value.detach().cpu().clone()
        for key, value in network.state_dict().items()
    }
    return state | _filters(name, network)


def _official_name(network: str, ours: str) -> str:
    if network == "heads":
        return re.sub(r"^heads\.(\d+)\.", r"mlp_\1.", ours)
    return ours.replace("layers.", "model.", 1).replace(".body.", ".conv_block.")


def _filters(name: str, network: nn.Module) -> dict[str, Tensor]:
    filters, channels = {}, 1
    for index, layer in enumerate(network.layers if name != "heads" else ()):
        for module in layer.modules():
            channels = module.out_channels if isinstance(module, nn.Conv2d) else channels
        if type(layer) in _FILTERS:
            row = _FILTERS[type(layer)]
            filters[f"model.{index}.filt"] = (
                torch.outer(row, row).expand(channels, 1, -1, -1).clone()
            )
    return filters


def _load(name: str, path: Path) -> nn.Module:
    state = _read(path)
    try:
        network = _empty(name, state)
    except (KeyError, ValueError, IndexError, AttributeError):
        raise Sim2RealError(
            f"{path}: holds the weights of another network; expected {_WANTED[name]}"
        ) from None
    expected = official_state(name, network)
    for key in [*expected, *state]:
        problem = _problem(key, expected.get(key), state.get(key))
        refuse(problem, f"{path}: {problem}; expected {_WANTED[name]}")
    network.load_state_dict(
        {ours: state[_official_name(name, ours)] for ours in network.state_dict()}
    )
    return network


def _problem(key: str, expected: Tensor | None, loaded: Tensor | None) -> str | None:
    if loaded is None:
        return f"lacks {key}"
    if expected is None:
        return f"holds {key}, which the network does not have"
    if loaded.shape != expected.shape:
        return f"{key} has shape {tuple(loaded.shape)}, not {tuple(expected.shape)}"
    if not torch.isfinite(loaded).all():
        return f"{key} holds NaN or infinite values"
    if key.endswith(".filt") and not torch.allclose(loaded.to(expected), expected, atol=1e-6):
        return f"{key} is another anti-aliasing filter"
    return None


def _empty(name: str, state: dict[str, Tensor]) -> nn.Module:
    """A network of the sizes that the weights tell; KeyError and the like where they tell of
    another kind."""
    if name == "generator":
        features, channels, *_ = state["model.1.weight"].shape
        blocks = sum(bool(re.fullmatch(r"model\.\d+\.conv_block\.1\.weight", key)) for key in state)
        if channels != 1 or blocks < 1:
            raise ValueError
        return Generator(features, blocks)
    if name == "discriminator":
        return Discriminator(state["model.0.weight"].shape[0])
    n_heads = sum(bool(re.fullmatch(r"mlp_\d+\.0\.weight", key)) for key in state)
    shapes = [state[f"mlp_{index}.0.weight"].shape for index in range(n_heads)]
    return ProjectionHeads(tuple(channels for _, channels in shapes), shapes[0][0])


def _read(path: Path) -> dict[str, Tensor]:
    refuse(
        not path.is_file(),
        f"{path}: no such file; expected weights saved by the public CUT code"
        f" ({', '.join(FILES.values())})",
    )
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:  # torch refuses what would have to be run to be read
        raise Sim2RealError(
            f"{path}: cut short, or holds code or objects beside tensors, and was not opened;"
            " expected a plain state dict"
        ) from None
    except Exception:  # a damaged file makes torch's reader stumble in many ways
        raise Sim2RealError(f"{path}: cut short or damaged; copy the file again") from None
    refuse(
        not isinstance(state, dict)
        or not state
        or not all(isinstance(value, Tensor) for value in state.values()),
        f"{path}: holds no state dict of tensors; expected weights saved by the public CUT code",
    )
    return state
