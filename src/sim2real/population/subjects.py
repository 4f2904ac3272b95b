"""Virtual subjects: sex, body, volumes, mass and pose, drawn with their correlations.

Subject k of a seed is the same whatever the size of the population: each has a generator of its
own.
"""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import pandas as pd

from ..data import generator, refuse

# normal, dilated, hypertrophic, hypertensive, abnormal right ventricle, infarcted
GROUPS = ("NOR", "DCM", "HCM", "HHD", "ARV", "MINF")
BANDS = pd.read_csv(files("sim2real.population").joinpath("bands.csv"))

# Correlation of (LV EDV, LV EF, LV mass, RV EDV, RV EF) between subjects. Volumes and mass rise
# together with body
# size; the ejection fractions hardly follow it; the ventricles pump the same blood, so their
# strokes go together. Round values
# chosen here: the sources of the bands give no correlations.
_CORRELATION = np.array(
    [
        [1.0, -0.2, 0.6, 0.88, 0.0],
        [-0.2, 1.0, 0.0, 0.0, 0.5],
        [0.6, 0.0, 1.0, 0.55, 0.0],
        [0.88, 0.0, 0.55, 1.0, -0.2],
        [0.0, 0.5, 0.0, -0.2, 1.0],
    ]
)
_OF_BODY, _OF_HEALTHY, _ITSELF = "m2 of body surface", "of the healthy heart's", "itself"
_DISEASE = {
    "DCM": (
        ("lv_edv", 110, 200, _OF_BODY),
        ("lv_ef", 0.15, 0.38, _ITSELF),
        ("lv_mass", 1.1, 1.5, _OF_HEALTHY),
        ("rv_ef", 0.7, 1.0, _OF_HEALTHY),
    ),
    "MINF": (
        ("lv_edv", 80, 150, _OF_BODY),
        ("lv_ef", 0.18, 0.4, _ITSELF),
        ("lv_mass", 1.0, 1.35, _OF_HEALTHY),
        ("rv_ef", 0.85, 1.0, _OF_HEALTHY),
    ),
    "HCM": (
        ("lv_edv", 0.85, 1.0, _OF_HEALTHY),
        ("lv_ef", 0.60, 0.76, _ITSELF),
        ("lv_mass", 112, 150, _OF_BODY),
    ),
    "HHD": (("lv_mass", 85, 120, _OF_BODY), ("lv_ef", 0.5, 0.7, _ITSELF)),
    "ARV": (("rv_edv", 115, 205, _OF_BODY), ("rv_ef", 0.25, 0.5, _ITSELF)),
}
"""What a disease changes: the quantity (ml, g or a share), the bounds it is drawn between, and
whether these are a factor of the body's surface, of the healthy heart's value, or the value."""
_SPREAD = 2.2  # nobody lies further than this many SD from the mean


@dataclass(frozen=True, slots=True)
class Subject:
    """One virtual person. Lengths in mm, volumes in ml, angles in degrees, in the frames of
    ``heart.py`` and ``torso.py``."""

    name: str
    seed: int  # of the small anatomy: trabeculae, vessels, fat
    group: str
    sex: str
    height_cm: float
    weight_kg: float
    heart_rate_bpm: float
    lv_edv_ml: float
    lv_esv_ml: float
    lv_mass_g: float
    rv_edv_ml: float
    rv_esv_ml: float
    sphericity: float  # LV diameter over its length
    septal_excess: float  # relative thickening of the septum against the lateral wall
    # least thickness of the septum at ED, of asymmetric hypertrophy; 0: as the excess has it
    septal_wall_mm: float
    base_descent_mm: float
    base_tilt_deg: float  # of the plane of the valves: the septal side ends nearer the apex
    torsion_deg_per_cm: float  # twist between two levels over their distance, at ES
    lv_flattening: float  # minor over major axis of the LV's cross-section
    flattening_angle_deg: float
    outline_unevenness: float  # SD of the section's radius round an ellipse, relative
    wall_unevenness: float  # SD of the wall's thickness round the ring, relative, septum aside
    # direction of the RV seen from the LV before ``roll_deg``, 180: viewer's left, 225: up and left
    septum_angle_deg: float
    insertion_half_angle_deg: float
    # how far the RV's direction turns from the LV's apex to its base, forward and up
    rv_spiral_deg: float
    rv_corner: float  # how far the RV's section departs from an ellipse to a triangle
    # of the long axis: to the left, and downwards from horizontal
    axis_tilt_deg: tuple[float, float]
    roll_deg: float  # turn of the image, anticlockwise
    heart_shift_mm: tuple[float, float, float]
    fat_mm: float  # subcutaneous, over the chest
    epicardial_fat_mm: float
    free_wall_fat: float  # its thickness on the LV's free wall, share of ``epicardial_fat_mm``
    diaphragm_mm: float  # respiratory position, positive: raised
    chest_gap_mm: float  # between the heart and the chest wall in front of it

    def __post_init__(self):
        for side, large, small in (
            ("LV", self.lv_edv_ml, self.lv_esv_ml),
            ("RV", self.rv_edv_ml, self.rv_esv_ml),
        ):
            refuse(
                not 0 < small < large,
                f"subject {self.name}: {side} ESV {small:g} ml against EDV {large:g} ml;"
                " expected 0 < ESV < EDV",
            )

    @property
    def body_surface_m2(self) -> float:
        """Mosteller (1987)."""
        return float(np.sqrt(self.height_cm * self.weight_kg / 3600))

    @property
    def lv_ef(self) -> float:
        return 1 - self.lv_esv_ml / self.lv_edv_ml


def sample_subject(seed: int, index: int, share_normal: float, family: str = "virtual") -> Subject:
    """Draw one virtual person; the same whatever the size of the population.

    Args:
        seed: of the population.
        index: of the person in it.
        share_normal: share of people without disease, 0 to 1.
        family: another family is other people under the same seed.
    """
    rng = generator(seed, family, index)
    diseased = [(1 - share_normal) / (len(GROUPS) - 1)] * (len(GROUPS) - 1)
    group = str(rng.choice(GROUPS, p=[share_normal, *diseased]))
    sex = str(rng.choice(["M", "F"]))
    height, weight, volumes = _body_and_volumes(rng, sex, group)
    stout = weight / (height / 100) ** 2 - 25  # body-mass index above 25 kg/m2
    weak, thick = group in ("DCM", "MINF"), group in ("HCM", "HHD")
    return Subject(
        name=f"{family}{index:05d}",
        seed=int(rng.integers(2**31)),
        group=group,
        sex=sex,
        height_cm=height,
        weight_kg=weight,
        heart_rate_bpm=_clipped(rng, 75 if weak else 67, 9, 48, 100),
        lv_edv_ml=volumes["lv_edv"],
        lv_esv_ml=volumes["lv_edv"] * (1 - volumes["lv_ef"]),
        lv_mass_g=volumes["lv_mass"],
        rv_edv_ml=volumes["rv_edv"],
        rv_esv_ml=volumes["rv_edv"] * (1 - volumes["rv_ef"]),
        sphericity=_clipped(rng, {"DCM": 0.72, "MINF": 0.66}.get(group, 0.61), 0.05, 0.47, 0.88),
        septal_excess=_clipped(rng, 0.12, 0.06, 0.0, 0.3),
        septal_wall_mm=_clipped(rng, 20, 2.5, 18, 27) if group == "HCM" else 0.0,
        # it falls with disease, a right ventricle's too (TAPSE)
        base_descent_mm=(
            _clipped(rng, 7, 1, 4, 10)
            if weak
            else _clipped(rng, 12 if thick or group == "ARV" else 16, 2, 8, 20)
        ),
        base_tilt_deg=_clipped(rng, 7, 3, 0, 12),
        torsion_deg_per_cm=max(
            _band(sex, "torsion_deg_per_cm", rng.standard_normal()) * (0.5 if weak else 1), 0.1
        ),
        lv_flattening=_clipped(rng, 0.9, 0.045, 0.76, 0.99),
        flattening_angle_deg=float(rng.uniform(0, 180)),
        outline_unevenness=float(np.clip(rng.lognormal(np.log(0.038), 0.7), 0.01, 0.085)),
        wall_unevenness=float(
            np.clip(rng.lognormal(np.log(0.22 if group == "MINF" else 0.16), 0.55), 0.04, 0.45)
        ),
        septum_angle_deg=_clipped(rng, 220, 11, 185, 250),
        insertion_half_angle_deg=_clipped(rng, 66, 10, 45, 90),
        rv_spiral_deg=_clipped(rng, 35, 8, 15, 55),
        rv_corner=_clipped(rng, 0.08, 0.02, 0.03, 0.11),
        # a stout person's raised diaphragm lays the heart down
        axis_tilt_deg=(_clipped(rng, 34, 8, 12, 55), _clipped(rng, 36 - 0.6 * stout, 7, 15, 55)),
        roll_deg=_roll(rng),
        heart_shift_mm=(
            _clipped(rng, 0, 7, -16, 16),
            _clipped(rng, 0, 5, -10, 10),
            _clipped(rng, 0, 8, -18, 18),
        ),
        fat_mm=float(
            np.clip(rng.lognormal(np.log(17 if sex == "F" else 14) + 0.05 * stout, 0.33), 6, 42)
        ),
        epicardial_fat_mm=float(np.clip(rng.lognormal(np.log(1.8) + 0.03 * stout, 0.5), 0.5, 7)),
        diaphragm_mm=_clipped(rng, 0, 7, -15, 15),
        chest_gap_mm=_clipped(rng, 7, 5, 0, 20),
        free_wall_fat=float(np.clip(rng.lognormal(np.log(0.7), 0.6), 0.1, 2.0)),
    )


def _roll(rng: np.random.Generator) -> float:
    """Turn of the image about the long axis, degrees: half of the people lie as scanners prescribe
    a slice (the RV at 126 to 157 degrees in M&Ms, 180: the viewer's left, 90: up), half as in
    images that lost their orientation (201 ± 31 degrees in ACDC)."""
    as_prescribed = rng.random() < 0.5
    angle, turned = _clipped(rng, 0, 8, -20, 20), _clipped(rng, 60, 25, 10, 110)
    return angle if as_prescribed else turned


def _band(sex: str, quantity: str, z: float) -> float:
    """The value ``z`` SD above the published mean."""
    band = BANDS[(BANDS["sex"] == sex) & (BANDS["quantity"] == quantity)].iloc[0]
    return float(band["mean"] + band["sd"] * z)


def _body_and_volumes(
    rng: np.random.Generator, sex: str, group: str
) -> tuple[float, float, dict[str, float]]:
    """(height cm, weight kg, volumes in ml, mass in g, ejection fractions): the healthy heart of
    that body, disease put on top."""
    z = np.clip(rng.multivariate_normal(np.zeros(5), _CORRELATION), -_SPREAD, _SPREAD)
    rv_ef = 1 - _band(sex, "rv_esv_ml", 0) / _band(sex, "rv_edv_ml", 0)
    volumes = {
        "lv_edv": _band(sex, "lv_edv_ml", z[0]),
        "lv_ef": _band(sex, "lv_ef_percent", z[1]) / 100,
        "lv_mass": _band(sex, "lv_mass_g", z[2]),
        "rv_edv": _band(sex, "rv_edv_ml", z[3]),
        "rv_ef": rv_ef + 0.05 * z[4],
    }
    # body surface follows the heart's size, height follows body surface, weight is what the two
    # leave (Mosteller)
    size = float(
        np.clip(
            (1.95 if sex == "M" else 1.7) + 0.12 * z[0] + 0.08 * rng.standard_normal(), 1.3, 2.6
        )
    )
    height = float(
        (176 if sex == "M" else 163)
        + 3.0 * z[0]
        + 5.5 * np.clip(rng.standard_normal(), -_SPREAD, _SPREAD)
    )
    for name, low, high, of in _DISEASE.get(group, ()):
        unit = {_OF_BODY: size, _OF_HEALTHY: volumes[name], _ITSELF: 1.0}[of]
        volumes[name] = unit * rng.uniform(low, high)
    return (
        height,
        float(3600 * size**2 / height),
        {name: float(value) for name, value in volumes.items()},
    )


def _clipped(rng: np.random.Generator, mean: float, sd: float, low: float, high: float) -> float:
    return float(np.clip(mean + sd * rng.standard_normal(), low, high))
