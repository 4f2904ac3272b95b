"""Pictures of data that a licence forbids to pass on: marked where they are made, left out of a book unless its maker says so."""

import base64
import io
import textwrap

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from nbformat import NotebookNode

from .parameters import Parameters

KINDS = ("anatomy", "real")
"""What a picture may show: the anatomy of chapter 1 (or images made from it), and images of the cohort."""
_PREFIX = "application/papermill.record/"


def licensed(parameters: Parameters) -> dict[str, str]:
    """The kinds of picture that a run may not pass on, each to the name of the data; empty for the open phantom and the surrogate."""
    found = {}
    if parameters.population.xcat_root is not None:
        found["anatomy"] = "XCAT"
    cohort = [name for name, root in (("M&Ms", "mnms_root"), ("ACDC", "acdc_root")) if getattr(parameters.cohort, root, None) is not None]
    if cohort:
        found["real"] = " and ".join(cohort)
    return found


def pictures_of(metadata: dict) -> list[str]:
    """The kinds of picture an output of a notebook is marked with."""
    return metadata.get("sim2real", {}).get("pictures", [])


def withhold(notebook: NotebookNode, kept_back: dict[str, str]) -> set[str]:
    """Put a placeholder in the place of each output that shows what is ``kept_back``; return the names of those figures."""
    names = set()
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            metadata = output.get("metadata", {})
            data = [kept_back[kind] for kind in pictures_of(metadata) if kind in kept_back]
            if data:
                glued = any(mime.startswith(_PREFIX) for mime in output.data)
                told = reason(data)
                bundle = {"text/plain": told, "image/png": base64.b64encode(placeholder(told)).decode("ascii")}
                if any(mime.endswith("text/html") for mime in output.data):
                    bundle = {"text/plain": told, "text/html": f"<p><em>{told}</em></p>"}
                output.data = NotebookNode({(_PREFIX if glued else "") + mime: value for mime, value in bundle.items()})
                names.add(metadata.get("scrapbook", {}).get("name", ""))
    return names


def reason(data: list[str]) -> str:
    """Why a picture is not there, and what would show it."""
    return (
        f"Not shown: this picture is made from {' and '.join(dict.fromkeys(data))} data, which may not be passed on. "
        "Who may publish it builds the book with --publish-real-images."
    )


def placeholder(text: str) -> bytes:
    """A grey PNG that bears ``text``."""
    figure = Figure(figsize=(7, 2.2), facecolor="0.92")
    FigureCanvasAgg(figure)
    figure.text(0.5, 0.5, "\n".join(textwrap.wrap(text, 70)), ha="center", va="center", fontsize=11, color="0.25")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, facecolor="0.92", metadata={"Software": None})
    return buffer.getvalue()
