"""How long do the measures of 400 test cases take, and the tables and tests of four regimes on
them?

    python benchmarks/judging.py [--cases 400]

References are a heart of three rings in four slices on the analysis grid, predictions the same,
displaced; one core.
"""

import argparse
from itertools import product
from time import perf_counter

import numpy as np
import pandas as pd
from measured import note

from sim2real.data import LV, MYO, REGIMES, RV, VENDORS
from sim2real.segmentation import comparison_table, interval_table, measure_rows, table1_means

SPACING_MM = (9.0, 1.25, 1.25)


def heart(rng: np.random.Generator) -> np.ndarray:
    """Labels (slice, row, column) of one heart: a ventricle, its wall, and a crescent beside it."""
    row, column = np.meshgrid(*2 * [np.arange(128.0)], indexing="ij")
    label, (y, x) = np.zeros((4, 128, 128), np.uint8), rng.normal(64, 2, 2)
    for k in range(4):
        radius = rng.normal(20, 1.5) - 2 * k
        for value, centre, size in (
            (RV, x - 22, radius + 4),
            (MYO, x, radius + 8),
            (LV, x, radius),
        ):
            label[k][np.hypot(row - y, column - centre) < size] = value
    return label


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=400)
    n_cases = parser.parse_args().cases
    rng, measures, tables = np.random.default_rng(0), 0.0, []
    subjects = [
        (vendor, k, phase)
        for vendor, k, phase in product(VENDORS, range(n_cases // 4), ("ED", "ES"))
    ]
    for training in REGIMES:
        pairs = [(heart(rng), heart(rng)) for _ in subjects]
        start = perf_counter()
        for (vendor, k, phase), pair in zip(subjects, pairs, strict=True):
            case = {
                "training": training,
                "seed": 0,
                "n_real": 1,
                "n_simulated": 1,
                "n_images": 1,
                "vendor": vendor,
                "subject": k,
                "phase": phase,
            }
            tables += [case | row for row in measure_rows(*pair, SPACING_MM)]
        measures = max(measures, perf_counter() - start)
    start, rows = perf_counter(), pd.DataFrame(tables)
    table1_means(rows), interval_table(rows), comparison_table(rows)
    statistics = perf_counter() - start
    told = (
        f"{measures:.0f} s for the measures of a regime, {statistics:.0f} s for tables, intervals"
        f" and tests of {len(REGIMES)} regimes"
    )
    print(f"{len(subjects)} cases: {told}")
    note(f"Time to judge {len(subjects)} test cases on one core", told, "benchmarks/judging.py")
