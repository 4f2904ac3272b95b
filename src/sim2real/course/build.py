"""The whole course into one folder, and the student's edition as pages of the book."""

from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..data import progress, refuse, write_text
from .editions import instructor, student
from .lessons import SOURCES, Lesson, read_lessons
from .shown import executed, kept, own_outputs, with_outputs
from .slides import copy_assets, slides

PAGES = SOURCES / "student"
"""Where the student's edition lies as pages of the book."""


def build_course(root: Path, output: Path, execute: bool = False) -> None:
    """Write ``student/``, ``instructor/`` and ``slides/`` into ``output``.

    The last two hold what the book's pages show of the lessons' own cells; with ``execute`` they
    hold the outputs of all cells, executed now. Raises Sim2RealError rather than overwrite a
    notebook that someone has worked in.
    """
    lessons = read_lessons(root)
    for lesson in lessons:
        _write_notebook(output / "student" / f"{lesson.name}.ipynb", student(lesson))
    copy_assets(root, output / "slides" / "assets")
    for lesson in progress(lessons, name="lessons executed", unit="lesson") if execute else lessons:
        edition = instructor(lesson)
        edition = (
            executed(edition, lesson.name)
            if execute
            else with_outputs(edition, kept(root / PAGES / f"{lesson.name}.ipynb"))
        )
        _write_notebook(output / "instructor" / f"{lesson.name}.ipynb", edition)
        write_text(output / "slides" / f"{lesson.name}.html", slides(edition, title_of(lesson)))


def write_pages(root: Path) -> list[Path]:
    """Execute the lessons' own cells, write the student's edition with what they show into the
    book, and return its files."""
    paths = []
    for lesson in progress(read_lessons(root), name="lessons executed", unit="lesson"):
        paths.append(root / PAGES / f"{lesson.name}.ipynb")
        write_text(paths[-1], as_text(with_outputs(page(lesson), own_outputs(lesson))))
    return paths


def page(lesson: Lesson) -> NotebookNode:
    """The student's edition of a lesson as a page of the book, without outputs."""
    return student(lesson, chapters="../../chapters")


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
