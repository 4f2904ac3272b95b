"""Virtual subjects: sex, body, volumes, mass and pose, drawn with their correlations.

Subject k of a seed is the same whatever the size of the population: each has a generator of its own.
"""

from dataclasses import asdict, dataclass
from importlib.resources import files

import numpy as np
import pandas as pd

from ..core.errors import Sim2RealError
from ..core.seeds import generator

GROUPS = ("NOR", "DCM", "HCM", "HHD", "ARV")  # normal, dilated, hypertrophic, hypertensive, abnormal right ventricle
BANDS = pd.read_csv(files("sim2real.population").joinpath("bands.csv"))

# Correlation of (LV EDV, LV EF, LV mass, RV EDV, RV EF) between subjects. Volumes and mass rise together with body
# size; the ejection fractions hardly follow it. Round values chosen here: the sources of the bands give no correlations.
_CORRELATION = np.array([
    [1.0, -0.2, 0.6, 0.75, 0.0],
    [-0.2, 1.0, 0.0, -0.1, 0.4],
    [0.6, 0.0, 1.0, 0.5, 0.0],
    [0.75, -0.1, 0.5, 1.0, -0.2],
    [0.0, 0.4, 0.0, -0.2, 1.0],
])  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """One virtual person. Lengths in mm, volumes in ml, angles in degrees, in the frames of ``heart.py`` and ``torso.py``."""

    name: str
    seed: int  # of the small anatomy: trabeculae, vessels, fat
    group: str
    sex: str
    body_surface_m2: float
    lv_edv_ml: float
    lv_esv_ml: float
    lv_mass_g: float
    rv_edv_ml: float
    rv_esv_ml: float
    sphericity: float  # LV diameter over its length
    septal_excess: float  # relative thickening of the septum against the lateral wall
    base_descent_mm: float
    lv_flattening: float  # minor over major axis of the LV's cross-section
    flattening_angle_deg: float
    septum_angle_deg: float  # direction of the RV seen from the LV, 180: viewer's left, 225: up and left
    insertion_half_angle_deg: float
    axis_tilt_deg: tuple[float, float]  # of the long axis: to the left, and downwards from horizontal
    roll_deg: float
    heart_shift_mm: tuple[float, float, float]
    fat_mm: float  # subcutaneous, over the chest
    epicardial_fat_mm: float
    diaphragm_mm: float  # respiratory position, positive: raised

    def __post_init__(self):
        for side, large, small in (("LV", self.lv_edv_ml, self.lv_esv_ml), ("RV", self.rv_edv_ml, self.rv_esv_ml)):
            if not 0 < small < large:
                raise Sim2RealError(f"subject {self.name}: {side} ESV {small:g} ml against EDV {large:g} ml; expected 0 < ESV < EDV")

    @property
    def lv_ef(self) -> float:
        return 1 - self.lv_esv_ml / self.lv_edv_ml


def sample_subject(seed: int, index: int, share_normal: float, family: str = "virtual") -> Subject:
    """Subject ``index`` of the family ``family`` (another family: other people under the same seed)."""
    rng = generator(seed, family, index)
    diseased = [(1 - share_normal) / (len(GROUPS) - 1)] * (len(GROUPS) - 1)
    group = str(rng.choice(GROUPS, p=[share_normal, *diseased]))
    sex = str(rng.choice(["M", "F"]))
    shape, size = _volumes(rng, sex, group)
    dilated, thick = group == "DCM", group in ("HCM", "HHD")
    return Subject(
        name=f"{family}{index:05d}", seed=int(rng.integers(2**31)), group=group, sex=sex, body_surface_m2=size,
        lv_edv_ml=shape["lv_edv"], lv_esv_ml=shape["lv_edv"] * (1 - shape["lv_ef"]), lv_mass_g=shape["lv_mass"],
        rv_edv_ml=shape["rv_edv"], rv_esv_ml=shape["rv_edv"] * (1 - shape["rv_ef"]),
        sphericity=_clipped(rng, 0.68 if dilated else 0.57, 0.05, 0.45, 0.85),
        septal_excess=_clipped(rng, 0.45, 0.2, 0.1, 0.9) if group == "HCM" else _clipped(rng, 0.08, 0.06, -0.1, 0.25),
        base_descent_mm=_clipped(rng, 7, 1, 4, 10) if dilated else _clipped(rng, 12 if thick else 16, 2, 8, 20),
        lv_flattening=_clipped(rng, 0.91, 0.035, 0.8, 0.99), flattening_angle_deg=float(rng.uniform(0, 180)),
        septum_angle_deg=_clipped(rng, 217, 13, 180, 250), insertion_half_angle_deg=_clipped(rng, 60, 6, 45, 75),
        axis_tilt_deg=(_clipped(rng, 34, 8, 12, 55), _clipped(rng, 36, 7, 15, 55)), roll_deg=_clipped(rng, 0, 8, -20, 20),
        heart_shift_mm=(_clipped(rng, 0, 7, -16, 16), _clipped(rng, 0, 5, -10, 10), _clipped(rng, 0, 8, -18, 18)),
        fat_mm=float(np.clip(rng.lognormal(np.log(17 if sex == "F" else 14), 0.4), 6, 42)),
        epicardial_fat_mm=float(np.clip(rng.lognormal(np.log(2.6), 0.45), 0.8, 8)),
        diaphragm_mm=_clipped(rng, 0, 7, -15, 15),
    )  # fmt: skip


def population_table(subjects: list[Subject]) -> pd.DataFrame:
    """One row a subject, pairs and triples spread over columns, EF added."""
    table = pd.DataFrame([asdict(subject) for subject in subjects])
    for name in ("axis_tilt_deg", "heart_shift_mm"):
        spread = pd.DataFrame(table.pop(name).tolist())
        table = table.join(spread.rename(columns=lambda k, name=name: f"{name}_{k}"))
    table["lv_ef_percent"] = 100 * (1 - table["lv_esv_ml"] / table["lv_edv_ml"])
    table["rv_ef_percent"] = 100 * (1 - table["rv_esv_ml"] / table["rv_edv_ml"])
    return table


def _volumes(rng: np.random.Generator, sex: str, group: str) -> tuple[dict, float]:
    band = BANDS[BANDS["sex"] == sex].set_index("quantity")
    z = np.clip(rng.multivariate_normal(np.zeros(5), _CORRELATION), -2.2, 2.2)
    rv_ef_mean = 1 - band.loc["rv_esv_ml", "mean"] / band.loc["rv_edv_ml", "mean"]
    volumes = {
        "lv_edv": band.loc["lv_edv_ml", "mean"] + band.loc["lv_edv_ml", "sd"] * z[0],
        "lv_ef": (band.loc["lv_ef_percent", "mean"] + band.loc["lv_ef_percent", "sd"] * z[1]) / 100,
        "lv_mass": band.loc["lv_mass_g", "mean"] + band.loc["lv_mass_g", "sd"] * z[2],
        "rv_edv": band.loc["rv_edv_ml", "mean"] + band.loc["rv_edv_ml", "sd"] * z[3],
        "rv_ef": rv_ef_mean + 0.06 * z[4],
    }
    # Body surface follows the heart's size; disease is then put on top of the healthy heart of that body.
    size = float(np.clip((1.95 if sex == "M" else 1.7) + 0.12 * z[0] + 0.08 * rng.standard_normal(), 1.3, 2.6))
    if group == "DCM":
        volumes["lv_edv"] = size * rng.uniform(105, 150)
        volumes["lv_ef"] = rng.uniform(0.15, 0.38)
        volumes["lv_mass"] *= rng.uniform(1.1, 1.5)
        volumes["rv_ef"] *= rng.uniform(0.7, 1.0)
    elif group == "HCM":
        volumes["lv_ef"] = rng.uniform(0.60, 0.76)
        volumes["lv_mass"] = size * rng.uniform(112, 150)
    elif group == "HHD":
        volumes["lv_mass"] = size * rng.uniform(85, 120)
        volumes["lv_ef"] = rng.uniform(0.5, 0.7)
    elif group == "ARV":
        volumes["rv_edv"] = size * rng.uniform(112, 150)
        volumes["rv_ef"] = rng.uniform(0.25, 0.5)
    return {name: float(value) for name, value in volumes.items()}, size


def _clipped(rng: np.random.Generator, mean: float, sd: float, low: float, high: float) -> float:
    return float(np.clip(mean + sd * rng.standard_normal(), low, high))
