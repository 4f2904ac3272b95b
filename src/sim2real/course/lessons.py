"""The lessons' sources: notebooks in ``book/course`` whose cells say by a tag what they are."""

from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from ..data import Sim2RealError, refuse

LEVELS = ("warm-up", "core", "challenge")
EXERCISE, SOLUTION, WRONG, CHECK = "exercise", "solution", "wrong", "check"
"""Tags, in the order in which their cells follow each other: the question, one answer, plausible
wrong ones, the judge's call."""
MODEL = "model-answer"
"""Tag of a text that answers, for the instructor alone, a question that no code can judge. It
follows a check, or a cell of the lesson whose text asks."""
SOURCES = Path("book") / "course"


class Exercise(NamedTuple):
    """One exercise of a lesson; ``first`` is the number of its first cell, from 0, and ``model``
    the answer to what its text asks, if it does."""

    name: str
    level: str
    first: int
    solution: NotebookNode
    wrong: list[NotebookNode]
    check: NotebookNode
    model: NotebookNode | None


class Lesson(NamedTuple):
    name: str
    notebook: NotebookNode
    exercises: list[Exercise]


def read_lessons(root: Path) -> list[Lesson]:
    """The seven lessons of the project in ``root``, in the chapters' order."""
    return [read_lesson(path) for path in sorted((root / SOURCES).glob("*.ipynb"))]


def read_lesson(path: Path) -> Lesson:
    """A lesson, checked: every exercise has its level, its solution, a wrong answer and a check,
    and a model answer where its text asks a question; nothing has an output.

    Raises Sim2RealError, naming the file and the cell, for what does not fit.
    """
    refuse(
        not path.is_file(),
        f"{path}: no such lesson; expected one a chapter, of its name",
    )
    notebook = nbformat.read(path, as_version=4)
    exercises, cells = [], notebook.cells
    for number, cell in enumerate(cells):
        refuse(
            cell.get("outputs") or cell.get("execution_count"),
            f"{path}, cell {number + 1}: holds an output; clear all outputs of a lesson's source",
        )
        if kind(cell) == EXERCISE:
            exercises.append(_exercise(path, cells, number))
    claimed = {e.first + k for e in exercises for k in range(len(e.wrong) + 3)}
    tagged = (k for k, cell in enumerate(cells) if kind(cell) not in ("", MODEL))
    stray = next((k for k in tagged if k not in claimed), None)
    if stray is not None:
        raise Sim2RealError(
            f"{path}, cell {stray + 1}: a cell tagged {kind(cells[stray])} belongs to no exercise;"
            " put it behind one"
        )
    return Lesson(path.stem, notebook, exercises)


def kind(cell: NotebookNode) -> str:
    """Which of the five tags a cell bears; empty for the text and code of the lesson itself."""
    kinds = (EXERCISE, SOLUTION, WRONG, CHECK, MODEL)
    return next((tag for tag in cell.metadata.get("tags", []) if tag in kinds), "")


def _exercise(path: Path, cells: list[NotebookNode], first: int) -> Exercise:
    about = cells[first].metadata.get("exercise", {})
    name, level = about.get("name", ""), about.get("level", "")
    refuse(
        not name or level not in LEVELS,
        f"{path}, cell {first + 1}: an exercise called '{name}' of level '{level}'; expected a"
        f" name and one of {', '.join(LEVELS)}",
    )
    tags = map(kind, cells[first + 1 :])
    kinds = list(takewhile(lambda tag: tag in (SOLUTION, WRONG, CHECK), tags))
    kinds = kinds[: kinds.index(CHECK) + 1] if CHECK in kinds else kinds
    following = first + 1 + len(kinds)
    refuse(
        kinds[:1] != [SOLUTION]
        or kinds[-1:] != [CHECK]
        or len(kinds) < 3
        or set(kinds[1:-1]) != {WRONG},
        f"{path}, exercise {name}: followed by {', '.join(kinds) or 'none of its cells'};"
        " expected a solution, wrong answers (at least one), a check",
    )
    after = cells[following] if following < len(cells) else NotebookNode(metadata={})
    model = after if kind(after) == MODEL else None
    refuse(
        "?" in cells[first].source and (model is None or model.cell_type != "markdown"),
        f"{path}, exercise {name}: asks a question and has no model answer; expected a text tagged"
        f" {MODEL} behind its check",
    )
    solution, *wrong, check = cells[first + 1 : following]
    return Exercise(name, level, first, solution, wrong, check, model)
