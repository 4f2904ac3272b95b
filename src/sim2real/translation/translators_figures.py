"""Figures of Appendix 1: the same slices by every translator, and what each gains and keeps."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..data.style import COLOURS

LOOKS = {
    "identity": ("s", "#999999"),
    "histogram": ("D", "#999999"),
    "fourier": ("^", "#999999"),
    "cut": ("o", "#000000"),
    "fastcut": ("o", "#CC79A7"),
    "cyclegan": ("o", "#E69F00"),
}
"""Marker and colour of each translator: grey where nothing is trained."""
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
NEAREST_TICKS = 0.1  # share of the axis's length


def translators_figure(shown: dict[str, np.ndarray], names: list[str]) -> Figure:
    """A row a translator, a column a simulated slice; in the last row real slices of other people,
    which belong to no column.

    shown: name of the row to its slices (n, h, w) in [0, 1], as ``translators.shown`` gives them.
    names: of the columns, n.
    """
    n, (height, width) = len(names), next(iter(shown.values())).shape[1:]
    row_height = 1.5 * height / width
    figure, axes = plt.subplots(
        len(shown),
        n,
        figsize=(0.35 + 1.5 * n, 0.3 + (row_height + 0.02) * len(shown)),
        squeeze=False,
        gridspec_kw={"wspace": 0.02, "hspace": 0.02},
        layout="none",
    )
    figure.subplots_adjust(
        left=0.3 / figure.get_figwidth(),
        right=0.998,
        bottom=0.002,
        top=1 - 0.28 / figure.get_figheight(),
    )
    for row, (title, slices) in zip(axes, shown.items(), strict=True):
        real = title.startswith("real")
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        for axis, slice_ in zip(row, slices, strict=False):
            axis.imshow(slice_, cmap="gray", vmin=0, vmax=1)
        row[0].set_ylabel(
            title,
            fontsize=9.5,
            color=COLOURS["real"] if real else "#222222",
            fontweight="bold" if real else None,
        )
    for axis, name in zip(axes[0], names, strict=True):
        axis.set_title(name, fontsize=10, pad=4)
    return figure


def tradeoff_figure(table: pd.DataFrame) -> Figure:
    """Distance to real slices (left is nearer) against the anatomy kept (up is more), a mark a
    translator.

    table: ``translators_tables.summary``. Across, the distance less its bias with its interval over
    subjects, as defined where there is no interval; upwards, the median over slices with the range
    from the 10th to the 90th percentile.
    """
    figure, axis = plt.subplots(figsize=(6, 4.2), layout="constrained")
    axis.set_xscale("function", functions=(lambda d: np.sqrt(np.maximum(d, 0)), np.square))
    for row in table.to_dict("records"):
        marker, colour = LOOKS[row["name"]]
        known = bool(np.isfinite([row["ci_low"], row["ci_high"]]).all())
        x, y = max(0.0, row["corrected"]) if known else row["distance"], row["kept_median"]
        axis.plot(
            [x, x],
            [row["kept_10"], row["kept_90"]],
            color=colour,
            linewidth=1.3,
            alpha=0.7,
            zorder=2,
        )
        if known:
            axis.plot(
                [row["ci_low"], row["ci_high"]],
                [y, y],
                color=colour,
                linewidth=1.3,
                alpha=0.7,
                zorder=2,
            )
        axis.plot(
            x,
            y,
            marker,
            color=colour,
            markersize=9,
            markeredgecolor="white",
            label=row["translator"],
            linestyle="none",
            zorder=3,
        )
    _finish(axis, table)
    return figure


def _finish(axis: Axes, table: pd.DataFrame) -> None:
    farthest = 1.05 * float(np.nanmax(table[["distance", "ci_high"]].to_numpy()))
    axis.axhline(1, color="#777777", linewidth=1, linestyle=":")
    axis.set_xlim(0, farthest)
    ticks = [0]
    for tick in TICKS:
        if (
            tick <= farthest
            and np.sqrt(tick / farthest) - np.sqrt(ticks[-1] / farthest) > NEAREST_TICKS
        ):
            ticks.append(tick)
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.set(
        xlabel="Fréchet distance to real slices, texture features (root scale)",
        ylabel="borders' energy, after / before",
    )
    axis.legend(fontsize=9, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
