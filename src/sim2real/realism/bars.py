"""Where the bars of Fig. 3 lie in its picture, and what each tells of its interval and its numbers: ``told.js`` lays areas over them."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from .figures import AXIS, NAMES, bar_name, scores_figure


def bars_html(distances: pd.DataFrame, examples: dict[str, np.ndarray], cohort_phrase: str, over: str) -> str:
    """The areas as JSON, a list a chart, for the picture of ``figures.scores_figure`` in the page's element ``over``; given as there."""
    figure = scores_figure(distances, examples, cohort_phrase)
    figure.canvas.draw()
    frame = figure.get_tightbbox().padded(plt.rcParams["savefig.pad_inches"])  # what a saved picture shows, in inches
    rows = {
        bar_name(row["features"], row["images"], row["reference"]): row for row in distances.dropna(subset="distance").to_dict("records")
    }
    charts = []
    for axes in figure.axes:
        marked = sorted((patch for patch in axes.patches if patch.get_gid() in rows), key=lambda patch: patch.get_x())
        if marked:
            charts.append([_area(patch, axes, frame, figure.dpi) | {"told": told(rows[patch.get_gid()])} for patch in marked])
    plt.close(figure)
    given = json.dumps(charts).replace("<", "\\u003c")
    return (
        f'<div class="bars" data-over="{over}" data-shape="{frame.width:.3f} {frame.height:.3f}"><script type="application/json">{given}</script>'
        '<p class="bars-hint" hidden>Point at a bar of the figure for its interval and its numbers, or press Tab to come to the bars '
        "and the arrow keys to go from one to the next.</p></div>"
    )


def told(row: dict) -> str:
    """What is told of a row of ``distances.csv``."""
    interval = f"{row['ci_low']:.1f} to {row['ci_high']:.1f}" if np.isfinite([row["ci_low"], row["ci_high"]]).all() else "no interval"
    less = f", {row['corrected']:.1f} less its bias" if np.isfinite(row["corrected"]) else ""
    return (
        f"{NAMES[row['images']]} to {NAMES[row['reference']]}: {AXIS[row['features']]} {row['distance']:.1f}{less}; 95 %: {interval}; "
        f"{row['n_images']} slices against {row['n_reference']}"
    )


def _area(patch, axes, frame, dpi: float) -> dict[str, float]:
    """The bar's width and its chart's height, as shares of the picture from its upper left corner."""
    bar, chart = (thing.get_window_extent() for thing in (patch, axes))
    left, right, low, high = bar.x0 / dpi, bar.x1 / dpi, chart.y0 / dpi, chart.y1 / dpi
    place = {"left": (left - frame.x0) / frame.width, "top": (frame.y1 - high) / frame.height,
             "width": (right - left) / frame.width, "height": (high - low) / frame.height}  # fmt: skip
    return {side: round(float(value), 4) for side, value in place.items()}
