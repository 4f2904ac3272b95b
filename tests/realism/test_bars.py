"""Areas over the bars of Fig. 3: they lie where the saved picture has the bars, and tell the row of each."""

import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from sim2real.core.style import use_style
from sim2real.realism.bars import bars_html, told
from sim2real.realism.figures import scores_figure

IMAGES = ["simulated", "sim2real_A", "sim2real_B", "real_A", "real_B"]


@pytest.fixture
def distances() -> pd.DataFrame:
    rows = [(images, reference, features, 10.0 + 7 * k + 3 * len(features), 5.0, 60.0, 40 + k, 30, 8.0 + 6 * k)
            for features in ("inception", "texture") for reference in ("real_A", "real_B") for k, images in enumerate(IMAGES)]  # fmt: skip
    columns = ["images", "reference", "features", "distance", "ci_low", "ci_high", "n_images", "n_reference", "corrected"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture
def examples() -> dict[str, np.ndarray]:
    return {name: np.full((50, 70), 0.5) for name in IMAGES}


def charts(distances, examples) -> list[list[dict]]:
    return json.loads(re.search("<script.*?>(.*?)</script>", bars_html(distances, examples, "a cohort", "fig-3"))[1])


def saved(distances, examples) -> np.ndarray:
    """The picture as it is saved, (row, column, colour)."""
    buffer = io.BytesIO()
    figure = scores_figure(distances, examples, "a cohort")
    figure.savefig(buffer, format="png")
    plt.close(figure)
    return np.asarray(Image.open(buffer).convert("RGB")).astype(int)


def colours_at(picture: np.ndarray, bar: dict) -> np.ndarray:
    """Pixels along the area's lower end, a little above the axis, away from the interval's line in the middle."""
    rows, columns, _ = picture.shape
    row = round((bar["top"] + bar["height"]) * rows) - 12
    return picture[row, round((bar["left"] + 0.2 * bar["width"]) * columns)]


def test_each_area_lies_on_its_own_bar(distances, examples):
    use_style()
    picture, found = saved(distances, examples), charts(distances, examples)
    assert [len(chart) for chart in found] == [10, 10]
    wanted = {"simulated": "#999999", "sim2real A": "#0072B2", "sim2real B": "#D55E00", "real A": "#8ebad9", "real B": "#f0b592"}
    for bar in sum(found, []):
        colour = wanted[bar["told"].split(" to ")[0]].lstrip("#")
        assert abs(colours_at(picture, bar) - [int(colour[k : k + 2], 16) for k in (0, 2, 4)]).max() < 8, bar["told"]


def test_an_area_that_lies_elsewhere_is_seen(distances, examples):
    use_style()
    bar = charts(distances, examples)[0][1]
    moved = {**bar, "left": bar["left"] + bar["width"]}
    assert abs(colours_at(saved(distances, examples), moved) - [0x00, 0x72, 0xB2]).max() > 50


def test_a_bar_tells_its_interval_and_its_numbers(distances):
    row = distances.iloc[6].to_dict()
    assert told(row) == "sim2real A to real B: FID 44.0, 14.0 less its bias; 95 %: 5.0 to 60.0; 41 slices against 30"
    assert "no interval" in told({**row, "ci_low": np.nan}) and "bias" not in told({**row, "corrected": np.nan})


def test_a_distance_that_could_not_be_had_has_no_area(distances, examples):
    use_style()
    distances.loc[3, "distance"] = np.nan
    assert [len(chart) for chart in charts(distances, examples)] == [9, 10]
