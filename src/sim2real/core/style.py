"""One look for every figure, and one way to save it: PNG, SVG and the CSV behind it."""

import warnings
from pathlib import Path

import matplotlib
import pandas as pd
import seaborn as sns
from IPython import get_ipython
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

from .files import atomic, write_table, write_text

# Okabe-Ito colours: told apart with every common colour blindness, and in grey.
COLOURS = {"simulated": "#999999", "plain": "#999999", "A": "#0072B2", "B": "#D55E00", "real": "#009E73", "both": "#CC79A7",
           "LV": "#E69F00", "MYO": "#009E73", "RV": "#56B4E9"}  # fmt: skip


def use_style() -> None:
    """Set matplotlib, seaborn and pandas once, at the head of a notebook."""
    pd.set_option("display.max_colwidth", None)  # a sentence in a table is shown whole
    sns.set_theme(context="notebook", style="ticks", rc={
        "figure.dpi": 110, "savefig.dpi": 200, "savefig.bbox": "tight", "figure.constrained_layout.use": True,
        "font.family": "DejaVu Sans", "axes.titlesize": 11, "axes.labelsize": 10, "legend.frameon": False,
        "axes.spines.top": False, "axes.spines.right": False, "image.cmap": "gray", "svg.hashsalt": "sim2real",
        "figure.facecolor": "white", "savefig.facecolor": "white",
    })  # fmt: skip
    for harmless in ("There are no gridspecs with layoutgrids", "IProgress not found"):  # figures placed by hand; no widgets wanted
        warnings.filterwarnings("ignore", message=harmless)
    if get_ipython() is not None:
        set_matplotlib_formats("png")  # so that a Figure made without pyplot is shown as a picture, too
    matplotlib.rcParams["axes.prop_cycle"] = matplotlib.cycler(color=["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"])


def save_figure(figure: Figure, folder: Path | str, name: str, data: pd.DataFrame, alt: str) -> Figure:
    """Write ``name``.png, .svg, .csv (what is drawn) and .txt (its description for those who cannot see it)."""
    folder = Path(folder)
    for suffix, metadata in (("png", {"Software": None, "Description": alt}), ("svg", {"Date": None, "Description": alt})):
        with atomic(folder / f"{name}.{suffix}") as temporary:
            figure.savefig(temporary, format=suffix, metadata=metadata)
    write_table(folder / f"{name}.csv", data)
    write_text(folder / f"{name}.txt", alt + "\n")
    return figure
