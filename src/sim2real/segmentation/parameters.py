"""The parameters of chapter 6: name with unit, default (that of the preset ``quick``), bounds,
meaning."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ..cohort import CohortParameters
from ..data import ParameterModel, Positive


class SegmentationParameters(ParameterModel):
    seeds: list[int] = Field(
        [0], min_length=1, max_length=100, description="one nnU-Net a regime for each"
    )
    planned_network: bool = Field(
        False, description="nnU-Net's own planned network and SGD; off: a smaller one with AdamW"
    )
    features: list[Positive] = Field(
        [16, 32, 64, 96, 96],
        min_length=2,
        max_length=8,
        description="channels of each stage of the smaller network",
    )
    batch_size: int = Field(
        4, ge=2, le=256, description="slices an iteration, the same in every regime"
    )
    n_epochs: int = Field(8, ge=1, le=10_000, description="epochs of training")
    iterations_per_epoch: int = Field(54, ge=1, le=1000, description="iterations an epoch")
    learning_rate: float = Field(
        2e-3, gt=0, le=1, description="initial learning rate, polynomial decay"
    )
    mirroring: bool = Field(
        False, description="mirror in training and prediction; hearts have a handedness, so off"
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description=(
            "arithmetic of the training step on a processor; auto: bfloat16 if it has instructions"
            " for it, else float32; a GPU trains as nnU-Net does"
        ),
    )
    distance: Literal["hd", "hd_2d", "hd95", "assd"] = Field(
        "hd",
        description=(
            "distance of the main table: Hausdorff in 3D, its mean over slices, its 95th"
            " percentile, or the mean of surfaces"
        ),
    )


class ScarcityParameters(ParameterModel):
    """Of the appendix's study of scarce real data; what is not here is as in ``segmentation``."""

    n_real: list[Positive] = Field(
        [5, 10, 20],
        min_length=1,
        max_length=20,
        description="real training subjects, of both vendors in nearly equal parts",
    )
    seeds: list[int] = Field(
        [0],
        min_length=1,
        max_length=100,
        description="one nnU-Net a size, with and without sim2real, for each",
    )
    n_epochs: int = Field(3, ge=1, le=10_000, description="epochs of each training")
    iterations_per_epoch: int = Field(
        50, ge=1, le=1000, description="iterations an epoch, whatever the number of subjects"
    )


class RealHeartsParameters(ParameterModel):
    """Of the appendix's study on images of people; what is not here is as in ``cohort``,
    ``translation`` and ``segmentation``."""

    mnms_root: Path | None = Field(
        None, description="folder of the M&Ms challenge data; with none of either no study"
    )
    acdc_root: Path | None = Field(
        None,
        description=(
            "folder of the ACDC challenge data, subjects of vendor A: by themselves, or beside"
            " those of M&Ms"
        ),
    )
    seeds: list[int] = Field(
        [0],
        min_length=1,
        max_length=100,
        description="one nnU-Net a regime for each; for combinations and self-training the first",
    )
    n_draws: int = Field(
        3, ge=1, le=100, description="images of random contrast a virtual subject and phase"
    )
    n_steps: int = Field(
        600, ge=1, le=10_000_000, description="optimiser steps of CUT, one training a vendor"
    )
    n_epochs: int = Field(
        4, ge=1, le=10_000, description="epochs of each training; self-training has a third"
    )
    iterations_per_epoch: int = Field(54, ge=1, le=1000, description="iterations an epoch")

    @property
    def has_people(self) -> bool:
        """Whether a folder of people's images is named."""
        return self.mnms_root is not None or self.acdc_root is not None

    def people(self, cohort: CohortParameters) -> CohortParameters:
        """Chapter 3's parameters with this study's folders, images cropped round the heart."""
        folders = {"mnms_root": self.mnms_root, "acdc_root": self.acdc_root}
        return cohort.model_copy(update={**folders, "crop_centre": "heart"})
