"""Relaxation times and proton densities of the tissues, and how they vary between people."""

from importlib.resources import files

import numpy as np
import pandas as pd

from ..data import refuse
from ..population import STRUCTURE_TABLE
from .sources import read_sourced

TISSUES = read_sourced(files("sim2real.simulation").joinpath("tissues.csv"), ("tissue", "field_t"))
SPOKEN = {
    "lv_blood": "blood, left",
    "rv_blood": "blood, right",
    "lv_myocardium": "myocardium",
    "epicardial_fat": "fat",
    "liver": "liver",
}
"""Structures whose signals pages compare, by the name of their tissue there."""
_T1_SD, _T2_SD, _PD_SD = 0.05, 0.08, 0.05  # between subjects, relative


def tissue_times(
    field_strength_t: float, rng: np.random.Generator | None = None, spread: float = 1.0
) -> pd.DataFrame:
    """Relaxation times and proton densities, of one person if ``rng`` is given.

    Args:
        field_strength_t: of the main field, tesla.
        rng: of the person; none: the table's own values.
        spread: scale of the spread between people.

    Returns:
        For each structure number (index) T1, T2 and T2' in ms and proton density; ``fat``:
        whether it resonates as fat.

    Raises:
        Sim2RealError: when a structure's tissue has no row at this field strength.
    """
    at_field = TISSUES[TISSUES["field_t"] == field_strength_t].set_index("tissue")
    rows = at_field[["t1_ms", "t2_ms", "pd", "t2_prime_ms"]]
    missing = sorted(set(STRUCTURE_TABLE["tissue"]) - set(rows.index))
    refuse(
        missing,
        f"tissues.csv: no values for {', '.join(missing)} at {field_strength_t} T; add a row"
        " with its source",
    )
    if rng is not None:
        factors = np.exp(spread * rng.standard_normal((len(rows), 3)) * [_T1_SD, _T2_SD, _PD_SD])
        rows[["t1_ms", "t2_ms", "pd"]] *= factors
        rows["t2_ms"] = np.minimum(rows["t2_ms"], rows["t1_ms"])
    rows["fat"] = rows.index == "fat"
    return rows.loc[STRUCTURE_TABLE["tissue"]].set_index(STRUCTURE_TABLE["id"])
