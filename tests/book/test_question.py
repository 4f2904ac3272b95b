"""The question which slice is real, in real Chromium: by keyboard, with the truth after each answer
and the scores at the end."""

from pathlib import Path

import numpy as np
import pytest

from sim2real.realism.question import Shown, asked_html

STATIC = Path(__file__).resolve().parents[2] / "book" / "_static"
SETS = [
    *("real_A_test", "simulated", "real_B_test", "sim2real_A", "sim2real_B", "real_A_test"),
    *("real_B_test", "sim2real_B", "simulated", "sim2real_A", "real_A_test", "real_B_test"),
]
CALLED = [name != "simulated" for name in SETS]
"""By the classifier: right of all but the four translated."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, bare_page) -> Path:
    """``page.html``, and ``wrong.html`` whose script takes any answer for right."""
    folder = tmp_path_factory.mktemp("question")
    script = (STATIC / "question.js").read_text(encoding="utf-8")
    counted = "answer === given.real[k]).length"
    assert counted in script
    shown = [Shown(name, f"s{k}", np.full((24, 32), k / 12)) for k, name in enumerate(SETS)]
    body = asked_html(shown, CALLED, True, "q")
    for name, text in (("page", script), ("wrong", script.replace(counted, "true).length"))):
        (folder / f"{name}.html").write_text(bare_page("Question", body, text), encoding="utf-8")
    return folder


def answer_all(page, answers: list[bool]) -> list[tuple[str, str]]:
    """Answer by keys alone, from the head of the page to the scores: the description of each
    picture, and what was said after its answer."""
    heard = []
    for answer in answers:
        for _ in range(1 if answer else 2):
            page.keyboard.press("Tab")
        description = page.locator(".question-asked img").get_attribute("alt")
        page.keyboard.press("Enter")
        heard.append((description, page.locator(".question-said").inner_text()))
        page.keyboard.press("Enter")  # next
    return heard


def scores(page) -> list[str]:
    texts = (page.locator(f".question-{name}").inner_text() for name in ("text", "said"))
    return [text.replace("“from the cohort”", "so") for text in texts]


def test_the_truth_is_told_after_each_answer_and_not_before(page):
    heard = answer_all(page, [True] * 12)
    assert [description for description, _ in heard] == [
        f"Short-axis slice {k + 1}" for k in range(12)
    ]
    assert [said.partition(":")[0] for _, said in heard] == [
        "Right" if name.startswith("real") else "Wrong" for name in SETS
    ]
    assert heard[2][1] == "Right: from the cohort, vendor B."
    assert heard[3][1] == "Wrong: simulated and translated to vendor A."


def test_the_scores_of_reader_and_classifier_stand_at_the_end(page):
    """Wrong of the first, and of the second translated slice."""
    answers = [name.startswith("real") for name in SETS]
    answers[0], answers[4] = False, True
    answer_all(page, answers)
    assert scores(page) == [
        "You: 10 of 12 right; translated slices called so: 1 of 4.",
        "Classifier: 8 of 12 right; translated slices called so: 4 of 4.",
    ]
    rows = page.locator(".question-answers li").all_inner_texts()
    assert rows[0] == "from the cohort, vendor A; classifier: from the cohort; you: not"
    assert rows[4].endswith("; you: from the cohort")
    assert page.locator(".question-still img").last.is_visible()
    assert page.get_by_role("button").count() == 0


def test_a_script_that_miscounts_is_seen(tab, folder):
    page = tab(folder / "wrong.html")
    answer_all(page, [False] * 12)
    assert scores(page)[0] != "You: 6 of 12 right; translated slices called so: 0 of 4."
    page.close()


def test_an_answer_is_given_once_and_its_result_is_announced(page):
    assert page.locator(".question-said").get_attribute("aria-live") == "polite"
    assert not page.locator(".question-still").is_visible()
    page.get_by_role("button", name="not").click()
    assert page.get_by_role("button", name="not").is_disabled()
    assert page.get_by_role("button", name="next").evaluate("it => it === document.activeElement")
    page.get_by_role("button", name="next").click()
    assert page.locator(".question-text").inner_text() == "Slice 2 of 12. Is it from the cohort?"
    assert page.locator(".question-said").inner_text() == ""


@pytest.mark.parametrize("way", ["without scripts", "in print"])
def test_all_slices_stand_there_without_scripts_and_in_print(tab, folder, way):
    page = tab(folder / "page.html", scripts=way == "in print")
    if way == "in print":
        page.emulate_media(media="print")
    pictures = page.locator(".question-still img")
    assert pictures.count() == 12 and all(picture.is_visible() for picture in pictures.all())
    assert not page.locator(".question-asked").is_visible()
    assert page.locator("summary").is_visible()
    assert not page.locator(".question-answers ol").is_visible()  # until it is unfolded
    page.emulate_media(media="screen")
    page.close()


@pytest.mark.parametrize("answered", [0, 1, 12])
def test_the_question_is_open_to_all_readers_and_keeps_within_a_narrow_screen(
    tab, folder, axe, looking, answered
):
    page = tab(folder / "page.html")
    answer_all(page, [True] * answered)
    facts = looking.look(page, axe)
    assert facts.light == facts.dark == facts.sideways == facts.unbacked == []
    page.close()
