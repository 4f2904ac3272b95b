"""One look for every figure, and one way to save it: PNG, SVG and the CSV behind it."""

import warnings
from pathlib import Path

import matplotlib
import pandas as pd
from matplotlib.figure import Figure

from .files import atomic, write_table

COLOURS = {
    "simulated": "#999999",
    "sim2real": "#4d4d4d",
    "real": "#009E73",
    "both": "#CC79A7",
    "A": "#0072B2",
    "B": "#D55E00",
    "LV": "#E69F00",
    "MYO": "#009E73",
    "RV": "#56B4E9",
}
"""Okabe and Ito's: told apart with every common colour blindness, and in grey."""
CYCLE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]
_RC = {
    "figure.dpi": 110,
    "savefig.dpi": 200,
    "savefig.bbox": "tight",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "axes.titlesize": 11,
    "axes.labelsize": 10,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "image.cmap": "gray",
    "svg.hashsalt": "sim2real",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    # as seaborn has them in its style "ticks"; importing it takes longer than drawing most figures
    "axes.axisbelow": True,
    "axes.edgecolor": ".15",
    "axes.labelcolor": ".15",
    "axes.linewidth": 1.25,
    "font.size": 12,
    "grid.color": ".8",
    "legend.fontsize": 11,
    "legend.title_fontsize": 12,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "text.color": ".15",
    "axes.prop_cycle": matplotlib.cycler(color=CYCLE),
    **{
        f"{axis}tick.{key}": value
        for axis in "xy"
        for key, value in {
            "color": ".15",
            "labelsize": 11,
            "major.size": 6,
            "major.width": 1.25,
            "minor.size": 4,
            "minor.width": 1,
        }.items()
    },
}


def use_style() -> None:
    """Set matplotlib and pandas once, at the head of a notebook."""
    pd.set_option("display.max_colwidth", None)  # a sentence in a table is shown whole
    matplotlib.rcParams.update(_RC)
    # figures whose parts are placed by hand, and no widgets wanted
    for harmless in ("There are no gridspecs with layoutgrids", "IProgress not found"):
        warnings.filterwarnings("ignore", message=harmless)


def save_figure(figure: Figure, folder: Path | str, name: str, data: pd.DataFrame) -> None:
    """Write a figure as PNG and SVG, and the table that it draws as CSV."""
    folder = Path(folder)
    for suffix, metadata in (("png", {"Software": None}), ("svg", {"Date": None})):
        with atomic(folder / f"{name}.{suffix}") as temporary:
            figure.savefig(temporary, format=suffix, metadata=metadata)
    write_table(folder / f"{name}.csv", data)
