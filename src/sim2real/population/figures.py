"""Figures of chapter 1."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from ..data import COLOURS
from .structures import STRUCTURE_TABLE

_OF_TISSUE = {  # colours of the maps, where a structure has none of its own
    "air": "#000000",
    "blood_left": "#F5CE85",
    "blood_right": "#B5DCF3",
    "myocardium": "#8CCFB6",
    "fat": "#F3E9B0",
    "skeletal_muscle": "#C08A86",
    "bone": "#E8E4DA",
    "marrow": "#D3C4A5",
    "lung": "#3A3A44",
    "liver": "#8A5A48",
    "spleen": "#6E4A6B",
    "stomach": "#A9746A",
    "stomach_content": "#7F7466",
    "pericardium": "#5B5B5B",
    "skin": "#D9A98C",
    "csf": "#9FB0C8",
}
_OF_STRUCTURE = {  # the labels' colours as in every figure, darker for what lies within a cavity
    "lv_blood": COLOURS["LV"],
    "papillary_muscle": "#8F6200",
    "lv_trabeculae": "#B87D00",
    "lv_myocardium": COLOURS["MYO"],
    "rv_blood": COLOURS["RV"],
    "rv_trabeculae": "#1F6FA3",
}
_MARGIN = 0.16  # share of a structure map, at each edge, that a picture leaves out


def volumes_figure(subjects: pd.DataFrame) -> Figure:
    """Fig. 2, left: LV volume at ED and at ES of every subject, in ml, with the line that joins a
    subject's two."""
    import seaborn as sns  # here, since it takes long to import

    figure, axes = plt.subplots(figsize=(4.2, 4.2))
    table = volumes_table(subjects)
    both = subjects[["lv_edv_ml", "lv_esv_ml"]].T
    axes.plot([0, 1], both, color="0.85", linewidth=0.6, zorder=0)
    palette = {"ED": COLOURS["A"], "ES": COLOURS["B"]}
    sns.violinplot(
        table,
        x="phase",
        y="volume_ml",
        hue="phase",
        palette=palette,
        inner=None,
        cut=0,
        alpha=0.25,
        linewidth=0.8,
        ax=axes,
        legend=False,
    )
    jitter = np.random.default_rng(0)  # seaborn's own is another at every drawing
    for x, phase in enumerate(("ED", "ES")):
        values = table.loc[table["phase"] == phase, "volume_ml"]
        axes.scatter(
            x + jitter.uniform(-0.08, 0.08, len(values)),
            values,
            s=9,
            color=palette[phase],
            linewidths=0,
            zorder=3,
        )
        axes.text(
            x + 0.28,
            values.max(),
            f"{values.mean():.0f} ± {values.std():.0f}",
            fontsize=9,
            va="bottom",
            ha="center",
        )
    axes.set(
        xlabel="",
        ylabel="LV volume (ml)",
        ylim=(0, None),
        title=f"LV volumes, {len(subjects)} subjects",
    )
    axes.set_xticks([0, 1], ["end diastole", "end systole"])
    return figure


def volumes_table(subjects: pd.DataFrame) -> pd.DataFrame:
    """One row a subject and phase: ``subject, group, sex, phase, volume_ml``."""
    parts = [
        subjects[["name", "group", "sex", column]]
        .rename(columns={"name": "subject", column: "volume_ml"})
        .assign(phase=phase)
        for phase, column in (("ED", "lv_edv_ml"), ("ES", "lv_esv_ml"))
    ]
    return pd.concat(parts, ignore_index=True)


def structures_figure(maps: list[np.ndarray], titles: list[str], rows: int = 1) -> Figure:
    """Structure maps, each (row, column) of numbers, in ``rows`` rows with a key to those that are
    seen; ``_MARGIN`` of each edge is cut off."""
    columns = len(maps) // rows
    figure, grid = plt.subplots(
        rows, columns, figsize=(3.1 * columns, 3.2 * rows + 0.7), squeeze=False
    )
    names = STRUCTURE_TABLE["name"].str.replace("_", " ")
    tissues = STRUCTURE_TABLE["tissue"].map(_OF_TISSUE).fillna("#808080")
    colours = ListedColormap(STRUCTURE_TABLE["name"].map(_OF_STRUCTURE).fillna(tissues).tolist())
    cut = [tuple(slice(round(_MARGIN * n), n - round(_MARGIN * n)) for n in m.shape) for m in maps]
    maps = [plane[window] for plane, window in zip(maps, cut, strict=True)]
    for axes, plane, title in zip(grid.ravel(), maps, titles, strict=True):
        axes.imshow(plane, cmap=colours, vmin=0, vmax=len(names) - 1, interpolation="nearest")
        axes.set_title(title)
        axes.axis("off")
    present = np.unique(np.concatenate([plane.ravel() for plane in maps]))
    figure.legend(
        handles=[
            plt.Rectangle((0, 0), 1, 1, color=colours(int(k)), label=names[k]) for k in present if k
        ],
        loc="outside lower center",
        ncols=6,
        fontsize=7,
        handlelength=1,
        columnspacing=1,
    )
    return figure


def cycle_figure(table: pd.DataFrame) -> Figure:
    """Areas of LV, RV and MYO over the cardiac cycle, a panel a level, as counted in the maps."""
    levels = list(dict.fromkeys(table["level"]))
    figure, grid = plt.subplots(1, len(levels), figsize=(2.8 * len(levels), 2.9), sharey=True)
    for axes, level in zip(grid, levels, strict=True):
        for name, curve in table[table["level"] == level].groupby("structure"):
            axes.plot(
                curve["share_of_cycle"],
                curve["area_cm2"],
                ".-",
                color=COLOURS[name],
                label=name,
                linewidth=1.3,
            )
        axes.set(title=level, xlim=(0, 1))
    grid[0].set(ylabel="area (cm²)", ylim=(0, None))
    figure.supxlabel("share of the cardiac cycle after the R wave", fontsize=10)
    grid[-1].legend(fontsize=8)
    return figure


def bands_figure(subjects: pd.DataFrame, bands: pd.DataFrame) -> Figure:
    """The normal subjects' quantities against the published mean ± 2 SD, one panel a quantity, men
    and women apart."""
    normal = subjects[subjects["group"].isin(["NOR", "XCAT"])]
    quantities = [name for name in bands["quantity"].unique() if name in normal.columns]
    columns = (len(quantities) + 1) // 2
    figure, grid = plt.subplots(2, columns, figsize=(2.0 * columns, 5.6), squeeze=False)
    for axes in grid.ravel()[len(quantities) :]:
        axes.axis("off")
    for axes, quantity in zip(grid.ravel(), quantities, strict=False):
        for x, sex in enumerate(("M", "F")):
            band = bands[(bands["quantity"] == quantity) & (bands["sex"] == sex)].iloc[0]
            ends = [x - 0.35, x + 0.35]
            low, high = (band["mean"] + n * band["sd"] for n in (-2, 2))
            axes.fill_between(ends, low, high, color="0.9", linewidth=0)
            axes.plot(ends, [band["mean"]] * 2, color="0.5", linewidth=1)
            values = normal.loc[normal["sex"] == sex, quantity]
            spread = (
                np.linspace(-0.2, 0.2, len(values)) if len(values) > 1 else np.zeros(len(values))
            )
            axes.plot(x + spread, values, "o", color=COLOURS["A"], markersize=3)
        axes.set_title(f"{_shown(quantity)} ({band['unit']})", fontsize=9)
        axes.set_xticks([0, 1], ["men", "women"], fontsize=8)
        axes.tick_params(axis="y", labelsize=8)
        axes.set_xlim(-0.6, 1.6)
    return figure


def _shown(quantity: str) -> str:
    if quantity.startswith("torsion"):
        return "torsion"
    return " ".join(word.upper() if len(word) <= 3 else word for word in quantity.split("_")[:-1])
