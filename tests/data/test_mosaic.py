"""One picture of many slices, with outlines where their labels end."""

import base64
import io
import re

import numpy as np
from PIL import Image

from sim2real.data import LV, MYO, RV, choice_html, mosaic_html, outlines_html, range_html

LINES, COLUMNS, HEIGHT, WIDTH = 2, 3, 40, 56


def cells() -> np.ndarray:
    """Each cell of one grey value of its own."""
    values = np.linspace(0.1, 0.9, LINES * COLUMNS).reshape(LINES, COLUMNS)
    return values[:, :, None, None] * np.ones((LINES, COLUMNS, HEIGHT, WIDTH))


def labels() -> np.ndarray:
    """A square LV in each cell but the last; nothing else."""
    found = np.zeros((LINES, COLUMNS, HEIGHT, WIDTH), np.uint8)
    found[:, :, 10:20, 30:45] = LV
    found[-1, -1] = 0
    return found


def picture(html: str) -> np.ndarray:
    return np.asarray(
        Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)\"", html)[1]))).convert(
            "L"
        )
    )


def contours(html: str, colour: str) -> list[np.ndarray]:
    """The closed lines of one colour as arrays of (x, y)."""
    path = re.search(rf'stroke="{colour}" d="([^"]*)"', html)[1]
    return [
        np.array([point.split() for point in part.split("L")], float)
        for part in path.strip("MZ").split("ZM")
        if part
    ]


def test_cells_lie_in_the_order_of_lines_and_columns():
    html = mosaic_html("stack", "name", cells(), labels(), "slices", "")
    shown = picture(html).reshape(LINES, HEIGHT, COLUMNS, WIDTH).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(
        shown, np.linspace(0.1, 0.9, LINES * COLUMNS).reshape(LINES, COLUMNS), atol=0.02
    )
    assert (
        f'viewBox="0 0 {COLUMNS * WIDTH} {LINES * HEIGHT}"' in html
        and f'data-cell="{WIDTH} {HEIGHT}"' in html
    )


def test_columns_beyond_the_width_lie_below_in_bands_of_all_lines():
    html = mosaic_html("stack", "name", cells(), labels(), "slices", "", wrap=2)
    shown = picture(html).reshape(2 * LINES, HEIGHT, 2, WIDTH).mean(axis=(1, 3)) / 255
    first, second = np.linspace(0.1, 0.9, LINES * COLUMNS).reshape(LINES, COLUMNS)
    np.testing.assert_allclose(
        shown, [first[:2], second[:2], [first[2], 0], [second[2], 0]], atol=0.02
    )
    assert (
        f'data-lines="{LINES}" data-wrap="2"' in html
        and len(contours(html, "#E69F00")) == LINES * COLUMNS - 1
    )


def test_an_outline_runs_along_the_border_of_its_label_in_its_own_cell():
    found = contours(mosaic_html("stack", "name", cells(), labels(), "slices", ""), "#E69F00")
    assert len(found) == LINES * COLUMNS - 1
    corners = {
        (
            round(line[:, 0].min()),
            round(line[:, 0].max()),
            round(line[:, 1].min()),
            round(line[:, 1].max()),
        )
        for line in found
    }
    wanted = {
        (WIDTH * j + 30, WIDTH * j + 45, HEIGHT * i + 10, HEIGHT * i + 20)
        for i, j in np.ndindex(LINES, COLUMNS)
    }
    assert corners == wanted - {(WIDTH * 2 + 30, WIDTH * 2 + 45, HEIGHT + 10, HEIGHT + 20)}


def test_a_round_label_is_outlined_to_within_half_a_pixel():
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    disc = np.zeros((1, 1, HEIGHT, WIDTH), np.uint8)
    disc[0, 0][np.hypot(x - 28, y - 20) < 14] = MYO
    disc[0, 0][np.hypot(x - 28, y - 20) < 8] = RV
    html = mosaic_html("stack", "name", np.zeros(disc.shape), disc, "a ring", "")
    outer = max(contours(html, "#009E73"), key=np.ptp)
    radius = np.hypot(outer[:, 0] - 28.5, outer[:, 1] - 20.5)
    assert abs(radius - 14).max() < 0.8 and len(outer) < 60


def test_a_description_cannot_break_out_of_its_attribute():
    html = mosaic_html("stack", "name", cells(), labels(), '"><script>alert(1)</script>', "")
    assert "<script>" not in html


def test_every_control_has_a_label_of_its_own():
    html = (
        range_html("a", "column", "slice", 1, 9, 5, "{} of 9")
        + choice_html("a", "line", "phase", {"0": "ED", "1": "ES"})
        + outlines_html(True)
    )
    for name in re.findall(r'<input type="range" id="([^"]+)"', html):
        assert f'<label for="{name}">' in html and f'<output for="{name}">5 of 9<' in html
    assert (
        html.count("checked") == 2
        and html.count("<label><input") == 3
        and "<legend>phase</legend>" in html
    )
