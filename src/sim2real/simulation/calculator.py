"""The signal over flip angle and repetition time, to be worked out by the page itself:
``contrast.js`` in the book's static files.

What Python writes is the picture at the protocol of the run, which stands there without a script;
and, as JSON, the tissues that the script reckons with. A test holds the script's values against
``signal.bssfp_signal``.
"""

import html
import json

import numpy as np

from ..data import COLOURS
from ..population import ID
from .parameters import SimulationParameters
from .signal import bssfp_signal
from .tissues import SPOKEN, tissue_times

# of the drawing and its axes, in its own units
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 480, 300, 46, 20, 260, 12
LARGEST_ANGLE_DEG, LARGEST_SIGNAL = 120, 0.25
SLIDERS = {  # parameter: label, lowest, highest, step, unit
    "flip_angle_deg": ("flip angle", 2, 120, 1, "°"),
    "repetition_time_ms": ("repetition time TR", 2, 10, 0.1, " ms"),
    "off_resonance_hz": ("off-resonance", 0, 250, 1, " Hz"),
}
_CURVES = {  # structure to colour and dashes
    "lv_blood": (COLOURS["LV"], ""),
    "rv_blood": (COLOURS["RV"], "7 3"),
    "lv_myocardium": (COLOURS["MYO"], ""),
    "epicardial_fat": ("#CC79A7", "2 3"),
}


def tissues_of(field_strength_t: float) -> list[dict]:
    """Name, T1 and T2 in ms and proton density of the four tissues, from the table of tissue
    times."""
    times = tissue_times(field_strength_t).loc[[ID[name] for name in _CURVES]]
    rows = times[["t1_ms", "t2_ms", "pd"]].astype(float).to_dict("records")
    return [{"name": SPOKEN[name], **row} for name, row in zip(_CURVES, rows, strict=True)]


def calculator_html(parameters: SimulationParameters, name: str, alt: str) -> str:
    """Curves of the four tissues over the flip angle, their values at the flip angle chosen, and
    the sliders; TE is TR/2."""
    start = {
        "flip_angle_deg": parameters.flip_angle_deg,
        "repetition_time_ms": parameters.repetition_time_ms,
        "off_resonance_hz": 0.0,
    }
    tissues = tissues_of(parameters.field_strength_t)
    drawing = {
        "width": WIDTH,
        "left": LEFT,
        "right": RIGHT,
        "bottom": BOTTOM,
        "top": TOP,
        "angle": LARGEST_ANGLE_DEG,
        "signal": LARGEST_SIGNAL,
    }
    given = json.dumps({"tissues": tissues, "start": start, "drawing": drawing}).replace(
        "<", "\\u003c"
    )
    tr = parameters.repetition_time_ms
    signals = [_signal(tissue, parameters.flip_angle_deg, tr) for tissue in tissues]
    rows = "".join(
        f'<tr><th scope="row">{_key(*curve)} {tissue["name"]}</th><td>{tissue["t1_ms"]:g}</td><td>'
        f'{tissue["t2_ms"]:g}</td><td data-signal="{k}">{signals[k]:.3f}</td></tr>'
        for k, (curve, tissue) in enumerate(zip(_CURVES.values(), tissues, strict=True))
    )
    ratio = signals[0] / signals[2]
    return (
        f'<div class="moving contrast" id="{name}"><script'
        f' type="application/json">{given}</script>{_chart(tissues, start, alt)}<div'
        ' class="moving-controls"'
        f" hidden>{''.join(_slider(name, key, start[key]) for key in SLIDERS)}</div><table"
        ' class="contrast-values"><thead><tr><th scope="col">tissue</th><th scope="col">T1'
        ' (ms)</th><th scope="col">T2 (ms)</th><th'
        f' scope="col">signal</th></tr></thead><tbody>{rows}</tbody></table><p>Left blood over'
        f" myocardium: <output data-ratio>{ratio:.2f}</output></p></div>"
    )


def _signal(tissue: dict, angles_deg, tr: float) -> np.ndarray:
    times = (tissue["t1_ms"], tissue["t2_ms"], tissue["pd"])
    return np.abs(bssfp_signal(*times, angles_deg, tr, tr / 2))


def _key(colour: str, dashes: str) -> str:
    path = (
        f'<path class="contrast-curve" stroke="{colour}" stroke-dasharray="{dashes}" d="M0 5H28"/>'
    )
    return f'<svg width="28" height="10" aria-hidden="true">{path}</svg>'


def _slider(name: str, key: str, value: float) -> str:
    label, low, high, step, unit = SLIDERS[key]
    return (
        f'<p><label for="{name}-{key}">{label}</label> <input type="range" id="{name}-{key}"'
        f' data-sets="{key}" min="{low}" max="{high}" step="{step}" value="{value:g}"'
        f' data-unit="{unit}"> <output for="{name}-{key}">{value:g}{unit}</output></p>'
    )


def _chart(tissues: list[dict], start: dict, alt: str) -> str:
    x = lambda angle: LEFT + angle / LARGEST_ANGLE_DEG * (WIDTH - LEFT - RIGHT)
    y = lambda signal: BOTTOM - signal / LARGEST_SIGNAL * (BOTTOM - TOP)
    angles, now = np.arange(0, LARGEST_ANGLE_DEG + 1, 2), start["flip_angle_deg"]
    tr, dot_x = start["repetition_time_ms"], f"{x(now):.1f}"
    parts = [
        f'<path class="contrast-axis" d="M{LEFT} {TOP}V{BOTTOM}H{WIDTH - RIGHT}"/>',
        *(
            f'<text x="{x(angle):.1f}" y="{BOTTOM + 17}" text-anchor="middle">{angle}°</text>'
            for angle in range(0, 121, 30)
        ),
        *(
            f'<text x="{LEFT - 5}" y="{y(level) + 4:.1f}" text-anchor="end">{level:g}</text>'
            for level in (0, 0.05, 0.1, 0.15, 0.2, 0.25)
        ),
        f'<text x="{(LEFT + WIDTH) / 2:g}" y="{HEIGHT - 4}" text-anchor="middle">flip angle</text>',
        f'<line class="contrast-now" x1="{dot_x}" x2="{dot_x}" y1="{TOP}" y2="{BOTTOM}"/>',
    ]
    for tissue, (colour, dashes) in zip(tissues, _CURVES.values(), strict=True):
        points = zip(x(angles), y(_signal(tissue, angles, tr)), strict=True)
        curve = "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
        dot = y(float(_signal(tissue, now, tr)))
        parts.append(
            f'<path class="contrast-curve" stroke="{colour}" stroke-dasharray="{dashes}"'
            f' d="M{curve}"/><circle class="contrast-dot" r="4" fill="{colour}" cx="{dot_x}"'
            f' cy="{dot:.1f}"/>'
        )
    return (
        f'<svg class="contrast-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{html.escape(alt, quote=True)}">{"".join(parts)}</svg>'
    )
