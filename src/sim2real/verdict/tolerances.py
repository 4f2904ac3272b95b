"""The tolerances of ``tolerances.csv`` as a reader reads them."""

import numpy as np
import pandas as pd

from .difference import TOLERANCES


def tolerances_table() -> pd.DataFrame:
    """``numbers`` (whose name holds one of these words), ``absolute``, ``share of the value``, ``why``; a number may differ by the larger of the two."""
    rows = []
    for row in TOLERANCES.itertuples():
        free = np.isinf(row.absolute)
        rows.append(
            (", ".join(row.pattern.split("|")), "any" if free else f"{row.absolute:g}", "any" if free else f"{row.relative:.0%}", row.why)
        )
    return pd.DataFrame(rows, columns=["numbers", "absolute", "share of the value", "why"])
