"""What did the picture invent? A measure of hallucination that needs no pairs: the simulated slice
is known, so that whatever has no reason in it, and is more than real slices show at that place, is
invented.

Three judges who did not know the numbers each picked the five worst of twenty slices, each of other
ones. The four worst by this measure hold four, three and four of their picks; its settings were
chosen on these sixty slices.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter, maximum_filter

from ..cohort import unlabelled_images
from ..data import RunFolder, load_slices, write_table
from .chapter import TRANSLATION
from .keeps import stacks_of, translated_pairs

SCALE_PX = 1.0
"""SD of the Gaussian before the gradient."""
NEAR_PX, REASON = 3, 0.025
"""An edge of the simulated slice is a reason for one so near to it, if its gradient is so large, in
parts of the range a pixel."""
PLACE_PX = 6.0
"""SD over which the real slices' edges of a place are smoothed, since there are few slices."""
EDGE = 0.01
"""Least gradient, of the range a pixel, of an edge whose direction is looked at."""
TINY = 1e-9
COLUMNS = ["vendor", "subject", "phase", "slice", "invented", "edges", "reversed"]


def edges_of_place(real: np.ndarray) -> np.ndarray:
    """How strong an edge half of the real slices (n, row, column) in [0, 1] show at each place,
    (row, column), in parts of the range a pixel."""
    return gaussian_filter(np.median(_strength(_gradient(real)), axis=0), PLACE_PX)


def invented_maps(
    before: np.ndarray, after: np.ndarray, place: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    r"""Where translated slices show an edge without a reason, and where they turned one about.

    With the gradients :math:`b` and :math:`a` of the smoothed slices before and after: edges
    without a reason, :math:`|a| - \max(|b|_{near}, place)` where :math:`|b|_{near}` is below
    ``REASON``, and :math:`-a \cdot b / |b|`, the part of ``after``'s gradient against that of an
    edge, where dark and bright tissue changed places. Each is no less than 0, and over the mean of
    :math:`|a|`, so that the mean of a map is a share of the slice's edges.

    Args:
        before, after: (n, row, column) in [0, 1].
        place: of ``edges_of_place``.

    Returns:
        Both maps, (n, row, column). Of a slice without any edge, 0.
    """
    was, became = _gradient(before), _gradient(after)
    strength, strength_after = _strength(was), _strength(became)
    near = maximum_filter(strength, (1, 2 * NEAR_PX + 1, 2 * NEAR_PX + 1))
    edges = np.clip(strength_after - np.maximum(near, place), 0, None) * (near < REASON)
    against = -(was * became).sum(axis=0) / np.maximum(strength, EDGE)
    turned = np.clip(against, 0, None) * (strength >= EDGE)
    whole = np.maximum(strength_after.mean(axis=(1, 2), keepdims=True), TINY)
    return edges / whole, turned / whole


def invented_of(run: RunFolder) -> pd.DataFrame:
    """``COLUMNS`` for every translated slice of a run, written to ``invented.csv`` in chapter 4's
    folder; ``invented`` is the sum of ``edges`` and ``reversed``, shares of the slice's edges."""
    rows = []
    for vendor, place, pairs in _of_vendors(run):
        for pair in pairs.to_dict("records"):
            before, after, _ = stacks_of(run, pair)
            maps = invented_maps(before, after, place)
            parts = [part.mean(axis=(1, 2)) for part in maps]
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


def results(table: pd.DataFrame) -> dict[str, float]:
    """Median and greatest ``invented`` of each vendor: numbers that the prose of chapter 4
    quotes."""
    values = {}
    for vendor, invented in table.groupby("vendor")["invented"]:
        values[f"invented_median_{vendor}"] = float(invented.median())
        values[f"invented_most_{vendor}"] = float(invented.max())
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
