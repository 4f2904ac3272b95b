"""Features of pytorch-fid's Inception network, and where its weights come from. They cannot be
shipped."""

import hashlib
import urllib.request
from http.client import HTTPException
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from ..data import atomic, progress, refuse, repository, sha256
from ..metrics import import_torchvision
from .parameters import RealismParameters

WEIGHTS_NAME = "pt_inception-2015-12-05-6726825d.pth"
_HASH_START = "6726825d"
_TIMEOUT_S = 20


def find_weights(parameters: RealismParameters) -> tuple[Path | None, str]:
    """(path, "") of weights whose SHA-256 begins as pytorch-fid's do, or (None, the reason why
    there are none).

    In order: the file named by the parameter, torch's cache, a download into that cache.
    Raises Sim2RealError for a named file that is missing or another one.
    """
    if parameters.inception_weights is not None:
        path = repository() / parameters.inception_weights
        refuse(
            not path.is_file(),
            f"{path}: no such file; realism.inception_weights must name pytorch-fid's"
            f" {WEIGHTS_NAME}",
        )
        refuse(
            not sha256(path).startswith(_HASH_START),
            f"{path}: its SHA-256 does not begin with {_HASH_START}; expected pytorch-fid's"
            f" {WEIGHTS_NAME}",
        )
        return path, ""
    cached = Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_NAME
    if cached.is_file():
        if sha256(cached).startswith(_HASH_START):
            return cached, ""
        return None, "the cached weights have a wrong checksum"
    if not parameters.download_weights:
        return None, "the weights are not there and downloading is switched off"
    return _download(cached)


def _download(target: Path) -> tuple[Path | None, str]:
    import_torchvision()
    from pytorch_fid.inception import FID_WEIGHTS_URL

    try:
        with urllib.request.urlopen(FID_WEIGHTS_URL, timeout=_TIMEOUT_S) as answer:
            content = answer.read()
    except (OSError, HTTPException):  # the latter: cut off half way
        return None, "the weights are not there and could not be downloaded"
    if not hashlib.sha256(content).hexdigest().startswith(_HASH_START):
        return None, "the downloaded weights have a wrong checksum"
    with atomic(target) as temporary:
        temporary.write_bytes(content)
    return target, ""


def inception_features(
    images: np.ndarray, weights: Path, device: torch.device, name: str = "inception"
) -> np.ndarray:
    """The 2,048 pool3 features of each slice, as pytorch-fid computes them: (n, 2048).

    images: (n, row, column) in [0, 1], taken through 8 bits and shown to the three colour channels
    alike.
    """
    network = _network(weights).to(device).eval()
    eight_bit = np.rint(images * 255).astype(np.uint8)
    features = []
    with torch.inference_mode():
        for start in progress(range(0, len(images), 32), name=f"Inception, {name}", unit="batch"):
            batch = torch.from_numpy(eight_bit[start : start + 32].astype(np.float32) / 255)[
                :, None
            ].expand(-1, 3, -1, -1)
            features.append(network(batch.to(device))[0].flatten(1).cpu().numpy())
    return np.concatenate(features)


def _network(weights: Path) -> torch.nn.Module:
    import_torchvision()
    from pytorch_fid import inception as public

    # pytorch-fid takes its weights from a download alone.
    with mock.patch.object(
        public, "load_state_dict_from_url", lambda *_, **__: torch.load(weights, weights_only=True)
    ):
        return public.InceptionV3([public.InceptionV3.BLOCK_INDEX_BY_DIM[2048]])
