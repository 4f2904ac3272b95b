"""The parameters of chapter 7: name with unit, default (that of the preset ``quick``), bounds,
meaning."""

from pydantic import Field

from ..data import ParameterModel


class VerdictParameters(ParameterModel):
    dice_tolerance: float = Field(
        0.03,
        ge=0,
        le=1,
        description="largest difference of mean Dice called equal to the published one",
    )
    near_margin: float = Field(
        0.06,
        ge=0,
        le=1,
        description=(
            "gap in mean Dice within which training on sim2real alone counts as near to real"
        ),
    )
    hd_tolerance_mm: float = Field(2.0, ge=0, description="the same for the Hausdorff distance, mm")
