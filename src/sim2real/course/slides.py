"""Slides of a lesson: reveal.js through nbconvert, with every file they need beside them, so that
they open without a network."""

import copy
import shutil
from pathlib import Path

from nbconvert import SlidesExporter
from nbformat import NotebookNode

from ..data import refuse
from .editions import ANSWER
from .lessons import CHECK, MODEL, SOLUTION, kind

ASSETS = {
    "reveal": ("reveal.js", "reveal.css", "theme.css", "LICENSE"),
    "mathjax": ("tex-svg.js", "LICENSE"),
}
"""Files of ``book/_static`` that slides load, by folder: reveal.js 5.2.1 (MIT) with a theme of
ours, MathJax 3.2.2 (Apache-2.0)."""
TEMPLATES = Path(__file__).parent / "templates"


def slides(edition: NotebookNode, title: str) -> str:
    """HTML of a lesson's slides: a slide a heading, one below it a cell of code; solutions, other
    answers and checks are left out."""
    deck = copy.deepcopy(edition)
    deck.cells = [
        cell
        for cell in deck.cells
        if kind(cell) not in (SOLUTION, CHECK, MODEL)
        and ANSWER not in cell.metadata.get("tags", [])
    ]
    deck.metadata["title"] = title
    for cell in deck.cells:
        heading = cell.cell_type == "markdown" and cell.source.startswith("#")
        cell.metadata["slideshow"] = {
            "slide_type": "slide" if heading else "subslide" if cell.cell_type == "code" else "-"
        }
    exporter = SlidesExporter(
        template_name="lesson", extra_template_basedirs=[str(TEMPLATES)], reveal_url_prefix="assets"
    )
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    html, _ = exporter.from_notebook_node(deck)
    return html


def copy_assets(root: Path, folder: Path) -> None:
    """Put reveal.js and MathJax into ``folder``. Raises Sim2RealError if the project lacks a file
    of theirs."""
    for name, files in ASSETS.items():
        for file in files:
            source = root / "book" / "_static" / name / file
            refuse(
                not source.is_file(),
                f"{source}: missing; slides need it to open without a network: restore it from"
                " the repository",
            )
            (folder / name).mkdir(parents=True, exist_ok=True)
            shutil.copy(source, folder / name / file)
