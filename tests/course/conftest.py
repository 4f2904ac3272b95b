"""A lesson run as a person would, cell by cell, without a kernel."""

import contextlib
import io
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

from sim2real.course.lessons import CHECK, SOLUTION, WRONG, Lesson, kind, read_lessons

ROOT = Path(__file__).resolve().parents[2]
LESSONS = read_lessons(ROOT)


@pytest.fixture(autouse=True)
def no_windows():
    matplotlib.use("agg")
    yield
    plt.close("all")


@pytest.fixture(scope="module", params=LESSONS, ids=lambda lesson: lesson.name)
def lesson(request) -> Lesson:
    return request.param


@pytest.fixture(scope="session")
def run():
    """Execute a cell in a namespace and return what it prints."""

    def execute(source: str, names: dict) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(source, "<cell>", "exec"), names)
        return printed.getvalue()

    return execute


@pytest.fixture(scope="module")
def walked(lesson, run) -> list:
    """Each exercise of a lesson with the names that are there when it is asked: the lesson's own
    cells and earlier solutions were run."""
    names: dict = {"__name__": "__main__"}
    by_id = {exercise.solution["id"]: exercise for exercise in lesson.exercises}
    found = []
    for cell in lesson.notebook.cells:
        if cell.cell_type != "code" or kind(cell) in (WRONG, CHECK):
            continue
        if kind(cell) == SOLUTION:
            found.append((by_id[cell["id"]], dict(names)))
        run(cell.source, names)
    return found
