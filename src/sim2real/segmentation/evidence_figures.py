"""Figures of the evidence beyond Table 1: comparisons, agreement, chosen cases, and the judge."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..data.labels import REGIMES, STRUCTURES, VENDORS
from ..data.style import COLOURS
from ..realism.figures import NAMES, SET_COLOURS, draw_distances
from .clinical import CLINICAL
from .look import FAINT, INK, REGIME_NAMES, draw_contours, window

MARKS = {"A": "o", "B": "s", "all": "D"}


def comparisons_figure(comparisons: pd.DataFrame) -> Figure:
    """Difference of Dice of two regimes with its 95 % interval; a panel a pair, a row a vendor and
    structure; filled where Holm's p < 0.05."""
    pairs = list(dict.fromkeys(zip(comparisons["first"], comparisons["second"], strict=True)))
    figure = Figure(figsize=(8.4, 6.2), layout="constrained")
    for axes, (first, second) in zip(figure.subplots(2, 2, sharey=True).flat, pairs, strict=True):
        rows = (
            comparisons[(comparisons["first"] == first) & (comparisons["second"] == second)]
            .iloc[::-1]
            .reset_index(drop=True)
        )
        for place, row in rows.iterrows():
            overall = row["vendor"] == "all"
            colour = INK if overall else COLOURS[row["vendor"]]
            axes.hlines(place, row["ci_low"], row["ci_high"], color=colour, linewidth=1.6)
            face = colour if row["p_holm"] < 0.05 else "white"
            axes.plot(
                row["difference"],
                place,
                MARKS[row["vendor"]],
                color=colour,
                markerfacecolor=face,
                markersize=6,
            )
        axes.axvline(0, color=FAINT, linewidth=1, linestyle=":")
        axes.set_yticks(
            range(len(rows)), [_place_name(row) for row in rows.to_dict("records")], fontsize=8
        )
        axes.set_title(f"{_name(first)} less {_name(second)}", fontsize=10)
        axes.set_xlabel("difference of Dice", fontsize=9)
        axes.tick_params(axis="x", labelsize=8)
    handles = [
        Line2D([], [], marker="o", linestyle="", color=INK, markerfacecolor=face, label=text)
        for face, text in (
            (INK, "p below 0.05 after Holm's correction"),
            ("white", "not, or no interval"),
        )
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    return figure


def agreement_figure(subjects: pd.DataFrame, agreement: pd.DataFrame) -> Figure:
    """Bland and Altman: a row a measure, a column a regime; dots are test subjects, lines bias and
    limits of both vendors together."""
    trainings = [name for name in REGIMES if name in set(subjects["training"])]
    figure = Figure(
        figsize=(2.2 * len(trainings) + 0.6, 1.75 * len(CLINICAL) + 0.6), layout="constrained"
    )
    grid = figure.subplots(len(CLINICAL), len(trainings), sharex="row", sharey="row", squeeze=False)
    table = agreement[agreement["vendor"] == "all"].set_index(["training", "measure"])
    for (measure, title), axes_row in zip(CLINICAL.items(), grid, strict=True):
        for training, axes in zip(trainings, axes_row, strict=True):
            own = subjects[(subjects["training"] == training) & (subjects["measure"] == measure)]
            for vendor, rows in own.groupby("vendor"):
                mean, difference = (
                    (rows["predicted"] + rows["reference"]) / 2,
                    rows["predicted"] - rows["reference"],
                )
                axes.plot(
                    mean,
                    difference,
                    MARKS.get(vendor, "o"),
                    color=COLOURS.get(vendor, INK),
                    markersize=4,
                    alpha=0.75,
                    markeredgewidth=0,
                )
            row = table.loc[(training, measure)]
            axes.axhline(0, color="#d0d0d0", linewidth=0.8, zorder=0)
            axes.axhline(row["bias"], color=INK, linewidth=1.3)
            for limit in ("limit_low", "limit_high"):
                axes.axhline(row[limit], color=INK, linewidth=1, linestyle=(0, (4, 2)))
            axes.tick_params(labelsize=8)
        axes_row[0].set_ylabel(title.replace(" (", "\n("), fontsize=9)
    for training, axes in zip(trainings, grid[0], strict=True):
        axes.set_title(REGIME_NAMES[training].replace("\n", " "), fontsize=9)
    for axes in grid[-1]:
        axes.set_xlabel("mean of the two", fontsize=9)
    figure.supylabel(
        "predicted less reference; across: mean of predicted and reference", fontsize=9
    )
    handles = [
        Line2D(
            [],
            [],
            marker=MARKS[name],
            linestyle="",
            color=COLOURS[name],
            label=f"vendor {name} ({VENDORS[name]})",
        )
        for name in VENDORS
    ]
    handles += [
        Line2D([], [], color=INK, linestyle=style, label=name)
        for style, name in (("-", "bias"), ("--", "limits of agreement"))
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    return figure


def chosen_figure(chosen: list[dict]) -> Figure:
    """Contours of prediction (solid) and reference (dashed); a row a regime, its best, median and
    worst test image in columns.

    chosen: ``evidence.pictures``.
    """
    trainings, places = (
        list(dict.fromkeys(row[name] for row in chosen)) for name in ("training", "place")
    )
    figure = Figure(
        figsize=(2.5 * len(places) + 0.4, 2.75 * len(trainings) + 0.5), layout="constrained"
    )
    grid = figure.subplots(len(trainings), len(places), squeeze=False)
    for row in chosen:
        axes, view = (
            grid[trainings.index(row["training"]), places.index(row["place"])],
            window(row["reference"]),
        )
        axes.imshow(row["image"][view], cmap="gray", vmin=0, vmax=1, interpolation="lanczos")
        for labels, style, width in ((row["prediction"], "-", 1.7), (row["reference"], "--", 1.3)):
            draw_contours(axes, labels[view], style, width)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_title(
            f"{row['place']}: {row['vendor']}, {row['phase']}, Dice {row['dice']:.2f}", fontsize=9
        )
    for training, axes in zip(trainings, grid[:, 0], strict=True):
        axes.set_ylabel(REGIME_NAMES[training].replace("\n", " "), fontsize=10)
    handles = [Patch(color=COLOURS[name], label=name) for name in STRUCTURES]
    handles += [
        Line2D([], [], color=FAINT, linestyle=style, label=name)
        for name, style in (("prediction", "-"), ("reference", "--"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def judge_figure(kept: pd.DataFrame, distances: pd.DataFrame, seen: pd.DataFrame) -> Figure:
    """The judge's Dice against the simulation's labels, its distances to real training slices, and
    what its features see of planted changes.

    kept: ``keeps_label.csv``. distances, seen: ``distances.csv`` and ``sensitivity.csv`` of the
    judge.
    """
    figure = Figure(figsize=(8.4, 6.6), layout="constrained")
    top, bottom = figure.subfigures(2, 1)
    left, right = top.subplots(1, 2, width_ratios=[1, 1.15])
    _kept(left, kept)
    draw_distances(right, distances, "Fréchet distance, segmenter")
    _seen(bottom.subplots(1, 1), seen)
    return figure


def _kept(axes, kept: pd.DataFrame) -> None:
    names = [*STRUCTURES, "all"]
    sets = list(dict.fromkeys(kept["images"]))
    for k, images in enumerate(sets):
        rows = kept[kept["images"] == images].set_index("structure").loc[names]
        places = np.arange(len(names)) + 0.2 * (k - (len(sets) - 1) / 2)
        axes.vlines(
            places, rows["ci_low"], rows["ci_high"], color=SET_COLOURS[images], linewidth=1.8
        )
        axes.plot(
            places, rows["dice"], "o", color=SET_COLOURS[images], label=NAMES[images], markersize=6
        )
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel="Dice, judge against simulation", ylim=(None, 1))
    axes.legend(fontsize=7.5, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _seen(axes, seen: pd.DataFrame) -> None:
    if seen.empty:
        axes.text(
            0.5, 0.5, "too few real subjects in this run", ha="center", transform=axes.transAxes
        )
        return axes.axis("off")
    looks = {
        "segmenter": ("o", COLOURS["real"], "all stages of the encoder"),
        "bottom": ("v", FAINT, "its bottom alone"),
    }
    for space, (mark, colour, label) in looks.items():
        rows = seen[seen["features"] == space]
        axes.plot(
            rows["times_other_half"], rows["change"], mark, color=colour, markersize=8, label=label
        )
    axes.axvline(1, color="0.3", linewidth=1, linestyle="--")
    axes.set_xscale("log")
    low, high = seen["times_other_half"].min() / 1.2, seen["times_other_half"].max() * 1.2
    axes.set_xticks([tick for tick in (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100) if low < tick < high])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlim(low, high)
    axes.set_xlabel(
        "distance of the changed half, over that of the unchanged half, to the other half"
    )
    axes.invert_yaxis()
    axes.legend(fontsize=8)


def _name(training: str) -> str:
    return REGIME_NAMES[training].replace("\n", " ")


def _place_name(row: dict) -> str:
    vendor = "both vendors" if row["vendor"] == "all" else f"vendor {row['vendor']}"
    return f"{vendor}, {'all' if row['structure'] == 'all' else row['structure']}"
