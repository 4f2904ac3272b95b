"""The curves of a training: in a module of their own, so that no other figure makes one stale."""

import pandas as pd
from matplotlib.figure import Figure

from ..data import COLOURS, STRUCTURES

INK = "#1a1a1a"


def learning_figure(log: pd.DataFrame) -> Figure:
    """Training loss and nnU-Net's pseudo Dice of each structure over the epochs; log:
    ``training.train_segmenter``."""
    figure = Figure(figsize=(7.4, 2.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot(log["epoch"], log["train_loss"], "o-", color=INK, markersize=3)
    left.set(xlabel="epoch", ylabel="training loss (Dice + cross-entropy)")
    for name in STRUCTURES:
        style = {"color": COLOURS[name], "markersize": 3, "label": name}
        right.plot(log["epoch"], log[f"pseudo_dice_{name}"], "o-", **style)
    right.set(xlabel="epoch", ylabel="pseudo Dice", ylim=(0, 1))
    right.legend(fontsize=8)
    return figure
