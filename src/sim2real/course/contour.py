"""A slice on which a reader of the book's page outlines a structure (``contour.js`` in the book's
static files), and the reference that the outline is scored by.

Without the script the slice stands there, and the reference outline appears when it is asked for.
"""

import html
import json

import numpy as np

from ..data import COLOURS, outlines_path, png_uri, refuse
from ..simulation.picture import runs_of

OWN_COLOUR = "#56b4e9"  # of the reader's outline
# within the picture, so that it holds in a notebook and on a slide, too
_STYLE = (
    ".contour-reference { display: none }"
    " .contour:has(details[open]) .contour-reference, .contour-scored .contour-reference"
    " { display: inline }"
)


def contour_html(image: np.ndarray, mask: np.ndarray, name: str, what: str) -> str:
    """The slice with its reference, as HTML.

    Args:
        image: (row, column), intensities 0 to 1.
        mask: the reference, boolean, of the same shape.
        name: ``id`` in the page.
        what: what is to be outlined, in words: ``LV cavity``.

    Returns:
        HTML that holds the picture once, as PNG, and the mask as runs.

    Raises:
        Sim2RealError: for a mask of another shape or without a pixel.
    """
    refuse(
        image.shape != mask.shape or not mask.any(),
        f"a slice of shape {image.shape} and a reference of shape {mask.shape} with"
        f" {int(mask.sum())} pixels; expected one shape and at least one pixel",
    )
    rows, columns = image.shape
    given = {"columns": columns, "rows": rows, "runs": runs_of(mask.astype(int)), "what": what}
    described = html.escape(f"Short-axis slice in which the {what} can be outlined", quote=True)
    return (
        f'<div class="contour" id="{html.escape(name, quote=True)}"><style>{_STYLE}</style>'
        f'<script type="application/json">{json.dumps(given, separators=(",", ":"))}</script>'
        f'<div class="contour-view"><svg viewBox="0 0 {columns} {rows}" width="{4 * columns}"'
        f' style="max-width:100%" role="img" aria-label="{described}"><image width="{columns}"'
        f' height="{rows}" href="{png_uri(image)}"/><path'
        f' class="contour-reference" fill="none" stroke="{COLOURS["LV"]}" stroke-width="2"'
        f' vector-effect="non-scaling-stroke" d="{outlines_path(mask[None, None])}"/></svg></div>'
        f'{_controls(what)}<details class="contour-answer"><summary>Show the reference outline'
        "</summary><p>The outline of the reference is drawn into the slice while this is open.</p>"
        "</details></div>"
    )


def _controls(what: str) -> str:
    colours = (("yours", OWN_COLOUR), ("reference", COLOURS["LV"]))
    keys = " ".join(
        f'<span class="moving-key" style="--colour:{colour}">{name}</span>'
        for name, colour in colours
    )
    return (
        f'<div class="contour-controls" hidden><p>Outline the {what}: draw with the mouse or a'
        " finger, or set points one by one. By keyboard, the arrow keys move the cross by a pixel,"
        " with Shift by five; Enter sets a point, Backspace takes the last one away.</p><p"
        ' class="contour-buttons"><button type="button" value="score">Score</button> <button'
        f' type="button" value="clear">Clear</button> {keys}</p>'
        '<p class="contour-said" aria-live="polite"></p></div>'
    )
