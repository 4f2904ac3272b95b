"""Figures of chapter 4 and of appendix 1; the diagram of Fig. 1 is in ``diagram.py``."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..data import COLOURS
from .diagram import method_figure  # noqa: F401  (the figures of a chapter are found here)

CURVES = {
    "loss_d": ("discriminator", "#000000"),
    "loss_gan": ("adversarial", COLOURS["B"]),
    "loss_nce": ("PatchNCE, simulated", COLOURS["A"]),
    "loss_idt": ("PatchNCE, identity", COLOURS["real"]),
}

# Marker and colour of each translator: grey where nothing is trained.
LOOKS = {
    "identity": ("s", "#999999"),
    "histogram": ("D", "#999999"),
    "fourier": ("^", "#999999"),
    "cut": ("o", "#000000"),
    "fastcut": ("o", "#CC79A7"),
    "cyclegan": ("o", "#E69F00"),
}
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)
NEAREST_TICKS = 0.1  # share of the axis's length


def curves_figure(log: pd.DataFrame) -> Figure:
    """Losses against the step: the log ``train`` returns, each curve a running median over
    ``smooth_steps`` (a fortieth of the training if not given) above its own 10th to 90th
    percentiles."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharex=True, layout="constrained")
    _draw_curves(axes, log)
    return figure


def _draw_curves(axes: Sequence[Axes], log: pd.DataFrame) -> None:
    window = max(5, len(log) // 40)
    panels = {
        "Least squares": ["loss_d", "loss_gan"],
        "Contrast of patches": ["loss_nce", "loss_idt"],
    }
    for axis, (title, names) in zip(axes, panels.items(), strict=True):
        for name in names:
            label, colour = CURVES[name]
            running = log[name].rolling(window, min_periods=1, center=True)
            axis.fill_between(
                log["step"],
                running.quantile(0.1),
                running.quantile(0.9),
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
            axis.plot(log["step"], running.median(), color=colour, label=label, linewidth=1.5)
        axis.set(
            xlabel="step",
            ylabel="loss",
            title=title,
            ylim=(0, 1.25 * log[names].quantile(0.99).max()),
        )
        axis.legend(loc="upper right", fontsize=9)


def health_figure(log: pd.DataFrame, health: pd.DataFrame) -> Figure:
    """Losses, the discriminator's sureness and the distance to both halves of the watched subjects
    against the step, the nearest step marked.

    log: what ``train`` returns; health: what ``watch.health`` returns (without rows the losses
    alone are drawn).
    """
    if health.empty:
        return curves_figure(log)
    figure, axes = plt.subplots(2, 2, figsize=(8, 5.6), sharex=True, layout="constrained")
    _draw_curves(axes[0], log)
    for name, label, colour in (
        ("sure_real", "watched real", COLOURS["real"]),
        ("sure_translated", "translated", "#555555"),
    ):
        axes[1, 0].plot(health["step"], health[name], "o-", color=colour, label=label, markersize=4)
    axes[1, 0].set(
        xlabel="step",
        ylabel="share of patches",
        title="Discriminator sure within 0.1",
        ylim=(-0.03, 1.03),
    )
    untranslated, looks = health[health["step"] == 0], health[health["step"] > 0]
    for name, label, colour in (
        ("distance", "to half of the watched", "#000000"),
        ("distance_others", "to the other half", COLOURS["B"]),
    ):
        axes[1, 1].plot(looks["step"], looks[name], "o-", color=colour, markersize=4, label=label)
        axes[1, 1].axhline(untranslated[name].iloc[0], color=colour, linestyle="--", linewidth=1)
    nearest = looks[looks["nearest"] == 1]
    star = {"color": "#000000", "markersize": 13, "label": "its nearest"}
    axes[1, 1].plot(nearest["step"], nearest["distance"], "*", **star)
    axes[1, 1].set(
        xlabel="step", ylabel="Fréchet distance", title="Texture, to watched slices", yscale="log"
    )
    for axis in axes[1]:
        axis.legend(fontsize=9)
    return figure


def pairs_figure(slices: dict[str, np.ndarray], subjects: Sequence[str]) -> Figure:
    """A row a subject: its simulated slice and the same slice in the style of each vendor.

    Args:
        slices: domain (``simulated``, ``sim2real_A``, ``sim2real_B``) to (n, h, w) in [0, 1], one
            slice a subject.
        subjects: n names.
    """
    rows = dict(zip(subjects, zip(*slices.values(), strict=True), strict=True))
    titles = [domain.replace("_", " ") for domain in slices]
    figure, axes = _image_grid(rows, titles, inches=2.0)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.title.set(color=COLOURS.get(title[-1], "#555555"), fontweight="bold")
    return figure


def strip_figure(slices: dict[str, np.ndarray]) -> Figure:
    """Slices side by side under their titles, in letters that a phone can show. slices: title to
    (h, w) in [0, 1]."""
    figure, grid = plt.subplots(1, len(slices), figsize=(2.0 * len(slices), 2.75), squeeze=False)
    for axes, (title, pixels) in zip(grid[0], slices.items(), strict=True):
        axes.imshow(pixels, cmap="gray", vmin=0, vmax=1, interpolation="bicubic")
        words = title.replace(" ", "\n", 1)
        axes.set_title(words, fontsize=20, color=COLOURS.get(title[-1], "#333333"))
        axes.axis("off")
    return figure


def translators_figure(examples: dict[str, np.ndarray], names: list[str]) -> Figure:
    """A row a translator, a column a simulated slice; in the last row real slices of other people,
    which belong to no column.

    Args:
        examples: name of the row to its slices (n, h, w) in [0, 1], as ``translators.examples``
            gives them.
        names: of the columns, n.
    """
    figure, axes = _image_grid(examples, names, inches=1.5)
    axes[-1, 0].yaxis.label.set(color=COLOURS["real"], fontweight="bold")
    return figure


def _image_grid(
    rows: dict[str, Sequence[np.ndarray]], titles: Sequence[str], inches: float
) -> tuple[Figure, np.ndarray]:
    """Slices (h, w) in [0, 1] side by side, the names of the rows at their left; inches: width of a
    slice. A row may hold fewer slices than there are titles."""
    height, width = next(iter(rows.values()))[0].shape
    figure, axes = plt.subplots(
        len(rows),
        len(titles),
        figsize=(0.35 + inches * len(titles), 0.3 + inches * len(rows) * height / width),
        squeeze=False,
        gridspec_kw={"wspace": 0.02, "hspace": 0.02},
        layout="none",
    )
    inner = {"left": 0.3 / figure.get_figwidth(), "top": 1 - 0.28 / figure.get_figheight()}
    figure.subplots_adjust(**inner, right=0.998, bottom=0.002)
    for axes_row, (name, slices) in zip(axes, rows.items(), strict=True):
        for axis in axes_row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        for axis, slice_ in zip(axes_row, slices, strict=False):
            axis.imshow(slice_, cmap="gray", vmin=0, vmax=1)
        axes_row[0].set_ylabel(name, fontsize=9.5)
    for axis, title in zip(axes[0], titles, strict=True):
        axis.set_title(title, fontsize=10, pad=4)
    return figure, axes


def keeps_figure(table: pd.DataFrame) -> Figure:
    """What the translated slices kept of the label's borders, one curve a vendor: shares of slices
    up to each value. table: ``keeps.csv``."""
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    for vendor, rows in table.groupby("vendor"):
        axis.ecdf(rows["kept"], color=COLOURS[vendor], label=f"to vendor {vendor}")
    axis.axvline(1, color="#777777", linewidth=1, linestyle=":")
    axis.set(
        xlabel="gradient energy on the label's borders, after / before", ylabel="share of slices"
    )
    axis.legend(fontsize=9, loc="upper left")
    return figure


_WORST_ROWS = {"before": "simulated", "after": "translated", "map": "invented"}


def worst_figure(slices: Sequence[dict]) -> Figure:
    """The slices with the most that was invented: simulated, translated, and where; one column a
    slice. slices: of ``invented.worst``."""
    vendors = sorted({row["vendor"] for row in slices})
    n = max(sum(row["vendor"] == vendor for row in slices) for vendor in vendors)
    figure, axes = plt.subplots(
        3 * len(vendors),
        n,
        figsize=(1.9 * n, 5.9 * len(vendors)),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
    highest = max(float(np.percentile(row["map"], 99.5)) for row in slices)
    for block, vendor in enumerate(vendors):
        for column, row in enumerate(row for row in slices if row["vendor"] == vendor):
            for line, name in enumerate(_WORST_ROWS):
                look = {"cmap": "magma", "vmin": 0, "vmax": highest or 1}
                if name != "map":
                    look = {"cmap": "gray", "vmin": 0, "vmax": 1}
                axes[3 * block + line, column].imshow(row[name], **look)
                axes[3 * block + line, 0].set_ylabel(_WORST_ROWS[name], fontsize=9)
            axes[3 * block, column].set_title(
                f"{row['subject']} {row['phase']}, to {vendor}\ninvented {row['invented']:.2f}",
                fontsize=8,
            )
    return figure


def tradeoff_figure(table: pd.DataFrame) -> Figure:
    """Distance to real slices (left is nearer) against the anatomy kept (up is more), a mark a
    translator.

    table: ``translators.summary``. Across, the distance less its bias with its interval over
    subjects, as defined where there is no interval; upwards, the median over slices with the range
    from the 10th to the 90th percentile.
    """
    figure, axis = plt.subplots(figsize=(6, 4.2), layout="constrained")
    axis.set_xscale("function", functions=(lambda d: np.sqrt(np.maximum(d, 0)), np.square))
    for row in table.to_dict("records"):
        marker, colour = LOOKS[row["name"]]
        known = bool(np.isfinite([row["ci_low"], row["ci_high"]]).all())
        x, y = max(0.0, row["corrected"]) if known else row["distance"], row["kept_median"]
        style = {"color": colour, "linewidth": 1.3, "alpha": 0.7, "zorder": 2}
        axis.vlines(x, row["kept_10"], row["kept_90"], **style)
        axis.hlines(y, row["ci_low"], row["ci_high"], **style)
        axis.plot(
            x,
            y,
            marker,
            color=colour,
            markersize=9,
            markeredgecolor="white",
            label=row["translator"],
            linestyle="none",
            zorder=3,
        )
    farthest = 1.05 * float(np.nanmax(table[["distance", "ci_high"]].to_numpy()))
    axis.axhline(1, color="#777777", linewidth=1, linestyle=":")
    axis.set_xlim(0, farthest)
    ticks = [0]
    for tick in TICKS:
        if (
            tick <= farthest
            and np.sqrt(tick / farthest) - np.sqrt(ticks[-1] / farthest) > NEAREST_TICKS
        ):
            ticks.append(tick)
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.set(
        xlabel="KID to real slices, learned features (root scale)",
        ylabel="borders' energy, after / before",
    )
    axis.legend(fontsize=9, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure
