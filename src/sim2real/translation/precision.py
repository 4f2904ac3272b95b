"""What ``precision: auto`` comes to on a machine, settled once a training and kept beside it."""

import json
from pathlib import Path

import torch

from ..core.files import write_json
from ..core.parameters import TranslationParameters


def settled(parameters: TranslationParameters, folder: Path | str, device: torch.device) -> TranslationParameters:
    """``parameters`` with float32 or bfloat16 in the place of ``auto``, written to ``folder/precision.json`` for those who read the model.

    A finished training keeps what it was made with, wherever its folder has gone.
    """
    if parameters.precision != "auto":
        return parameters
    path, finished = Path(folder) / "precision.json", (Path(folder) / "generator.pt").is_file()
    known = json.loads(path.read_text(encoding="utf-8"))["precision"] if finished and path.is_file() else None
    found = known or ("bfloat16" if computes_bfloat16(device) else "float32")
    write_json(path, {"precision": found})
    return parameters.model_copy(update={"precision": found})


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the processor has instructions for bfloat16. Where it has none, torch emulates them: a convolution then takes 25 times
    as long as in float32 (measured on a processor with AVX2 alone), where one that has them takes half as long.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return any(bool(getattr(torch.cpu, name, bool)()) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"))
