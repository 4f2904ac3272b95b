"""What every page of the book gets: the run's badges, once, and no script that asks a server."""

import json
import re
from types import SimpleNamespace

import pytest

from sim2real.paper.badges import NOTES, line_html
from sim2real.paper.pages import _complete, run_badges, with_badges


@pytest.fixture
def chapters(tmp_path):
    """The numbers of a quick run on the surrogate without Inception features."""
    contents = {
        "provenance.json": {
            "preset": "quick",
            "seed": 3,
            "commit": "0123456789 + changes",
            "date": "2026-02-03",
        },
        "03_real_cohort/results.json": {
            "cohort_phrase": "the surrogate cohort, standing in for M&Ms"
        },
        "05_realism/results.json": {"features": "texture"},
    }
    for name, content in contents.items():
        path = tmp_path / "book" / "chapters" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    return tmp_path / "book" / "chapters"


ALL = [
    "preset quick",
    "seed 3",
    "cohort: the surrogate cohort, standing in for M&amp;Ms",
    "features: texture (no FID)",
    "commit 0123456789 + changes",
    "executed 2026-02-03",
]


@pytest.mark.parametrize(
    "page, of_a_run",
    [
        ("book/index", True),
        ("book/chapters/05_realism", True),
        ("book/guide", False),
        ("book/course/student/05_realism", False),
    ],
)
def test_pages_that_show_no_run_have_no_badges(chapters, page, of_a_run):
    context = {"script_files": [], "body": "<h1>Title</h1>"}
    _complete(SimpleNamespace(srcdir=chapters.parents[1]), page, "page.html", context, None)
    assert ('class="badges"' in context["body"]) == of_a_run


def test_a_page_of_prose_gets_the_whole_set_below_its_title(chapters):
    page = with_badges("<h1>Title</h1><p>Text</p>", chapters)
    assert page.index("</h1>") < page.index('class="badges"') < page.index("Text")
    assert all(page.count(f">{text}<") == 1 for text in ALL) and NOTES["quick"] in page


def test_a_chapter_s_own_line_is_completed_and_nothing_stands_twice(chapters):
    own = line_html(
        "quick",
        [
            "preset quick",
            "seed 3",
            "training seed 0",
            "cohort: the surrogate cohort, standing in for M&Ms",
        ],
    )
    page = with_badges(f"<h1>Title</h1>{own}<p>Text</p>", chapters)
    assert (
        page.count('class="badges"') == 1
        and page.count("badge-note") == 1
        and ">training seed 0<" in page
    )
    assert all(page.count(f">{text}<") == 1 for text in ALL)
    assert page.index("executed") < page.index("badge-note")


def test_fid_is_named_only_where_inception_s_features_were_used(chapters):
    (chapters / "05_realism" / "results.json").write_text(
        json.dumps({"features": "inception, texture"})
    )
    assert "features: inception, texture" in run_badges(chapters)[1]


def test_a_run_of_the_paper_s_preset_bears_no_warning_and_any_other_trial_does(chapters):
    made = json.loads((chapters / "provenance.json").read_text())
    for preset in ("paper", "standard", "quick", "tiny"):
        (chapters / "provenance.json").write_text(json.dumps({**made, "preset": preset}))
        assert ("badge-note" in with_badges("<h1>Title</h1>", chapters)) == (preset in NOTES)


def test_without_a_run_pages_stay_as_they_are(tmp_path):
    assert with_badges("<h1>Title</h1>", tmp_path) == "<h1>Title</h1>"


def test_scripts_that_would_ask_a_server_are_left_out(tmp_path):
    scripts = [
        SimpleNamespace(filename="_static/sphinx-thebe.js", attributes={}),
        SimpleNamespace(filename="_static/moving.js", attributes={}),
        SimpleNamespace(filename=None, attributes={"body": 'const THEBE_JS_URL = "https://x"'}),
    ]
    context = {"script_files": scripts, "body": '<h1>B</h1><div role="list" class="citation-list">'}
    _complete(SimpleNamespace(srcdir=tmp_path), "bibliography", "page.html", context, None)
    assert [script.filename for script in context["script_files"]] == ["_static/moving.js"]
    assert 'role="list"' not in context["body"] and context["default_mode"] == "auto"


def test_badges_stand_apart_where_the_books_style_is_not():
    read = re.sub("<[^>]*>", "", line_html("quick", ["preset quick", "seed 0"]))
    assert read.startswith("preset quick, seed 0, a quick run")
