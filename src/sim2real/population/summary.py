"""What chapter 1 shows and says of its population."""

import numpy as np
import pandas as pd

from ..core.images import read_labels
from ..core.labels import PHASES
from ..core.parameters import PopulationParameters
from ..core.run import RunFolder
from .structures import STRUCTURES
from .subjects import BANDS


def source(parameters: PopulationParameters) -> str:
    return "genuine XCAT output" if parameters.xcat_root else "the open phantom, standing in for XCAT"


def middle_planes(run: RunFolder, names) -> tuple[list[np.ndarray], list[str]]:
    """(planes, titles): for each subject a middle slice at ED and at ES, structure numbers (row, column)."""
    manifest = run.manifest("01_virtual_population").set_index("subject")
    planes, titles = [], []
    for name in names:
        maps = read_labels(run.path / manifest.loc[name, "structures"]).data
        for p, phase in enumerate(PHASES):
            planes.append(maps[:, :, maps.shape[2] // 2, p, maps.shape[4] // 2].T)
            titles.append(f"{name}, {phase}")
    return planes, titles


def counts(planes: list[np.ndarray], titles: list[str]) -> pd.DataFrame:
    """Voxels of each structure in each plane."""
    rows = {title: np.bincount(plane.ravel(), minlength=len(STRUCTURES)) for title, plane in zip(titles, planes, strict=True)}
    return pd.DataFrame({"structure": STRUCTURES["name"], **rows})


def against_bands(subjects: pd.DataFrame) -> pd.DataFrame:
    """Mean and SD of the normal subjects (XCAT's are taken as such) beside the published band, a row a quantity and sex."""
    normal = subjects[subjects["group"].isin(["NOR", "XCAT"])]
    rows = []
    for band in BANDS.to_dict("records"):
        values = normal.loc[normal["sex"] == band["sex"], band["quantity"]] if band["quantity"] in normal else pd.Series(dtype=float)
        rows.append({**{key: band[key] for key in ("quantity", "unit", "sex")}, "n": len(values), "mean": round(values.mean(), 1),
                     "sd": round(values.std(), 1), "published_mean": band["mean"], "published_sd": band["sd"], "source": band["source"]})  # fmt: skip
    return pd.DataFrame(rows)


def results(subjects: pd.DataFrame, parameters: PopulationParameters) -> dict:
    """Numbers the prose of chapter 1 quotes."""
    values = {"n_subjects": len(subjects), "n_normal": int((subjects["group"] == "NOR").sum()), "n_women": int((subjects["sex"] == "F").sum()),
              "source": source(parameters)}  # fmt: skip
    for name in ("lv_edv_ml", "lv_esv_ml", "lv_ef_percent", "lv_mass_g", "rv_edv_ml", "rv_esv_ml"):
        values |= {f"{name}_mean": subjects[name].mean(), f"{name}_sd": subjects[name].std(), f"{name}_min": subjects[name].min(),
                   f"{name}_max": subjects[name].max()}  # fmt: skip
    return values
