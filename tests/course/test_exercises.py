"""Every exercise: its judge accepts the solution, refuses wrong answers and empty ones, and gives
nothing away."""

import numbers
import re

import pytest

from sim2real.course.answers import NotYet
from sim2real.course.editions import stub, student
from sim2real.course.lessons import CHECK, LEVELS, kind


@pytest.fixture
def judged(run):
    def judge(exercise, names: dict, answer: str) -> str:
        names = dict(names)
        run(answer, names)
        return run(exercise.check.source, names)

    return judge


def test_every_solution_is_accepted(walked, judged):
    for exercise, names in walked:
        assert judged(exercise, names, exercise.solution.source).startswith("Right. "), (
            exercise.name
        )


def test_every_wrong_answer_is_refused_in_one_line_that_gives_nothing_away(walked, judged, run):
    for exercise, names in walked:
        values = _answers(exercise, names, exercise.solution.source, run)
        for wrong in exercise.wrong:
            with pytest.raises(NotYet) as refused:
                judged(exercise, names, wrong.source)
            message = str(refused.value)
            assert 20 < len(message) < 400 and "\n" not in message, exercise.name
            told = [float(number) for number in re.findall(r"-?\d+\.\d+", message)]
            given = _answers(exercise, names, wrong.source, run)
            told = [
                number
                for number in told
                if not any(abs(value - number) < 0.001 * abs(value) for value in given)
            ]
            assert not any(
                abs(value - number) < 0.005 * abs(value) for value in values for number in told
            ), message


def _answers(exercise, names: dict, answer: str, run) -> list[float]:
    """The numbers, if any, that a cell of answers gives to the names that the judge asks for."""
    after = dict(names)
    run(answer, after)
    asked = set(
        re.findall(r"(\w+) = \.\.\.", stub(exercise.solution.source, exercise.check.source))
    )
    return [float(after[name]) for name in asked if isinstance(after[name], numbers.Real)]


def test_an_empty_answer_is_told_so(walked, judged):
    for exercise, names in walked:
        with pytest.raises(NotYet, match="no answer yet"):
            judged(exercise, names, stub(exercise.solution.source, exercise.check.source))


def test_a_lesson_can_be_read_to_its_end_with_nothing_answered(lesson, run):
    names: dict = {"__name__": "__main__"}
    for cell in student(lesson).cells:
        if cell.cell_type == "code" and kind(cell) != CHECK:
            run(cell.source, names)


def test_three_to_five_exercises_in_three_steps(lesson):
    levels = [exercise.level for exercise in lesson.exercises]
    assert 3 <= len(levels) <= 5 and set(levels) == set(LEVELS)
    assert levels == sorted(levels, key=LEVELS.index)
