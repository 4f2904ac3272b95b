"""Figures of chapter 4: curves of a training, and slices before and after. The method's diagram is in ``diagram.py``."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..core.style import COLOURS
from .diagram import method_figure

__all__ = ["curves_figure", "method_figure", "pairs_figure"]

CURVES = {
    "loss_d": ("discriminator", "#000000"),
    "loss_gan": ("adversarial", COLOURS["B"]),
    "loss_nce": ("PatchNCE, simulated", COLOURS["A"]),
    "loss_idt": ("PatchNCE, identity", COLOURS["real"]),
}


def curves_figure(log: pd.DataFrame, smooth_steps: int | None = None) -> Figure:
    """Losses against the step: the log ``train`` returns, each curve a running median over ``smooth_steps``
    (a fortieth of the training if not given) above its own 10th to 90th percentiles."""
    window = smooth_steps or max(5, len(log) // 40)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3), sharex=True, layout="constrained")
    panels = {"Least squares": ["loss_d", "loss_gan"], "Contrast of patches": ["loss_nce", "loss_idt"]}
    for axis, (title, names) in zip(axes, panels.items(), strict=True):
        for name in names:
            label, colour = CURVES[name]
            running = log[name].rolling(window, min_periods=1, center=True)
            axis.fill_between(log["step"], running.quantile(0.1), running.quantile(0.9), color=colour, alpha=0.15, linewidth=0)
            axis.plot(log["step"], running.median(), color=colour, label=label, linewidth=1.5)
        axis.set(xlabel="step", ylabel="loss", title=title, ylim=(0, 1.25 * log[names].quantile(0.99).max()))
        axis.legend(loc="upper right", fontsize=9)
    return figure


def pairs_figure(simulated: np.ndarray, translated_a: np.ndarray, translated_b: np.ndarray, subjects: Sequence[str]) -> Figure:
    """A row a subject: its simulated slice and the same slice in the style of either vendor.

    simulated, translated_a, translated_b: (n, h, w) in [0, 1], one slice a subject; subjects: n names.
    """
    columns = {"simulated": (simulated, "#555555"), "sim2real A": (translated_a, COLOURS["A"]), "sim2real B": (translated_b, COLOURS["B"])}
    n, height, width = simulated.shape
    figure, axes = plt.subplots(
        n, 3, figsize=(6, 0.2 + 2 * n * height / width), squeeze=False, gridspec_kw={"wspace": 0.03, "hspace": 0.03}, layout="none"
    )
    figure.subplots_adjust(left=0.06, right=0.995, bottom=0.01, top=1 - 0.28 / figure.get_figheight())
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
