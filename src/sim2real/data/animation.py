"""A cine that plays in the page by style sheet alone: no script, no player, a still picture in
print."""

import base64
import html
import io

import numpy as np
from PIL import Image

_WIDTH = 900  # pixels of a frame in the page's file


def cine_html(frames: np.ndarray, alt: str, period_s: float) -> str:
    """An endless loop of grey ``frames``, shape (phase, row, column), values 0 to 1, as HTML with
    the picture inside.

    The frames lie one below the other in one WebP picture, which ``.cine-frame`` in the book's
    style sheet moves past a window. A checkbox holds it still; so does a reader's wish for less
    motion.
    """
    n, rows, columns = frames.shape
    size = (_WIDTH, round(rows * _WIDTH / columns))
    grey = (np.clip(frames, 0, 1) * 255).round().astype(np.uint8)
    sheet = np.concatenate(
        [
            np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))
            for frame in grey
        ]
    )
    buffer = io.BytesIO()
    Image.fromarray(sheet).save(buffer, "webp", quality=80, method=6)
    picture = base64.b64encode(buffer.getvalue()).decode("ascii")
    return (
        '<div class="cine"'
        f' style="--phases:{n};--period:{period_s:.3f}s;--shape:{size[0]}/{size[1]}"><div'
        f' class="cine-frame" role="img" aria-label="{html.escape(alt, quote=True)}"'
        f' style="background-image:url(data:image/webp;base64,{picture})"></div><label'
        ' class="cine-hold"><input type="checkbox"> hold still</label></div>'
    )
