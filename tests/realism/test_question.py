"""Twelve slices drawn from sets made by hand, a classifier that must not know them, and a page that
gives nothing away."""

import ast
import base64
import io
import json
import re
from collections import Counter
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from sim2real.data import Sim2RealError
from sim2real.paper.licence import withhold
from sim2real.realism import SliceSet
from sim2real.realism.question import SHOWN_PX, asked_html, called_real, drawn, middle

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "05_realism.ipynb"
GRAIN = {"real_A": 0.03, "real_B": 0.05, "simulated": 0.2, "sim2real_A": 0.25, "sim2real_B": 0.3}
MADE = ("simulated", "sim2real_A", "sim2real_B")


@pytest.fixture
def sets() -> dict[str, SliceSet]:
    """Nine virtual subjects, seven training and four test subjects of each vendor, four slices of
    16 x 22 pixels each; sets differ in their grain."""
    rng, sets = np.random.default_rng(0), {}
    for name, grain in GRAIN.items():
        people = [("", 9, "v")] if name in MADE else [("", 7, name), ("_test", 4, f"{name}_test")]
        for suffix, n, person in people:
            images = rng.normal(0.5, grain, (4 * n, 16, 22))
            subjects = np.repeat([f"{person}{k}" for k in range(n)], 4)
            sets[name + suffix] = SliceSet(np.clip(images, 0, 1), subjects)
    return sets


def test_half_are_of_test_subjects_and_the_rest_of_different_virtual_ones(sets):
    shown = drawn(sets, 0)
    assert Counter(each.set_name for each in shown) == {
        "real_A_test": 3,
        "real_B_test": 3,
        **dict.fromkeys(MADE, 2),
    }
    assert len({each.subject for each in shown}) == 12
    for each in shown:
        part = sets[each.set_name]
        assert (part.values[part.subjects == each.subject] == each.image).all((1, 2)).any()


def test_the_seed_decides_which_and_in_what_order(sets):
    first, again, other = (
        [(each.set_name, each.subject) for each in drawn(sets, seed)] for seed in (0, 0, 1)
    )
    assert first == again != other
    truths = {tuple(each.is_real for each in drawn(sets, seed)) for seed in range(5)}
    assert len(truths) == 5


def test_of_one_vendor_without_test_subjects_training_subjects_are_shown(sets):
    alone = {name: sets[name] for name in ("simulated", "sim2real_A", "real_A")}
    names = Counter(each.set_name for each in drawn(alone, 0))
    assert names == {"real_A": 6, "simulated": 3, "sim2real_A": 3}


def test_what_differs_is_told_apart_and_exchanged_sets_are_seen(sets):
    shown = drawn(sets, 0)
    truth = [each.is_real for each in shown]
    assert called_real(sets, shown, 0) == truth
    exchanged = {**sets, "real_A": sets["sim2real_A"], "sim2real_A": sets["real_A"]}
    exchanged |= {"real_B": sets["simulated"], "simulated": sets["real_B"]}
    assert sum(np.equal(called_real(exchanged, shown, 0), truth)) < 4


@pytest.mark.parametrize("with_tests", [True, False])
def test_no_subject_that_is_shown_teaches(sets, with_tests):
    """Images that hold NaN are refused: nobody looks at them here."""
    if not with_tests:
        sets = {name: part for name, part in sets.items() if "test" not in name}
    shown = drawn(sets, 0)
    asked = {each.subject for each in shown}

    def spoiled(is_spoiled):
        return {
            name: SliceSet(
                np.where(is_spoiled(part.subjects)[:, None, None], np.nan, part.values),
                part.subjects,
            )
            for name, part in sets.items()
        }

    assert len(called_real(spoiled(lambda names: np.isin(names, list(asked))), shown, 0)) == 12
    with pytest.raises(Sim2RealError):
        called_real(spoiled(lambda names: ~np.isin(names, list(asked))), shown, 0)


def test_without_other_subjects_there_is_no_classifier(sets):
    few = {
        name: SliceSet(part.values[:8], part.subjects[:8])
        for name, part in sets.items()
        if "test" not in name
    }
    shown = drawn(few, 0)
    assert called_real(few, shown, 0) is None
    assert "no other subjects" in asked_html(shown, None, True, "q")


def pictures_of(page: str) -> list[np.ndarray]:
    coded = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in coded]


def test_the_pictures_are_the_slices_and_their_descriptions_are_silent(sets):
    shown = drawn(sets, 0)
    page = asked_html(shown, None, True, "q")
    for picture, each in zip(pictures_of(page), shown, strict=True):
        assert picture.dtype == np.uint8
        np.testing.assert_allclose(picture / 255, each.image, atol=0.002)
    descriptions = re.findall(r'<img alt="([^"]+)"', page)
    assert descriptions == [f"Short-axis slice {k}" for k in range(1, 13)]


def test_the_folded_answers_are_right_and_count_the_classifier_s(sets):
    shown = drawn(sets, 3)
    called = [each.is_real for each in shown]
    called[2], called[7] = not called[2], not called[7]
    page = asked_html(shown, called, True, "q")
    folded = page.partition("<details")[2]
    rows = re.findall(r"<li>(.*?); classifier: (.*?)</li>", folded)
    assert "Classifier: 10 of 12 right." in folded and " open" not in folded.partition(">")[0]
    words = {"real_A_test": "from the cohort, vendor A", "real_B_test": "from the cohort, vendor B"}
    words |= {"simulated": "simulated, not translated"}
    words |= {f"sim2real_{v}": f"simulated and translated to vendor {v}" for v in "AB"}
    assert [truth for truth, _ in rows] == [words[each.set_name] for each in shown]
    assert [word == "from the cohort" for _, word in rows] == called


@pytest.mark.parametrize(
    ("is_surrogate", "asked"), [(True, "Is it from the cohort?"), (False, "Is it real?")]
)
def test_a_stand_in_is_not_called_real(sets, is_surrogate, asked):
    page = asked_html(drawn(sets, 0), None, is_surrogate, "q")
    given = json.loads(re.search(r'json">(.*?)</script>', page)[1])
    assert given["question"] == asked
    assert ("real" in " ".join([given["yes"], *given["truth"]])) != is_surrogate


def test_slices_larger_than_what_is_shown_are_cut_about_their_middle():
    slices = np.zeros((2, 130, 100))
    slices[1, 65, 50] = 1
    cut = middle(slices)
    assert cut.shape == (2, SHOWN_PX, 100)
    assert cut[1, SHOWN_PX // 2, 50] == 1 and cut.sum() == 1


@pytest.mark.parametrize("kept_back", [{"real": "M&Ms"}, {"anatomy": "XCAT"}])
def test_pictures_under_a_licence_are_withheld(sets, kept_back):
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    (source,) = (cell.source for cell in cells if "question_html" in cell.source)
    kinds = next(
        ast.literal_eval(word.value)
        for word in ast.walk(ast.parse(source))
        if isinstance(word, ast.keyword) and word.arg == "pictures"
    )
    output = nbformat.v4.new_output(
        "display_data",
        data={"text/html": asked_html(drawn(sets, 0), None, False, "q")},
        metadata={"sim2real": {"name": "q", "pictures": list(kinds)}},
    )
    cell = nbformat.v4.new_code_cell("", outputs=[output])
    content = nbformat.v4.new_notebook(cells=[cell])
    withhold(content, kept_back)
    left = json.dumps(content.cells[0].outputs)
    assert "Not shown" in left and "base64" not in left and "vendor" not in left
