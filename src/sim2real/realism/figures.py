"""Figures of chapter 5: Fig. 3."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from ..core.style import COLOURS

_NAMES = {"simulated": "simulated", "sim2real_A": "sim2real A", "sim2real_B": "sim2real B", "real_A": "real A", "real_B": "real B"}
_COLOURS = {
    "simulated": COLOURS["simulated"],
    "sim2real_A": COLOURS["A"],
    "sim2real_B": COLOURS["B"],
    "real_A": "#8ebad9",
    "real_B": "#f0b592",
}
AXIS = {"inception": "FID", "texture": "Fréchet distance, texture features"}


def scores_figure(distances: pd.DataFrame, examples: dict[str, np.ndarray], cohort_phrase: str) -> Figure:
    """Fig. 3: bars of the distance to each vendor's real slices, beside one example of each domain.

    distances: ``distances.csv``, one bar chart a feature space. examples: domain to a slice (row, column) in [0, 1].
    cohort_phrase: what the real images are, or what stands in for them; it is printed below.
    """
    spaces = list(distances["features"].unique())
    figure = plt.figure(figsize=(10.5, 3.5 * len(spaces) + 0.3))
    left, right = figure.subfigures(1, 2, width_ratios=[1.25, 1])
    for axes, space in zip(np.atleast_1d(left.subplots(len(spaces), 1)), spaces, strict=True):
        _bars(axes, distances[distances["features"] == space], AXIS[space])
    grid = right.subplots(2, 3)
    layout = [["simulated", "sim2real_A", "real_A"], ["", "sim2real_B", "real_B"]]
    for axes_row, names in zip(grid, layout, strict=True):
        for axes, name in zip(axes_row, names, strict=True):
            axes.axis("off")
            if name in examples:
                axes.imshow(examples[name], vmin=0, vmax=1)
                axes.set_title(_NAMES[name], fontsize=10)
    right.supxlabel(f"real A, real B: {cohort_phrase}", fontsize=8.5, color="0.3")
    return figure


def _bars(axes, rows: pd.DataFrame, title: str) -> None:
    rows = rows.assign(reference="to " + rows["reference"].map(_NAMES), images_=rows["images"].map(_NAMES))
    palette = {_NAMES[name]: colour for name, colour in _COLOURS.items()}
    sns.barplot(rows, x="reference", y="distance", hue="images_", palette=palette, ax=axes, edgecolor="white", linewidth=0.5)
    for container in axes.containers:
        axes.bar_label(
            container, fmt=lambda value: "" if np.isnan(value) else f"{value:.0f}" if value >= 10 else f"{value:.1f}", fontsize=8, padding=2
        )
    axes.set(xlabel="", ylabel=title)
    axes.margins(y=0.12)
    axes.legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
