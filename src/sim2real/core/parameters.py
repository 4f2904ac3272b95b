"""Every parameter of a run: name with unit, default, bounds and meaning, one model a chapter.

A preset (``presets/*.yaml``) is a set of values over these defaults; ``--set chapter.name=value`` comes last.
"""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]


class Chapter(BaseModel):
    """Common ground of the chapters' models: unknown names and values of the wrong kind are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True, allow_inf_nan=False)


class PopulationParameters(Chapter):
    n_subjects: int = Field(40, ge=2, le=1_000_000, description="virtual subjects, training material of the translation")
    share_normal: Fraction = Field(
        0.5, description="share of subjects without disease; the rest are DCM, HCM, hypertensive and abnormal-RV in equal parts"
    )
    voxel_mm: float = Field(1.0, ge=0.5, le=2.0, description="in-plane edge of the structure maps, mm")
    field_of_view_mm: float = Field(256.0, ge=192, le=480, description="in-plane extent of the structure maps, mm")
    slice_thickness_mm: float = Field(8.0, ge=3, le=12, description="thickness of the imaged slab, mm")
    slice_spacing_mm: float = Field(10.0, ge=3, le=16, description="distance between slice centres, mm (thickness plus gap)")
    sub_slices: int = Field(3, ge=1, le=9, description="structure maps through the thickness of each slice")
    stack: Literal["middle", "full"] = Field(
        "middle", description="slices of a subject: the six about the LV's middle, of which the paper uses four, or the whole heart"
    )
    cine_phases: int = Field(20, ge=2, le=60, description="phases of the cine of one healthy subject, three slices, shown in the book")
    xcat_root: Path | None = Field(None, description="folder of genuine XCAT output, one subject a sub-folder; none: the open phantom")


class SimulationParameters(Chapter):
    field_strength_t: Literal[1.5, 3.0] = Field(1.5, description="main field, tesla: chooses the table of tissue times")
    flip_angle_deg: float = Field(60.0, gt=0, le=120, description="flip angle, degrees")
    repetition_time_ms: float = Field(3.0, ge=1.5, le=10, description="repetition time TR, ms")
    echo_time_ms: float = Field(1.5, ge=0.5, le=9, description="echo time TE, ms; at most TR")
    slice_time_bandwidth: float = Field(
        0.0, ge=0, le=10, description="time-bandwidth product of the slab's Hann-windowed sinc pulse, 2 or more; 0: an ideal slab"
    )
    acquired_pixel_mm: float = Field(1.8, ge=0.8, le=4, description="in-plane resolution of k-space, mm")
    reconstructed_pixel_mm: float = Field(1.3, ge=0.5, le=4, description="pixel of the reconstructed image (zero filling), mm")
    phase_resolution: float = Field(1.0, ge=0.3, le=1, description="share of the phase-encoding lines that is measured, about the middle")
    partial_fourier: float = Field(
        1.0, ge=0.55, le=1, description="share of the phase-encoding lines measured from one end; the rest is zero-filled"
    )
    window_alpha: Fraction = Field(0.4, description="taper of the Tukey window on k-space; 0: none")
    snr: float = Field(
        25.0, gt=0, le=1000, description="signal of LV myocardium on resonance over a coil's noise SD, at sensitivity 1, without window"
    )
    n_coils: int = Field(4, ge=1, le=32, description="receive loops on a ring round the chest")
    off_resonance_hz: float = Field(10.0, ge=0, le=200, description="SD of the smooth part of the main field's inhomogeneity, Hz")
    susceptibility_scale: float = Field(
        1.0, ge=0, le=3, description="scale of the field of the tissues' susceptibility, less a linear shim; 1: as physics has it, 0: none"
    )
    intravoxel_dephasing: float = Field(1.0, ge=0, le=3, description="scale of 1/T2', the spread of off-resonance in a voxel; 0: T2* is T2")
    b1_spread: float = Field(0.08, ge=0, le=0.3, description="relative SD of the flip angle over the chest at 1.5 T; twice that at 3 T")
    relaxation_spread: float = Field(1.0, ge=0, le=3, description="scale of the between-subject spread of T1 (5 %), T2 (8 %) and PD (5 %)")
    tissue_variation: float = Field(0.0, ge=0, le=0.3, description="relative SD of T1, T2 and PD from place to place within a tissue")
    tissue_variation_mm: float = Field(4.0, ge=1, le=40, description="correlation length of that variation, mm")
    inflow_cm_s: float = Field(0.0, ge=0, le=50, description="velocity of blood through the slab, cm/s; 0: blood stands")
    temporal_footprint: float = Field(
        0.0,
        ge=0,
        le=2,
        description="time over which a cine frame's lines are gathered, in frames, of 8 or more; 0, as runs have it: an instant",
    )
    breathing_mm: float = Field(0.0, ge=0, le=20, description="amplitude of a breathing motion left during the scan, feet to head, mm")


class CohortParameters(Chapter):
    mnms_root: Path | None = Field(None, description="folder of the M&Ms challenge data; none: the surrogate cohort")
    acdc_root: Path | None = Field(None, description="folder of the ACDC challenge data, more subjects of vendor A beside those of M&Ms")
    surrogate_train: int = Field(14, ge=2, le=10_000, description="surrogate training subjects a vendor")
    surrogate_test: int = Field(8, ge=1, le=10_000, description="surrogate test subjects a vendor")
    pixel_size_mm: float = Field(1.25, ge=0.5, le=3, description="pixel of the analysis grid, mm")
    grid_pixels: int = Field(128, ge=64, le=256, multiple_of=16, description="edge of the analysis grid, pixels")
    n_slices: int = Field(4, ge=1, le=8, description="mid-ventricular slices an image")
    crop_centre: Literal["field", "heart"] = Field(
        "field", description="middle of a real image's crop: of its field of view, or of the box round the heart's labels"
    )
    image_interpolation: Literal["linear", "cubic"] = Field("linear", description="interpolation of images on their way to the grid")
    low_percentile: float = Field(1.0, ge=0, lt=50, description="percentile of the image that becomes 0")
    high_percentile: float = Field(99.0, gt=50, le=100, description="percentile of the image that becomes 1")


class TranslationParameters(Chapter):
    generator_features: int = Field(16, ge=4, le=128, description="channels of the generator's first layer (ngf)")
    discriminator_features: int = Field(16, ge=4, le=128, description="channels of the discriminator's first layer (ndf)")
    residual_blocks: int = Field(6, ge=1, le=12, description="residual blocks of the generator; at least 5 for the paper's PatchNCE layers")
    projection_features: int = Field(64, ge=8, le=512, description="width of the PatchNCE projection heads")
    n_patches: int = Field(256, ge=8, le=1024, description="patches a layer and image in PatchNCE")
    temperature: float = Field(0.07, gt=0, le=1, description="temperature of PatchNCE")
    lambda_gan: float = Field(1.0, ge=0, le=100, description="weight of the adversarial loss")
    lambda_nce: float = Field(1.0, ge=0, le=100, description="weight of PatchNCE")
    identity_nce: bool = Field(True, description="PatchNCE on real images passed through the generator (CUT; off in FastCUT)")
    flip_equivariance: bool = Field(False, description="in half of the steps the networks see mirrored slices (FastCUT)")
    batch_size: int = Field(1, ge=1, le=64, description="slices a step")
    weight_average: float = Field(
        0.0, ge=0, lt=1, description="decay of the running mean of the generator's weights that is kept; 0: the last weights, as in CUT"
    )
    n_steps: int = Field(600, ge=1, le=10_000_000, description="optimiser steps")
    decay_steps: int = Field(200, ge=0, le=10_000_000, description="of these, last steps over which the learning rate falls to 0")
    learning_rate: float = Field(2e-4, gt=0, le=0.1, description="Adam's learning rate")
    checkpoint_every_s: float = Field(30.0, gt=0, description="seconds between checkpoints")
    watch_share: float = Field(
        0.15, ge=0, le=0.5, description="share of the vendor's training subjects held out to watch the training on; 0: none"
    )
    keep_nearest: bool = Field(
        False, description="keep the generator that came nearest to the slices held out; off: the last. Those subjects then leave chapter 5"
    )
    residual: bool = Field(
        False, description="the generator's output is a change of its input, so that it starts as the identity; off in CUT"
    )
    grain: bool = Field(False, description="the generator adds noise whose strength and spectrum it learns; off in CUT")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "float32", description="arithmetic of the training step; auto: bfloat16 if the processor has instructions for it, else float32"
    )
    compiled: bool = Field(False, description="torch.compile of generator and discriminator, on a GPU alone; changes the last digits")


class RealismParameters(Chapter):
    inception_weights: Path | None = Field(None, description="pytorch-fid's Inception weights; none: its cache, else a download")
    download_weights: bool = Field(True, description="try to download the Inception weights when they are not there")


class SegmentationParameters(Chapter):
    seeds: list[int] = Field([0], min_length=1, max_length=100, description="one nnU-Net a regime for each")
    planned_network: bool = Field(False, description="nnU-Net's own planned network and SGD; off: a smaller one with AdamW")
    batch_size: int = Field(8, ge=2, le=256, description="slices an iteration, the same in every regime")
    n_epochs: int = Field(5, ge=1, le=10_000, description="epochs of training")
    iterations_per_epoch: int = Field(40, ge=1, le=1000, description="iterations an epoch")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="initial learning rate, polynomial decay")
    mirroring: bool = Field(False, description="mirror in training and prediction; hearts have a handedness, so off")
    distance: Literal["hd", "hd_2d", "hd95", "assd"] = Field(
        "hd", description="distance of the main table: Hausdorff in 3D, its mean over slices, its 95th percentile, or the mean of surfaces"
    )


class VerdictParameters(Chapter):
    dice_tolerance: float = Field(0.03, ge=0, le=1, description="largest difference of mean Dice called equal to the published one")
    near_margin: float = Field(
        0.06, ge=0, le=1, description="gap in mean Dice within which training on sim2real alone counts as near to real"
    )
    hd_tolerance_mm: float = Field(2.0, ge=0, description="the same for the Hausdorff distance, mm")


class TranslatorsParameters(Chapter):
    """Of the appendix's comparison of translators; network sizes and rates are those of ``translation``."""

    vendor: Literal["A", "B"] = Field("B", description="vendor whose look is learned")
    n_steps: int = Field(400, ge=1, le=10_000_000, description="optimiser steps of each trained translator")


class ScarcityParameters(Chapter):
    """Of the appendix's study of scarce real data; what is not here is as in ``segmentation``."""

    n_real: list[Positive] = Field(
        [5, 10, 20, 40, 80], min_length=1, max_length=20, description="real training subjects, of both vendors in equal parts"
    )
    seeds: list[int] = Field([0], min_length=1, max_length=100, description="one nnU-Net a size, with and without sim2real, for each")
    n_epochs: int = Field(4, ge=1, le=10_000, description="epochs of each training")
    iterations_per_epoch: int = Field(40, ge=1, le=1000, description="iterations an epoch, whatever the number of subjects")


class Parameters(Chapter):
    """All parameters of a run; the fields are the chapters in the paper's order."""

    preset: str = Field("quick", description="preset these values started from")
    seed: int = Field(0, ge=0, le=2**31, description="seed of everything random")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="where networks run; auto: a GPU if there is one")
    population: PopulationParameters = PopulationParameters()
    simulation: SimulationParameters = SimulationParameters()
    cohort: CohortParameters = CohortParameters()
    translation: TranslationParameters = TranslationParameters()
    realism: RealismParameters = RealismParameters()
    segmentation: SegmentationParameters = SegmentationParameters()
    verdict: VerdictParameters = VerdictParameters()
    translators: TranslatorsParameters = TranslatorsParameters()
    scarcity: ScarcityParameters = ScarcityParameters()

    def digest(self) -> str:
        """SHA-256 of all values: equal for runs that were asked for the same."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()
