"""A cine that plays by its own style alone, wherever HTML is shown: no script, no player."""

import base64
import html
import io

import numpy as np
from PIL import Image

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
        f'<style>{_STYLE}</style><div class="cine"'
        f' style="--phases:{n};--period:{period_s:.3f}s;--shape:{size[0]}/{size[1]}"><div'
        f' class="cine-frame" role="img" aria-label="{html.escape(alt, quote=True)}"'
        f' style="background-image:url(data:image/webp;base64,{picture})"></div><label'
        ' class="cine-hold"><input type="checkbox"> hold still</label></div>'
    )
