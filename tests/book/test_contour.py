"""The outline that a reader draws, in real Chromium: by mouse, by finger and by keyboard, scored as
Python scores it."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.draw import polygon2mask
from sklearn.metrics import f1_score

from sim2real.course.contour import contour_html
from sim2real.data import Sim2RealError

STATIC = Path(__file__).resolve().parents[2] / "book" / "_static"
ROWS, COLUMNS = 90, 112
y, x = np.mgrid[:ROWS, :COLUMNS]
REFERENCE = ((y - 40) / 22) ** 2 + ((x - 60) / 15) ** 2 <= 1
SLICE = np.where(REFERENCE, 0.8, 0.2)
STAR = [(60, 12), (70, 33), (82, 40), (69, 52), (60, 70), (48, 50), (30, 44), (52, 35)]
"""An outline that is not convex, points (x, y) in pixels of the slice."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, bare_page) -> Path:
    """``page.html``, and ``wrong.html`` whose script leaves a factor of two out."""
    folder = tmp_path_factory.mktemp("contour")
    script = (STATIC / "contour.js").read_text(encoding="utf-8")
    assert "(2 * both)" in script
    body = contour_html(SLICE, REFERENCE, "outline", "LV cavity")
    for name, text in (("page", script), ("wrong", script.replace("(2 * both)", "(both)"))):
        page = bare_page("Outline", body, text, styles=("moving.css", "contour.css"))
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


def dice_of(points) -> float:
    """By another library's rasteriser, whose pixels lie about whole numbers."""
    drawn = polygon2mask(REFERENCE.shape, np.array(points, float)[:, ::-1] - 0.5)
    return f1_score(REFERENCE.ravel(), drawn.ravel())


def click_points(page, points) -> None:
    seen = page.locator(".contour-view svg").bounding_box()
    for x, y in points:
        page.mouse.click(
            seen["x"] + x / COLUMNS * seen["width"], seen["y"] + y / ROWS * seen["height"]
        )


def said_dice(page) -> float:
    return float(re.search(r"Dice ([\d.]+):", page.locator(".contour-said").inner_text())[1])


@pytest.mark.parametrize("points", [STAR, [(40, 20), (80, 20), (80, 60), (40, 60)], STAR[::-1]])
def test_an_outline_has_the_dice_that_python_computes(page, points):
    click_points(page, points)
    page.get_by_role("button", name="Score").click()
    assert abs(said_dice(page) - dice_of(points)) < 0.02
    assert 0.4 < said_dice(page) < 1
    said = page.locator(".contour-said")
    assert f"the reference {REFERENCE.sum()}" in said.inner_text()
    assert said.get_attribute("aria-live") == "polite"


def test_a_script_that_miscounts_is_seen(tab, folder):
    page = tab(folder / "wrong.html")
    click_points(page, STAR)
    page.get_by_role("button", name="Score").click()
    assert abs(said_dice(page) - dice_of(STAR)) > 0.1
    page.close()


def test_a_line_that_is_drawn_in_one_go_scores_like_its_corners(page):
    seen = page.locator(".contour-view svg").bounding_box()
    at = lambda x, y: (
        seen["x"] + x / COLUMNS * seen["width"],
        seen["y"] + y / ROWS * seen["height"],
    )
    page.mouse.move(*at(*STAR[0]))
    page.mouse.down()
    for place in STAR[1:]:
        page.mouse.move(*at(*place), steps=12)
    page.mouse.up()
    page.get_by_role("button", name="Score").click()
    assert abs(said_dice(page) - dice_of(STAR)) < 0.02


def test_keys_alone_draw_score_and_clear(page):
    corners = [(45, 25), (75, 25), (75, 55), (45, 55)]
    page.keyboard.press("Tab")
    assert page.locator(".contour-cross").is_visible()
    at = [COLUMNS // 2, ROWS // 2]
    for corner in corners:
        for axis, keys in enumerate((("ArrowLeft", "ArrowRight"), ("ArrowUp", "ArrowDown"))):
            way = corner[axis] - at[axis]
            for key, times in (
                (f"Shift+{keys[way > 0]}", abs(way) // 5),
                (keys[way > 0], abs(way) % 5),
            ):
                for _ in range(times):
                    page.keyboard.press(key)
        at = list(corner)
        page.keyboard.press("Enter")
        said = page.locator(".contour-said").inner_text()
        assert said.endswith(f": row {corner[1]}, column {corner[0]}.")
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")
    assert page.locator(".contour-said").inner_text() == "4 points are left."
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert abs(said_dice(page) - dice_of(corners)) < 0.02
    assert page.get_by_role("button", name="Clear").evaluate("it => it === document.activeElement")
    page.keyboard.press("Enter")
    assert page.locator(".contour-said").inner_text() == ""
    assert page.locator(".contour-own").get_attribute("d") == ""
    assert page.locator(".contour-view").evaluate("it => it === document.activeElement")


def test_the_reference_is_shown_after_the_score_and_not_before(page):
    reference = page.locator(".contour-reference")
    assert not reference.is_visible() and page.get_by_role("button", name="Score").is_disabled()
    click_points(page, STAR)
    assert not reference.is_visible()
    page.get_by_role("button", name="Score").click()
    assert reference.is_visible()
    before = page.locator(".contour-own").get_attribute("d")
    click_points(page, [(5, 5)])
    assert page.locator(".contour-own").get_attribute("d") == before  # what is scored stays
    page.get_by_role("button", name="Clear").click()
    assert not reference.is_visible()


def test_a_finger_draws(browser, folder):
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(f"file://{folder}/page.html")
    seen = page.locator(".contour-view svg").bounding_box()
    for x, y in STAR:
        page.touchscreen.tap(
            seen["x"] + x / COLUMNS * seen["width"], seen["y"] + y / ROWS * seen["height"]
        )
    page.get_by_role("button", name="Score").tap()
    assert abs(said_dice(page) - dice_of(STAR)) < 0.02
    context.close()


@pytest.mark.parametrize("way", ["without scripts", "in print"])
def test_the_slice_stands_there_with_its_reference_folded(tab, folder, way):
    page = tab(folder / "page.html", scripts=way == "in print")
    if way == "in print":
        page.emulate_media(media="print")
    assert page.locator(".contour-view svg").is_visible()
    assert not page.locator(".contour-controls").is_visible()
    assert not page.locator(".contour-reference").is_visible()
    page.locator("summary").click()
    assert page.locator(".contour-reference").is_visible()
    page.close()


@pytest.mark.parametrize("scored", [False, True])
def test_the_outline_is_open_to_all_readers_and_keeps_within_a_narrow_screen(
    tab, folder, axe, looking, scored
):
    page = tab(folder / "page.html", width=390)
    if scored:
        click_points(page, STAR)
        page.get_by_role("button", name="Score").click()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    facts = looking.look(page, axe)
    assert facts.light == facts.dark == facts.sideways == facts.unbacked == []
    page.close()


def test_the_page_holds_the_slice_and_the_label_as_they_are():
    made = contour_html(SLICE, REFERENCE, "outline", "LV cavity")
    png = base64.b64decode(re.search(r"base64,([^\"]+)", made)[1])
    assert np.abs(np.asarray(Image.open(io.BytesIO(png))) / 255 - SLICE).max() < 0.003
    numbers = [int(n) for n in re.search(r'"runs":\[([\d,]+)\]', made)[1].split(",")]
    assert (np.repeat(numbers[::2], numbers[1::2]).reshape(ROWS, COLUMNS) == REFERENCE).all()


@pytest.mark.parametrize("mask", [np.zeros((ROWS, COLUMNS), bool), REFERENCE[:, 1:]])
def test_a_reference_that_does_not_fit_is_refused(mask):
    with pytest.raises(Sim2RealError, match="expected one shape and at least one pixel"):
        contour_html(SLICE, mask, "outline", "LV cavity")
