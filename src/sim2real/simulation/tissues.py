"""Relaxation times and proton densities of the tissues, and how they vary between people."""

from importlib.resources import files

import numpy as np
import pandas as pd

from ..core.errors import Sim2RealError
from ..population.structures import STRUCTURES

TISSUES = pd.read_csv(files("sim2real.simulation").joinpath("tissues.csv"))
_T1_SD, _T2_SD, _PD_SD = 0.05, 0.08, 0.05  # between subjects, relative


def tissue_times(field_strength_t: float, rng: np.random.Generator | None = None, spread: float = 1.0) -> pd.DataFrame:
    """T1 and T2 in ms and proton density for each structure number (index), of one person if ``rng`` is given.

    Raises Sim2RealError when a structure's tissue has no row at this field strength.
    """
    rows = TISSUES[TISSUES["field_t"] == field_strength_t].set_index("tissue")[["t1_ms", "t2_ms", "pd"]]
    missing = sorted(set(STRUCTURES["tissue"]) - set(rows.index))
    if missing:
        raise Sim2RealError(f"tissues.csv: no values for {', '.join(missing)} at {field_strength_t} T; add a row with its source")
    if rng is not None:
        factors = np.exp(spread * rng.standard_normal(rows.shape) * [_T1_SD, _T2_SD, _PD_SD])
        rows = rows * factors
        rows["t2_ms"] = np.minimum(rows["t2_ms"], rows["t1_ms"])
    return rows.loc[STRUCTURES["tissue"]].set_index(STRUCTURES["id"])
