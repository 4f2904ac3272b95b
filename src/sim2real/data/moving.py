"""Pictures that move on a page: a cine that plays by its own style, and a mosaic of slices with the
outlines of their labels, which a page shows whole or a cell at a time.

The page's file holds each picture once. Without a script and in print the whole mosaic stands
there; ``moving.js`` in the book's static files shows one cell of it and gives the reader the
controls that ``range_html`` and its neighbours write.
"""

import base64
import html
import io

import numpy as np
from PIL import Image
from skimage.measure import approximate_polygon, find_contours

from .labels import LV, MYO, RV
from .style import COLOURS

_WIDTH = 900  # pixels of a frame in the page's file
_STYLE = """
.cine-frame { aspect-ratio: var(--shape); width: 100%; background-repeat: no-repeat;
  background-size: 100% calc(100% * var(--phases)); print-color-adjust: exact;
  animation: cine var(--period) steps(var(--phases), jump-none) infinite; }
@keyframes cine { from { background-position: 0 0; } to { background-position: 0 100%; } }
.cine:has(input:checked) .cine-frame { animation-play-state: paused; }
.cine-hold { font-size: 0.8rem; }
@media (prefers-reduced-motion: reduce) { .cine-frame { animation: none; } }
@media print { .cine-frame { animation: none; } .cine-hold { display: none; } }
"""


def cine_html(frames: np.ndarray, alt: str, period_s: float) -> str:
    """An endless loop of grey ``frames``, shape (phase, row, column), values 0 to 1, as HTML with
    the picture inside.

    The frames lie one below the other in one WebP picture, which the style moves past a window. A
    checkbox holds it still; so does a reader's wish for less motion.
    """
    n, rows, columns = frames.shape
    size = (_WIDTH, round(rows * _WIDTH / columns))
    sheet = np.concatenate(
        [
            np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))
            for frame in _eight_bits(frames)
        ]
    )
    picture = _uri(sheet, "webp", quality=80, method=6)
    return (
        f'<style>{_STYLE}</style><div class="cine"'
        f' style="--phases:{n};--period:{period_s:.3f}s;--shape:{size[0]}/{size[1]}"><div'
        f' class="cine-frame" role="img" aria-label="{html.escape(alt, quote=True)}"'
        f' style="background-image:url({picture})"></div><label'
        ' class="cine-hold"><input type="checkbox"> hold still</label></div>'
    )


_TOLERANCE_PX = 0.35  # an outline may stray from the label's border by this much
_DRAWN = {"MYO": MYO, "RV": RV, "LV": LV}  # what comes later lies on top


def mosaic_html(
    kind: str,
    name: str,
    cells: np.ndarray,
    labels: np.ndarray,
    alt: str,
    controls: str,
    wrap: int | None = None,
) -> str:
    """Cells of one size, shape (line, column, row, column of pixels), values 0 to 1, with their
    labels, as HTML to be moved by a script.

    kind: what the script makes of it, ``stack`` or ``wipe``. name: of the page's own, it begins
    each ``id``. controls: HTML. wrap: how many columns stand side by side; the rest lie below, in
    bands of all lines.
    """
    lines, columns, height, width = cells.shape
    wrap = columns if wrap is None else min(wrap, columns)
    cells, labels = _wrapped(cells, wrap), _wrapped(labels, wrap)
    size = (wrap * width, cells.shape[0] * height)
    mosaic = _eight_bits(cells).transpose(0, 2, 1, 3).reshape(size[::-1])
    picture = _uri(mosaic, "webp", quality=85, method=6)
    paths = "".join(
        f'<path class="moving-outline" stroke="{COLOURS[name]}"'
        f' d="{outlines_path(labels == value)}"/>'
        for name, value in _DRAWN.items()
    )
    described = html.escape(alt, quote=True)
    return (
        f'<div class="moving" data-moving="{kind}" id="{name}"'
        f' style="--cell:{width}/{height};--columns:{wrap}"><svg class="moving-still" viewBox="0 0'
        f' {size[0]} {size[1]}" data-cell="{width} {height}" data-lines="{lines}"'
        f' data-wrap="{wrap}" role="img" aria-label="{described}"><image width="{size[0]}"'
        f' height="{size[1]}" href="{picture}"/>{paths}</svg><div'
        f' class="moving-view" role="img" aria-label="{described}" hidden></div><div'
        f' class="moving-controls" hidden>{controls}</div></div>'
    )


def range_html(name: str, sets: str, label: str, low: int, high: int, value: int, said: str) -> str:
    """A slider; sets: what of the picture it sets, ``column``, ``line`` or ``share``; said: its
    value in words, with {} for the number."""
    return (
        f'<p><label for="{name}-{sets}">{label}</label> <input type="range" id="{name}-{sets}"'
        f' data-sets="{sets}" min="{low}" max="{high}" value="{value}"'
        f' data-said="{html.escape(said, quote=True)}"> <output'
        f' for="{name}-{sets}">{said.format(value)}</output></p>'
    )


def choice_html(
    name: str, sets: str, legend: str, choices: dict[str, str], chosen: str | None = None
) -> str:
    """Radio buttons; choices: value to label; chosen: a value, the first one by default."""
    chosen = next(iter(choices)) if chosen is None else chosen
    buttons = "".join(
        f'<label><input type="radio" name="{name}-{sets}" data-sets="{sets}"'
        f' value="{value}"{" checked" if value == chosen else ""}> {html.escape(label)}</label>'
        for value, label in choices.items()
    )
    return f"<fieldset><legend>{legend}</legend>{buttons}</fieldset>"


def outlines_html(on: bool) -> str:
    """The switch of the outlines, with their colours."""
    colours = " ".join(
        f'<span class="moving-key" style="--colour:{COLOURS[name]}">{name}</span>'
        for name in ("LV", "MYO", "RV")
    )
    return (
        f'<p><label><input type="checkbox" data-sets="outlines"{" checked" if on else ""}> outlines'
        f" of the labels</label> {colours}</p>"
    )


def _wrapped(cells: np.ndarray, wrap: int) -> np.ndarray:
    """(line, column, ...) to (band and line, column below wrap, ...), what is left over zero."""
    lines, columns, *rest = cells.shape
    filled = np.concatenate([cells, np.zeros((lines, -columns % wrap, *rest), cells.dtype)], axis=1)
    return filled.reshape(lines, -1, wrap, *rest).swapaxes(0, 1).reshape(-1, wrap, *rest)


def png_uri(image: np.ndarray) -> str:
    """A grey picture (row, column) of values 0 to 1 as a PNG of 8 bits: a ``data:`` address."""
    return _uri(_eight_bits(image), "png", optimize=True)


def _eight_bits(grey: np.ndarray) -> np.ndarray:
    """Values 0 to 1 as 0 to 255."""
    return (np.clip(grey, 0, 1) * 255).round().astype(np.uint8)


def _uri(picture: np.ndarray, kind: str, **settings: object) -> str:
    """A grey picture of 8 bits (row, column) as a ``data:`` address; settings: of its format."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **settings)
    return f"data:image/{kind};base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def outlines_path(masks: np.ndarray) -> str:
    """The borders of masks (line, column, row, column of pixels) as one SVG path over the mosaic,
    in pixels from its upper left corner."""
    height, width = masks.shape[2:]
    parts = []
    for line, column in np.ndindex(masks.shape[:2]):
        for contour in find_contours(np.pad(masks[line, column], 1).astype(float), 0.5):
            points = (
                approximate_polygon(contour, _TOLERANCE_PX) - 0.5 + [line * height, column * width]
            )
            parts.append("M" + "L".join(f"{x:.1f} {y:.1f}" for y, x in points[:-1]) + "Z")
    return "".join(parts)
