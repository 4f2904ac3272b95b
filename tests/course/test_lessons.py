"""The sources say what each cell is, and a source that does not fit is refused."""

import copy
from pathlib import Path

import nbformat
import pytest

from sim2real.course.lessons import CHECK, EXERCISE, LEVELS, SOLUTION, WRONG, kind, read_lesson
from sim2real.data import Sim2RealError
from sim2real.paper.chapters import CHAPTERS as DECLARED

CHAPTERS = [chapter.name for chapter in DECLARED]

SOURCES = Path(__file__).resolve().parents[2] / "book" / "course"


def written(notebook, tmp_path):
    nbformat.write(notebook, tmp_path / "lesson.ipynb")
    return tmp_path / "lesson.ipynb"


def test_a_lesson_belongs_to_a_chapter_and_says_its_aims_and_time(lesson):
    assert lesson.name in CHAPTERS
    head = lesson.notebook.cells[0].source
    assert head.startswith(f"# Lesson {int(lesson.name[:2])}: ")
    assert (
        "**Aims.**" in head
        and "**Time.** About " in head
        and f"../chapters/{lesson.name}.ipynb" in head
    )
    minutes = int(head.split("**Time.** About ")[1].split()[0])
    assert 20 <= minutes <= 40
    row = next(
        line
        for line in (SOURCES / "../course.md").read_text(encoding="utf-8").splitlines()
        if f"student/{lesson.name}" in line
    )
    assert (
        row.rstrip("| ").endswith(f"| {minutes}")
        and f"[{head.splitlines()[0].removeprefix('# Lesson ').replace(': ', ' ')}]" in row
    )


def test_the_heading_of_an_exercise_names_its_step(lesson):
    for exercise in lesson.exercises:
        assert f"({exercise.level})" in lesson.notebook.cells[exercise.first].source.splitlines()[0]


def test_lessons_have_short_cells_and_functions_in_answers_alone(lesson):
    for cell in lesson.notebook.cells:
        if cell.cell_type == "code":
            assert len(cell.source.splitlines()) <= 14
            assert kind(cell) in (SOLUTION, WRONG) or not cell.source.startswith("def ")


@pytest.mark.parametrize("missing", [SOLUTION, WRONG, CHECK])
def test_an_exercise_that_lacks_a_cell_is_refused_by_name(lesson, tmp_path, missing):
    exercise = lesson.exercises[0]
    notebook = copy.deepcopy(lesson.notebook)
    lost = [
        k
        for k in range(exercise.first, exercise.first + len(exercise.wrong) + 3)
        if kind(notebook.cells[k]) == missing
    ]
    notebook.cells = [cell for k, cell in enumerate(notebook.cells) if k not in lost]
    with pytest.raises(Sim2RealError, match=f"exercise {exercise.name}: followed by"):
        read_lesson(written(notebook, tmp_path))


def test_a_question_without_a_model_answer_is_refused_by_name(lesson, tmp_path):
    exercise = lesson.exercises[-1]
    notebook = copy.deepcopy(lesson.notebook)
    notebook.cells[exercise.first].source += "\n\nAnd why?"
    if exercise.model is not None:
        del notebook.cells[exercise.first + len(exercise.wrong) + 3]
    with pytest.raises(Sim2RealError, match=f"exercise {exercise.name}: asks a question"):
        read_lesson(written(notebook, tmp_path))


def test_an_output_a_stray_cell_and_an_unknown_level_are_refused(lesson, tmp_path):
    first_code = next(k for k, cell in enumerate(lesson.notebook.cells) if cell.cell_type == "code")
    with_output, stray, levelled = (copy.deepcopy(lesson.notebook) for _ in range(3))
    with_output.cells[first_code].outputs = [nbformat.v4.new_output("stream", text="42")]
    stray.cells[first_code].metadata["tags"] = [SOLUTION]
    next(cell for cell in levelled.cells if kind(cell) == EXERCISE).metadata["exercise"][
        "level"
    ] = "hard"
    for notebook, told in (
        (with_output, "holds an output"),
        (stray, "belongs to no exercise"),
        (levelled, f"one of {', '.join(LEVELS)}"),
    ):
        with pytest.raises(Sim2RealError, match=told):
            read_lesson(written(notebook, tmp_path))
