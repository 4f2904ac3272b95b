"""The student's and the instructor's edition of a lesson, from its one source."""

import ast
import copy
import re

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from ..data import refuse
from .lessons import CHECK, MODEL, SOLUTION, WRONG, Lesson, kind

ANSWER = "answer"
_FOLDED = "<details><summary>Model answer</summary>\n\n{}\n\n</details>"
_CHAPTER_LINK = re.compile(r"\[([^\]]+)\]\(\.\./chapters/([^)]+)\)")


def student(lesson: Lesson, chapters: str | None = None) -> NotebookNode:
    """Without solutions, model answers and wrong ones; where a solution stood, a stub waits for the
    answer.

    chapters: where the book's chapters lie, seen from the notebook; none: it stands alone, and
    chapters are named without a link.
    """
    edition = _without_wrong_answers(lesson, chapters)
    edition.cells = [cell for cell in edition.cells if kind(cell) != MODEL]
    stubs = {
        exercise.solution["id"]: stub(exercise.solution.source, exercise.check.source)
        for exercise in lesson.exercises
    }
    for number, cell in enumerate(edition.cells):
        if kind(cell) == SOLUTION:
            edition.cells[number] = new_code_cell(
                stubs[cell["id"]], id=cell["id"], metadata={"tags": [ANSWER]}
            )
    return edition


def instructor(lesson: Lesson) -> NotebookNode:
    """With solutions and model answers, folded: in JupyterLab, and on a page of Jupyter Book."""
    edition = _without_wrong_answers(lesson, None)
    for cell in edition.cells:
        if kind(cell) == SOLUTION:
            cell.metadata = {"tags": [SOLUTION, "hide-input"], "jupyter": {"source_hidden": True}}
            cell.source = f"# Solution\n{cell.source}"
        elif kind(cell) == MODEL:
            cell.source = _FOLDED.format(cell.source)
    return edition


def stub(solution: str, check: str) -> str:
    """What stands in the student's edition for a solution: the names that the check asks for,
    without their values.

    A function keeps its head and its description. Raises Sim2RealError if the check uses nothing
    that the solution defines.
    """
    asked = {node.id for node in ast.walk(ast.parse(check)) if isinstance(node, ast.Name)}
    lines = ["# Your answer here."]
    for node in ast.parse(solution).body:
        if isinstance(node, ast.FunctionDef) and node.name in asked:
            about = ast.get_docstring(node)
            lines += [
                f"def {node.name}({ast.unparse(node.args)}):",
                *([f'    """{about}"""'] if about else []),
                "    ...",
            ]
        elif isinstance(node, ast.Assign):
            names = [
                name.id
                for target in node.targets
                for name in ast.walk(target)
                if isinstance(name, ast.Name)
            ]
            lines += [
                f"{name} = ..." for name in names if name in asked and f"{name} = ..." not in lines
            ]
    refuse(
        len(lines) == 1,
        f"the check '{check.splitlines()[0]}' uses nothing that its solution defines; it must"
        " judge the answer",
    )
    return "\n".join(lines)


def _without_wrong_answers(lesson: Lesson, chapters: str | None) -> NotebookNode:
    edition = copy.deepcopy(lesson.notebook)
    edition.cells = [cell for cell in edition.cells if kind(cell) != WRONG]
    for cell in edition.cells:
        if cell.cell_type == "markdown":
            link = r"\1 of the book" if chapters is None else rf"[\1]({chapters}/\2)"
            cell.source = _CHAPTER_LINK.sub(link, cell.source)
        elif kind(cell) == CHECK:
            cell.metadata = {"tags": [CHECK]}
    return edition
