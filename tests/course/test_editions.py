"""The student's edition holds no solution and no model answer anywhere; the instructor's holds all
of them, folded; neither holds a wrong answer."""

import json
import re
from html import unescape

import nbformat
import pytest

from sim2real.course.build import PAGES, title_of
from sim2real.course.editions import ANSWER, instructor, stub, student
from sim2real.course.lessons import MODEL, SOLUTION, WRONG, kind
from sim2real.course.slides import slides
from sim2real.data import Sim2RealError


def lines_of(source: str) -> set[str]:
    """The telling lines of an answer: not its head, its description or what any answer would
    have."""
    lines = {line.strip() for line in source.splitlines()}
    return {line for line in lines if len(line) > 12 and not line.startswith(("def ", '"""', "#"))}


def leaks(lesson, text: str) -> set[str]:
    """Lines of solutions, wrong answers and model answers, the latter sentence by sentence, that
    stand in the text of a notebook and not in the lesson's own cells."""
    hidden = (SOLUTION, WRONG, MODEL)
    own = "\n".join(cell.source for cell in lesson.notebook.cells if kind(cell) not in hidden)
    secret = {
        line
        for cell in lesson.notebook.cells
        if kind(cell) in hidden
        for line in lines_of(cell.source.replace(". ", ".\n"))
    }
    return {line for line in secret if json.dumps(line)[1:-1] in text and line not in own}


def test_nothing_of_an_answer_stands_in_the_students_edition(lesson):
    edition = student(lesson)
    nbformat.validate(edition)
    text = json.dumps(edition, ensure_ascii=True)
    assert not leaks(lesson, text)
    assert not {SOLUTION, WRONG, MODEL} & {
        tag for cell in edition.cells for tag in cell.metadata.get("tags", [])
    }
    assert sum(ANSWER in cell.metadata.get("tags", []) for cell in edition.cells) == len(
        lesson.exercises
    )


def test_a_leak_in_text_or_metadata_is_seen(lesson):
    told = [exercise.model or exercise.solution for exercise in lesson.exercises]
    secret = max(leaks(lesson, json.dumps([cell.source for cell in told])), key=len)
    for place in ("source", "metadata"):
        edition = student(lesson)
        if place == "source":
            edition.cells[-1].source += f"\n{secret}"
        else:
            edition.cells[0].metadata["note"] = {"kept": secret}
        assert secret in leaks(lesson, json.dumps(edition, ensure_ascii=True))


def test_the_instructors_edition_has_every_solution_folded_and_no_wrong_answer(lesson):
    edition = instructor(lesson)
    solutions = [cell for cell in edition.cells if kind(cell) == SOLUTION]
    assert [cell.source.removeprefix("# Solution\n") for cell in solutions] == [
        e.solution.source for e in lesson.exercises
    ]
    assert all(
        cell.metadata["jupyter"]["source_hidden"] and "hide-input" in cell.metadata["tags"]
        for cell in solutions
    )
    assert not any(kind(cell) == WRONG for cell in edition.cells)
    assert "WRONG" not in json.dumps(edition)


def test_the_instructors_edition_has_a_model_answer_to_every_question(lesson):
    edition = instructor(lesson)
    shown = [cell for cell in edition.cells if kind(cell) == MODEL]
    for exercise in lesson.exercises:
        asks = "?" in lesson.notebook.cells[exercise.first].source
        assert (exercise.model is not None) == asks, exercise.name
        if asks:
            assert len(exercise.model.source) > 60 and "?" not in exercise.model.source
            text = next(cell.source for cell in shown if cell["id"] == exercise.model["id"])
            assert text.startswith("<details>") and exercise.model.source in text


def test_neither_a_page_of_the_book_nor_a_slide_holds_an_answer(lesson, request):
    written = request.config.rootpath / PAGES / f"{lesson.name}.ipynb"
    assert not leaks(lesson, json.dumps(json.loads(written.read_text(encoding="utf-8"))))
    deck = slides(instructor(lesson), title_of(lesson))
    words = unescape(re.sub(r"<[^>]+>", "", deck))
    for cell in lesson.notebook.cells:
        if kind(cell) == MODEL:
            assert not any(line in words for line in lines_of(cell.source.replace(". ", ".\n")))
    assert "Model answer" not in deck


def test_editions_differ_in_their_answers_alone(lesson):
    full = [cell for cell in instructor(lesson).cells if kind(cell) != MODEL]
    pairs = list(zip(student(lesson).cells, full, strict=True))
    assert [one["id"] for one, _ in pairs] == [two["id"] for _, two in pairs]
    assert all(one == two for one, two in pairs if kind(two) != SOLUTION)


def test_links_lead_to_the_chapters_in_the_book_and_are_words_outside(lesson):
    links = [
        match
        for cell in student(lesson, chapters="../../chapters").cells
        for match in re.findall(r"\]\(([^)]+)\)", cell.source)
    ]
    assert links and all(
        link.startswith("../../chapters/") for link in links if link.endswith(".ipynb")
    )
    assert not any(".ipynb)" in cell.source for cell in student(lesson).cells)


def test_a_stub_keeps_the_head_and_the_description_of_a_function():
    solution = (
        'def area(radius, share=0.5):\n    """Area in mm²."""\n    return 3 * radius**2 *'
        " share\nunasked = 1"
    )
    assert (
        stub(solution, "check.area(area)")
        == '# Your answer here.\ndef area(radius, share=0.5):\n    """Area in mm²."""\n    ...'
    )
    assert stub("a = 1\nb, c = 2, 3", "check.sums(a, c)") == "# Your answer here.\na = ...\nc = ..."


def test_a_check_that_does_not_look_at_the_answer_is_refused():
    with pytest.raises(Sim2RealError, match="uses nothing that its solution defines"):
        stub("answer = 1", "check.something(else_)")
