"""The parameters of chapter 2: name with unit, default (that of the preset ``quick``), bounds,
meaning."""

from typing import Literal

from pydantic import Field

from ..data import Fraction, ParameterModel


class SimulationParameters(ParameterModel):
    field_strength_t: Literal[1.5, 3.0] = Field(
        1.5, description="main field, tesla: chooses the table of tissue times"
    )
    flip_angle_deg: float = Field(60.0, gt=0, le=120, description="flip angle, degrees")
    repetition_time_ms: float = Field(3.0, ge=1.5, le=10, description="repetition time TR, ms")
    echo_time_ms: float = Field(1.5, ge=0.5, le=9, description="echo time TE, ms; at most TR")
    acquired_pixel_mm: float = Field(
        1.8, ge=0.8, le=4, description="in-plane resolution of k-space, mm"
    )
    reconstructed_pixel_mm: float = Field(
        1.3, ge=0.5, le=4, description="pixel of the reconstructed image (zero filling), mm"
    )
    window_alpha: Fraction = Field(0.4, description="taper of the Tukey window on k-space; 0: none")
    snr: float = Field(
        25.0,
        gt=0,
        le=1000,
        description=(
            "signal of LV myocardium on resonance over a coil's noise SD, at sensitivity 1, without"
            " window"
        ),
    )
    n_coils: int = Field(4, ge=1, le=32, description="receive loops on a ring round the chest")
    coil_distance_mm: float = Field(
        190.0, ge=100, le=400, description="of the receive loops from the heart, mm"
    )
    coil_radius_mm: float = Field(110.0, ge=20, le=200, description="radius of a receive loop, mm")
    off_resonance_hz: float = Field(
        10.0,
        ge=0,
        le=200,
        description="SD of the smooth part of the main field's inhomogeneity, Hz",
    )
    susceptibility_scale: float = Field(
        1.0,
        ge=0,
        le=3,
        description=(
            "scale of the field of the tissues' susceptibility, less a linear shim; 1: as physics"
            " has it, 0: none"
        ),
    )
    intravoxel_dephasing: float = Field(
        1.0,
        ge=0,
        le=3,
        description="scale of 1/T2', the spread of off-resonance in a voxel; 0: T2* is T2",
    )
    b1_spread: float = Field(
        0.08,
        ge=0,
        le=0.3,
        description="relative SD of the flip angle over the chest at 1.5 T; twice that at 3 T",
    )
    relaxation_spread: float = Field(
        3.0,
        ge=0,
        le=5,
        description=(
            "scale of the spread of T1 (5 %), T2 (8 %) and PD (5 %): 1 as between people, 3 as"
            " between people and the sources of the tissue times"
        ),
    )
    protocol_spread: float = Field(
        1.0,
        ge=0,
        le=3,
        description=(
            "scale of the between-subject spread of flip angle (35 %), TR and acquired pixel"
            " (20 %), SNR (90 %), off-resonance (80 %), distance and radius of the receive loops"
            " (20 and 40 %); 0: one protocol for all"
        ),
    )
