"""What nnU-Net reads from its surroundings: folders and processes from the environment, the network
from its plans."""

import contextlib
import copy
import io
import os
from pathlib import Path
from unittest import mock

import matplotlib

from ..data import FORMAT
from .parameters import SegmentationParameters

DATASET_ID, DATASET = 1, "Dataset001_sim2real"
CONFIGURATION = "2d"
CONVOLUTIONS = 2  # of each stage, on both sides


@contextlib.contextmanager
def nnunet_surroundings(
    folder: Path | str, results: Path | str | None = None, augmentation_processes: int = 0
):
    """Point nnU-Net at ``folder`` (raw and preprocessed data) and ``results``, quietly; all is put
    back at the end.

    Training is reproducible with 0 augmentation processes only; planning crashes with 0 and wants
    1. matplotlib's backend is kept, which importing nnunetv2 would switch (a notebook would then
    show no figures).
    """
    values = {
        "nnUNet_raw": str(Path(folder) / "raw"),
        "nnUNet_preprocessed": str(Path(folder) / "preprocessed"),
        "nnUNet_results": str(results or Path(folder) / "results"),
        "nnUNet_n_proc_DA": str(augmentation_processes),
        "nnUNet_wandb_enabled": "0",
    }
    # read like this because asking rcParams the usual way would choose a backend where none is
    # chosen yet
    backend = dict.__getitem__(matplotlib.rcParams, "backend")
    try:
        with mock.patch.dict(os.environ, values), contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        if isinstance(backend, str) and backend != matplotlib.rcParams["backend"]:
            matplotlib.use(backend)


def plans_for(plans: dict, parameters: SegmentationParameters, seed: int) -> dict:
    """nnU-Net's plans with our batch size and network, and what our trainer needs under the key
    ``sim2real``.

    Neither regime nor number of cases enters: the planner's rule that a batch holds at most 5 % of
    the training set would give each row of Table 1 another batch size, and the table would then
    compare batch sizes.
    """
    plans = copy.deepcopy(plans)
    configuration = plans["configurations"][CONFIGURATION]
    configuration["batch_size"] = parameters.batch_size
    if not parameters.planned_network:
        _shrink(configuration["architecture"]["arch_kwargs"], parameters.features)
    settings = parameters.model_dump(exclude={"seeds", "distance"})
    plans["sim2real"] = {**settings, "seed": int(seed), "format": FORMAT}
    # the trainer takes this key out; our checkpoints are found by ``training``
    plans["continue_training"] = False
    return plans


def _shrink(network: dict, features: list[int]) -> None:
    """The planned U-Net with fewer channels and stages."""
    stages = min(len(features), network["n_stages"])
    network.update(
        n_stages=stages,
        features_per_stage=features[:stages],
        kernel_sizes=network["kernel_sizes"][:stages],
        strides=network["strides"][:stages],
        n_conv_per_stage=[CONVOLUTIONS] * stages,
        n_conv_per_stage_decoder=[CONVOLUTIONS] * (stages - 1),
    )
