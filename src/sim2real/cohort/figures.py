"""Figures of chapter 3."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data.style import COLOURS
from ..simulation.figures import outline
from .chapter import COHORT


def domains_figure(rows: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """One row a domain: four slices apex to base of one image, above them their labels outlined on
    the same slices.

    rows: title to (image, label), each (slice, row, column), image in [0, 1].
    """
    n = max(len(image) for image, _ in rows.values())
    figure, grid = plt.subplots(len(rows), n, figsize=(2.0 * n, 2.15 * len(rows)), squeeze=False)
    for axes_row, (title, (image, label)) in zip(grid, rows.items(), strict=True):
        for axes in axes_row:
            axes.axis("off")
        for axes, plane, labels in zip(axes_row, image, label, strict=False):
            axes.imshow(plane, vmin=0, vmax=1)
            outline(axes, labels, 0.9)
        axes_row[0].set_title(title, loc="left", fontsize=10)
    return figure


def gallery_figure(images: dict[str, np.ndarray]) -> Figure:
    """Slices of several subjects, a row a domain, no labels: how alike or unlike the domains look.
    Each (n, row, column)."""
    n = max(len(stack) for stack in images.values())
    figure, grid = plt.subplots(
        len(images), n, figsize=(1.7 * n, 1.85 * len(images)), squeeze=False
    )
    for axes_row, (title, stack) in zip(grid, images.items(), strict=True):
        for axes in axes_row:
            axes.axis("off")
        for axes, plane in zip(axes_row, stack, strict=False):
            axes.imshow(plane, vmin=0, vmax=1)
        axes_row[0].set_title(title, loc="left", fontsize=10)
    return figure


def spans_figure(table: pd.DataFrame) -> Figure:
    """Medians of each domain and phase (dots) in the span of real slices (bars), a panel a measure;
    hollow: excused. See ``spans``."""
    measures = list(dict.fromkeys(table["measure"]))
    figure, grid = plt.subplots(3, 4, figsize=(11, 7.4))
    for axes, measure in zip(grid.ravel(), measures, strict=False):
        rows = table[table["measure"] == measure].reset_index(drop=True)
        for place, row in rows.iterrows():
            domain = row["domain"].split()
            colour = COLOURS[domain[-1]]
            axes.plot(
                [place, place],
                [row["low"], row["high"]],
                color="0.85",
                linewidth=9,
                solid_capstyle="butt",
                zorder=0,
            )
            axes.plot(
                place,
                row["median"],
                "o",
                color=colour,
                markersize=5,
                fillstyle="none" if row["inside"] == "excused" else "full",
            )
            if row["inside"] == "no":
                axes.plot(place, row["median"], "x", color="black", markersize=9)
        axes.set_title(COHORT.columns.get(measure, measure), fontsize=9)
        axes.set_xticks(range(len(rows)), rows["phase"], fontsize=7)
        axes.tick_params(axis="y", labelsize=7)
        axes.set_xlim(-0.6, len(rows) - 0.4)
        if (rows["low"] > 0).all() and (rows["high"] > 8 * rows["median"].max()).any():
            axes.set_yscale("log")
    names = list(dict.fromkeys(table["domain"]))
    handles = [
        plt.Line2D([], [], marker="o", linestyle="", color=COLOURS[name.split()[-1]], label=name)
        for name in names
    ]
    handles.append(plt.Line2D([], [], color="0.85", linewidth=7, label="span of real slices"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)
    return figure
