"""The parameters of chapter 4: name with unit, default (that of the preset ``quick``), bounds,
meaning."""

from typing import Literal

from pydantic import Field

from ..data import ParameterModel


class TranslationParameters(ParameterModel):
    generator_features: int = Field(
        8, ge=4, le=128, description="channels of the generator's first layer (ngf)"
    )
    discriminator_features: int = Field(
        16, ge=4, le=128, description="channels of the discriminator's first layer (ndf)"
    )
    residual_blocks: int = Field(
        6,
        ge=1,
        le=12,
        description="residual blocks of the generator; at least 5 for the paper's PatchNCE layers",
    )
    projection_features: int = Field(
        64, ge=8, le=512, description="width of the PatchNCE projection heads"
    )
    n_patches: int = Field(256, ge=8, le=1024, description="patches a layer and image in PatchNCE")
    temperature: float = Field(0.07, gt=0, le=1, description="temperature of PatchNCE")
    lambda_gan: float = Field(1.0, ge=0, le=100, description="weight of the adversarial loss")
    lambda_nce: float = Field(
        4.0, ge=0, le=100, description="weight of PatchNCE; 1 in CUT, more invents less"
    )
    identity_nce: bool = Field(
        True,
        description="PatchNCE on real images passed through the generator (CUT; off in FastCUT)",
    )
    flip_equivariance: bool = Field(
        False, description="in half of the steps the networks see mirrored slices (FastCUT)"
    )
    crop_pixels: int = Field(
        96,
        ge=0,
        multiple_of=4,
        description=(
            "side of the square that a step sees of each slice, at a random place (the public CUT"
            " code crops by default, too); 0: whole slices"
        ),
    )
    batch_size: int = Field(1, ge=1, le=64, description="slices a step")
    n_steps: int = Field(3000, ge=1, le=10_000_000, description="optimiser steps")
    decay_steps: int = Field(
        1500,
        ge=0,
        le=10_000_000,
        description="of these, last steps over which the learning rate falls to 0",
    )
    learning_rate: float = Field(5e-4, gt=0, le=0.1, description="Adam's learning rate")
    checkpoint_every_s: float = Field(30.0, gt=0, description="seconds between checkpoints")
    watch_share: float = Field(
        0.15,
        ge=0,
        le=0.5,
        description=(
            "share of the vendor's training subjects left out to watch the training on; 0: none"
        ),
    )
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto",
        description=(
            "arithmetic of the training step; auto: bfloat16 if the processor has instructions for"
            " it, else float32"
        ),
    )
    compiled: bool = Field(
        False,
        description=(
            "torch.compile of generator and discriminator, on a GPU alone; changes the last digits"
        ),
    )


class TranslatorsParameters(ParameterModel):
    """Of the appendix's comparison of translators; network sizes and rates are those of
    ``translation``."""

    vendor: Literal["A", "B"] = Field("B", description="vendor whose look is learned")
    n_steps: int = Field(
        200, ge=1, le=10_000_000, description="optimiser steps of each trained translator"
    )
