"""The parameters of chapter 3: name with unit, default (that of the preset ``quick``), bounds,
meaning."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from ..data import VENDORS, ParameterModel


class CohortParameters(ParameterModel):
    mnms_root: Path | None = Field(
        None, description="folder of the M&Ms challenge data; none: the surrogate cohort"
    )
    acdc_root: Path | None = Field(
        None,
        description=(
            "folder of the ACDC challenge data, subjects of vendor A: by themselves, or beside"
            " those of M&Ms"
        ),
    )
    surrogate_train: int = Field(
        14, ge=2, le=10_000, description="surrogate training subjects a vendor"
    )
    surrogate_test: int = Field(8, ge=1, le=10_000, description="surrogate test subjects a vendor")
    pixel_size_mm: float = Field(1.25, ge=0.5, le=3, description="pixel of the analysis grid, mm")
    grid_pixels: int = Field(
        128, ge=64, le=256, multiple_of=16, description="edge of the analysis grid, pixels"
    )
    n_slices: int = Field(4, ge=1, le=8, description="mid-ventricular slices an image")
    crop_centre: Literal["field", "heart"] = Field(
        "heart",
        description=(
            "middle of a real image's crop: of its field of view, or of its heart, in a test image"
            " found without labels"
        ),
    )
    low_percentile: float = Field(
        1.0, ge=0, lt=50, description="percentile of the image that becomes 0"
    )
    high_percentile: float = Field(
        99.0, gt=50, le=100, description="percentile of the image that becomes 1"
    )

    @property
    def vendors(self) -> tuple[str, ...]:
        """Vendors of the real images: ACDC by itself holds A alone."""
        alone = self.acdc_root is not None and self.mnms_root is None
        return ("A",) if alone else tuple(VENDORS)
