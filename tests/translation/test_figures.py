import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from sim2real.translation.figures import curves_figure, method_figure, pairs_figure

SLICES = np.random.default_rng(0).random((4, 32, 40), dtype=np.float32)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_diagram_shows_the_query_and_its_positive_at_the_same_place():
    source, translated = SLICES[0], SLICES[1]
    figure = method_figure(
        source,
        translated,
        SLICES[2],
        SLICES[3],
        query=(12, 30),
        negatives=[(8, 8), (20, 10), (25, 33)],
        patch=6,
    )
    shown = [np.asarray(image.get_array()) for image in figure.axes[0].get_images()]
    assert any(np.array_equal(image, source[9:15, 27:33]) for image in shown)
    assert any(np.array_equal(image, translated[9:15, 27:33]) for image in shown)
    assert len(shown) == 4 + 4 + 1


def test_no_text_of_the_diagram_overlaps_another_or_leaves_the_page():
    figure = method_figure(*SLICES, query=(12, 30), negatives=[(8, 8), (20, 10), (25, 33)], patch=6)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    page = figure.bbox
    assert all(
        page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1
        for box in boxes
    )
    assert not [
        (i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes) if i < j and a.overlaps(b)
    ]


def test_the_diagram_tells_how_alike_the_query_is_to_each_patch_and_nothing_lies_on_it():
    places = {"query": (12, 30), "negatives": [(8, 8), (20, 10), (25, 33)], "patch": 6}
    figure = method_figure(*SLICES, **places, alike=[0.93, -0.12, 0.4, 0.05])
    figure.canvas.draw()
    texts = [text for text in figure.axes[0].texts if text.get_text()]
    boxes = [text.get_window_extent() for text in texts]
    assert {"0.93", "\N{MINUS SIGN}0.12", "0.40", "0.05"} <= {text.get_text() for text in texts}
    assert not [
        (i, j) for i, a in enumerate(boxes) for j, b in enumerate(boxes) if i < j and a.overlaps(b)
    ]
    positive = next(text for text in texts if text.get_text() == "0.93")
    assert (
        positive.get_color()
        == next(text for text in texts if text.get_text() == "positive").get_color()
    )


def test_pairs_have_a_row_a_subject_and_a_column_a_kind():
    slices = {"simulated": SLICES[:2], "sim2real_A": SLICES[1:3], "sim2real_B": SLICES[2:]}
    figure = pairs_figure(slices, ["V001", "V002"])
    assert len(figure.axes) == 6
    assert [axis.get_title() for axis in figure.axes[:3]] == [
        "simulated",
        "sim2real A",
        "sim2real B",
    ]
    assert np.array_equal(figure.axes[4].get_images()[0].get_array(), SLICES[2])
    del slices["sim2real_B"]
    assert len(pairs_figure(slices, ["V001", "V002"]).axes) == 4


def test_curves_are_drawn_for_each_loss():
    log = pd.DataFrame(
        {"step": range(50)}
        | {name: np.linspace(2, 1, 50) for name in ("loss_d", "loss_gan", "loss_nce", "loss_idt")}
    )
    figure = curves_figure(log)
    assert sum(len(axis.get_lines()) for axis in figure.axes) == 4
