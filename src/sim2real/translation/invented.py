"""What did the picture invent? A measure of hallucination that needs no pairs: the simulated slice
is known, so whatever has no reason in it, nor in what real slices show at that place, is invented.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter, maximum_filter

from ..cohort import COHORT, unlabelled_images
from ..data import RunFolder, load_slices, write_table
from .chapter import TRANSLATION
from .keeps import stacks_of, translated_pairs

SCALE_PX = 2.0
"""SD of the Gaussian before the gradient: grain is no edge."""
NEAR_PX = 3
"""An edge of the simulated slice is a reason for one so near to it."""
PERCENTILE = 95
"""Of the real slices' gradients at a place: what lies above it they do not show there."""
PLACE_PX = 6.0
"""SD over which that is smoothed, since there are few real slices."""
EDGE = 0.01
"""Least gradient, of the range a pixel, of an edge whose direction is looked at."""
UNIT = 1000
"""``invented`` is in thousandths of the range a pixel."""
COLUMNS = ["vendor", "subject", "phase", "slice", "invented", "edges", "reversed"]


def edges_of_place(real: np.ndarray) -> np.ndarray:
    """The strongest edges that real slices (n, row, column) in [0, 1] show at each place,
    (row, column), in parts of the range a pixel."""
    strongest = np.percentile(_strength(_gradient(real)), PERCENTILE, axis=0)
    return gaussian_filter(strongest, PLACE_PX)


def invented_maps(
    before: np.ndarray, after: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Where translated slices show an edge without a reason, and where they turned one about.

    With the gradients :math:`b` and :math:`a` of the smoothed slices before and after: edges beyond
    :math:`|a| - \max(|b|_{near}, place)`, and :math:`-a \cdot b / |b|`, the part of ``after``'s
    gradient against that of an edge, where dark and bright tissue changed places; each no less
    than 0.

    Args:
        before, after: (n, row, column) in [0, 1].
        place: of ``edges_of_place``.

    Returns:
        Both maps, (n, row, column), in parts of the range a pixel.
    """
    was, became = _gradient(before), _gradient(after)
    strength = _strength(was)
    near = maximum_filter(strength, (1, 2 * NEAR_PX + 1, 2 * NEAR_PX + 1))
    edges = np.clip(_strength(became) - np.maximum(near, place), 0, None)
    against = -(was * became).sum(axis=0) / np.maximum(strength, EDGE)
    return edges, np.clip(against, 0, None) * (strength >= EDGE)


def excess_of_real(real: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The edges of real slices (n, row, column) beyond ``place``, a number a slice in the unit of
    ``invented``: what the measure holds against slices of other people that nobody invented."""
    beyond = np.clip(_strength(_gradient(real)) - place, 0, None)
    return UNIT * beyond.mean(axis=(1, 2))


def invented_of(run: RunFolder) -> pd.DataFrame:
    """``COLUMNS`` for every translated slice of a run, written to ``invented.csv`` in chapter 4's
    folder; ``invented`` is the sum of ``edges`` and ``reversed``, thousandths of the range a
    pixel."""
    rows = []
    for vendor, place, pairs in _of_vendors(run):
        for pair in pairs.to_dict("records"):
            before, after, _ = stacks_of(run, pair)
            maps = invented_maps(before, after, place)
            parts = [UNIT * part.mean(axis=(1, 2)) for part in maps]
            for k, (edges, turned) in enumerate(zip(*parts, strict=True)):
                name = (vendor, pair["subject"], pair["phase"], k)
                rows.append((*name, edges + turned, edges, turned))
    table = pd.DataFrame(rows, columns=COLUMNS)
    write_table(run.chapter(TRANSLATION.name) / "invented.csv", table)
    return table


def worst(run: RunFolder, table: pd.DataFrame, n: int = 4) -> list[dict]:
    """For each vendor the ``n`` slices with the most that is invented: rows of ``table`` with their
    images (before, after, map)."""
    shown = []
    for vendor, place, pairs in _of_vendors(run):
        rows = table[table["vendor"] == vendor].nlargest(n, "invented")
        for row in rows.merge(pairs, on=["vendor", "subject", "phase"]).to_dict("records"):
            before, after, _ = (stack[row["slice"]] for stack in stacks_of(run, row))
            maps = invented_maps(before[None], after[None], place)
            shown.append({**row, "before": before, "after": after, "map": sum(maps)[0]})
    return shown


def results(run: RunFolder, table: pd.DataFrame) -> dict[str, float]:
    """Median and greatest ``invented`` of each vendor, the median of its ``edges``, and the same of
    real slices of the vendor's test subjects: numbers that the prose of chapter 4 quotes."""
    real = run.manifest(COHORT.name, "slices.csv").query("domain == 'real' and split == 'test'")
    values = {}
    for vendor, place, _ in _of_vendors(run):
        part, tests = table[table["vendor"] == vendor], real[real["vendor"] == vendor]
        values[f"invented_median_{vendor}"] = float(part["invented"].median())
        values[f"invented_most_{vendor}"] = float(part["invented"].max())
        values[f"invented_edges_{vendor}"] = float(part["edges"].median())
        values[f"invented_real_{vendor}"] = float("nan")
        if len(tests):
            excess = excess_of_real(load_slices(run.path, tests), place)
            values[f"invented_real_{vendor}"] = float(np.median(excess))
    return values


def _of_vendors(run: RunFolder) -> Iterator[tuple[str, np.ndarray, pd.DataFrame]]:
    """Each vendor, what its real slices show at each place, and its translated images."""
    for vendor, pairs in translated_pairs(run).groupby("vendor"):
        yield vendor, edges_of_place(load_slices(run.path, unlabelled_images(run, vendor))), pairs


def _gradient(slices: np.ndarray) -> np.ndarray:
    """(2, n, row, column): down and to the right."""
    smooth = gaussian_filter(np.asarray(slices, float), (0, SCALE_PX, SCALE_PX))
    return np.stack(np.gradient(smooth, axis=(1, 2)))


def _strength(gradient: np.ndarray) -> np.ndarray:
    return np.hypot(*gradient)
