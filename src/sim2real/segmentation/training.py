"""Train one nnU-Net for one regime and seed; resume it; return at once when it is done."""

import shutil
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import torch

from ..data import (
    Sim2RealError,
    choose_device,
    computes_bfloat16,
    fingerprint_of,
    progress,
    read_json,
    read_table,
    refuse,
    science_digest,
    sha256,
    write_json,
)
from .dataset import read_cases, read_plans, regime_cases
from .nnunet import CONFIGURATION, nnunet_surroundings, plans_for
from .parameters import SegmentationParameters

FINAL, LATEST = "checkpoint_final.pth", "checkpoint_latest.pth"


def model_folder(folder: Path | str, regime: str, seed: int) -> Path:
    return Path(folder) / "models" / f"{regime}_seed{seed}"


def train_segmenter(
    folder: Path | str,
    regime: str,
    seed: int,
    parameters: SegmentationParameters,
    device: str | torch.device = "auto",
) -> pd.DataFrame:
    """Train the nnU-Net of a regime.

    A killed training goes on from its last epoch, to the same bits. A finished one returns at once;
    if its parameters, seed, cases or images have changed since, it is made anew.

    Args:
        folder: the chapter's folder, where ``prepare_dataset`` made ``nnunet``; the model goes to
            ``models/<regime>_seed<seed>``.
        regime: of ``data.labels.REGIMES``.
        seed: of weights, batches and augmentation.
        parameters: of chapter 6.
        device: ``auto``, ``cpu`` or ``cuda``.

    Returns:
        The log: ``epoch, train_loss, pseudo_dice, pseudo_dice_LV, _RV, _MYO, learning_rate,
        seconds``. ``pseudo_dice`` is nnU-Net's own: over the pixels of some training slices
        together, a sign of life and no result.

    Raises:
        Sim2RealError: for a regime without slices, or data that are not prepared.
    """
    return train_cases(
        folder,
        regime,
        regime_cases(read_cases(folder), regime),
        model_folder(folder, regime, seed),
        seed,
        parameters,
        device,
    )


def train_cases(
    folder: Path | str,
    regime: str,
    cases: list[str],
    model: Path,
    seed: int,
    parameters: SegmentationParameters,
    device: str | torch.device = "auto",
    start: Path | None = None,
) -> pd.DataFrame:
    """The same for any choice of ``cases`` of the dataset in ``folder``, into the folder ``model``;
    ``regime`` is what it is called. A case that stands twice is drawn twice as often.

    start: folder of a finished training of the same network, whose weights are the first ones.
    """
    refuse(
        len(cases) < 2,
        f"regime '{regime}' has {len(cases)} slice to learn from; expected at least 2: enlarge"
        " the cohort",
    )
    if unknown := set(cases) - set(read_cases(folder)["case"]):
        raise Sim2RealError(
            f"regime '{regime}': case {min(unknown)} is not in the training data prepared in"
            f" {Path(folder) / 'nnunet'}; prepare it anew"
        )
    plans, description, images = read_plans(folder)
    plans = plans_for(plans, parameters, seed)
    code = science_digest(f"{__package__}.trainer")
    made_from = {
        "regime": regime,
        "plans": fingerprint_of(plans),
        "cases": fingerprint_of(cases),
        "images": images,
        "code": code,
    }
    if start is not None:
        refuse(
            not (start / FINAL).is_file(),
            f"{start / FINAL}: no finished training there for '{regime}' to start from; train that"
            " first",
        )
        made_from["start"] = sha256(start / FINAL)
    _forget_if_changed(model, made_from)
    if not (model / FINAL).is_file():
        _train(
            Path(folder),
            model,
            plans,
            description,
            cases,
            choose_device(device),
            f"nnU-Net, {regime}, seed {seed}",
            start,
        )
    return read_table(model / "log.csv")


def _train(
    folder: Path,
    model: Path,
    plans: dict,
    description: dict,
    cases: list[str],
    device: torch.device,
    name: str,
    start: Path | None,
) -> None:
    _settle_precision(model, plans["sim2real"], device)
    write_json(model / "plans.json", plans)
    write_json(model / "dataset.json", description)
    with nnunet_surroundings(folder / "nnunet", results=model), _reproducible_kernels():
        from .trainer import RegimeTrainer

        trainer = RegimeTrainer(plans, CONFIGURATION, "all", description, device)
        trainer.cases = cases
        trainer.initialize()
        if (model / LATEST).is_file():
            trainer.load_checkpoint(str(model / LATEST))
        elif start is not None:
            weights = torch.load(start / FINAL, map_location=device, weights_only=True)
            trainer.network.load_state_dict(weights["network_weights"])
        steps = trainer.num_iterations_per_epoch
        with progress(name=name, total=trainer.num_epochs * steps, unit="step") as trainer.bar:
            trainer.bar.update(trainer.current_epoch * steps)
            trainer.run_training()
    (model / LATEST).unlink(missing_ok=True)


def _settle_precision(model: Path, settings: dict, device: torch.device) -> None:
    """Put what ``auto`` comes to here in its place; a training that was begun keeps its own."""
    if settings["precision"] == "auto":
        settings["precision"] = "bfloat16" if computes_bfloat16(device) else "float32"
        if (model / "plans.json").is_file():
            settings["precision"] = read_json(model / "plans.json")["sim2real"]["precision"]


def _forget_if_changed(model: Path, made_from: dict) -> None:
    """Keep the folder if it was begun from the same things, else begin an empty one."""
    path = model / "training.json"
    if not (path.is_file() and read_json(path) == made_from):
        shutil.rmtree(model, ignore_errors=True)
        write_json(path, made_from)


@contextmanager
def _reproducible_kernels():
    """Of cuDNN's methods the deterministic ones, chosen without timing; nothing changes on a
    CPU."""
    before = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = True, False
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = before
