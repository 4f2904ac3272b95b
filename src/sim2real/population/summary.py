"""What chapter 1 shows and says of its population."""

from collections.abc import Iterable
from importlib.resources import files

import numpy as np
import pandas as pd
from scipy import stats

from ..data import LV, MYO, PHASES, RV, RunFolder, read_labels
from ..metrics import SHAPE_MEASURES, slice_shape
from .chapter import POPULATION
from .parameters import PopulationParameters
from .stage import population_table
from .structures import STRUCTURE_TABLE, labels_of
from .subjects import BANDS, GROUPS, sample_subject

PEOPLE = pd.read_csv(files("sim2real.population").joinpath("people.csv"))
"""Percentiles of people's slices, with their source."""
N_MIDDLE = 4  # slices of a subject, as in the paper
LEVELS = ("apical", "middle", "basal")  # slices of the cine, as stored
DRAWN = ("lv_edv_ml", "lv_esv_ml", "lv_ef_percent", "lv_mass_g", "rv_edv_ml", "rv_esv_ml")
GROUP_NAMES = {
    "NOR": "normal",
    "DCM": "dilated",
    "HCM": "hypertrophic",
    "HHD": "hypertensive",
    "ARV": "abnormal RV",
    "MINF": "infarcted",
}
LARGEST_Z = 2.58  # two-sided chance of a sound sample beyond it: 1 in 100


def source(parameters: PopulationParameters) -> str:
    """Where the anatomy is from, in words."""
    if parameters.xcat_root:
        return "genuine XCAT output"
    return "the open phantom, standing in for XCAT"


def in_turn(run: RunFolder, subjects: Iterable[str]) -> dict[str, str]:
    """Of each of the subjects the group in words, in the order to show them: one of each group in
    turn, a normal heart first."""
    table = run.manifest(POPULATION.name, "subjects.csv")
    table = table[table["name"].isin(set(subjects))]
    turn = table.groupby("group").cumcount()
    place = table["group"].map({group: k for k, group in enumerate(GROUPS)}).fillna(0)
    table = table.iloc[np.lexsort((place, turn))]
    return dict(zip(table["name"], table["group"].replace(GROUP_NAMES), strict=True))


def cine_planes(run: RunFolder) -> tuple[list[np.ndarray], list[str]]:
    """The cine's apical, middle and basal slice at ED, then at its smallest cavity.

    Returns:
        Structure numbers (row, column) and a title of each.
    """
    maps = read_labels(run.path / POPULATION.name / "cine.nii.gz").data
    middle = maps[..., maps.shape[4] // 2]
    emptiest = int(np.argmin((labels_of(middle) == LV).sum(axis=(0, 1, 2))))
    planes = {
        f"{level}, {word}": middle[:, :, k, p].T
        for p, word in ((0, "end diastole"), (emptiest, "end systole"))
        for k, level in enumerate(LEVELS)
    }
    return list(planes.values()), list(planes)


def counts(planes: list[np.ndarray], titles: list[str]) -> pd.DataFrame:
    """Voxels of each structure in each plane."""
    n = len(STRUCTURE_TABLE)
    columns = [np.bincount(plane.ravel(), minlength=n) for plane in planes]
    return pd.DataFrame(
        {"structure": STRUCTURE_TABLE["name"], **dict(zip(titles, columns, strict=True))}
    )


def against_bands(subjects: pd.DataFrame) -> pd.DataFrame:
    """The normal subjects (XCAT's are taken as such) beside the published band.

    Returns:
        A row a quantity and sex. ``z``: distance of the mean from the published one in standard
        errors of a sample of this size; ``within``: the mean within ``LARGEST_Z`` of them, and the
        SD in the range that chi-square allows as rarely.
    """
    normal = subjects[subjects["group"].isin(["NOR", "XCAT"])]
    rows = []
    for band in BANDS.itertuples():
        of_sex = normal[normal["sex"] == band.sex]
        values = of_sex.get(band.quantity, pd.Series(dtype=float))
        n, z, within = len(values), np.nan, "too few"
        if n > 1:
            z = (values.mean() - band.mean) / (band.sd / np.sqrt(n))
            rare = stats.norm.sf(LARGEST_Z)
            low, high = np.sqrt(stats.chi2.ppf([rare, 1 - rare], n - 1) / (n - 1))
            agrees = abs(z) <= LARGEST_Z and low <= values.std() / band.sd <= high
            within = "yes" if agrees else "no"
        measured = (n, round(values.mean(), 2), round(values.std(), 2))
        published = (band.mean, band.sd, round(z, 1), within, band.source)
        rows.append((band.quantity, band.unit, band.sex, *measured, *published))
    columns = "quantity unit sex n mean sd published_mean published_sd z within source"
    return pd.DataFrame(rows, columns=columns.split())


def shapes(run: RunFolder) -> pd.DataFrame:
    """Shape of the middle four slices that hold LV, MYO and RV at both phases, of every subject:
    ``subject, phase`` and ``SHAPE_MEASURES``."""
    rows = []
    for row in run.manifest(POPULATION.name).itertuples():
        maps = read_labels(run.path / row.structures)
        labels = labels_of(maps.data[..., maps.data.shape[4] // 2])
        held = [[(labels == value).any(axis=(0, 1))] for value in (LV, MYO, RV)]
        complete = np.flatnonzero(np.all(held, axis=(0, 1, 3)))
        start = max((len(complete) - N_MIDDLE) // 2, 0)
        pixel_mm = float(maps.spacing_mm[0])
        rows += [
            {"subject": row.subject, "phase": phase, **slice_shape(labels[:, :, k, p].T, pixel_mm)}
            for k in complete[start : start + N_MIDDLE]
            for p, phase in enumerate(PHASES)
        ]
    return pd.DataFrame(rows)


def against_people(measured: pd.DataFrame) -> pd.DataFrame:
    """Shapes of this run's slices beside people's: ``measure, phase``, median, 10th and 90th
    percentile of both, and whether the medians lie within a quarter of the width of people's."""
    rows = []
    for band in PEOPLE.itertuples():
        values = measured.loc[measured["phase"] == band.phase, band.measure].dropna()
        low, median, high = np.percentile(values, [10, 50, 90]) if len(values) else [np.nan] * 3
        near = abs(median - band.median) <= (band.high - band.low) / 4
        people, ours = (
            f"{m:.2f} ({lo:.2f} to {hi:.2f})"
            for m, lo, hi in ((band.median, band.low, band.high), (median, low, high))
        )
        measure = SHAPE_MEASURES[band.measure]
        rows.append((measure, band.phase, people, ours, "yes" if near else "no"))
    columns = ["measure", "phase", "people", "this run", "near"]
    return pd.DataFrame(rows, columns=columns)


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
    "MINF": ("EF below 40 %", lambda s: s.lv_ef_percent < 40),
}


def against_rules(subjects: pd.DataFrame) -> pd.DataFrame:
    """How many of each group's subjects meet its rule (ACDC's rules; the one for hypertension is
    this project's): ``group, rule, n, met``."""
    members = {group: subjects[subjects["group"] == group] for group in RULES}
    rows = [
        (
            group,
            rule,
            len(members[group]),
            int(meets(members[group]).sum() if len(members[group]) else 0),
        )
        for group, (rule, meets) in RULES.items()
    ]
    return pd.DataFrame(rows, columns=["group", "rule", "n", "met"])


def cycle_table(run: RunFolder) -> pd.DataFrame:
    """Areas counted in the cine: ``share_of_cycle, level, structure, area_cm2``."""
    maps = read_labels(run.path / POPULATION.name / "cine.nii.gz")
    pixel_cm2 = float(np.prod(maps.spacing_mm[:2])) / 100
    voxels = [(labels_of(maps.data) == label).sum(axis=(0, 1)) for label in (LV, MYO, RV)]
    areas = np.stack(voxels).mean(axis=-1) * pixel_cm2  # (structure, level, phase)
    shares = np.arange(areas.shape[2]) / areas.shape[2]
    index = pd.MultiIndex.from_product(
        [("LV", "MYO", "RV"), LEVELS, shares], names=["structure", "level", "share_of_cycle"]
    )
    table = pd.Series(areas.ravel(), index, name="area_cm2").reset_index()
    return table[["share_of_cycle", "level", "structure", "area_cm2"]]


def check_normals(seed: int, count: int = 200) -> pd.DataFrame:
    """``against_bands`` of ``count`` healthy subjects of the open phantom, drawn for this check
    alone."""
    subjects = [sample_subject(seed, index, 1.0, family="check") for index in range(count)]
    return against_bands(population_table(subjects))


def results(subjects: pd.DataFrame, parameters: PopulationParameters) -> dict:
    """Numbers of the subjects that the text of chapter 1 quotes."""
    rules = against_rules(subjects)
    measured = [name for name in (*DRAWN, "wall_mm", "wall_es_mm") if name in subjects]
    spread = (
        subjects[measured].agg(["mean", "std", "min", "max"]).set_axis(["mean", "sd", "min", "max"])
    )
    return {
        "n_subjects": len(subjects),
        "n_normal": int((subjects["group"] == "NOR").sum()),
        "n_women": int((subjects["sex"] == "F").sum()),
        "source": source(parameters),
        "n_ruled": int(rules["n"].sum()),
        "n_rules_met": int(rules["met"].sum()),
        **{f"{name}_{of}": spread.loc[of, name] for name in measured for of in spread.index},
    }


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
        values |= {
            f"wall_{word}": float(walls.loc[sex, "mean"]),
            f"published_wall_{word}": float(walls.loc[sex, "published_mean"]),
            f"published_wall_sd_{word}": float(walls.loc[sex, "published_sd"]),
        }
    return values
