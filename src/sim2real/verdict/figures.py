"""The figure of chapter 7."""

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..data import COLOURS, STRUCTURES, VENDORS
from .parameters import VerdictParameters

_MARKS = {"A": "o", "B": "s"}


def cells_figure(comparison: pd.DataFrame, parameters: VerdictParameters) -> Figure:
    """How far each cell of Table 1 is from the published one, ours less published: a panel a
    measure, a line a regime and structure, a mark a vendor, the tolerance shaded.

    Args:
        comparison: ``ledger.compare_table``.
        parameters: of chapter 7, with the tolerances.
    """
    trainings = list(dict.fromkeys(comparison["training"]))
    lines = [(training, structure) for training in trainings for structure in STRUCTURES]
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    tolerances = {"Dice": parameters.dice_tolerance, "HD": parameters.hd_tolerance_mm}
    for axes, (measure, tolerance) in zip(panels, tolerances.items(), strict=True):
        axes.axvspan(-tolerance, tolerance, color="#ececec", zorder=0)
        axes.axvline(0, color="#8a8a8a", linewidth=1)
        for height, (training, structure) in enumerate(lines):
            part = comparison[
                (comparison["measure"] == measure)
                & (comparison["training"] == training)
                & (comparison["structure"] == structure)
            ]
            for row in part.to_dict("records"):
                style = {"s": 42, "edgecolor": "#1a1a1a", "linewidths": 0.6, "zorder": 3}
                style |= {"marker": _MARKS[row["vendor"]], "facecolor": COLOURS[structure]}
                axes.scatter(row["difference"], height, **style)
        for border in range(len(STRUCTURES), len(lines), len(STRUCTURES)):
            axes.axhline(border - 0.5, color="#cccccc", linewidth=0.8)
        unit = ", mm" if measure == "HD" else ""
        axes.set_xlabel(f"{measure}, this run less paper{unit}")
    names = [f"{training}, {structure}" for training, structure in lines]
    panels[0].set_yticks(range(len(lines)), names, fontsize=10)
    panels[0].invert_yaxis()
    marks = [
        Line2D(
            [], [], color="#1a1a1a", marker=mark, linestyle="", label=f"{VENDORS[name]} ({name})"
        )
        for name, mark in _MARKS.items()
        if name in set(comparison["vendor"])
    ]
    figure.legend(handles=marks, loc="outside lower center", ncols=2, frameon=False, fontsize=10)
    return figure
