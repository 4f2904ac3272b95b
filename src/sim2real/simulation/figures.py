"""Figures of chapter 2 and of its page on contrast."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..data import COLOURS, LV, MYO, RV
from ..population import ID
from .cine import WINDOW
from .signal import bssfp_signal
from .tissues import SPOKEN, tissue_times


def examples_figure(
    images: list[np.ndarray], labels: list[np.ndarray], titles: list[str]
) -> Figure:
    """Fig. 2, right: simulated slices (row, column) above the same with their labels outlined."""
    figure, grid = plt.subplots(2, len(images), figsize=(2.6 * len(images), 5.4), squeeze=False)
    for column, (image, label, title) in enumerate(zip(images, labels, titles, strict=True)):
        for row in range(2):
            axes = grid[row, column]
            axes.imshow(image, vmin=0, vmax=WINDOW * np.percentile(image[label == LV], 95))
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


def contrast_table(
    field_strength_t: float,
    flip_angles_deg: np.ndarray,
    repetition_times_ms,
    echo_time_ms: float | None = None,
) -> pd.DataFrame:
    """Steady-state signal on resonance, at TE = TR/2 unless given.

    Returns:
        ``flip_angle_deg, repetition_time_ms, tissue, signal`` (share of pure water's).
    """
    times = tissue_times(field_strength_t)
    parts = [
        _curve(times, name, "flip_angle_deg", flip_angles_deg, flip_angles_deg, tr, echo_time_ms)
        for name, tr in itertools.product(SPOKEN, np.atleast_1d(repetition_times_ms))
    ]
    return pd.concat(parts, ignore_index=True)


def profile_table(
    field_strength_t: float, flip_angle_deg: float, repetition_times_ms
) -> pd.DataFrame:
    """Signal over off-resonance at TE = TR/2, with T2' of the tissue.

    Returns:
        ``off_resonance_hz, repetition_time_ms, tissue, signal``.
    """
    times, hertz = tissue_times(field_strength_t), np.linspace(-250, 250, 501)
    parts = [
        _curve(
            times,
            name,
            "off_resonance_hz",
            hertz,
            flip_angle_deg,
            tr,
            None,
            hertz,
            times.loc[ID[name], "t2_prime_ms"],
        )
        for name, tr in itertools.product(("lv_blood", "lv_myocardium"), repetition_times_ms)
    ]
    return pd.concat(parts, ignore_index=True)


def _curve(times, name, column, values, flip_angle_deg, tr, te=None, *spread) -> pd.DataFrame:
    """Signal of a structure's tissue over ``values``; spread: off-resonance and T2'."""
    of_tissue = times.loc[ID[name], ["t1_ms", "t2_ms", "pd"]].astype(float)
    signal = bssfp_signal(*of_tissue, flip_angle_deg, tr, tr / 2 if te is None else te, *spread)
    rows = {"repetition_time_ms": tr, "tissue": SPOKEN[name], "signal": np.abs(signal)}
    return pd.DataFrame({column: values, **rows})


def maxima(curves: pd.DataFrame, field_strength_t: float) -> pd.DataFrame:
    """The angle of each curve's largest signal beside the one of the limit of short TR, cos a =
    (T1/T2 - 1)/(T1/T2 + 1)."""
    highest = curves.groupby(["tissue", "repetition_time_ms"], sort=False)["signal"].idxmax()
    best = curves.loc[highest].rename(columns={"flip_angle_deg": "best_flip_angle_deg"})
    times = tissue_times(field_strength_t).loc[[ID[name] for name in SPOKEN]]
    ratio = (times["t1_ms"] / times["t2_ms"]).to_numpy()
    limit = np.rad2deg(np.arccos((ratio - 1) / (ratio + 1))).round(1)
    limits = best["tissue"].map(dict(zip(SPOKEN.values(), limit, strict=True)))
    best = best.assign(short_tr_angle_deg=limits, signal=best["signal"].round(4))
    return best.reset_index(drop=True)


def contrast_figure(curves: pd.DataFrame, best: pd.DataFrame, flip_angle_deg: float) -> Figure:
    """Signal over flip angle; a dot at each tissue's maximum, a tick at the angle of the limit of
    short TR, the protocol's angle as a line."""
    figure, axes = plt.subplots(figsize=(6.2, 3.6))
    for tissue, curve in curves.groupby("tissue", sort=False):
        (line,) = axes.plot(curve["flip_angle_deg"], curve["signal"], label=tissue)
        top = best[best["tissue"] == tissue].iloc[0]
        axes.plot(
            top["best_flip_angle_deg"], top["signal"], "o", color=line.get_color(), markersize=5
        )
        axes.plot(
            top["short_tr_angle_deg"],
            0.004,
            "|",
            color=line.get_color(),
            markersize=9,
            markeredgewidth=2,
        )
    axes.axvline(flip_angle_deg, color="0.5", linestyle=":", linewidth=1.2)
    axes.text(flip_angle_deg + 1, 0.012, "protocol", fontsize=8, color="0.4")
    axes.set(
        xlabel="flip angle (degrees)", ylabel=r"$|M_{xy}|$ at the echo / $M_0$", ylim=(0, None)
    )
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def grid_figure(images: dict[tuple[float, float], np.ndarray]) -> Figure:
    """The same slice at each (TR, flip angle), images (row, column) in one grey scale: rows TR,
    columns flip angle."""
    times, angles = (sorted({key[i] for key in images}) for i in (0, 1))
    figure, grid = plt.subplots(
        len(times),
        len(angles),
        figsize=(1.75 * len(angles), 1.85 * len(times) + 0.3),
        squeeze=False,
    )
    top = np.percentile(np.stack(list(images.values())), 99.5)
    for (row, tr), (column, angle) in itertools.product(enumerate(times), enumerate(angles)):
        axes = grid[row, column]
        axes.imshow(images[tr, angle], vmin=0, vmax=top)
        axes.set(xticks=[], yticks=[], frame_on=False)
        if row == 0:
            axes.set_title(f"{angle:g}°")
        if column == 0:
            axes.set_ylabel(f"TR {tr:g} ms")
    return figure


def profile_figure(table: pd.DataFrame) -> Figure:
    """Signal over off-resonance, a panel a TR: where the dark bands lie."""
    times = table["repetition_time_ms"].unique()
    figure, grid = plt.subplots(1, len(times), figsize=(2.9 * len(times), 2.7), sharey=True)
    for axes, tr in zip(np.atleast_1d(grid), times, strict=True):
        for tissue, curve in table[table["repetition_time_ms"] == tr].groupby("tissue", sort=False):
            axes.plot(curve["off_resonance_hz"], curve["signal"], label=tissue)
        axes.set(title=f"TR {tr:g} ms", xlabel="off-resonance (Hz)", ylim=(0, None))
    np.atleast_1d(grid)[0].set_ylabel(r"$|M_{xy}|$ at the echo / $M_0$")
    figure.legend(
        *axes.get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize=8
    )
    return figure
