"""The parameters of chapter 5: name with unit, default (that of the preset ``quick``), bounds,
meaning."""

from pathlib import Path

from pydantic import Field

from ..data import ParameterModel


class RealismParameters(ParameterModel):
    inception_weights: Path | None = Field(
        None, description="pytorch-fid's Inception weights; none: its cache, else a download"
    )
    download_weights: bool = Field(
        True, description="try to download the Inception weights when they are not there"
    )
