"""The saved state of a training: whole or absent, and only ever taken up by the same training."""

import hashlib
import json
import os
import warnings
from pathlib import Path

import numpy as np
import torch

from ..data import atomic, science_digest
from .parameters import TranslationParameters

NAME, RETIRED = "checkpoint.pt", "checkpoint.retired.pt"


def fingerprint(
    stacks: list[np.ndarray], parameters: TranslationParameters, seed: int, method: str
) -> str:
    """SHA-256 of all that the result depends on: images, parameters (but for how often to save),
    seed, and the code itself.

    method: name of the module that holds the method's step; only the code that this training rests
    on counts.
    """
    settings = parameters.model_dump(
        mode="json", exclude={"checkpoint_every_s", "watch_share"}
    )  # the images tell who is held out
    code = science_digest("sim2real.translation.training", method)
    digest = hashlib.sha256(
        json.dumps(
            [settings, seed, code, *(images.shape for images in stacks)], sort_keys=True
        ).encode()
    )
    for images in stacks:
        digest.update(np.ascontiguousarray(images, np.float32).tobytes())
    return digest.hexdigest()


def save_alike(path: Path | str, content: dict) -> None:
    """``torch.save``, whole or not at all; equal content gives equal bytes (given a path, torch
    writes its name into the file)."""
    with atomic(path) as temporary, open(temporary, "wb") as file:
        torch.save(content, file)


def load_checkpoint(folder: Path, identity: str, device: torch.device) -> dict | None:
    """The state of the training whose fingerprint is ``identity``; None if there is none.

    A checkpoint of another training, or a damaged one, is set aside as ``checkpoint.retired.pt``
    with a warning.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        saved_by = state["fingerprint"]
    except Exception as error:  # torch raises many kinds for a damaged file
        reason = f"cannot be read ({type(error).__name__})"
    else:
        if saved_by == identity:
            return state
        reason = "was made with other images, parameters or seed"
    os.replace(path, folder / RETIRED)
    warnings.warn(
        f"{path} {reason}; it is kept as {RETIRED} and the training starts afresh", stacklevel=3
    )
    return None
