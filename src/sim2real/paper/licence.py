"""Pictures of data that a licence forbids to pass on: marked where they are made, kept out of
books.

Whoever may publish them says so when the book is built.
"""

import base64
import io
import textwrap

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nbformat import NotebookNode

from .chapters import ALL
from .origin import outputs_of
from .parameters import Parameters

KINDS = ("anatomy", "real")
"""What a picture may show: the anatomy of the subjects, and images of the cohort."""


def licensed(parameters: Parameters) -> dict[str, str]:
    """The kinds of picture that a run may not pass on, to the names of the data."""
    pairs = [
        pair
        for chapter in ALL
        for parameter, pair in chapter.data.items()
        if getattr(getattr(parameters, chapter.section), parameter) is not None
    ]
    return {kind: " and ".join(name for k, name in pairs if k == kind) for kind, _ in pairs}


def withhold(notebook: NotebookNode, kept_back: dict[str, str]) -> set[str]:
    """Put a placeholder for each output that shows what is ``kept_back``; return their names."""
    names = set()
    for name, output in outputs_of(notebook).items():
        data = [
            kept_back[k] for k in output.metadata["sim2real"].get("pictures", ()) if k in kept_back
        ]
        if data:
            text = reason(data)
            shown = {"text/html": f"<p><em>{text}</em></p>"}
            if "image/png" in output.data:
                shown = {"image/png": base64.b64encode(placeholder(text)).decode("ascii")}
            output.data = NotebookNode({"text/plain": text, **shown})
            names.add(name)
    return names


def reason(data: list[str]) -> str:
    """Why a picture is not there, and what would show it."""
    return (
        f"Not shown: this picture is made from {' and '.join(dict.fromkeys(data))} data, which may "
        "not be passed on. Who may publish it builds the book with --publish-real-images."
    )


def placeholder(text: str) -> bytes:
    """A grey PNG that bears ``text``."""
    figure = Figure(figsize=(7, 2.2), facecolor="0.92")
    FigureCanvasAgg(figure)
    lines = "\n".join(textwrap.wrap(text, 70))
    figure.text(0.5, 0.5, lines, ha="center", va="center", fontsize=11, color="0.25")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, facecolor="0.92", metadata={"Software": None})
    return buffer.getvalue()
