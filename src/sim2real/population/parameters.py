"""The parameters of chapter 1: name with unit, default (that of the preset ``quick``), bounds,
meaning."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ..data import Fraction, ParameterModel


class PopulationParameters(ParameterModel):
    n_subjects: int = Field(
        40, ge=2, le=1_000_000, description="virtual subjects, training material of the translation"
    )
    share_normal: Fraction = Field(
        0.2,
        description=(
            "share of subjects without disease; the rest are DCM, HCM, hypertensive, abnormal-RV"
            " and infarcted in equal parts"
        ),
    )
    voxel_mm: float = Field(
        1.0, ge=0.5, le=2.0, description="in-plane edge of the structure maps, mm"
    )
    field_of_view_mm: float = Field(
        256.0, ge=192, le=480, description="in-plane extent of the structure maps, mm"
    )
    slice_thickness_mm: float = Field(
        8.0, ge=3, le=12, description="thickness of the imaged slab, mm"
    )
    slice_spacing_mm: float = Field(
        10.0, ge=3, le=16, description="distance between slice centres, mm (thickness plus gap)"
    )
    sub_slices: int = Field(
        3, ge=1, le=9, description="structure maps through the thickness of each slice"
    )
    stack: Literal["middle", "full"] = Field(
        "middle",
        description=(
            "slices of a subject: the six about the LV's middle, of which the paper uses four, or"
            " the whole heart"
        ),
    )
    cine_phases: int = Field(
        20,
        ge=2,
        le=60,
        description="phases of the cine of one healthy subject, three slices, shown in the book",
    )
    xcat_root: Path | None = Field(
        None,
        description=(
            "folder of genuine XCAT output, one subject a sub-folder; none: the open phantom"
        ),
    )
