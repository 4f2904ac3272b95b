"""The measures of real mid-ventricular slices, and where those of a domain fall among them."""

from importlib.resources import files

import pandas as pd

from ..data.labels import PHASES
from ..metrics.measures import SLICE_MEASURES

REAL = pd.read_csv(files("sim2real.cohort").joinpath("real_slices.csv"))
EXCUSED = ("lv_sd_to_mean", "myo_sd_to_mean", "spectrum_slope")
"""Rows on texture and sharpness, which plain simulation is not asked to meet: they are what
translation is for."""


def span(measure: str, phase: str, vendor: str = "") -> tuple[float, float]:
    """The range over set C and the M&Ms cases of ``vendor`` (none named: of both)."""
    rows = REAL[
        (REAL["measure"] == measure)
        & (REAL["phase"] == phase)
        & REAL["set"].isin(["C", *(vendor or "AB")])
    ]
    return float(rows["low"].min()), float(rows["high"].max())


def against_real(measured: pd.DataFrame) -> pd.DataFrame:
    """Medians over slices beside the span of real ones: ``domain, phase, measure, median, low,
    high, inside``.

    measured: a row a slice, with ``domain, vendor, phase`` and the columns of ``SLICE_MEASURES``.
    Simulated slices, which have no vendor, are held against all real ones.
    """
    rows = []
    for (domain, vendor), part in measured.fillna({"vendor": ""}).groupby(
        ["domain", "vendor"], sort=False
    ):
        for phase in PHASES:
            for measure in SLICE_MEASURES:
                low, high = span(measure, phase, vendor)
                median = float(part.loc[part["phase"] == phase, measure].median())
                excused = domain == "simulated" and measure in EXCUSED
                inside = "excused" if excused else "yes" if low <= median <= high else "no"
                rows.append(
                    {
                        "domain": f"{domain} {vendor}".strip(),
                        "phase": phase,
                        "measure": measure,
                        "median": round(median, 3),
                        "low": low,
                        "high": high,
                        "inside": inside,
                    }
                )
    return pd.DataFrame(rows)
