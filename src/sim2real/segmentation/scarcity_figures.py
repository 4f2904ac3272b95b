"""The figure of the appendix on scarce real data."""

import pandas as pd
from matplotlib.figure import Figure

from ..data.style import COLOURS
from .look import FAINT, INK


def scarcity_figure(table: pd.DataFrame, gains: pd.DataFrame) -> Figure:
    """Mean Dice against the number of real training subjects, with and without sim2real images, and
    the difference, with 95 % intervals."""
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    sizes = sorted(table["n_real"].unique())
    for training, label in (("real", "real alone"), ("both", "real and sim2real")):
        rows = table[
            (table["training"] == training)
            & (table["vendor"] == "all")
            & (table["structure"] == "all")
        ].sort_values("n_real")
        _curve(left, rows["n_real"], rows["dice"], rows, COLOURS[training], label)
    left.set_ylabel("mean Dice on test subjects")
    left.legend(fontsize=9)
    rows = gains[(gains["vendor"] == "all") & (gains["structure"] == "all")].sort_values("n_real")
    _curve(right, rows["n_real"], rows["difference"], rows, INK, None)
    right.axhline(0, color=FAINT, linewidth=1, linestyle=":")
    right.set_ylabel("gain of adding sim2real images, Dice")
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("real training subjects, both vendors")
    return figure


def _curve(
    axes, sizes: pd.Series, values: pd.Series, rows: pd.DataFrame, colour: str, label: str | None
) -> None:
    axes.plot(sizes, values, "o-", color=colour, label=label, markersize=6)
    axes.fill_between(sizes, rows["ci_low"], rows["ci_high"], color=colour, alpha=0.18, linewidth=0)
