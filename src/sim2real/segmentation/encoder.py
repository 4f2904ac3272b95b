"""What a segmenter's encoder sees in a slice: features for distances between sets of images.

Of every channel of the last convolution of every stage, before its normalisation, the SD over the
plane: nnU-Net's instance norm takes each channel's mean and SD off, so that after it a flattened
slice looks like any other. The stage at the bottom alone sees neither blur nor lost texture
(``sensitivity.csv`` has both): training with nnU-Net's augmentation teaches it to look past them.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ..data.device import choose_device
from ..data.errors import Sim2RealError
from ..data.progress import progress
from .nnunet import nnunet_surroundings
from .predict import make_predictor

COMPONENTS = 16
_BATCH, _MULTIPLE = 16, 32


class Encoded(NamedTuple):
    """``stages``: SD over the plane of all stages' channels, (slice, channel); ``bottom``: mean
    over the plane at the bottom, (slice, channel)."""

    stages: np.ndarray
    bottom: np.ndarray


def encode(
    model: Path | str, slices: np.ndarray, name: str = "slices", device: str | torch.device = "auto"
) -> Encoded:
    """Features of ``slices``, shape (slice, row, column) on the grid of the training; each slice is
    standardised as in training."""
    slices = np.asarray(slices, np.float32)
    if slices.ndim != 3 or not len(slices) or not np.isfinite(slices).all():
        raise Sim2RealError(
            f"slices have shape {slices.shape}; expected (slice, row, column) of finite"
            " intensities, at least one slice"
        )
    device = choose_device(device)
    with nnunet_surroundings(Path(model)):
        encoder = make_predictor(Path(model), device).network.encoder.to(device).eval()
    outputs: list[torch.Tensor] = []  # of the last convolution of each stage, from the top down
    hooks = []
    for stage in encoder.stages:
        convolutions = [part for part in stage.modules() if isinstance(part, torch.nn.Conv2d)]
        keep = lambda module, inputs, output: outputs.append(output)  # noqa: E731
        hooks.append(convolutions[-1].register_forward_hook(keep))
    stages, bottom = [], []
    with torch.inference_mode():
        for start in progress(range(0, len(slices), _BATCH), name=f"Encoder, {name}", unit="batch"):
            outputs.clear()
            encoder(_standardised(slices[start : start + _BATCH]).to(device))
            stages.append(torch.cat([output.std(dim=(2, 3)) for output in outputs], 1).cpu())
            bottom.append(outputs[-1].mean(dim=(2, 3)).cpu())
    for hook in hooks:
        hook.remove()
    return Encoded(torch.cat(stages).double().numpy(), torch.cat(bottom).double().numpy())


def _standardised(slices: np.ndarray) -> torch.Tensor:
    """Mean 0 and SD 1 of each slice, as nnU-Net's ``ZScoreNormalization``; the edge repeated up to
    a size that halves five times."""
    images = torch.from_numpy(np.ascontiguousarray(slices))[:, None]
    mean, sd = (f(dim=(2, 3), keepdim=True) for f in (images.mean, images.std))
    rows, columns = (-size % _MULTIPLE for size in images.shape[2:])
    standardised = (images - mean) / sd.clamp_min(1e-8)
    return torch.nn.functional.pad(standardised, (0, columns, 0, rows), mode="replicate")


class Reduction(NamedTuple):
    """Principal components of a reference: ``apply`` takes features (slice, feature) to (slice,
    component)."""

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    explained: float

    def apply(self, features: np.ndarray) -> np.ndarray:
        return ((features - self.mean) / self.scale) @ self.axes


def reduction(reference: np.ndarray, components: int = COMPONENTS) -> Reduction:
    """The first principal components of ``reference``, shape (slice, feature), each feature
    standardised on it.

    Scaled together so that the reference's total variance, all components, is 1: distances are in
    units of it. Needed since the encoder has more features than a set has slices, where a Fréchet
    distance's bias cannot be corrected. Fewer components where there are no more slices than that.
    ``explained``: share of the variance that is kept.
    """
    if len(reference) < 2:
        raise Sim2RealError(
            f"principal components of {len(reference)} slice(s); a covariance needs at least two:"
            " use more images"
        )
    mean, sd = reference.mean(axis=0), reference.std(axis=0)
    scale = np.where(sd > 1e-9, sd, 1.0)
    _, values, axes = np.linalg.svd((reference - mean) / scale, full_matrices=False)
    n = min(components, len(reference) - 1, len(values))
    total = (values**2).sum()
    root = np.sqrt(total / (len(reference) - 1))
    return Reduction(mean, scale * root, axes[:n].T, float((values[:n] ** 2).sum() / total))
