"""Is the heart still where the label says? Measured on each slice without any trained network: the
share of the gradient's energy near the heart that lies on the label's borders falls where a border
has moved.
"""

import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation

from ..cohort import COHORT
from ..data import RunFolder, as_shown, read_image, read_labels, refuse, write_table
from .chapter import TRANSLATION

# kept: edges after over before, above 1 where the translation draws the borders sharper than the
# simulation did.
COLUMNS = [
    "vendor",
    "subject",
    "phase",
    "slice",
    "edges_before",
    "edges_after",
    "kept",
]
NEAR_PX = 8
# A slice that keeps less of its borders than this is counted.
BELOW = 0.8


def edge_share(image: np.ndarray, label: np.ndarray) -> float:
    r"""Share of :math:`|\nabla I|^2` near the heart that lies on pixels beside another label.

    Args:
        image: (row, column), intensities of any scale.
        label: the same shape, 0 outside the heart.

    Returns:
        0 to 1, of the energy within ``NEAR_PX`` of the heart.

    Raises:
        Sim2RealError: for a slice without a label.
    """
    refuse(
        not label.any(),
        "a slice without a label; expected LV, MYO or RV in it",
    )
    energy = sum(np.square(component) for component in np.gradient(np.asarray(image, float)))
    near = binary_dilation(label > 0, iterations=NEAR_PX)
    total = energy[near].sum()
    return float(energy[near & _borders(label)].sum() / total) if total > 0 else 0.0


def kept_borders(before: np.ndarray, after: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """A slice's ``edges_before``, ``edges_after`` and ``kept``, see ``COLUMNS``; arguments as in
    ``edge_share``."""
    edges = edge_share(before, label), edge_share(after, label)
    return {
        "edges_before": edges[0],
        "edges_after": edges[1],
        "kept": edges[1] / max(edges[0], 1e-6),
    }


def keeps_of(run: RunFolder) -> pd.DataFrame:
    """``COLUMNS`` for every translated slice of a run that shows the heart; written to
    ``keeps.csv`` in chapter 4's folder."""
    rows = [
        {**pair, "slice": index, **kept_borders(before, after, label)}
        for pair in translated_pairs(run).to_dict("records")
        for index, (before, after, label) in enumerate(zip(*stacks_of(run, pair), strict=True))
        if label.any()
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    write_table(run.chapter(TRANSLATION.name) / "keeps.csv", table)
    return table


def translated_pairs(run: RunFolder) -> pd.DataFrame:
    """Rows of ``translated.csv``, with the simulated image's file as ``image_before``."""
    simulated = run.manifest(COHORT.name, "slices.csv").query("domain == 'simulated'")
    translated = run.manifest(TRANSLATION.name, "translated.csv")
    keys = ["subject", "phase"]
    return translated.merge(simulated[[*keys, "image"]], on=keys, suffixes=("", "_before"))


def stacks_of(run: RunFolder, pair: dict) -> list[np.ndarray]:
    """Simulated image, its translation and their label, each (slice, row, column)."""
    images = [read_image(run.path / pair[name]) for name in ("image_before", "image")]
    return [as_shown(image) for image in (*images, read_labels(run.path / pair["label"]))]


def _borders(label: np.ndarray) -> np.ndarray:
    """Pixels with another label above, below, left or right of them."""
    borders = np.zeros(label.shape, bool)
    for view, labels in ((borders, label), (borders.T, label.T)):
        differs = labels[1:] != labels[:-1]
        view[:-1] |= differs
        view[1:] |= differs
    return borders


def results(table: pd.DataFrame) -> dict[str, float]:
    """Median and lowest ``kept`` of each vendor, and the share of slices below ``BELOW``: numbers
    that the prose of chapter 4 quotes."""
    values = {}
    for vendor, kept in table.groupby("vendor")["kept"]:
        values |= {
            f"kept_median_{vendor}": float(kept.median()),
            f"kept_lowest_{vendor}": float(kept.min()),
            f"kept_below_{vendor}": float((kept < BELOW).mean()),
        }
    return values
