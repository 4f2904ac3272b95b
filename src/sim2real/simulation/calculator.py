"""The signal over the flip angle, to be worked out by the page itself: ``contrast.js`` in the
book's static files. Its sliders set the image of ``picture``, too.

What Python writes is the drawing at the protocol of the run, which stands there without a script;
and, as JSON, the tissues that the script reckons with. A test holds the script's values against
``signal.bssfp_signal``.
"""

import html
import json

import numpy as np

from ..data import COLOURS, choice_html
from ..population import ID
from .parameters import SimulationParameters
from .picture import FIELDS_T, tissue_magnetisation, tissue_rows
from .tissues import SPOKEN

# of the drawing and its axes, in its own units
WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 480, 300, 46, 20, 260, 12
LARGEST_ANGLE_DEG, LARGEST_SIGNAL = 120, 0.25
SLIDERS = {  # parameter: label, lowest, highest, step, unit
    "flip_angle_deg": ("flip angle", 2, 120, 1, "°"),
    "repetition_time_ms": ("repetition time TR", 2, 10, 0.1, " ms"),
    "off_resonance_hz": ("off-resonance of water", -250, 250, 1, " Hz"),
    "ramp_hz": ("rise from left to right", 0, 500, 10, " Hz"),
}
_CURVES = {  # structure to colour and dashes
    "lv_blood": (COLOURS["LV"], ""),
    "rv_blood": (COLOURS["RV"], "7 3"),
    "lv_myocardium": (COLOURS["MYO"], ""),
    "epicardial_fat": ("#CC79A7", "2 3"),
}


def tissues_of(field_strength_t: float) -> list[dict]:
    """Name and ``picture.tissue_rows`` of the four tissues of the curves."""
    rows = tissue_rows([ID[name] for name in _CURVES], field_strength_t)
    return [{"name": SPOKEN[name], **row} for name, row in zip(_CURVES, rows, strict=True)]


def calculator_html(parameters: SimulationParameters, name: str, alt: str) -> str:
    """The sliders, the curves of the four tissues over the flip angle, and their values at the
    flip angle chosen; TE is TR/2."""
    start = {
        "field_strength_t": parameters.field_strength_t,
        "flip_angle_deg": parameters.flip_angle_deg,
        "repetition_time_ms": parameters.repetition_time_ms,
        "off_resonance_hz": 0.0,
        "ramp_hz": 0.0,
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
    fields = {f"{field:g}": tissues_of(field) for field in FIELDS_T}
    given = json.dumps({"fields": fields, "start": start, "drawing": drawing})
    given = given.replace("<", "\\u003c")
    choices = {f"{field:g}": f"{field:g} T" for field in FIELDS_T}
    chosen = f"{start['field_strength_t']:g}"
    field = choice_html(name, "field_strength_t", "main field", choices, chosen)
    sliders = "".join(_slider(name, key, start[key]) for key in SLIDERS)
    return (
        f'<div class="moving contrast" id="{name}"><script type="application/json">{given}</script>'
        f'<div class="moving-controls" hidden>{field}{sliders}'
        f"</div>{_chart(tissues, start, alt)}{_values(tissues, start)}</div>"
    )


def _values(tissues: list[dict], start: dict) -> str:
    """The table of the tissues with their signals, and the ratio of left blood to myocardium."""
    signals = [_signal(tissue, start["flip_angle_deg"], start) for tissue in tissues]
    rows = "".join(
        f'<tr><th scope="row">{_key(*curve)} {tissue["name"]}</th><td data-t1="{k}">'
        f'{tissue["t1_ms"]:g}</td><td data-t2="{k}">{tissue["t2_ms"]:g}</td><td data-signal="{k}">'
        f"{signals[k]:.3f}</td></tr>"
        for k, (curve, tissue) in enumerate(zip(_CURVES.values(), tissues, strict=True))
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("tissue", "T1 (ms)", "T2 (ms)", "signal")
    )
    return (
        f'<div><table class="contrast-values"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>'
        "</table><p>Left blood over myocardium: <output"
        f" data-ratio>{signals[0] / signals[2]:.2f}</output></p></div>"
    )


def _signal(tissue: dict, angles_deg, start: dict) -> np.ndarray:
    return np.abs(tissue_magnetisation(tissue, angles_deg, start["repetition_time_ms"]))


def _key(colour: str, dashes: str) -> str:
    return (
        f'<svg width="28" height="10" aria-hidden="true">{_curve(colour, dashes, "M0 5H28")}</svg>'
    )


def _curve(colour: str, dashes: str, path: str) -> str:
    return (
        f'<path class="contrast-curve" fill="none" stroke="{colour}" stroke-dasharray="{dashes}"'
        f' d="{path}"/>'
    )


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
    dot_x = f"{x(now):.1f}"
    parts = [
        '<path class="contrast-axis" fill="none" stroke="currentColor"'
        f' d="M{LEFT} {TOP}V{BOTTOM}H{WIDTH - RIGHT}"/>',
        *(
            f'<text x="{x(angle):.1f}" y="{BOTTOM + 17}" text-anchor="middle">{angle}°</text>'
            for angle in range(0, 121, 30)
        ),
        *(
            f'<text x="{LEFT - 5}" y="{y(level) + 4:.1f}" text-anchor="end">{level:g}</text>'
            for level in (0, 0.05, 0.1, 0.15, 0.2, 0.25)
        ),
        f'<text x="{(LEFT + WIDTH) / 2:g}" y="{HEIGHT - 4}" text-anchor="middle">flip angle</text>',
        '<line class="contrast-now" stroke="currentColor"'
        f' x1="{dot_x}" x2="{dot_x}" y1="{TOP}" y2="{BOTTOM}"/>',
    ]
    for tissue, (colour, dashes) in zip(tissues, _CURVES.values(), strict=True):
        points = zip(x(angles), y(_signal(tissue, angles, start)), strict=True)
        curve = "L".join(f"{px:.1f} {py:.1f}" for px, py in points)
        dot = y(float(_signal(tissue, now, start)))
        parts.append(
            f'{_curve(colour, dashes, f"M{curve}")}<circle class="contrast-dot" r="4"'
            f' fill="{colour}" cx="{dot_x}" cy="{dot:.1f}"/>'
        )
    return (
        f'<svg class="contrast-chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' aria-label="{html.escape(alt, quote=True)}">{"".join(parts)}</svg>'
    )
