"""Boxes, images and arrows of a diagram, placed in centimetres."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle

Point = tuple[float, float]
INK = "#333333"


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
    ) -> None:
        """A grey image in [0, 1] in a coloured frame, its title above or below."""
        (x, y), half = centre, edge / 2
        extent = (x - half, x + half, y - half, y + half)
        self.axes.imshow(
            pixels, cmap="gray", vmin=0, vmax=1, extent=extent, zorder=2, interpolation="nearest"
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

    def arrow(self, start: Point, end: Point, colour: str = INK) -> None:
        """From edge to edge: its ends lie exactly on the two points."""
        style = "-|>,head_length=4,head_width=2"
        self.axes.add_patch(
            FancyArrowPatch(
                start,
                end,
                arrowstyle=style,
                color=colour,
                linewidth=1.1,
                shrinkA=0,
                shrinkB=0,
                mutation_scale=1,
                zorder=3,
            )
        )

    def line(self, points: Sequence[Point], colour: str, in_front: bool = False) -> None:
        self.axes.plot(
            *zip(*points, strict=True),
            color=colour,
            linewidth=1.1,
            zorder=4 if in_front else 1.5,
            solid_joinstyle="miter",
        )

    def brace(self, x: float, bottom: float, top: float) -> None:
        """A square bracket that gathers what stands on its left."""
        self.line([(x - 0.12, top), (x, top), (x, bottom), (x - 0.12, bottom)], INK)
        self.line([(x, (top + bottom) / 2), (x + 0.15, (top + bottom) / 2)], INK)

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
