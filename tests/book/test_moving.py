"""The pictures that move, in real Chromium, on a page of hand-made slices: what is seen is what the
controls say."""

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sim2real.data import LV, choice_html, mosaic_html, outlines_html, range_html
from sim2real.population import ID
from sim2real.simulation import TISSUES, SimulationParameters, bssfp_signal
from sim2real.simulation.calculator import calculator_html, tissues_of
from sim2real.simulation.picture import slab_html

STATIC = Path(__file__).resolve().parents[2] / "book" / "_static"
LINES, COLUMNS, HEIGHT, WIDTH = 3, 5, 48, 64
SLAB = np.full((9, 14, 2), ID["muscle"], np.uint8)  # 9 rows, 14 columns, 2 sub-slices
SLAB[2:7, 3:9] = ID["lv_blood"]
SLAB[4:, 8:, 0] = ID["epicardial_fat"]  # above muscle and blood, which it cancels in part
TISSUE_OF = {"muscle": "skeletal_muscle", "lv_blood": "blood_left", "epicardial_fat": "fat"}
FAT_HZ_PER_T = -3.4 * 42.577
GREYS = np.linspace(40, 220, LINES * COLUMNS).round().reshape(LINES, COLUMNS)


def slices_html(kind: str, controls: str) -> str:
    cells = GREYS[:, :, None, None] / 255 * np.ones((LINES, COLUMNS, HEIGHT, WIDTH))
    labels = np.zeros(cells.shape, np.uint8)
    labels[:, :, 8:20, 10:30] = LV
    return mosaic_html(
        kind, kind, cells, labels, f"A {kind}.", controls, wrap=2 if kind == "stack" else None
    )


def body_html() -> str:
    """A stack, a wipe and the calculator with its slice."""
    stack = range_html("stack", "column", "slice", 1, COLUMNS, 3, "{} of 5") + choice_html(
        "stack", "line", "phase", {"0": "ED", "1": "ES"}
    )
    wipe = (
        range_html("wipe", "share", "share", 0, 100, 50, "{} %")
        + choice_html("wipe", "line", "to", {"1": "A", "2": "B"})
        + choice_html("wipe", "mode", "as", {"wipe": "curtain", "blend": "veil"})
        + range_html("wipe", "column", "picture", 1, COLUMNS, 1, "{}")
    )
    slab = slab_html(SLAB, 2, SimulationParameters(), "calculator", "A slice.")
    return (
        slices_html("stack", stack + outlines_html(True))
        + slices_html("wipe", wipe + outlines_html(False))
        + slab
        + calculator_html(SimulationParameters(), "calculator", "Curves.")
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, bare_page) -> Path:
    """``page.html``, and ``wrong.html`` whose scripts always show the first column and leave out
    the chemical shift."""
    folder = tmp_path_factory.mktemp("moving")
    texts = [(STATIC / name).read_text(encoding="utf-8") for name in ("moving.js", "contrast.js")]
    faults = ("(column % wrap) * width", "(tissue.shift_hz || 0)")
    assert all(right in text for right, text in zip(faults, texts, strict=True))
    wrong = [text.replace(right, "0") for right, text in zip(faults, texts, strict=True)]
    for name, scripts in (("page", texts), ("wrong", wrong)):
        page = bare_page("Moving", body_html(), *scripts)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


def grey_at(page, kind: str, x: float, y: float = 0.8) -> int:
    """The grey that is seen in a moving picture, at shares of its width and height."""
    seen = np.asarray(
        Image.open(io.BytesIO(page.locator(f"#{kind} .moving-view").screenshot())).convert("L")
    )
    return int(seen[round(y * seen.shape[0]), round(x * seen.shape[1])])


def press(page, control: str, key: str, times: int = 1) -> None:
    page.locator(control).focus()
    for _ in range(times):
        page.keyboard.press(key)


def test_arrow_keys_go_through_the_slices(page):
    assert abs(grey_at(page, "stack", 0.9) - GREYS[0, 2]) < 4
    for column in (3, 4):
        press(page, "#stack-column", "ArrowRight")
        assert abs(grey_at(page, "stack", 0.9) - GREYS[0, column]) < 4
        assert page.locator("output[for=stack-column]").inner_text() == f"{column + 1} of 5"
        assert f"{column + 1} of 5" in page.locator("#stack .moving-view").get_attribute(
            "aria-label"
        )


def test_a_script_that_stands_still_is_seen(tab, folder):
    page = tab(folder / "wrong.html")
    press(page, "#stack-column", "ArrowRight")
    assert abs(grey_at(page, "stack", 0.9) - GREYS[0, 3]) > 4
    page.close()


def test_the_phase_can_be_chosen_and_outlines_put_away(page):
    page.get_by_label("ES", exact=True).check()
    assert abs(grey_at(page, "stack", 0.9) - GREYS[1, 2]) < 4
    outline = page.locator("#stack .moving-layer .moving-outline").last
    assert outline.is_visible()
    page.locator("#stack [data-sets=outlines]").uncheck()
    assert not outline.is_visible()


def test_the_curtain_uncovers_the_translation_from_the_left(page):
    assert [
        abs(grey_at(page, "wipe", x) - grey) < 4
        for x, grey in ((0.2, GREYS[1, 0]), (0.8, GREYS[0, 0]))
    ] == [True, True]
    press(page, "#wipe-share", "End")
    page.get_by_label("B", exact=True).check()
    assert abs(grey_at(page, "wipe", 0.8) - GREYS[2, 0]) < 4
    press(page, "#wipe-share", "Home")
    assert abs(grey_at(page, "wipe", 0.2) - GREYS[0, 0]) < 4


def test_the_picture_itself_can_be_dragged(page):
    box = page.locator("#wipe .moving-view").bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 9)
    page.mouse.up()
    assert page.locator("#wipe-share").input_value() == "25"


def test_the_veil_mixes_the_two(page):
    page.get_by_label("veil").check()
    assert abs(grey_at(page, "wipe", 0.5) - (GREYS[0, 0] + GREYS[1, 0]) / 2) < 5
    press(page, "#wipe-column", "ArrowRight", 2)
    assert abs(grey_at(page, "wipe", 0.5) - (GREYS[0, 2] + GREYS[1, 2]) / 2) < 5


def test_the_calculator_follows_its_sliders(page):
    press(page, "#calculator-flip_angle_deg", "ArrowLeft", 20)
    press(page, "#calculator-repetition_time_ms", "ArrowRight", 10)
    press(page, "#calculator-off_resonance_hz", "ArrowRight", 35)
    shifts = (0, 0, 0, FAT_HZ_PER_T * 1.5)
    wanted = [
        abs(bssfp_signal(t["t1_ms"], t["t2_ms"], t["pd"], 40, 4.0, 2.0, 35 + shift))
        for t, shift in zip(tissues_of(1.5), shifts, strict=True)
    ]
    assert [page.locator(f"[data-signal='{k}']").inner_text() for k in range(4)] == [
        f"{value:.3f}" for value in wanted
    ]
    assert page.locator("[data-ratio]").inner_text() == f"{wanted[0] / wanted[2]:.2f}"


def test_the_field_strength_changes_the_table_and_is_told(page):
    page.get_by_role("radio", name="3 T").check()
    rows = TISSUES[TISSUES["field_t"] == 3.0].set_index("tissue")
    for k, tissue in enumerate(("blood_left", "blood_right", "myocardium", "fat")):
        shown = [page.locator(f"[data-{name}='{k}']").inner_text() for name in ("t1", "t2")]
        assert shown == [f"{rows.loc[tissue, name]:g}" for name in ("t1_ms", "t2_ms")]
    told = page.locator(".contrast-picture canvas").get_attribute("aria-label")
    assert told.startswith("A slice. Shown: 3 T, flip angle 60°, repetition time TR 3 ms")


def greys_by_hand(field_t, angle, tr, middle_hz, rise_hz) -> np.ndarray:
    """Grey levels of ``SLAB``, a pixel after the other: white is 1.25 times left blood at 1.5 T,
    60 degrees and TR 3 ms; a pixel holds 2 x 2 x 2 voxels."""
    times = TISSUES[TISSUES["field_t"] == field_t].set_index("tissue")
    names = {ID[name]: tissue for name, tissue in TISSUE_OF.items()}

    def voxel(row, column, k):
        tissue = names[SLAB[row, column, k]]
        hertz = middle_hz + rise_hz * (column - 6.5) / 14
        hertz += FAT_HZ_PER_T * field_t * (tissue == "fat")
        return bssfp_signal(*times.loc[tissue, ["t1_ms", "t2_ms", "pd"]], angle, tr, tr / 2, hertz)

    white = 1.25 * abs(bssfp_signal(1441, 290, 0.95, 60, 3, 1.5))
    image = np.empty((8, 13))
    for row, column in np.ndindex(image.shape):
        cells = np.ndindex(2, 2, 2)
        image[row, column] = abs(sum(voxel(row + y, column + x, k) for y, x, k in cells) / 8)
    return 255 * np.clip(image / white, 0, 1)


def greys_of_canvas(page) -> np.ndarray:
    """The red of the canvas, (row, column)."""
    pixels, width = page.evaluate(
        """() => { const canvas = document.querySelector('.contrast-picture canvas');
        const {width, height} = canvas;
        return [[...canvas.getContext('2d').getImageData(0, 0, width, height).data], width]; }"""
    )
    return np.array(pixels).reshape(-1, width, 4)[..., 0]


def set_protocol(page, field_t, **values) -> None:
    page.get_by_role("radio", name=f"{field_t:g} T").check()
    for name, value in values.items():
        page.locator(f"#calculator-{name}").fill(str(value))


PROTOCOLS = [
    (1.5, 60, 3, 0, 0),
    (1.5, 25, 4.2, -80, 0),
    (1.5, 70, 5, 40, 300),
    (3.0, 45, 3.5, 20, 200),
]
"""Field strength in T, flip angle in degrees, TR in ms, off-resonance and its rise in Hz."""
SET_BY = ("flip_angle_deg", "repetition_time_ms", "off_resonance_hz", "ramp_hz")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_slice_has_the_package_s_signal_in_every_pixel(page, protocol):
    set_protocol(page, protocol[0], **dict(zip(SET_BY, protocol[1:], strict=True)))
    wanted = greys_by_hand(*protocol)
    assert np.ptp(wanted) > 60
    np.testing.assert_allclose(greys_of_canvas(page), wanted, atol=0.51)


def test_a_slice_without_the_chemical_shift_is_seen(tab, folder):
    page = tab(folder / "wrong.html")
    assert np.abs(greys_of_canvas(page) - greys_by_hand(*PROTOCOLS[0])).max() > 10
    page.close()


def test_the_still_is_the_slice_at_the_protocol_of_the_run(tab, folder):
    page = tab(folder / "page.html", scripts=False)
    still = page.locator(".contrast-still")
    assert still.is_visible() and not page.locator(".contrast-picture canvas").is_visible()
    data = base64.b64decode(still.get_attribute("src").partition(",")[2])
    greys = np.asarray(Image.open(io.BytesIO(data)))
    np.testing.assert_allclose(greys, greys_by_hand(*PROTOCOLS[0]), atol=0.51)
    page.close()


def test_the_script_draws_the_curves_that_the_page_had_without_it(page, tab, folder):
    drawn = page.locator(".contrast-chart").inner_html()
    still = tab(folder / "page.html", scripts=False)
    numbers = [
        np.array(re.findall(r"-?\d+\.?\d*", html), float)
        for html in (drawn, still.locator(".contrast-chart").inner_html())
    ]
    np.testing.assert_allclose(*numbers, atol=0.11)
    still.close()


@pytest.mark.parametrize("way", ["without scripts", "in print"])
def test_a_still_of_all_slices_stands_in_without_scripts_and_in_print(tab, folder, way):
    page = tab(folder / "page.html", scripts=way == "in print")
    if way == "in print":
        page.emulate_media(media="print")
    for kind in ("stack", "wipe"):
        assert (
            page.locator(f"#{kind} .moving-still").is_visible()
            and not page.locator(f"#{kind} .moving-view").is_visible()
        )
        assert not page.locator(f"#{kind} .moving-controls").is_visible()
    assert (
        page.locator(".contrast-chart").is_visible()
        and not page.locator("#calculator .moving-controls").is_visible()
    )
    page.emulate_media(media="screen")
    page.close()


def test_the_pictures_are_open_to_all_readers_and_keep_within_a_narrow_screen(
    tab, folder, axe, looking
):
    page = tab(folder / "page.html")
    facts = looking.look(page, axe)
    assert facts.light == facts.dark == facts.sideways == []
    page.close()


@pytest.mark.parametrize("name", ["02_mr_simulation", "04_translation"])
def test_the_record_s_own_slider_moves_its_picture(record, tab, name):
    page = tab(record.html / "book" / "chapters" / f"{name}.html")
    if page.locator(".moving-view").count() == 0:
        pytest.skip("the record's page was executed before it had a picture that moves")
    before = page.locator(".moving-view").first.screenshot()
    press(page, ".moving-controls input[type=range] >> nth=0", "End")
    assert page.locator(".moving-view").first.screenshot() != before
    page.close()
