"""The whole course into one folder, and the student's edition as pages of the book."""

import copy
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from ..data import Sim2RealError, progress, refuse, write_text
from .editions import instructor, student
from .lessons import SOURCES, Lesson, read_lessons
from .slides import copy_assets, slides

PAGES = SOURCES / "student"
"""Where the student's edition lies as pages of the book."""


def build_course(root: Path, output: Path, execute: bool = False) -> None:
    """Write ``student/``, ``instructor/`` and ``slides/`` into ``output``; with ``execute`` the
    last two hold the cells' outputs.

    Raises Sim2RealError rather than overwrite a notebook that someone has worked in.
    """
    lessons = read_lessons(root)
    for lesson in lessons:
        _write_notebook(output / "student" / f"{lesson.name}.ipynb", student(lesson))
    copy_assets(root, output / "slides" / "assets")
    for lesson in progress(lessons, name="lessons executed", unit="lesson") if execute else lessons:
        edition = executed(instructor(lesson), lesson.name) if execute else instructor(lesson)
        _write_notebook(output / "instructor" / f"{lesson.name}.ipynb", edition)
        write_text(output / "slides" / f"{lesson.name}.html", slides(edition, title_of(lesson)))


def write_pages(root: Path) -> list[Path]:
    """Write the student's edition into the book and return its files."""
    paths = []
    for lesson in read_lessons(root):
        paths.append(root / PAGES / f"{lesson.name}.ipynb")
        write_text(paths[-1], page(lesson))
    return paths


def page(lesson: Lesson) -> str:
    """The student's edition of a lesson as a page of the book, as the text of a notebook."""
    return as_text(student(lesson, chapters="../../chapters"))


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


def title_of(lesson: Lesson) -> str:
    """The lesson's first heading."""
    return lesson.notebook.cells[0].source.splitlines()[0].lstrip("# ")


def as_text(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook) + "\n"


def _write_notebook(path: Path, notebook: NotebookNode) -> None:
    if path.is_file():
        existing = nbformat.read(path, as_version=4)
        refuse(
            [cell.source for cell in existing.cells] != [cell.source for cell in notebook.cells],
            f"{path}: is there already and differs, perhaps by someone's answers; choose"
            " another folder or move it away",
        )
    write_text(path, as_text(notebook))
