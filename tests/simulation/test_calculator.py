"""The page's own calculator: what its script reckons is what the package reckons."""

import html as escapes
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sim2real.simulation import TISSUES, SimulationParameters, bssfp_signal
from sim2real.simulation.calculator import SLIDERS, calculator_html, tissues_of

SCRIPT = Path(__file__).resolve().parents[2] / "book" / "_static" / "contrast.js"
SETTINGS = [
    (60, 3.0, 1.5, 0.0),
    (5, 2.0, 1.0, 37.0),
    (119, 9.7, 4.85, 101.0),
    (30, 4.5, 1.0, -60.0),
    (75, 6.0, 3.0, 166.7),
]
"""Flip angle in degrees, TR and TE in ms, off-resonance in Hz."""
needs_chromium = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="Chromium is not installed here"
)


def reckoned(script: str, folder: Path) -> np.ndarray:
    """Complex signals (tissue, setting) of the script, by Chromium."""
    page = folder / "page.html"
    ask = (
        f"{json.dumps(tissues_of(1.5))}.map((tissue) => {json.dumps(SETTINGS)}.map((setting) =>"
        " sim2real.signal(tissue, ...setting)))"
    )
    page.write_text(
        f"<body><script>{script}</script><pre></pre><script>document.querySelector('pre').textContent"
        f" = JSON.stringify({ask})</script>"
    )
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-sync",
        "--disable-component-update",
        f"--user-data-dir={folder}/profile",
        "--dump-dom",
        f"file://{page}",
    ]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=120).stdout
    return np.array(json.loads(escapes.unescape(re.search("<pre>(.*?)</pre>", shown)[1]))) @ [1, 1j]


def by_the_package() -> np.ndarray:
    rows = [
        [
            bssfp_signal(tissue["t1_ms"], tissue["t2_ms"], tissue["pd"], *setting)
            for setting in SETTINGS
        ]
        for tissue in tissues_of(1.5)
    ]
    return np.array(rows)


@needs_chromium
def test_the_script_gives_the_package_s_complex_signal_at_every_setting(tmp_path):
    np.testing.assert_allclose(
        reckoned(SCRIPT.read_text(encoding="utf-8"), tmp_path),
        by_the_package(),
        rtol=1e-9,
        atol=1e-12,
    )


@needs_chromium
@pytest.mark.parametrize(
    ("right", "wrong"),
    [("(e1 - cosine)", "(e1 + cosine)"), ("const imaginary = e2", "const imaginary = -e2")],
)
def test_a_wrong_sign_in_the_script_is_seen(tmp_path, right, wrong):
    script = SCRIPT.read_text(encoding="utf-8")
    assert right in script
    assert not np.allclose(
        reckoned(script.replace(right, wrong), tmp_path), by_the_package(), rtol=1e-3
    )


@pytest.mark.parametrize("field", [1.5, 3.0])
def test_the_page_s_tissues_are_those_of_the_table(field):
    page = calculator_html(SimulationParameters(field_strength_t=field), "calculator", "curves")
    given = json.loads(re.search(r'<script type="application/json">(.*?)</script>', page)[1])
    rows = TISSUES[TISSUES["field_t"] == field].set_index("tissue")
    named = zip(
        given["fields"][f"{field:g}"],
        ("blood_left", "blood_right", "myocardium", "fat"),
        strict=True,
    )
    assert all(
        tissue[key] == rows.loc[name, key]
        for tissue, name in named
        for key in ("t1_ms", "t2_ms", "pd")
    )


def test_without_a_script_the_page_shows_the_protocol_of_the_run():
    parameters = SimulationParameters(flip_angle_deg=45, repetition_time_ms=4.0, echo_time_ms=2.0)
    page = calculator_html(parameters, "calculator", "curves")
    blood, muscle = (
        abs(bssfp_signal(t["t1_ms"], t["t2_ms"], t["pd"], 45, 4.0, 2.0))
        for t in np.array(tissues_of(1.5))[[0, 2]]
    )
    assert (
        f'data-signal="0">{blood:.3f}<' in page
        and f"<output data-ratio>{blood / muscle:.2f}<" in page
    )
    assert all(f'id="calculator-{name}"' in page for name in SLIDERS) and "hidden" in page


def test_the_curves_are_lines_where_the_book_s_style_is_absent():
    page = calculator_html(SimulationParameters(), "calculator", "curves")
    paths = re.findall("<path [^>]*>", page)
    assert len(paths) == 9 and all('fill="none"' in path and "stroke=" in path for path in paths)
