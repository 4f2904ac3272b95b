"""What the cells of a lesson show: figures, tables and printed lines, kept in the book's page of
the lesson, so that pages and slides have them without anything being executed."""

import base64
import copy
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert.preprocessors import CoalesceStreamsPreprocessor
from nbformat import NotebookNode

from ..data import Sim2RealError, small_png
from .lessons import Lesson, kind


def executed(edition: NotebookNode, name: str) -> NotebookNode:
    """The notebook with its outputs, executed in a kernel of its own. Raises Sim2RealError naming
    the cell that fails."""
    done = copy.deepcopy(edition)
    try:
        NotebookClient(done, timeout=600, kernel_name="python3").execute()
    except CellExecutionError as error:
        raise Sim2RealError(
            f"lesson {name}: a cell stops with {error.ename}: {error.evalue}"
        ) from None
    for cell in done.cells:
        cell.metadata.pop("execution", None)  # times of the day, which no two builds share
        if cell.cell_type == "code":  # libraries' warnings
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return done


def own_outputs(lesson: Lesson) -> NotebookNode:
    """The lesson's own code cells, executed without any answer, solution or check, so that no
    output can hold what a reader is to find.

    Figures are PNG of few colours. Raises Sim2RealError naming the cell that fails.
    """
    own = copy.deepcopy(lesson.notebook)
    own.cells = [cell for cell in own.cells if cell.cell_type == "code" and not kind(cell)]
    own = executed(own, lesson.name)
    for cell in own.cells:
        cell.outputs = [_small(output) for output in cell.outputs]
    # what was printed becomes one text, since where it was broken is chance
    return CoalesceStreamsPreprocessor().preprocess(own, {})[0]


def with_outputs(edition: NotebookNode, shown: NotebookNode) -> NotebookNode:
    """An edition whose cells have the outputs of the same cells, with the same code, in
    ``shown``."""
    outputs = {cell["id"]: cell for cell in shown.cells if cell.cell_type == "code"}
    complete = copy.deepcopy(edition)
    for cell in complete.cells:
        made = outputs.get(cell["id"])
        if made is not None and made.source == cell.source:
            cell.outputs = copy.deepcopy(made.outputs)
    return complete


def kept(page: Path) -> NotebookNode:
    """A page of the book with what its cells show; without cells where there is no such page."""
    return nbformat.read(page, as_version=4) if page.is_file() else nbformat.v4.new_notebook()


def _small(output: NotebookNode) -> NotebookNode:
    """An output with a small figure, and without numbers that differ from one execution to the
    next."""
    if "execution_count" in output:
        output.execution_count = None
    if "image/png" in output.get("data", {}):
        png = small_png(base64.b64decode(output.data["image/png"]))
        output.data = {"image/png": base64.b64encode(png).decode("ascii")}
    return output
