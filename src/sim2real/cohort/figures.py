"""Figures of chapter 3."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from ..simulation.figures import outline


def domains_figure(rows: dict[str, tuple[np.ndarray, np.ndarray]]) -> Figure:
    """One row a domain: four slices apex to base of one image, above them their labels outlined on the same slices.

    rows: title to (image, label), each (slice, row, column), image in [0, 1].
    """
    n = max(len(image) for image, _ in rows.values())
    figure, grid = plt.subplots(len(rows), n, figsize=(2.0 * n, 2.15 * len(rows)), squeeze=False)
    for axes_row, (title, (image, label)) in zip(grid, rows.items(), strict=True):
        for axes in axes_row:
            axes.axis("off")
        for axes, plane, labels in zip(axes_row, image, label, strict=False):
            axes.imshow(plane, vmin=0, vmax=1)
            outline(axes, labels, 0.9)
        axes_row[0].set_title(title, loc="left", fontsize=10)
    return figure


def gallery_figure(images: dict[str, np.ndarray]) -> Figure:
    """Slices of several subjects, a row a domain, no labels: how alike or unlike the domains look. Each (n, row, column)."""
    n = max(len(stack) for stack in images.values())
    figure, grid = plt.subplots(len(images), n, figsize=(1.7 * n, 1.85 * len(images)), squeeze=False)
    for axes_row, (title, stack) in zip(grid, images.items(), strict=True):
        for axes in axes_row:
            axes.axis("off")
        for axes, plane in zip(axes_row, stack, strict=False):
            axes.imshow(plane, vmin=0, vmax=1)
        axes_row[0].set_title(title, loc="left", fontsize=10)
    return figure
