"""Figures of chapter 3."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data import COLOURS
from ..simulation import outline
from .chapter import COHORT


def domains_figure(rows: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """One row a domain: four slices apex to base of one image with their labels outlined.

    Args:
        rows: title to (image, label), each (slice, row, column), image in [0, 1].
    """
    figure = gallery_figure({title: image for title, (image, _) in rows.items()}, width=2.0)
    panels = np.array(figure.axes).reshape(len(rows), -1)
    for axes_row, (_, label) in zip(panels, rows.values(), strict=True):
        for axes, plane in zip(axes_row, label, strict=False):
            outline(axes, plane, 0.9)
    return figure


def gallery_figure(images: dict[str, np.ndarray], width: float = 1.7) -> Figure:
    """Slices, a row a domain: title to (n, row, column) in [0, 1]; a panel is ``width`` inches
    wide."""
    n = max(map(len, images.values()))
    size = (width * n, (width + 0.15) * len(images))
    figure, grid = plt.subplots(len(images), n, figsize=size, squeeze=False)
    for axes in grid.ravel():
        axes.axis("off")
    for axes_row, (title, stack) in zip(grid, images.items(), strict=True):
        for axes, plane in zip(axes_row, stack, strict=False):
            axes.imshow(plane, vmin=0, vmax=1)
        axes_row[0].set_title(title, loc="left", fontsize=10)
    return figure


def spans_figure(table: pd.DataFrame) -> Figure:
    """Medians of each domain and phase (dots) in the span of real slices (bars), a panel a measure;
    hollow: excused. See ``summary.against_real``."""
    figure, grid = plt.subplots(3, 4, figsize=(11, 7.4))
    for axes, measure in zip(grid.ravel(), table["measure"].unique(), strict=False):
        rows = table[table["measure"] == measure].reset_index(drop=True)
        for x, row in rows.iterrows():
            ends = [row["low"], row["high"]]
            axes.plot([x, x], ends, color="0.85", linewidth=9, solid_capstyle="butt", zorder=0)
            fill = "none" if row["inside"] == "excused" else "full"
            colour = COLOURS[row["domain"].split()[-1]]
            axes.plot(x, row["median"], "o", color=colour, markersize=5, fillstyle=fill)
            if row["inside"] == "no":
                axes.plot(x, row["median"], "x", color="black", markersize=9)
        axes.set_title(COHORT.columns.get(measure, measure), fontsize=9)
        axes.set_xticks(range(len(rows)), rows["phase"], fontsize=7)
        axes.tick_params(axis="y", labelsize=7)
        axes.set_xlim(-0.6, len(rows) - 0.4)
        if (rows["low"] > 0).all() and (rows["high"] > 8 * rows["median"].max()).any():
            axes.set_yscale("log")
    handles = [
        plt.Line2D([], [], marker="o", linestyle="", color=COLOURS[name.split()[-1]], label=name)
        for name in table["domain"].unique()
    ]
    handles.append(plt.Line2D([], [], color="0.85", linewidth=7, label="span of real slices"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)
    return figure
