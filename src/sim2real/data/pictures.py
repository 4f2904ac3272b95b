"""Figures as pages hold them."""

import io

import numpy as np
from PIL import Image

GREYS, COLOURS = 56, 64
_GREY_RANGE = 16  # of red, green and blue of a grey pixel, out of 256


def small_png(png: bytes) -> bytes:
    """The same picture with one palette for grey and one for colours, less than half the size.

    Slices are grey and take most of a picture: a palette for both would leave titles and outlines
    without their colour.
    """
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    grey = np.ptp(pixels, axis=2) < _GREY_RANGE
    indices = np.rint(pixels.mean(axis=2) * (GREYS - 1) / 255).astype(np.uint8)
    palette = np.rint(np.linspace(0, 255, GREYS)).repeat(3).astype(np.uint8).tolist()
    if not grey.all():
        coloured = Image.fromarray(pixels[~grey][None])
        few = coloured.quantize(COLOURS, dither=Image.Dither.NONE)
        indices[~grey] = GREYS + np.asarray(few)[0]
        palette += few.getpalette()[: 3 * COLOURS]
    picture, small = Image.fromarray(indices), io.BytesIO()
    picture.putpalette(palette)
    picture.save(small, "png", optimize=True)
    return small.getvalue()
