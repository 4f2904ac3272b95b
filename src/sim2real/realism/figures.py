"""Figures of chapter 5: Fig. 3, whose look each translation has, and what the feature spaces
see."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data import COLOURS
from .distances import lead_rows

NAMES = {
    "simulated": "simulated",
    "sim2real_A": "sim2real A",
    "sim2real_B": "sim2real B",
    "real_A": "real A",
    "real_B": "real B",
}
SET_COLOURS = {
    "simulated": COLOURS["simulated"],
    "sim2real_A": COLOURS["A"],
    "sim2real_B": COLOURS["B"],
    "real_A": "#8ebad9",
    "real_B": "#f0b592",
}
AXIS = {
    "learned": "KID, learned features",
    "inception": "FID",
    "texture": "Fréchet distance, texture",
}
SPACE_MARKS = {"learned": "o", "inception": "s", "texture": "D"}


def distances_figure(
    distances: pd.DataFrame, examples: dict[str, np.ndarray], cohort_phrase: str
) -> Figure:
    """Fig. 3: bars of the distance to each vendor's real slices, beside one example of each domain.

    A bar is the distance as defined; dot and line are the estimate less its bias and its interval,
    where there is one, and the dashed line is the floor, the vendor's own test slices as they lie
    from its training slices.

    distances: ``distances.csv``, one bar chart a feature space in its leading measure. examples:
    domain to a slice (row, column) in [0, 1]. cohort_phrase: what the real images are, or what
    stands in for them; it is printed below.
    """
    distances = lead_rows(distances)
    spaces = list(distances["features"].unique())
    figure = plt.figure(figsize=(10.5, 3.5 * len(spaces) + 0.3))
    left, right = figure.subfigures(1, 2, width_ratios=[1.25, 1])
    for axes, space in zip(np.atleast_1d(left.subplots(len(spaces), 1)), spaces, strict=True):
        draw_distances(axes, distances[distances["features"] == space], AXIS[space])
    first, *others = [reference[-1] for reference in distances["reference"].unique()]
    layout = [["simulated", f"sim2real_{first}", f"real_{first}"]]
    layout += [["", f"sim2real_{vendor}", f"real_{vendor}"] for vendor in others]
    grid = right.subplots(len(layout), 3, squeeze=False)
    for axes_row, names in zip(grid, layout, strict=True):
        for axes, name in zip(axes_row, names, strict=True):
            axes.axis("off")
            if name in examples:
                axes.imshow(examples[name], vmin=0, vmax=1)
                axes.set_title(NAMES[name], fontsize=10)
    right.supxlabel(f"real A, real B: {cohort_phrase}", fontsize=8.5, color="0.3")
    return figure


def draw_distances(axes, rows: pd.DataFrame, title: str) -> None:
    """Bars as defined, dots less the bias, lines the interval, the dashed line the floor; rows:
    ``distances.csv`` in one feature space."""
    references, shown = (list(rows[name].unique()) for name in ("reference", "images"))
    width = 0.8 / len(shown)
    for j, images in enumerate(shown):
        bars = rows[rows["images"] == images].set_index("reference").reindex(references)
        places = np.arange(len(references)) + (j - (len(shown) - 1) / 2) * width
        axes.bar(
            places,
            bars["distance"],
            width,
            color=SET_COLOURS[images],
            edgecolor="white",
            linewidth=0.5,
            label=NAMES[images],
        )
        _intervals(axes, places, bars)
        for place, value in zip(
            places, bars["distance"], strict=True
        ):  # below the bar, where no interval hides it
            text = _short(value) if np.isfinite(value) else ""
            axes.text(
                place,
                -0.015,
                text,
                ha="center",
                va="top",
                fontsize=8,
                transform=axes.get_xaxis_transform(),
            )
    floors = (
        rows[rows["images"] == rows["reference"]]
        .set_index("reference")["distance"]
        .reindex(references)
    )
    k = np.flatnonzero(np.isfinite(floors))
    if len(k):
        axes.hlines(
            floors.iloc[k],
            k - 0.42,
            k + 0.42,
            linestyles="--",
            color="0.15",
            linewidth=1,
            label="floor",
        )
    axes.set_xticks(range(len(references)), ["to " + NAMES[name] for name in references])
    axes.tick_params(axis="x", length=0, pad=14)
    axes.set(ylabel=title, ylim=(0, None))
    axes.legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _intervals(axes, places: np.ndarray, rows: pd.DataFrame) -> None:
    """A dot at the corrected estimate and a line along the interval, neither where there is
    none."""
    known = np.isfinite(rows[["corrected", "ci_low", "ci_high"]].to_numpy(float)).all(axis=1)
    where, rows = places[known], rows[known]
    axes.vlines(where, rows["ci_low"], rows["ci_high"], color="0.1", linewidth=1.2, zorder=3)
    axes.plot(where, rows["corrected"].clip(lower=0), "o", color="0.1", markersize=3.5, zorder=3)


def _short(value: float) -> str:
    """Two digits or more, and none that is not zero below a hundredth."""
    return f"{value:.{0 if abs(value) >= 10 else 1 if abs(value) >= 1 else 2}f}"


def looks_figure(distances: pd.DataFrame, vendor: pd.DataFrame, space: str = "learned") -> Figure:
    """Whose look each translation has: sim2real A and B against real A and B, and the share of
    slices that a classifier calls A.

    distances: ``distances.csv``; of each cell the distance with its interval, coloured by its ratio
    to the untranslated slices' distance to the same vendor, since distances to different vendors
    have different scales. vendor: ``vendor.csv``.
    """
    import seaborn as sns  # here, since it takes long to import

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4), width_ratios=[1, 1.25])
    rows = lead_rows(distances)
    rows = rows[rows["features"] == space].set_index(["images", "reference"])
    references = list(distances["reference"].unique())
    judged = [f"sim2real_{reference[-1]}" for reference in references]
    ratio = [
        [
            rows.loc[(one, two), "distance"] / rows.loc[("simulated", two), "distance"]
            for two in references
        ]
        for one in judged
    ]
    words = [
        [_cell(rows.loc[(one, two)], ratio[i][j]) for j, two in enumerate(references)]
        for i, one in enumerate(judged)
    ]
    limit = max(1.5, *np.ravel(ratio), *(1 / np.maximum(np.ravel(ratio), 0.1)))
    sns.heatmap(
        np.log2(np.maximum(ratio, 1 / limit)),
        annot=words,
        fmt="",
        cmap="vlag",
        center=0,
        vmin=-np.log2(limit),
        vmax=np.log2(limit),
        cbar=False,
        ax=left,
        xticklabels=["to " + NAMES[name] for name in references],
        yticklabels=[NAMES[name] for name in judged],
        linewidths=2,
        alpha=0.6,
        annot_kws={"fontsize": 9, "color": "black"},
    )
    left.tick_params(length=0, rotation=0)
    left.set_title(AXIS[space], fontsize=10)
    _shares(right, vendor)
    return figure


def _cell(row: pd.Series, ratio: float) -> str:
    lines = [_short(row["distance"]), f"{ratio:.2f} × simulated"]
    if np.isfinite([row["ci_low"], row["ci_high"]]).all():
        lines.append(
            f"less bias {_short(row['corrected'])} [{_short(row['ci_low'])},"
            f" {_short(row['ci_high'])}]"
        )
    return "\n".join(lines)


def _shares(axes, vendor: pd.DataFrame) -> None:
    if vendor.empty:
        axes.text(0.5, 0.5, "one vendor alone: no other to be taken for", ha="center")
        axes.axis("off")
        return
    rows = vendor.set_index("images").reindex(list(SET_COLOURS))
    for k, (name, row) in enumerate(rows.iterrows()):
        axes.hlines(k, row["ci_low"], row["ci_high"], color=SET_COLOURS[name], linewidth=2.5)
        axes.plot(row["share_A"], k, "o", color=SET_COLOURS[name], markersize=8)
    axes.axvline(0.5, color="0.7", linewidth=1, linestyle=":")
    tests = {"real_A": "real A, test", "real_B": "real B, test"}
    axes.set_yticks(range(len(rows)), [tests.get(name, NAMES[name]) for name in rows.index])
    axes.set(xlim=(-0.03, 1.03), xlabel="share of slices called A (the rest: B)")
    axes.invert_yaxis()


def sensitivity_figure(table: pd.DataFrame) -> Figure:
    """What the feature spaces see: distance of one half of the real slices, changed on purpose, to
    the other half, in units of its floor (``times_floor``).

    table: ``sensitivity.csv``. Changes of texture stand above those of content; what lies left of
    the dashed line is not seen.
    """
    figure, axes = plt.subplots(figsize=(7.5, 4.2))
    if not table["times_floor"].notna().any():
        axes.text(
            0.5, 0.5, "too few real subjects in this run", ha="center", transform=axes.transAxes
        )
        axes.axis("off")
        return figure
    names = list(table["change"].unique())
    lowest = 0.05
    for k, (space, rows) in enumerate(table.groupby("features", sort=False)):
        rows = rows.set_index("change").reindex(names)
        values = rows["times_floor"].clip(lower=lowest)
        mark = {"marker": SPACE_MARKS[space], "color": f"C{k}", "label": AXIS[space]}
        axes.plot(values, range(len(names)), linestyle="", markersize=6, alpha=0.8, **mark)
    axes.axvline(1, color="0.3", linewidth=1, linestyle="--")
    kinds = table.drop_duplicates("change")["of"].tolist()
    for k in range(1, len(kinds)):
        if kinds[k] != kinds[k - 1]:
            axes.axhline(k - 0.5, color="0.85", linewidth=1)
    words = "distance to the other half / floor of the unchanged half"
    axes.set(xscale="log", xlabel=words, yticks=range(len(names)), yticklabels=names)
    axes.legend(fontsize=8, loc="lower center", ncols=3, bbox_to_anchor=(0.5, 1.0))
    axes.invert_yaxis()
    return figure
