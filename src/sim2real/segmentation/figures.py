"""Figures of chapter 6: Table 1 as the paper draws it, the cases behind it, and what the models drew."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from ..core.labels import REGIMES, STRUCTURES, VENDORS
from ..core.style import COLOURS
from .evidence_figures import agreement_figure, chosen_figure, comparisons_figure, judge_figure
from .layout import ALL_ROWS, DISTANCES, OUTLINE_RULE, PAPER_ROWS, cells, columns, row_label
from .look import FAINT, INK, RED, REGIME_COLOURS, REGIME_NAMES, draw_contours, window
from .scarcity_figures import scarcity_figure

__all__ = ["agreement_figure", "cases_figure", "chosen_figure", "comparisons_figure", "examples_figure", "judge_figure", "learning_figure",
           "scarcity_figure", "table1_figure"]  # fmt: skip
HEAD_WIDTH, COLUMN_WIDTH, ROW_HEIGHT = 2.3, 1.15, 0.42


def table1_figure(ours: pd.DataFrame, published: pd.DataFrame, caption: str, distance: str = "hd") -> Figure:
    """The paper's Table 1 twice: as printed, and ours with ``plain`` as a row of its own beneath.

    ours: ``evaluate.table1`` or ``layout.with_distance``; distance: which of ``layout.DISTANCES`` it then holds. published: ``layout.read_published``. caption: names the cohort; it stands below the tables.
    """
    blocks = [
        ("Published: Dice, HD (unit not stated)", cells(published), PAPER_ROWS),
        (f"This run: Dice, {DISTANCES[distance][1]}", cells(ours), ALL_ROWS),
    ]
    width = HEAD_WIDTH + 6 * COLUMN_WIDTH
    heights = [ROW_HEIGHT * (3.2 + sum(name in set(block["training"]) for name in names)) for _, block, names in blocks]
    lines = caption.count("\n") + 1 + len(caption) // 160
    total = sum(heights) + 0.25 + 0.2 * (lines + 1)
    figure = Figure(figsize=(width, total), layout="none")
    axes = figure.add_axes((0.005, 0.005, 0.99, 0.99))
    axes.set(xlim=(0, width), ylim=(total, 0))
    axes.axis("off")
    top = 0.0
    for (title, block, names), height in zip(blocks, heights, strict=True):
        _draw_table(axes, top, title, block, [name for name in names if name in set(block["training"])])
        top += height + 0.12
    axes.text(0.05, top + 0.02, f"Outlined in {OUTLINE_RULE}.\n{_wrapped(caption, 160)}", va="top", fontsize=8, color=INK, linespacing=1.35)
    return figure


def cases_figure(cases: pd.DataFrame) -> Figure:
    """Dice of every test case: a dot an image, the box of its quartiles behind; a row a vendor, a column a structure."""
    vendors, trainings = sorted(cases["vendor"].unique()), [name for name in REGIMES if name in set(cases["training"])]
    figure = Figure(figsize=(8.4, 2.7 * len(vendors) + 0.4), layout="constrained")
    grid = figure.subplots(len(vendors), len(STRUCTURES), sharex=True, sharey=True, squeeze=False)
    jitter = np.random.default_rng(0)
    for axes, (vendor, structure) in zip(grid.flat, columns(vendors), strict=True):
        part = cases[(cases["vendor"] == vendor) & (cases["structure"] == structure)]
        for place, training in enumerate(trainings):
            _strip_and_box(axes, place, part[part["training"] == training], REGIME_COLOURS[training], jitter)
        axes.set_title(f"{VENDORS.get(vendor, vendor)} ({vendor}), {structure}", fontsize=10)
        axes.set_xticks(range(len(trainings)), [REGIME_NAMES[name] for name in trainings], fontsize=8)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in grid[:, 0]:
        axes.set_ylabel("Dice")
    marks = {"ED": "o", "ES": "^", "empty prediction": "x"}
    handles = [Line2D([], [], marker=mark, linestyle="", color=INK, markersize=4, label=name) for name, mark in marks.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=8, frameon=False)
    return figure


def learning_figure(log: pd.DataFrame) -> Figure:
    """Training loss and nnU-Net's pseudo Dice of each structure over the epochs; log: ``training.train``."""
    figure = Figure(figsize=(7.4, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(log["epoch"], log["train_loss"], "o-", color=INK, markersize=3)
    left.set(xlabel="epoch", ylabel="training loss (Dice + cross-entropy)")
    for structure in STRUCTURES:
        right.plot(log["epoch"], log[f"pseudo_dice_{structure}"], "o-", color=COLOURS[structure], markersize=3, label=structure)
    right.set(xlabel="epoch", ylabel="pseudo Dice", ylim=(0, 1))
    right.legend(fontsize=8)
    return figure


def examples_figure(
    images: dict[str, np.ndarray],
    references: dict[str, np.ndarray],
    predictions: dict[str, dict[str, np.ndarray]],
    titles: dict[str, str] | None = None,
) -> Figure:
    """Contours of prediction (solid) and reference (dashed) on one slice a vendor; a column a regime.

    images, references: {vendor: (row, column)}. predictions: {regime: {vendor: (row, column)}}. titles: {vendor: text at the left}.
    All cropped alike to the heart of the reference with a margin.
    """
    vendors, regimes = sorted(images), [name for name in REGIMES if name in predictions]
    figure = Figure(figsize=(2.25 * len(regimes) + 0.4, 2.25 * len(vendors) + 0.75), layout="constrained")
    grid = figure.subplots(len(vendors), len(regimes), squeeze=False)
    for vendor, row in zip(vendors, grid, strict=True):
        view = window(references[vendor])
        for regime, axes in zip(regimes, row, strict=True):
            axes.imshow(images[vendor][view], cmap="gray", vmin=0, vmax=1, interpolation="lanczos")
            for labels, style, width in ((predictions[regime][vendor], "-", 1.5), (references[vendor], "--", 1.3)):
                draw_contours(axes, labels[view], style, width)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
    for regime, axes in zip(regimes, grid[0], strict=True):
        axes.set_title("trained on\n" + REGIME_NAMES[regime].replace("\n", " "), fontsize=9)
    for vendor, axes in zip(vendors, grid[:, 0], strict=True):
        axes.set_ylabel((titles or {}).get(vendor, f"{VENDORS.get(vendor, vendor)} ({vendor})"), fontsize=9)
    handles = [Patch(color=COLOURS[name], label=name) for name in STRUCTURES]
    handles += [Line2D([], [], color=FAINT, linestyle=style, label=name) for name, style in (("prediction", "-"), ("reference", "--"))]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8, frameon=False)
    return figure


def _draw_table(axes, top: float, title: str, block: pd.DataFrame, trainings: list[str]) -> None:
    """One table of ``cells`` with its upper edge at ``top``; all lengths in inches."""
    vendors = sorted(block["vendor"].unique())[:2]
    place = {key: HEAD_WIDTH + COLUMN_WIDTH * number for number, key in enumerate(columns(vendors))}
    right, text = HEAD_WIDTH + COLUMN_WIDTH * len(place), {"va": "center", "ha": "center", "color": INK}
    axes.text(0.05, top + 0.5 * ROW_HEIGHT, title, **{**text, "ha": "left"}, fontsize=10.5, fontweight="bold")
    head = top + ROW_HEIGHT
    for y, width in ((head, 1.4), (head + 2 * ROW_HEIGHT, 0.9), (head + (2 + len(trainings)) * ROW_HEIGHT, 1.4)):
        axes.plot([0.03, right], [y, y], color=INK, linewidth=width, solid_capstyle="butt")
    for x, name in ((0.6, "Real"), (1.65, "Simulated")):
        axes.text(x, head + 1.5 * ROW_HEIGHT, name, **text, fontsize=9, fontweight="bold")
    for number, vendor in enumerate(vendors):
        left = HEAD_WIDTH + 3 * COLUMN_WIDTH * number
        name = f"Test: vendor {vendor} ({VENDORS.get(vendor, vendor)})"
        axes.text(left + 1.5 * COLUMN_WIDTH, head + 0.5 * ROW_HEIGHT, name, **text, fontsize=9, fontweight="bold")
        axes.plot([left + 0.08, left + 3 * COLUMN_WIDTH - 0.08], [head + ROW_HEIGHT] * 2, color=FAINT, linewidth=0.8)
    for (_, structure), x in place.items():
        axes.text(x + COLUMN_WIDTH / 2, head + 1.5 * ROW_HEIGHT, structure, **text, fontsize=9, fontweight="bold")
    for number, training in enumerate(trainings):
        y = head + (2.5 + number) * ROW_HEIGHT
        rows = block[block["training"] == training]
        real, simulated = row_label(rows.iloc[0])
        if training == "plain":
            axes.plot([0.03, right], [y - ROW_HEIGHT / 2] * 2, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)))
            simulated += "\nuntranslated"
        for x, name in ((0.6, real), (1.65, simulated)):
            axes.text(x, y, name, **text, fontsize=9, linespacing=1.05)
        for row in rows.to_dict("records"):
            if (row["vendor"], row["structure"]) in place:
                _draw_cell(axes, place[row["vendor"], row["structure"]], y, row)


def _draw_cell(axes, x: float, y: float, row: dict) -> None:
    weight = "bold" if row["best"] else "normal"
    axes.text(
        x + COLUMN_WIDTH / 2, y, f"{row['dice']:.3f}, {row['hd']:.2f}", ha="center", va="center", fontsize=9, color=INK, fontweight=weight
    )
    if row["best"]:
        box = Rectangle((x + 0.06, y - 0.4 * ROW_HEIGHT), COLUMN_WIDTH - 0.12, 0.8 * ROW_HEIGHT, fill=False, edgecolor=RED, linewidth=1.6)
        box.set_gid(f"best-{row['training']}-{row['vendor']}-{row['structure']}")
        axes.add_patch(box)


def _strip_and_box(axes, place: int, rows: pd.DataFrame, colour: str, jitter: np.random.Generator) -> None:
    if rows.empty:
        return
    box = {"facecolor": colour, "alpha": 0.25, "edgecolor": colour}
    axes.boxplot(rows["dice"], positions=[place], widths=0.62, showfliers=False, patch_artist=True, boxprops=box, manage_ticks=False,
                 medianprops={"color": INK, "linewidth": 1.4}, whiskerprops={"color": FAINT}, capprops={"color": FAINT})  # fmt: skip
    for phase, mark in (("ED", "o"), ("ES", "^")):
        for empty, shape in ((0, mark), (1, "x")):
            part = rows[(rows["phase"] == phase) & ((rows["empty"] > 0) == bool(empty))]
            style = {"color": INK} if empty else {"facecolor": colour, "edgecolor": INK}
            axes.scatter(
                place + jitter.uniform(-0.2, 0.2, len(part)), part["dice"], s=15, marker=shape, linewidths=0.5 + empty, zorder=3, **style
            )


def _wrapped(text: str, width: int) -> str:
    return "\n".join(textwrap.fill(line, width) for line in text.splitlines())
