"""What chapter 1 shows and says of its population."""

import numpy as np
import pandas as pd
from scipy import stats

from ..data.images import read_labels
from ..data.labels import LV, MYO, RV
from ..data.run import RunFolder
from .parameters import PopulationParameters
from .structures import STRUCTURES, labels_of
from .subjects import BANDS, sample_subject
from .table import population_table

LEVELS = ("apical", "middle", "basal")  # slices of the cine, as stored
DRAWN = ("lv_edv_ml", "lv_esv_ml", "lv_ef_percent", "lv_mass_g", "rv_edv_ml", "rv_esv_ml")
LARGEST_Z = 2.58  # two-sided chance of a sound sample beyond it: 1 in 100


def source(parameters: PopulationParameters) -> str:
    return (
        "genuine XCAT output" if parameters.xcat_root else "the open phantom, standing in for XCAT"
    )


def cine_planes(run: RunFolder) -> tuple[list[np.ndarray], list[str]]:
    """(planes, titles): the cine's apical, middle and basal slice at ED, then at its smallest
    cavity; (row, column)."""
    maps = read_labels(run.path / "01_virtual_population" / "cine.nii.gz").data
    middle = maps[..., maps.shape[4] // 2]
    emptiest = int(np.argmin((labels_of(middle) == LV).sum(axis=(0, 1, 2))))
    shown = [(k, p) for p in (0, emptiest) for k in range(maps.shape[2])]
    planes = [middle[:, :, k, p].T for k, p in shown]
    return planes, [f"{LEVELS[k]}, {'end systole' if p else 'end diastole'}" for k, p in shown]


def counts(planes: list[np.ndarray], titles: list[str]) -> pd.DataFrame:
    """Voxels of each structure in each plane."""
    rows = {
        title: np.bincount(plane.ravel(), minlength=len(STRUCTURES))
        for title, plane in zip(titles, planes, strict=True)
    }
    return pd.DataFrame({"structure": STRUCTURES["name"], **rows})


def against_bands(subjects: pd.DataFrame) -> pd.DataFrame:
    """The normal subjects (XCAT's are taken as such) beside the published band, a row a quantity
    and sex.

    ``z``: distance of the mean from the published one in standard errors of a sample of this size;
    ``within``: the mean within ``LARGEST_Z`` of them, and the SD in the range that chi-square
    allows as rarely.
    """
    normal = subjects[subjects["group"].isin(["NOR", "XCAT"])]
    rows = []
    for band in BANDS.to_dict("records"):
        values = (
            normal.loc[normal["sex"] == band["sex"], band["quantity"]]
            if band["quantity"] in normal
            else pd.Series(dtype=float)
        )
        row = {
            **{key: band[key] for key in ("quantity", "unit", "sex")},
            "n": len(values),
            "mean": round(values.mean(), 2),
            "sd": round(values.std(), 2),
            "published_mean": band["mean"],
            "published_sd": band["sd"],
        }
        rows.append({**row, **_agreement(values, band), "source": band["source"]})
    return pd.DataFrame(rows)


def _agreement(values: pd.Series, band: dict) -> dict:
    n = len(values)
    if n < 2:
        return {"z": float("nan"), "within": "too few"}
    z = (values.mean() - band["mean"]) / (band["sd"] / np.sqrt(n))
    low, high = np.sqrt(
        stats.chi2.ppf([stats.norm.sf(LARGEST_Z), stats.norm.cdf(LARGEST_Z)], n - 1) / (n - 1)
    )
    within = abs(z) <= LARGEST_Z and low <= values.std() / band["sd"] <= high
    return {"z": round(z, 1), "within": "yes" if within else "no"}


RULES = {  # a group's rule in the words of its source, and whether a subject meets it
    "DCM": (
        "LV EDV above 100 ml/m² and EF below 40 %",
        lambda s: (s.lv_edv_ml / s.body_surface_m2 > 100) & (s.lv_ef_percent < 40),
    ),
    "HCM": (
        "EF above 55 %, wall above 15 mm, mass above 110 g/m²",
        lambda s: (
            (s.lv_ef_percent > 55)
            & (s.thickest_wall_mm > 15)
            & (s.lv_mass_g / s.body_surface_m2 > 110)
        ),
    ),
    "HHD": (
        "raised mass (above 85 g/m²) at an EF of 50 % or more",
        lambda s: (s.lv_mass_g / s.body_surface_m2 >= 85) & (s.lv_ef_percent >= 50),
    ),
    "ARV": (
        "RV EDV above 110 ml/m² or RV EF below 40 %",
        lambda s: (s.rv_edv_ml / s.body_surface_m2 > 110) | (s.rv_ef_percent < 40),
    ),
}


def against_rules(subjects: pd.DataFrame) -> pd.DataFrame:
    """How many of each group's subjects meet its rule (ACDC's rules; the one for hypertension is
    this project's)."""
    rows = []
    for group, (rule, met) in RULES.items():
        members = subjects[subjects["group"] == group]
        rows.append(
            {
                "group": group,
                "rule": rule,
                "n": len(members),
                "met": int(met(members).sum()) if len(members) else 0,
            }
        )
    return pd.DataFrame(rows)


def cycle_table(run: RunFolder) -> pd.DataFrame:
    """Areas counted in the cine: ``share_of_cycle, level, structure, area_cm2``."""
    maps = read_labels(run.path / "01_virtual_population" / "cine.nii.gz")
    pixel_cm2 = float(np.prod(maps.spacing_mm[:2])) / 100
    areas = {
        name: (labels_of(maps.data) == value).sum(axis=(0, 1)).mean(axis=-1) * pixel_cm2
        for name, value in (("LV", LV), ("MYO", MYO), ("RV", RV))
    }
    n_levels, n_phases = areas["LV"].shape
    return pd.DataFrame(
        [
            {
                "share_of_cycle": p / n_phases,
                "level": LEVELS[k],
                "structure": name,
                "area_cm2": float(area[k, p]),
            }
            for name, area in areas.items()
            for k in range(n_levels)
            for p in range(n_phases)
        ]
    )


def check_normals(seed: int, count: int = 200) -> pd.DataFrame:
    """``against_bands`` of ``count`` healthy subjects of the open phantom, drawn for this check
    alone."""
    return against_bands(
        population_table(
            [sample_subject(seed, index, 1.0, family="check") for index in range(count)]
        )
    )


def results(subjects: pd.DataFrame, parameters: PopulationParameters) -> dict:
    """Numbers of the subjects that the text of chapter 1 quotes."""
    rules = against_rules(subjects)
    values = {
        "n_subjects": len(subjects),
        "n_normal": int((subjects["group"] == "NOR").sum()),
        "n_women": int((subjects["sex"] == "F").sum()),
        "source": source(parameters),
        "n_ruled": int(rules["n"].sum()),
        "n_rules_met": int(rules["met"].sum()),
    }
    for name in (*DRAWN, "wall_mm", "wall_es_mm"):
        if name in subjects:
            values |= {
                f"{name}_mean": subjects[name].mean(),
                f"{name}_sd": subjects[name].std(),
                f"{name}_min": subjects[name].min(),
                f"{name}_max": subjects[name].max(),
            }
    return values


def band_results(normals: pd.DataFrame) -> dict:
    """Numbers of the check against published bands that the text quotes; normals: of
    ``check_normals``."""
    tested = normals[normals["quantity"].isin(DRAWN)]
    values = {
        "n_check": int(normals.groupby("quantity")["n"].sum().max()),
        "n_bands": len(tested),
        "n_bands_within": int((tested["within"] == "yes").sum()),
        "largest_z": LARGEST_Z,
    }
    walls = normals[normals["quantity"] == "wall_mm"].set_index("sex")
    for sex, word in (("M", "men"), ("F", "women")):
        row = walls.loc[sex]
        values |= {
            f"wall_{word}": float(row["mean"]),
            f"published_wall_{word}": float(row["published_mean"]),
            f"published_wall_sd_{word}": float(row["published_sd"]),
        }
    return values
