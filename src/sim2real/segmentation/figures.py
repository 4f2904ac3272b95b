"""Figures of chapter 6 and of appendices 2 and 3."""

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..data import COLOURS, LV, MYO, REGIMES, RV, STRUCTURES, VENDORS
from ..realism import NAMES, SET_COLOURS
from .table1 import columns

INK, FAINT = "#1a1a1a", "#8a8a8a"
MARKS = {"A": "o", "B": "s", "all": "D"}
MARGIN_PX = 14  # round the heart, in pictures of it


def cases_figure(cases: pd.DataFrame) -> Figure:
    """Dice of every test case: a dot an image, the box of its quartiles behind; a row a vendor, a
    column a structure."""
    vendors, trainings = sorted(cases["vendor"].unique()), _trainings(cases)
    figure = Figure(figsize=(8.4, 2.7 * len(vendors) + 0.4), layout="constrained")
    grid = figure.subplots(len(vendors), len(STRUCTURES), sharex=True, sharey=True, squeeze=False)
    jitter = np.random.default_rng(0)
    for axes, (vendor, structure) in zip(grid.flat, columns(vendors), strict=True):
        part = cases[(cases["vendor"] == vendor) & (cases["structure"] == structure)]
        for place, training in enumerate(trainings):
            rows = part[part["training"] == training]
            _strip_and_box(axes, place, rows, COLOURS[training], jitter)
        axes.set_title(f"{VENDORS.get(vendor, vendor)} ({vendor}), {structure}", fontsize=10)
        axes.set_xticks(range(len(trainings)), trainings, fontsize=8)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("Dice")
    marks = {"ED": "o", "ES": "^", "empty prediction": "x"}
    _legend(figure, [_mark(name, mark, INK, markersize=4) for name, mark in marks.items()])
    return figure


def _strip_and_box(
    axes: Axes, place: int, rows: pd.DataFrame, colour: str, jitter: np.random.Generator
) -> None:
    axes.boxplot(
        rows["dice"],
        positions=[place],
        widths=0.62,
        showfliers=False,
        patch_artist=True,
        boxprops={"facecolor": colour, "alpha": 0.25, "edgecolor": colour},
        manage_ticks=False,
        medianprops={"color": INK, "linewidth": 1.4},
        whiskerprops={"color": FAINT},
        capprops={"color": FAINT},
    )
    for phase, mark in (("ED", "o"), ("ES", "^")):
        for empty, shape in ((0, mark), (1, "x")):
            part = rows[(rows["phase"] == phase) & ((rows["empty"] > 0) == bool(empty))]
            style = {"color": INK} if empty else {"facecolor": colour, "edgecolor": INK}
            across = place + jitter.uniform(-0.2, 0.2, len(part))
            style |= {"s": 15, "marker": shape, "linewidths": 0.5 + empty, "zorder": 3}
            axes.scatter(across, part["dice"], **style)


def chosen_figure(chosen: list[dict]) -> Figure:
    """Contours of prediction (solid) and reference (dashed); a row a regime, its best, median and
    worst test image in columns. chosen: ``stage.pictures``."""
    trainings, places = (
        list(dict.fromkeys(row[name] for row in chosen)) for name in ("training", "place")
    )
    figure, grid = _picture_grid(trainings, len(places))
    for row in chosen:
        axes = grid[trainings.index(row["training"]), places.index(row["place"])]
        _overlay(axes, row["image"], row["reference"], row["prediction"])
        title = f"{row['place']}: {row['vendor']}, {row['phase']}, Dice {row['dice']:.2f}"
        axes.set_title(title, fontsize=9)
    return figure


def _picture_grid(names: list[str], n_columns: int) -> tuple[Figure, np.ndarray]:
    """Axes for pictures, the names of the rows at their left, a legend of contours below."""
    size = (2.4 * n_columns + 0.4, 2.5 * len(names) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(names), n_columns, squeeze=False)
    for name, axes in zip(names, grid[:, 0], strict=True):
        axes.set_ylabel(name, fontsize=9)
    handles: list[Artist] = [Patch(color=COLOURS[name], label=name) for name in STRUCTURES]
    lines = {"prediction": "-", "reference": "--"}
    handles += [Line2D([], [], color=FAINT, linestyle=s, label=name) for name, s in lines.items()]
    _legend(figure, handles)
    return figure, grid


def _overlay(axes: Axes, image: np.ndarray, reference: np.ndarray, prediction: np.ndarray) -> None:
    view = _window(reference)
    axes.imshow(image[view], cmap="gray", vmin=0, vmax=1, interpolation="lanczos")
    for labels, style, width in ((prediction[view], "-", 1.6), (reference[view], "--", 1.3)):
        # of the MYO its outer border: the inner one would lie on that of the LV and hide it
        masks = {"RV": labels == RV, "MYO": (labels == MYO) | (labels == LV), "LV": labels == LV}
        for name, mask in masks.items():
            if mask.any() and not mask.all():
                line = {"colors": COLOURS[name], "linestyles": style, "linewidths": width}
                axes.contour(mask.astype(float), [0.5], **line)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _window(reference: np.ndarray) -> tuple[slice, slice]:
    """A square round the heart and ``MARGIN_PX`` more, inside the picture."""
    points = np.argwhere(reference > 0)
    if not len(points):
        return slice(None), slice(None)
    centre = (points.min(0) + points.max(0)) // 2
    half = int(np.ptp(points, axis=0).max()) // 2 + MARGIN_PX
    half = min(half, *(size // 2 for size in reference.shape))
    start = np.clip(centre - half, 0, np.subtract(reference.shape, 2 * half))
    return tuple(slice(int(first), int(first) + 2 * half) for first in start)


def comparisons_figure(comparisons: pd.DataFrame) -> Figure:
    """Difference of Dice of two regimes with its 95 % interval; a panel a pair, a row a vendor and
    structure; filled where Holm's p < 0.05."""
    figure = Figure(figsize=(8.4, 6.2), layout="constrained")
    panels = comparisons.groupby(["first", "second"], sort=False)
    pairs = zip(figure.subplots(2, 2, sharey=True).flat, panels, strict=True)
    for axes, ((first, second), panel) in pairs:
        rows = panel.iloc[::-1].reset_index(drop=True)
        for place, row in rows.iterrows():
            colour = COLOURS.get(row["vendor"], INK)
            axes.hlines(place, row["ci_low"], row["ci_high"], color=colour, linewidth=1.6)
            face = colour if row["p_holm"] < 0.05 else "white"
            style = {"color": colour, "markerfacecolor": face, "markersize": 6}
            axes.plot(row["difference"], place, MARKS[row["vendor"]], **style)
        axes.axvline(0, color=FAINT, linewidth=1, linestyle=":")
        vendors = ("vendor " + rows["vendor"]).replace("vendor all", "all vendors")
        axes.set_yticks(range(len(rows)), vendors + ", " + rows["structure"], fontsize=8)
        axes.set_title(f"{first} less {second}", fontsize=10)
        axes.set_xlabel("difference of Dice", fontsize=9)
        axes.tick_params(axis="x", labelsize=8)
    faces = {"p below 0.05 after Holm's correction": INK, "not, or no interval": "white"}
    _legend(figure, [_mark(t, "o", INK, markerfacecolor=face) for t, face in faces.items()])
    return figure


def judge_figure(kept: pd.DataFrame) -> Figure:
    """The judge's Dice against the simulation's labels; kept: ``keeps_label.csv``."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    names = [*STRUCTURES, "all"]
    sets = list(dict.fromkeys(kept["images"]))
    for k, images in enumerate(sets):
        rows = kept[kept["images"] == images].set_index("structure").loc[names]
        across = np.arange(len(names)) + 0.2 * (k - (len(sets) - 1) / 2)
        colour = SET_COLOURS[images]
        axes.vlines(across, rows["ci_low"], rows["ci_high"], color=colour, linewidth=1.8)
        axes.plot(across, rows["dice"], "o", color=colour, label=NAMES[images], markersize=6)
    axes.set_xticks(range(len(names)), names)
    axes.set(ylabel="Dice, judge against simulation", ylim=(None, 1))
    axes.legend(fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def scarcity_figure(table: pd.DataFrame, gains: pd.DataFrame) -> Figure:
    """Mean Dice against the number of real training subjects, with and without sim2real images, and
    the difference, with 95 % intervals."""
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    overall, gains = (
        rows.query("vendor == 'all' and structure == 'all'").sort_values("n_real")
        for rows in (table, gains)
    )
    for training, label in (("real", "real alone"), ("both", "real and sim2real")):
        rows = overall[overall["training"] == training]
        _draw_curve(left, rows, "dice", COLOURS[training], label)
    left.set_ylabel("mean Dice on test subjects")
    left.legend(fontsize=9)
    _draw_curve(right, gains, "difference", INK, None)
    right.axhline(0, color=FAINT, linewidth=1, linestyle=":")
    right.set_ylabel("gain of adding sim2real images, Dice")
    sizes = sorted(table["n_real"].unique())
    for axes in (left, right):
        axes.set(xscale="log", xlabel="real training subjects, vendors in nearly equal parts")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
    return figure


def _draw_curve(
    axes: Axes, rows: pd.DataFrame, column: str, colour: str, label: str | None
) -> None:
    axes.plot(rows["n_real"], rows[column], "o-", color=colour, label=label, markersize=6)
    ends = rows["ci_low"], rows["ci_high"]
    axes.fill_between(rows["n_real"], *ends, color=colour, alpha=0.18, linewidth=0)


def people_figure(overview: pd.DataFrame, comparisons: pd.DataFrame) -> Figure:
    """Mean Dice on people of each training, and differences of two, with 95 % intervals; filled
    where Holm's p < 0.05. Arguments: of ``answers.overview`` and ``answers.comparison_table``."""
    figure = Figure(figsize=(8.8, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    for place, row in enumerate(overview[::-1].to_dict("records")):
        colour = COLOURS.get(row["training"], FAINT)
        left.hlines(place, row["ci_low"], row["ci_high"], color=colour, linewidth=1.8)
        left.plot(row["dice"], place, "o", color=colour, markersize=6)
    left.set_yticks(range(len(overview)), overview["training"][::-1], fontsize=8)
    left.set_xlabel("mean Dice on test subjects", fontsize=9)
    whole = comparisons.query("group == 'all' and structure == 'all'")[::-1]
    for place, row in enumerate(whole.to_dict("records")):
        right.hlines(place, row["ci_low"], row["ci_high"], color=INK, linewidth=1.6)
        face = INK if row["p_holm"] < 0.05 else "white"
        right.plot(row["difference"], place, "o", color=INK, markerfacecolor=face, markersize=6)
    right.axvline(0, color=FAINT, linewidth=1, linestyle=":")
    right.set_yticks(range(len(whole)), whole["first"] + "\nless " + whole["second"], fontsize=7)
    right.set_xlabel("difference of Dice", fontsize=9)
    for axes in (left, right):
        axes.tick_params(axis="x", labelsize=8)
        axes.locator_params(axis="x", nbins=6)
    faces = {"difference with p below 0.05 after Holm's correction": INK}
    faces["not, or no interval"] = "white"
    _legend(figure, [_mark(t, "o", INK, markerfacecolor=face) for t, face in faces.items()])
    return figure


def _trainings(rows: pd.DataFrame) -> list[str]:
    return [name for name in REGIMES if name in set(rows["training"])]


def _mark(label: str, marker: str, colour: str, **style) -> Line2D:
    return Line2D([], [], marker=marker, linestyle="", color=colour, label=label, **style)


def _legend(figure: Figure, handles: list[Artist], loc: str = "outside lower center") -> None:
    figure.legend(handles=handles, loc=loc, ncols=len(handles), fontsize=8, frameon=False)
