"""Figures as pages hold them: smaller, with the greys and the colours that they had."""

import io

import numpy as np
from PIL import Image

from sim2real.data import COLOURS, small_png


def png(pixels: np.ndarray) -> bytes:
    whole = io.BytesIO()
    Image.fromarray(pixels).save(whole, "png")
    return whole.getvalue()


def rgb(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def test_outlines_keep_their_colour_among_many_greys():
    noise = np.random.default_rng(0).normal(0, 6, (200, 200))
    slices = np.clip(np.linspace(0, 255, 200)[None] + noise, 0, 255).astype(np.uint8)
    pixels = np.repeat(slices[..., None], 3, axis=2)
    lines = {"LV": 20, "MYO": 90, "RV": 160}
    for name, row in lines.items():
        pixels[row] = [int(COLOURS[name][k : k + 2], 16) for k in (1, 3, 5)]
    small = small_png(png(pixels))
    assert len(small) < 0.6 * len(png(pixels))
    difference = np.abs(rgb(small) - pixels)
    assert difference[list(lines.values())].max() <= 2
    assert difference.max() <= 3  # of 256 grey levels


def test_a_picture_without_a_colour_is_kept():
    pixels = np.full((8, 8, 3), 255, np.uint8)
    assert (rgb(small_png(png(pixels))) == 255).all()
