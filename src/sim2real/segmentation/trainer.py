"""nnU-Net's trainer, bent in six places: network size, optimiser, arithmetic on a processor, seeds,
checkpoints, and no plotting.

Importing this module imports nnunetv2 (4 s), so ``training`` does it when it is needed.
"""

import os
import random
import time

import numpy as np
import pandas as pd
import torch
from batchgeneratorsv2.transforms.noise.gaussian_blur import GaussianBlurTransform
from batchgeneratorsv2.transforms.utils.random import RandomTransform
from nnunetv2.training.lr_scheduler.polylr import PolyLRScheduler
from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

from ..data import STRUCTURES, atomic, seed_of, write_table


class RegimeTrainer(nnUNetTrainer):
    """Trains on ``cases``; its settings are in ``plans["sim2real"]`` (see ``nnunet.plans_for``).

    Weights depend on the settings, the seed and the cases alone, not on kills and resumes between:
    everything random is seeded anew at each epoch, and the state at an epoch's end is in its
    checkpoint.
    """

    cases: list[str] = []
    bar = None
    output_folder = property(lambda self: os.environ["nnUNet_results"], lambda self, value: None)
    output_folder_base = (
        output_folder  # one folder a model, without nnU-Net's tree of names beneath it
    )

    def __init__(
        self,
        plans: dict,
        configuration: str,
        fold: int | str,
        dataset_json: dict,
        device: torch.device,
    ):
        super().__init__(plans, configuration, fold, dataset_json, device)
        settings = plans["sim2real"]
        self.planned, self.mirroring, self.seed = (
            settings["planned_network"],
            settings["mirroring"],
            settings["seed"],
        )
        self.num_epochs, self.num_iterations_per_epoch = (
            settings["n_epochs"],
            settings["iterations_per_epoch"],
        )
        self.num_val_iterations_per_epoch = (
            2 if not self.planned else min(50, settings["iterations_per_epoch"])
        )
        self.initial_lr = settings["learning_rate"]
        # on a GPU nnU-Net's own step chooses; on a processor it would compute in float32 alone
        self.in_bfloat16 = device.type == "cpu" and settings["precision"] == "bfloat16"
        self.iteration = 0

    def do_split(self) -> tuple[list[str], list[str]]:
        """The cases to learn from, and those the curve is drawn on: the same.

        As nnU-Net does for ``fold="all"``. Holding slices out would make N less than Table 1 says,
        test subjects are for the table alone, and no choice rests on this curve: the last epoch is
        the model. It tells that training works, no more.
        """
        return list(self.cases), list(self.cases)

    def initialize(self) -> None:
        self._reseed("weights")
        super().initialize()

    def _reseed(self, *names: object) -> None:
        seed = seed_of(self.seed, "segmentation", *names) % 2**32
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)

    def _do_i_compile(self) -> bool:
        # compiling takes longer than a short training and is not bit-identical between machines
        return False

    def configure_optimizers(self):
        if self.planned:
            return super().configure_optimizers()
        optimizer = torch.optim.AdamW(self.network.parameters(), self.initial_lr, weight_decay=1e-2)
        return optimizer, PolyLRScheduler(
            optimizer, self.initial_lr, self.num_epochs * self.num_iterations_per_epoch
        )

    def configure_rotation_dummyDA_mirroring_and_inital_patch_size(self):
        *rest, axes = super().configure_rotation_dummyDA_mirroring_and_inital_patch_size()
        self.inference_allowed_mirroring_axes = axes if self.mirroring else None
        return *rest, self.inference_allowed_mirroring_axes

    @staticmethod
    def get_training_transforms(*arguments, **names):
        transforms = nnUNetTrainer.get_training_transforms(*arguments, **names)
        for transform in transforms.transforms:
            if isinstance(transform, RandomTransform) and isinstance(
                transform.transform, GaussianBlurTransform
            ):
                transform.transform.benchmark = (
                    False  # it would choose its method by timing: not reproducible
                )
        return transforms

    def on_epoch_start(self) -> None:
        self._reseed("epoch", self.current_epoch)
        self.iteration = self.current_epoch * self.num_iterations_per_epoch
        super().on_epoch_start()

    def on_train_epoch_start(self) -> None:
        if self.planned:
            return super().on_train_epoch_start()
        self.network.train()
        self.lr_scheduler.step(self.iteration)
        self.logger.log("lrs", self.optimizer.param_groups[0]["lr"], self.current_epoch)

    def train_step(self, batch: dict) -> dict:
        if not self.planned:
            # decay by iteration: with five epochs, nnU-Net's decay by epoch would end at a quarter
            # of the first rate
            self.lr_scheduler.step(self.iteration)
        self.iteration += 1
        with torch.autocast("cpu", torch.bfloat16, enabled=self.in_bfloat16):
            losses = super().train_step(batch)
        if self.bar is not None:
            self.bar.update()
        return losses

    def validation_step(self, batch: dict) -> dict:
        with torch.autocast("cpu", torch.bfloat16, enabled=self.in_bfloat16):
            return super().validation_step(batch)

    def on_epoch_end(self) -> None:
        self.logger.log("epoch_end_timestamps", time.time(), self.current_epoch)
        self.save_checkpoint(os.path.join(self.output_folder, "checkpoint_latest.pth"))
        self.current_epoch += 1

    def save_checkpoint(self, filename: str) -> None:
        with atomic(filename) as temporary:
            super().save_checkpoint(str(temporary))

    def on_train_end(self) -> None:
        """Weights alone, of plain types, so that a model from elsewhere can be read without running
        its code."""
        write_table(os.path.join(self.output_folder, "log.csv"), self.log_table())
        weights = {name: value.cpu() for name, value in self.network.state_dict().items()}
        with atomic(os.path.join(self.output_folder, "checkpoint_final.pth")) as temporary:
            torch.save(
                {
                    "network_weights": weights,
                    "current_epoch": self.current_epoch,
                    "trainer_name": "nnUNetTrainer",
                },
                temporary,
            )

    def log_table(self) -> pd.DataFrame:
        """One row an epoch; see ``training.train_segmenter`` for the columns."""
        values = self.logger.get_checkpoint()
        ends, starts = (
            np.array(values["epoch_end_timestamps"]),
            np.array(values["epoch_start_timestamps"]),
        )
        dice = dict(
            zip(("LV", "MYO", "RV"), np.array(values["dice_per_class_or_region"]).T, strict=True)
        )
        return pd.DataFrame(
            {
                "epoch": np.arange(1, len(ends) + 1),
                "train_loss": values["train_losses"],
                "pseudo_dice": values["mean_fg_dice"],
                **{f"pseudo_dice_{structure}": dice[structure] for structure in STRUCTURES},
                "learning_rate": values["lrs"],
                "seconds": ends - starts,
            }
        )

    def plot_network_architecture(self) -> None:
        pass

    def _save_debug_information(self) -> None:
        pass  # holds the machine's name

    def print_to_log_file(
        self, *arguments, also_print_to_console: bool = False, add_timestamp: bool = True
    ) -> None:
        pass  # what a reader needs is in log.csv
