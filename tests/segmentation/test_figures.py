from itertools import product

import numpy as np

from sim2real.segmentation.figures import cases_figure, chosen_figure


def test_cases_figure_draws_every_case(cases):
    figure = cases_figure(cases)
    assert sum(len(dots.get_offsets()) for axes in figure.axes for dots in axes.collections) == len(
        cases
    )


def test_chosen_figure_has_a_panel_a_regime_and_place():
    label = np.zeros((40, 60), np.uint8)
    label[10:20, 20:34], label[12:18, 24:30], label[10:20, 12:20] = 2, 1, 3
    shown = {"image": label / 3, "reference": label, "vendor": "A", "phase": "ED", "dice": 0.5}
    chosen = [
        {**shown, "training": training, "place": place, "prediction": label * (place == "best")}
        for training, place in product(("sim2real", "real"), ("best", "worst"))
    ]
    figure = chosen_figure(chosen)
    assert len(figure.axes) == 4
    figure.canvas.draw()
