"""The paper's Fig. 1, drawn: how CUT learns to translate, with a run's own slices and patches in
it.

The canvas is measured in centimetres, x to the right and y upwards; every image, box and arrow is
placed on it by hand.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

from ..data import COLOURS

Point = tuple[float, float]
INK = "#333333"
WIDTH, HEIGHT = 19.0, 10.4
POSITIVE, NEGATIVE = COLOURS["A"], COLOURS["B"]
GREY, PALE_ENCODER, PALE_JUDGE, PALE_LOSS = "#666666", "#DCE9F3", "#F6E6DA", "#F2F2F2"


class Canvas:
    """An empty pair of axes, its limits set in centimetres. All points are (x, y), centres unless
    they say otherwise."""

    def __init__(self, axes: Axes):
        self.axes = axes
        self.limits = axes.get_xlim(), axes.get_ylim()
        axes.axis("off")

    def text(self, at: Point, text: str, size: float = 8, colour: str = INK, **settings) -> None:
        self.axes.text(
            *at,
            text,
            ha="center",
            va=settings.pop("va", "center"),
            fontsize=size,
            color=colour,
            **settings,
        )

    def image(
        self,
        centre: Point,
        edge: float,
        pixels: np.ndarray,
        title: str,
        colour: str,
        size: float = 8.5,
        above: bool = True,
        window: tuple[float, float] = (0, 1),
    ) -> None:
        """A grey image in a coloured frame, its title above or below; window: of its values."""
        (x, y), half = centre, edge / 2
        extent = (x - half, x + half, y - half, y + half)
        self.axes.imshow(
            pixels,
            cmap="gray",
            vmin=window[0],
            vmax=window[1],
            extent=extent,
            zorder=2,
            interpolation="nearest",
        )
        self.axes.add_patch(
            Rectangle(
                (x - half, y - half),
                edge,
                edge,
                fill=False,
                edgecolor=colour,
                linewidth=1.4,
                zorder=3,
            )
        )
        self.axes.set(
            xlim=self.limits[0], ylim=self.limits[1], aspect="equal"
        )  # imshow changes all three
        title_y, align = (y + half + 0.1, "bottom") if above else (y - half - 0.1, "top")
        self.text((x, title_y), title, size=size, colour=colour, va=align, fontweight="bold")

    def box(
        self,
        centre: Point,
        width: float,
        height: float,
        colour: str,
        text: str = "",
        edge: str = INK,
    ) -> None:
        corner = centre[0] - width / 2, centre[1] - height / 2
        look = {
            "boxstyle": "round,pad=0,rounding_size=0.12",
            "facecolor": colour,
            "edgecolor": edge,
            "linewidth": 0.9,
        }
        self.axes.add_patch(FancyBboxPatch(corner, width, height, zorder=2, **look))
        self.text(centre, text, zorder=4, linespacing=1.25)

    def encoder_decoder(
        self,
        centre: Point,
        width: float,
        height: float,
        colour: str,
        title: str,
        mirrored: bool = False,
    ) -> None:
        """An hourglass on its side: the encoder narrows, the decoder widens; ``mirrored`` when read
        from right to left."""
        (x, y), waist = centre, height * 0.42
        for side, name in ((-1, "dec" if mirrored else "enc"), (1, "enc" if mirrored else "dec")):
            outer, inner = x + side * width / 2, x + side * 0.06
            corners = [
                (outer, y - height / 2),
                (outer, y + height / 2),
                (inner, y + waist / 2),
                (inner, y - waist / 2),
            ]
            self.axes.add_patch(
                Polygon(
                    corners, closed=True, facecolor=colour, edgecolor=INK, linewidth=0.9, zorder=2
                )
            )
            self.text((x + side * width * 0.28, y), f"$G_{{{name}}}$", zorder=4)
        self.text((x, y - height / 2 - 0.12), title, va="top")

    def arrows(self, *pairs: tuple[Point, Point], colour: str = INK) -> None:
        """From edge to edge: their ends lie exactly on the two points of each pair."""
        for start, end in pairs:
            self.axes.add_patch(
                FancyArrowPatch(
                    start,
                    end,
                    arrowstyle="-|>,head_length=4,head_width=2",
                    color=colour,
                    linewidth=1.1,
                    shrinkA=0,
                    shrinkB=0,
                    mutation_scale=1,
                    zorder=3,
                )
            )

    def lines(self, *paths: Sequence[Point], colour: str = INK, in_front: bool = False) -> None:
        for points in paths:
            self.axes.plot(
                *zip(*points, strict=True),
                color=colour,
                linewidth=1.1,
                zorder=4 if in_front else 1.5,
                solid_joinstyle="miter",
            )

    def brace(self, x: float, bottom: float, top: float) -> None:
        """A square bracket that gathers what stands on its left."""
        middle = (top + bottom) / 2
        self.lines(
            [(x - 0.12, top), (x, top), (x, bottom), (x - 0.12, bottom)],
            [(x, middle), (x + 0.15, middle)],
        )

    def mark(
        self,
        centre: Point,
        edge: float,
        shape: tuple[int, int],
        at: tuple[int, int],
        patch: int,
        colour: str,
    ) -> Point:
        """Frame a patch (row, column of its centre; edge in pixels) on an image drawn at
        ``centre``; the middle of its lower edge."""
        scale = edge / shape[1], edge / shape[0]
        x = centre[0] - edge / 2 + at[1] * scale[0]
        y = centre[1] + edge / 2 - at[0] * scale[1]
        width, height = patch * scale[0], patch * scale[1]
        self.axes.add_patch(
            Rectangle(
                (x - width / 2, y - height / 2),
                width,
                height,
                fill=False,
                edgecolor=colour,
                linewidth=1.6,
                zorder=4,
            )
        )
        return x, y - height / 2


def method_figure(
    source: np.ndarray,
    translated: np.ndarray,
    real: np.ndarray,
    identity: np.ndarray,
    query: tuple[int, int],
    negatives: Sequence[tuple[int, int]],
    patch: int = 18,
    alike: Sequence[float] | None = None,
) -> Figure:
    """The diagram of the method.

    source, translated: a simulated slice and its translation; real, identity: a real slice and what
    the generator makes of it; each (h, w) in [0, 1]. query: row and column of the centre of the
    query patch, cut from ``translated``; the positive is cut from ``source`` at the same place.
    negatives: centres of three other patches of ``source``. patch: edge of the patches, pixels.
    alike: cosine of the query with the positive and with each negative, written below them.
    """
    figure = plt.figure(figsize=(WIDTH / 2.54, HEIGHT / 2.54), layout="none")
    canvas = Canvas(figure.add_axes((0, 0, 1, 1), xlim=(0, WIDTH), ylim=(0, HEIGHT)))
    _translation(canvas, source, translated, real)
    _contrast(canvas, source, translated, query, negatives, patch, alike)
    _identity(canvas, identity)
    canvas.box((6.0, 0.85), 9.6, 0.9, "white", edge=GREY)
    canvas.text(
        (6.0, 0.85),
        r"$\mathcal{L} \;=\; \lambda_{GAN}\,\mathcal{L}_{GAN} \;+\; \lambda_{NCE}\,\frac{1}{2}\,"
        r"\left(\mathcal{L}_{NCE}(x) + \mathcal{L}_{NCE}(y)\right)$",
        size=10,
    )
    return figure


def _translation(
    canvas: Canvas, source: np.ndarray, translated: np.ndarray, real: np.ndarray
) -> None:
    """Upper row: simulated slice, generator, translated slice, discriminator, real slice."""
    row = 8.15
    canvas.image((1.9, row), 3.0, source, "simulated slice $x$", GREY)
    canvas.encoder_decoder((6.0, row), 2.9, 2.2, PALE_ENCODER, "generator $G$")
    canvas.image((10.1, row), 3.0, translated, "sim2real slice $G(x)$", COLOURS["A"])
    canvas.box((13.55, row), 2.3, 1.3, PALE_JUDGE, "discriminator\n$D$")
    canvas.image((17.0, row), 3.0, real, "real slice $y$", COLOURS["real"])
    canvas.box((13.55, 6.25), 2.7, 0.95, PALE_LOSS, "real or sim2real?\n$\\mathcal{L}_{GAN}$")
    canvas.arrows(
        ((3.4, row), (4.55, row)),
        ((7.45, row), (8.6, row)),
        ((11.6, row), (12.4, row)),
        ((15.5, row), (14.7, row)),
        ((13.55, row - 0.65), (13.55, 6.725)),
    )


def _contrast(
    canvas: Canvas,
    source: np.ndarray,
    translated: np.ndarray,
    query: tuple[int, int],
    negatives: Sequence[tuple[int, int]],
    patch: int,
    alike: Sequence[float] | None,
) -> None:
    """Lower left: the query patch of the output is drawn to the same place of the input and pushed
    from other places."""
    row, edge, colours = 3.85, 1.15, (POSITIVE, NEGATIVE, NEGATIVE, NEGATIVE)
    thumbnails = ((1.2, 5.0), (2.6, 5.0), (1.2, 2.85), (2.6, 2.85))
    names = ("positive", "negative", "negative", "negative")
    places = (query, *negatives)
    cut, asked = [_cut(source, at, patch) for at in places], _cut(translated, query, patch)
    window = np.min([*cut, asked]), np.max([*cut, asked])  # one for all, so that they compare
    for at, pixels, colour, centre, name in zip(
        places, cut, colours, thumbnails, names, strict=True
    ):
        canvas.mark((1.9, 8.15), 3.0, source.shape, at, patch, colour)
        canvas.image(centre, edge, pixels, name, colour, size=7, window=window)
    for value, colour, (x, y) in zip(alike or (), colours, thumbnails, strict=False):
        text = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
        canvas.text(
            (x, y - edge / 2 - 0.07), text, size=9, colour=colour, va="top", fontweight="bold"
        )
    marked = canvas.mark((10.1, 8.15), 3.0, translated.shape, query, patch, POSITIVE)
    canvas.image(
        (10.1, row),
        edge * 1.3,
        asked,
        "query",
        POSITIVE,
        size=7,
        above=False,
        window=window,
    )
    canvas.lines([marked, (marked[0], 5.9), (10.1, 5.9)], colour=POSITIVE, in_front=True)
    canvas.arrows(((10.1, 5.9), (10.1, row + edge * 0.65)), colour=POSITIVE)
    canvas.brace(3.35, 2.3, 5.55)
    for x, start, end in ((4.45, 3.5, 3.95), (7.95, 9.35, 8.45)):
        canvas.box((x, row), 1.0, 2.0, PALE_ENCODER, "$G_{enc}$\n\n$+$\n\nMLP")
        canvas.arrows(((start, row), (end, row)))
    canvas.text((6.2, row + 1.5), "same encoder and heads", size=7, colour=GREY)
    shared = [(4.45, row + 1.0), (4.45, row + 1.27), (7.95, row + 1.27), (7.95, row + 1.0)]
    canvas.lines(shared, colour=GREY)
    canvas.box((6.2, row), 1.6, 1.5, PALE_LOSS, "PatchNCE\n$\\mathcal{L}_{NCE}(x)$")
    canvas.arrows(((4.95, row), (5.4, row)), ((7.45, row), (7.0, row)))
    canvas.text((6.2, row - 1.55), "same place: alike\nother places: unlike", size=7, colour=GREY)


def _identity(canvas: Canvas, identity: np.ndarray) -> None:
    """Lower right: a real slice passed through the generator should keep its patches, too."""
    row = 3.75
    canvas.encoder_decoder((16.6, row), 1.9, 1.5, PALE_ENCODER, "generator $G$", mirrored=True)
    canvas.image((13.35, row), 2.2, identity, "identity $G(y)$", COLOURS["real"])
    canvas.box((15.6, 0.95), 2.3, 0.95, PALE_LOSS, "PatchNCE\n$\\mathcal{L}_{NCE}(y)$")
    canvas.lines(
        [(18.2, 6.65), (18.2, row)],
        [(13.35, row - 1.1), (13.35, 0.95)],
        [(18.2, row), (18.2, 0.95)],
    )
    canvas.arrows(
        ((18.2, row), (17.55, row)),
        ((15.65, row), (14.45, row)),
        ((13.35, 0.95), (14.45, 0.95)),
        ((18.2, 0.95), (16.75, 0.95)),
    )


def _cut(image: np.ndarray, centre: tuple[int, int], edge: int) -> np.ndarray:
    top, left = (
        int(np.clip(middle - edge // 2, 0, size - edge))
        for middle, size in zip(centre, image.shape, strict=True)
    )
    return image[top : top + edge, left : left + edge]
