"""Figures of chapter 6: the cases behind Table 1, and what the models drew."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ..data.labels import REGIMES, STRUCTURES, VENDORS
from ..data.style import COLOURS
from .evidence_figures import agreement_figure, chosen_figure, comparisons_figure, judge_figure
from .layout import columns
from .look import FAINT, INK, REGIME_NAMES, draw_contours, window
from .scarcity_figures import scarcity_figure

__all__ = [
    "agreement_figure",
    "cases_figure",
    "chosen_figure",
    "comparisons_figure",
    "examples_figure",
    "judge_figure",
    "learning_figure",
    "scarcity_figure",
]


def cases_figure(cases: pd.DataFrame) -> Figure:
    """Dice of every test case: a dot an image, the box of its quartiles behind; a row a vendor, a
    column a structure."""
    vendors, trainings = (
        sorted(cases["vendor"].unique()),
        [name for name in REGIMES if name in set(cases["training"])],
    )
    figure = Figure(figsize=(8.4, 2.7 * len(vendors) + 0.4), layout="constrained")
    grid = figure.subplots(len(vendors), len(STRUCTURES), sharex=True, sharey=True, squeeze=False)
    jitter = np.random.default_rng(0)
    for axes, (vendor, structure) in zip(grid.flat, columns(vendors), strict=True):
        part = cases[(cases["vendor"] == vendor) & (cases["structure"] == structure)]
        for place, training in enumerate(trainings):
            _strip_and_box(
                axes, place, part[part["training"] == training], COLOURS[training], jitter
            )
        axes.set_title(f"{VENDORS.get(vendor, vendor)} ({vendor}), {structure}", fontsize=10)
        axes.set_xticks(
            range(len(trainings)), [REGIME_NAMES[name] for name in trainings], fontsize=8
        )
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("Dice")
    marks = {"ED": "o", "ES": "^", "empty prediction": "x"}
    handles = [
        Line2D([], [], marker=mark, linestyle="", color=INK, markersize=4, label=name)
        for name, mark in marks.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def learning_figure(log: pd.DataFrame) -> Figure:
    """Training loss and nnU-Net's pseudo Dice of each structure over the epochs; log:
    ``training.train``."""
    figure = Figure(figsize=(7.4, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(log["epoch"], log["train_loss"], "o-", color=INK, markersize=3)
    left.set(xlabel="epoch", ylabel="training loss (Dice + cross-entropy)")
    for structure in STRUCTURES:
        right.plot(
            log["epoch"],
            log[f"pseudo_dice_{structure}"],
            "o-",
            color=COLOURS[structure],
            markersize=3,
            label=structure,
        )
    right.set(xlabel="epoch", ylabel="pseudo Dice", ylim=(0, 1))
    right.legend(fontsize=8)
    return figure


def examples_figure(
    images: dict[str, np.ndarray],
    references: dict[str, np.ndarray],
    predictions: dict[str, dict[str, np.ndarray]],
    titles: dict[str, str] | None = None,
) -> Figure:
    """Contours of prediction (solid) and reference (dashed) on one slice a vendor; a column a
    regime.

    images, references: {vendor: (row, column)}. predictions: {regime: {vendor: (row, column)}}.
    titles: {vendor: text at the left}. All cropped alike to the heart of the reference with a
    margin.
    """
    vendors, regimes = sorted(images), [name for name in REGIMES if name in predictions]
    figure = Figure(
        figsize=(2.25 * len(regimes) + 0.4, 2.25 * len(vendors) + 0.75), layout="constrained"
    )
    grid = figure.subplots(len(vendors), len(regimes), squeeze=False)
    for vendor, row in zip(vendors, grid, strict=True):
        view = window(references[vendor])
        for regime, axes in zip(regimes, row, strict=True):
            axes.imshow(images[vendor][view], cmap="gray", vmin=0, vmax=1, interpolation="lanczos")
            for labels, style, width in (
                (predictions[regime][vendor], "-", 1.5),
                (references[vendor], "--", 1.3),
            ):
                draw_contours(axes, labels[view], style, width)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
    for regime, axes in zip(regimes, grid[0], strict=True):
        axes.set_title("trained on\n" + REGIME_NAMES[regime].replace("\n", " "), fontsize=9)
    for vendor, axes in zip(vendors, grid[:, 0], strict=True):
        axes.set_ylabel(
            (titles or {}).get(vendor, f"{VENDORS.get(vendor, vendor)} ({vendor})"), fontsize=9
        )
    handles = [Patch(color=COLOURS[name], label=name) for name in STRUCTURES]
    handles += [
        Line2D([], [], color=FAINT, linestyle=style, label=name)
        for name, style in (("prediction", "-"), ("reference", "--"))
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def _strip_and_box(
    axes, place: int, rows: pd.DataFrame, colour: str, jitter: np.random.Generator
) -> None:
    if rows.empty:
        return
    box = {"facecolor": colour, "alpha": 0.25, "edgecolor": colour}
    axes.boxplot(
        rows["dice"],
        positions=[place],
        widths=0.62,
        showfliers=False,
        patch_artist=True,
        boxprops=box,
        manage_ticks=False,
        medianprops={"color": INK, "linewidth": 1.4},
        whiskerprops={"color": FAINT},
        capprops={"color": FAINT},
    )
    for phase, mark in (("ED", "o"), ("ES", "^")):
        for empty, shape in ((0, mark), (1, "x")):
            part = rows[(rows["phase"] == phase) & ((rows["empty"] > 0) == bool(empty))]
            style = {"color": INK} if empty else {"facecolor": colour, "edgecolor": INK}
            axes.scatter(
                place + jitter.uniform(-0.2, 0.2, len(part)),
                part["dice"],
                s=15,
                marker=shape,
                linewidths=0.5 + empty,
                zorder=3,
                **style,
            )
