"""Which device networks run on, and in what arithmetic."""

import os

import torch

from .errors import refuse


def choose_device(device: str | torch.device = "auto") -> torch.device:
    """``auto``: the run's choice, handed down by the workflow, else a GPU where there is one. On a
    CPU, the job's threads are set."""
    name = str(device)
    if name == "auto":
        name = os.environ.get("SIM2REAL_DEVICE", "auto")
    refuse(
        name == "cuda" and not torch.cuda.is_available(),
        "device=cuda, but torch finds no CUDA device here; expected a GPU and a CUDA build of"
        " torch, or device=cpu",
    )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cpu" and "SIM2REAL_CORES" in os.environ:
        torch.set_num_threads(int(os.environ["SIM2REAL_CORES"]))
    return torch.device(name)


def computes_bfloat16(device: torch.device) -> bool:
    """Whether the processor has instructions for bfloat16. Where it has none, torch emulates them:
    a convolution then takes 25 times as long as in float32 (measured on a processor with AVX2
    alone), where one that has them takes half as long.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return any(
        bool(getattr(torch.cpu, name, bool)())
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
