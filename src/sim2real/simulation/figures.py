"""Figures of chapter 2."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..core.labels import LV, MYO, RV
from ..core.parameters import SimulationParameters
from ..core.style import COLOURS
from .signal import bssfp_signal
from .tissues import tissue_times

_SHOWN = {"lv_blood": "blood, left", "rv_blood": "blood, right", "lv_myocardium": "myocardium", "epicardial_fat": "fat", "liver": "liver"}


def examples_figure(images: list[np.ndarray], labels: list[np.ndarray], titles: list[str]) -> Figure:
    """Fig. 2, right: simulated slices (row, column) above the same with their labels outlined."""
    figure, grid = plt.subplots(2, len(images), figsize=(2.6 * len(images), 5.4), squeeze=False)
    for column, (image, label, title) in enumerate(zip(images, labels, titles, strict=True)):
        for row in range(2):
            axes = grid[row, column]
            axes.imshow(image, vmin=0, vmax=np.percentile(image, 99.5))
            axes.axis("off")
        grid[0, column].set_title(title)
        outline(grid[1, column], label)
    handles = [plt.Line2D([], [], color=COLOURS[name], label=name) for name in ("LV", "MYO", "RV")]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def outline(axes, label: np.ndarray, width: float = 1.2) -> None:
    """Contours of LV, MYO and RV of a label (row, column) in their colours."""
    for name, value in (("MYO", MYO), ("RV", RV), ("LV", LV)):
        if (label == value).any():
            axes.contour(label == value, levels=[0.5], colors=[COLOURS[name]], linewidths=width)


def contrast_table(parameters: SimulationParameters, flip_angles_deg: np.ndarray) -> pd.DataFrame:
    """Steady-state signal on resonance: ``flip_angle_deg, tissue, signal`` (share of the magnetisation of pure water)."""
    from ..population.structures import ID

    times = tissue_times(parameters.field_strength_t)
    rows = []
    for name, spoken in _SHOWN.items():
        tissue = times.loc[ID[name]]
        signal = np.abs(bssfp_signal(tissue["t1_ms"], tissue["t2_ms"], tissue["pd"], flip_angles_deg, parameters.repetition_time_ms,
                                     parameters.echo_time_ms))  # fmt: skip
        rows.append(pd.DataFrame({"flip_angle_deg": flip_angles_deg, "tissue": spoken, "signal": signal}))
    return pd.concat(rows, ignore_index=True)


def contrast_figure(table: pd.DataFrame, parameters: SimulationParameters) -> Figure:
    """Signal over flip angle, the maximum of each tissue marked, the protocol's angle as a line."""
    figure, axes = plt.subplots(figsize=(6.2, 3.6))
    for tissue, curve in table.groupby("tissue", sort=False):
        (line,) = axes.plot(curve["flip_angle_deg"], curve["signal"], label=tissue)
        best = curve.loc[curve["signal"].idxmax()]
        axes.plot(best["flip_angle_deg"], best["signal"], "o", color=line.get_color(), markersize=5)
    axes.axvline(parameters.flip_angle_deg, color="0.5", linestyle=":", linewidth=1.2)
    axes.text(parameters.flip_angle_deg + 1, 0.003, "protocol", fontsize=8, color="0.4")
    axes.set(xlabel="flip angle (degrees)", ylabel=r"$|M_{xy}|$ at the echo / $M_0$", ylim=(0, None))
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    axes.set_title(f"bSSFP at {parameters.field_strength_t} T, TR {parameters.repetition_time_ms:g} ms, TE {parameters.echo_time_ms:g} ms")
    return figure
