import base64
import io
import re

import numpy as np
from PIL import Image

from sim2real.data import cine_html


def frames_of(html: str, n: int) -> np.ndarray:
    sheet = np.asarray(
        Image.open(io.BytesIO(base64.b64decode(re.search(r"base64,([^)]+)\)", html)[1]))).convert(
            "L"
        )
    )
    return sheet.reshape(n, -1, sheet.shape[1])


def test_frames_lie_one_below_the_other_in_order():
    frames = np.linspace(0, 1, 5)[:, None, None] * np.ones((5, 30, 60))
    html = cine_html(frames, "a heart", 0.9)
    shown = frames_of(html, 5)
    np.testing.assert_allclose(shown.mean(axis=(1, 2)) / 255, np.linspace(0, 1, 5), atol=0.02)
    assert (
        shown.shape[2] == 2 * shown.shape[1] and "--phases:5" in html and "--period:0.900s" in html
    )


def test_description_cannot_break_out_of_its_attribute():
    html = cine_html(np.zeros((2, 8, 8)), '"><script>alert(1)</script>', 1.0)
    assert "<script>" not in html and "&quot;&gt;&lt;script&gt;" in html
