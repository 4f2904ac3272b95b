"""Is the heart still where the label says? Measured on each slice without any trained judge.

Edges: the share of the gradient's energy near the heart that lies on the label's borders.
Information: what the grey values near the heart tell about the label. Neither knows what a real
heart looks like. Both fall where a border has moved; information falls with texture and coil
shading, too, so that slices are judged by their edges.
"""

import numpy as np
import pandas as pd
from scipy.ndimage import binary_dilation
from skimage.metrics import normalized_mutual_information

from ..data.errors import Sim2RealError
from ..data.files import write_table
from ..data.images import read_image, read_labels
from ..data.run import RunFolder
from ..data.slices import as_shown

CHAPTER = "04_translation"
COLUMNS = [
    "vendor",
    "subject",
    "phase",
    "slice",
    "edges_before",
    "edges_after",
    "information_before",
    "information_after",
    "kept",
]
"""kept: edges after over before, above 1 where the translation draws the borders sharper than the
simulation did."""
NEAR_PX, GREY_LEVELS = 8, 32
BELOW = 0.8
"""A slice that keeps less of its borders than this is counted."""


def edge_share(image: np.ndarray, label: np.ndarray) -> float:
    r"""Share, 0 to 1, of :math:`|\nabla I|^2` within ``NEAR_PX`` of the heart that lies on pixels
    beside another label.

    image: (row, column); label: the same shape, 0 outside the heart. Raises Sim2RealError for a
    slice without a label.
    """
    energy = sum(np.square(component) for component in np.gradient(np.asarray(image, float)))
    near = _near(label)
    total = energy[near].sum()
    return float(energy[near & _borders(label)].sum() / total) if total > 0 else 0.0


def information(image: np.ndarray, label: np.ndarray) -> float:
    r"""Normalised mutual information near the heart, :math:`(H(I) + H(L)) / H(I, L) - 1`: 0 if
    unrelated, 1 if each tells the other.

    Studholme, Hill, Hawkes, Pattern Recognition 32 (1999) 71, less their 1; grey values in [0, 1]
    in 32 levels. Raises as ``edge_share``.
    """
    near = _near(label)
    levels = np.minimum((np.clip(image[near], 0, 1) * GREY_LEVELS).astype(int), GREY_LEVELS - 1)
    return (
        float(
            normalized_mutual_information(
                levels, label[near], bins=(GREY_LEVELS, int(label.max()) + 1)
            )
        )
        - 1
    )


def measure(before: np.ndarray, after: np.ndarray, label: np.ndarray) -> dict:
    """A slice's measures before and after translation, by the names in ``COLUMNS``."""
    edges = edge_share(before, label), edge_share(after, label)
    return {
        "edges_before": edges[0],
        "edges_after": edges[1],
        "information_before": information(before, label),
        "information_after": information(after, label),
        "kept": edges[1] / max(edges[0], 1e-6),
    }


def keeps_of(run: RunFolder) -> pd.DataFrame:
    """``COLUMNS`` for every translated slice of a run that shows the heart; written to
    ``keeps.csv`` in chapter 4's folder."""
    rows = [
        {
            "vendor": pair["vendor"],
            "subject": pair["subject"],
            "phase": pair["phase"],
            "slice": index,
        }
        | measure(*slices)
        for pair, stacks in _pairs(run)
        for index, slices in enumerate(zip(*stacks, strict=True))
        if slices[2].any()
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    write_table(run.chapter(CHAPTER) / "keeps.csv", table)
    return table


def worst(run: RunFolder, table: pd.DataFrame, n: int = 4) -> list[dict]:
    """For each vendor the ``n`` slices that kept least: rows of ``table`` with their images
    (before, after, label)."""
    chosen = (
        table.sort_values("kept", kind="stable")
        .groupby("vendor")
        .head(n)
        .sort_values(["vendor", "kept"], kind="stable")
    )
    stacks = {
        (pair["vendor"], pair["subject"], pair["phase"]): read for pair, read in _pairs(run, chosen)
    }
    found = []
    for row in chosen.to_dict("records"):
        before, after, label = (
            stack[row["slice"]] for stack in stacks[row["vendor"], row["subject"], row["phase"]]
        )
        found.append(row | {"before": before, "after": after, "label": label})
    return found


def _pairs(run: RunFolder, wanted: pd.DataFrame | None = None):
    """(row of ``translated.csv``, (simulated, translated, label) stacks), of those that ``wanted``
    names or of all."""
    simulated = (
        run.manifest("03_real_cohort", "slices.csv")
        .query("domain == 'simulated'")
        .set_index(["subject", "phase"])
    )
    keys = (
        None
        if wanted is None
        else set(wanted[["vendor", "subject", "phase"]].itertuples(index=False, name=None))
    )
    for row in run.manifest(CHAPTER, "translated.csv").to_dict("records"):
        if keys is None or (row["vendor"], row["subject"], row["phase"]) in keys:
            source = simulated.loc[(row["subject"], row["phase"])]
            paths = (source["image"], row["image"], source["label"])
            yield (
                row,
                tuple(
                    as_shown(read(run.path / path))
                    for read, path in zip((read_image, read_image, read_labels), paths, strict=True)
                ),
            )


def _near(label: np.ndarray) -> np.ndarray:
    if not label.any():
        raise Sim2RealError("a slice without a label; expected LV, MYO or RV in it")
    return binary_dilation(label > 0, iterations=NEAR_PX)


def _borders(label: np.ndarray) -> np.ndarray:
    """Pixels with another label above, below, left or right of them."""
    found = np.zeros(label.shape, bool)
    for axis in range(2):
        differs = np.diff(label.astype(int), axis=axis) != 0
        found[tuple(slice(None, -1) if k == axis else slice(None) for k in range(2))] |= differs
        found[tuple(slice(1, None) if k == axis else slice(None) for k in range(2))] |= differs
    return found


def results(table: pd.DataFrame) -> dict[str, float]:
    """Median and lowest ``kept`` of each vendor, and the share of slices below ``BELOW``: numbers
    the prose of chapter 4 quotes."""
    values = {}
    for vendor, kept in table.groupby("vendor")["kept"]:
        values |= {
            f"kept_median_{vendor}": float(kept.median()),
            f"kept_lowest_{vendor}": float(kept.min()),
        }
        values[f"kept_below_{vendor}"] = float((kept < BELOW).mean())
    return values
