"""Figures of chapter 4: curves of a training, and slices before and after. The method's diagram is
in ``diagram.py``, the figures of Appendix 1 are in ``translators_figures.py``."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..data.style import COLOURS
from .diagram import method_figure
from .translators_figures import tradeoff_figure, translators_figure

__all__ = [
    "curves_figure",
    "health_figure",
    "keeps_figure",
    "method_figure",
    "pairs_figure",
    "tradeoff_figure",
    "translators_figure",
    "worst_figure",
]

CURVES = {
    "loss_d": ("discriminator", "#000000"),
    "loss_gan": ("adversarial", COLOURS["B"]),
    "loss_nce": ("PatchNCE, simulated", COLOURS["A"]),
    "loss_idt": ("PatchNCE, identity", COLOURS["real"]),
}


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


def health_figure(log: pd.DataFrame, health: pd.DataFrame, keep_nearest: bool) -> Figure:
    """Losses, the discriminator's sureness and the distance to held-out real slices against the
    step, the step that is kept marked.

    log: what ``train`` returns; health: what ``watch.health`` returns (without rows the losses
    alone are drawn). keep_nearest: whether the generator of the nearest look was kept, or the last.
    """
    if health.empty:
        return curves_figure(log)
    figure, axes = plt.subplots(2, 2, figsize=(8, 5.6), sharex=True, layout="constrained")
    _draw_curves(axes[0], log)
    for name, label, colour in (
        ("sure_real", "held-out real", COLOURS["real"]),
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
    axes[1, 1].axhline(
        untranslated["distance"].iloc[0],
        color=COLOURS["simulated"],
        linestyle="--",
        label="untranslated",
    )
    axes[1, 1].plot(
        looks["step"], looks["distance"], "o-", color="#000000", markersize=4, label="translated"
    )
    best = looks[looks["best"] == 1]
    kept = int(best["step"].iloc[0] if keep_nearest else log["step"].max() + 1)
    axes[1, 1].plot(
        best["step"], best["distance"], "*", color=COLOURS["B"], markersize=13, label="nearest"
    )
    axes[1, 1].set(
        xlabel="step",
        ylabel="Fréchet distance",
        title="Texture, to held-out real slices",
        yscale="log",
    )
    for axis in axes.flat:
        axis.axvline(kept, color="#777777", linewidth=1, linestyle=":")
    axes[1, 1].annotate(
        "kept",
        (kept, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-3, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=9,
    )
    for axis in axes[1]:
        axis.legend(fontsize=9)
    return figure


def pairs_figure(
    simulated: np.ndarray,
    translated_a: np.ndarray,
    translated_b: np.ndarray,
    subjects: Sequence[str],
) -> Figure:
    """A row a subject: its simulated slice and the same slice in the style of either vendor.

    simulated, translated_a, translated_b: (n, h, w) in [0, 1], one slice a subject; subjects: n
    names.
    """
    columns = {
        "simulated": (simulated, "#555555"),
        "sim2real A": (translated_a, COLOURS["A"]),
        "sim2real B": (translated_b, COLOURS["B"]),
    }
    n, height, width = simulated.shape
    figure, axes = plt.subplots(
        n,
        3,
        figsize=(6, 0.2 + 2 * n * height / width),
        squeeze=False,
        gridspec_kw={"wspace": 0.03, "hspace": 0.03},
        layout="none",
    )
    figure.subplots_adjust(
        left=0.06, right=0.995, bottom=0.01, top=1 - 0.28 / figure.get_figheight()
    )
    for column, (title, (slices, colour)) in enumerate(columns.items()):
        for row, slice_ in enumerate(slices):
            axis = axes[row, column]
            axis.imshow(slice_, cmap="gray", vmin=0, vmax=1)
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        axes[0, column].set_title(title, color=colour, fontsize=11, fontweight="bold", pad=4)
    for axis, subject in zip(axes[:, 0], subjects, strict=True):
        axis.set_ylabel(subject, fontsize=9)
    return figure


def keeps_figure(table: pd.DataFrame) -> Figure:
    """What the translated slices kept of the label, one curve a vendor: shares of slices up to each
    value. table: ``keeps.csv``."""
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), layout="constrained")
    for vendor, rows in table.groupby("vendor"):
        told = rows["information_after"] / rows["information_before"].clip(lower=1e-6)
        for axis, values in zip(axes, (rows["kept"], told), strict=True):
            axis.ecdf(values, color=COLOURS[vendor], label=f"to vendor {vendor}")
    for axis, name in zip(
        axes, ("gradient energy on the label's borders", "information about the label"), strict=True
    ):
        axis.axvline(1, color="#777777", linewidth=1, linestyle=":")
        axis.set(
            xlabel="after / before", ylabel="share of slices", title=name[0].upper() + name[1:]
        )
    axes[1].legend(fontsize=9, loc="upper left")
    return figure


def worst_figure(slices: Sequence[dict]) -> Figure:
    """The slices that kept least, before and after, with the label's borders; ``keeps.worst`` gives
    them. One column a slice."""
    vendors = sorted({row["vendor"] for row in slices})
    n = max(sum(row["vendor"] == vendor for row in slices) for vendor in vendors)
    figure, axes = plt.subplots(
        2 * len(vendors),
        n,
        figsize=(1.9 * n, 4 * len(vendors)),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.axis("off")
    for block, vendor in enumerate(vendors):
        for column, row in enumerate(row for row in slices if row["vendor"] == vendor):
            for line, name in enumerate(("before", "after")):
                axis = axes[2 * block + line, column]
                axis.imshow(row[name], cmap="gray", vmin=0, vmax=1)
                axis.contour(
                    row["label"], levels=[0.5, 1.5, 2.5], colors=COLOURS[vendor], linewidths=0.6
                )
            axes[2 * block, column].set_title(
                f"{row['subject']} {row['phase']}, to {vendor}\nkept {row['kept']:.2f}", fontsize=8
            )
    return figure
