"""The course in a folder: three editions, slides that need no network, nobody's answers
overwritten, and pages of the book with what their cells show."""

import base64
import io
import re
import shutil
import subprocess

import nbformat
import numpy as np
import pytest
from PIL import Image

from sim2real.course import write_pages
from sim2real.course.build import PAGES, as_text, page
from sim2real.course.editions import ANSWER, instructor
from sim2real.course.lessons import CHECK, SOLUTION, kind, read_lesson
from sim2real.course.shown import executed, own_outputs, with_outputs
from sim2real.course.slides import slides
from sim2real.paper.chapters import CHAPTERS as DECLARED
from sim2real.paper.cli import main

CHAPTERS = [chapter.name for chapter in DECLARED]


@pytest.fixture(scope="module")
def course(tmp_path_factory, request):
    folder = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(request.config.rootpath)
        assert main(["course", str(folder)]) == 0
    return folder


def test_every_lesson_is_there_three_times(course):
    for name in CHAPTERS:
        for edition in ("student", "instructor"):
            nbformat.validate(nbformat.read(course / edition / f"{name}.ipynb", as_version=4))
        assert (course / "slides" / f"{name}.html").is_file()


def test_slides_name_no_address_and_every_file_they_load_lies_beside_them(course):
    for name in CHAPTERS:
        html = (course / "slides" / f"{name}.html").read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|link|img)[^>]*?(?:src|href)="(?!data:)([^"]+)"', html)
        assert len(loaded) == 4 and "assets/reveal/reveal.js" in loaded
        for address in loaded:
            assert (course / "slides" / address).is_file(), address
        assert (
            not re.search(r"""(src|href)=["']?(https?:)?//""", html)
            and "import(" not in html
            and "require(" not in html
        )


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed here")
def test_slides_open_in_a_browser_without_a_network(course, tmp_path):
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=8000",
        "--dump-dom",
    ]
    address = f"file://{course}/slides/01_virtual_population.html#/5"
    page = subprocess.run([*command, address], capture_output=True, text=True, timeout=120).stdout
    assert re.search(r'<main class="reveal[^"]* ready', page), "reveal.js has not started"
    assert "mjx-container" in page, "formulas were not set"
    shown = re.findall(r'<section[^>]*class="[^"]*present[^"]*"[^>]*>', page)
    assert shown and "A wall that thickens" in page[page.index(shown[-1]) :][:2000]


def test_slides_hold_the_lesson_without_answers_and_checks(course, lesson):
    html = (course / "slides" / f"{lesson.name}.html").read_text(encoding="utf-8")
    headings = [
        line
        for cell in lesson.notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()[:1]
        if line[0] == "#"
    ]
    assert len(re.findall(r"<h[123]", html)) == len(headings)
    assert "Your answer here" not in html and "check.<" not in html and "# Solution" not in html


def test_the_kinds_of_cells_that_slides_leave_out_are_those_of_the_editions(lesson):
    edition = instructor(lesson)
    for cell in edition.cells:
        if kind(cell) in (SOLUTION, CHECK):
            cell.source = "planted_in_an_answer = 1"
    edition.cells.append(
        nbformat.v4.new_code_cell("planted_in_a_stub = 1", metadata={"tags": [ANSWER]})
    )
    assert "planted" not in slides(edition, "A lesson")


def test_a_notebook_that_someone_has_worked_in_is_not_overwritten(
    course, monkeypatch, request, capsys
):
    monkeypatch.chdir(request.config.rootpath)
    path = course / "student" / "01_virtual_population.ipynb"
    before = path.read_text(encoding="utf-8")
    assert main(["course", str(course)]) == 0 and path.read_text(encoding="utf-8") == before
    path.write_text(before.replace("# Your answer here.", "# My answer."), encoding="utf-8")
    assert main(["course", str(course)]) == 1
    told = capsys.readouterr().err
    assert (
        "01_virtual_population.ipynb: is there already and differs" in told
        and told.count("\n") == 1
    )
    path.write_text(before, encoding="utf-8")


def test_a_folder_or_the_books_pages_must_be_asked_for(capsys):
    assert main(["course"]) == 1 and main(["course", "somewhere", "--pages"]) == 1
    assert "expected either a folder" in capsys.readouterr().err


@pytest.fixture
def kept_page(lesson, request):
    """The lesson's page as the book has it."""
    return nbformat.read(request.config.rootpath / PAGES / f"{lesson.name}.ipynb", as_version=4)


def draws(cell) -> bool:
    return cell.cell_type == "code" and bool(re.search(r"\bplt\.\w", cell.source))


def pictures(cell) -> list[str]:
    data = [output.get("data", {}) for output in cell.get("outputs", ())]
    return [shown["image/png"] for shown in data if "image/png" in shown]


def test_the_books_pages_are_the_generated_ones(lesson, kept_page):
    for cell in kept_page.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    assert as_text(kept_page) == as_text(page(lesson))


def test_every_cell_that_draws_has_its_picture_on_the_page_with_a_description(kept_page):
    drawing = [cell for cell in kept_page.cells if draws(cell)]
    assert drawing
    for cell in drawing:
        assert len(pictures(cell)) == 1, cell["id"]
        assert len(cell.metadata["mystnb"]["image"]["alt"]) > 30, cell["id"]
    assert [cell["id"] for cell in kept_page.cells if pictures(cell)] == [c["id"] for c in drawing]


def test_pages_stay_small(request):
    pages = list((request.config.rootpath / PAGES).glob("*.ipynb"))
    assert len(pages) == len(CHAPTERS) and sum(path.stat().st_size for path in pages) < 1_000_000


def test_answers_and_checks_have_no_output_on_the_page(kept_page):
    for cell in kept_page.cells:
        if {ANSWER, CHECK} & set(cell.metadata.get("tags", ())):
            assert cell.outputs == []


def test_an_output_is_kept_for_the_code_that_made_it_alone(lesson, kept_page):
    edition = page(lesson)
    drawing = [k for k, cell in enumerate(edition.cells) if draws(cell)]
    edition.cells[drawing[0]].source += "\nplt.grid()"
    complete = with_outputs(edition, kept_page)
    assert [k for k in drawing if pictures(complete.cells[k])] == drawing[1:]


def test_slides_show_every_picture_of_the_page_and_fold_what_the_page_folds(
    course, lesson, kept_page
):
    html = (course / "slides" / f"{lesson.name}.html").read_text(encoding="utf-8")
    alts = re.findall(r'<img alt="([^"]+)" src="data:image/png;base64,', html)
    drawing = [cell for cell in kept_page.cells if draws(cell)]
    assert alts == [cell.metadata["mystnb"]["image"]["alt"] for cell in drawing]
    folded = [
        cell.metadata["mystnb"]["code_prompt_show"]
        for cell in kept_page.cells
        if "hide-output" in cell.metadata.get("tags", ())
    ]
    assert re.findall(r"<details><summary>([^<]+)</summary>", html) == folded


def test_pages_are_written_where_the_book_looks_for_them(request, tmp_path):
    sources = tmp_path / "book" / "course"
    sources.mkdir(parents=True)
    name = "06_segmentation.ipynb"  # which takes a second
    shutil.copy(request.config.rootpath / "book" / "course" / name, sources)
    assert write_pages(tmp_path) == [tmp_path / PAGES / name]
    cells = nbformat.read(tmp_path / PAGES / name, as_version=4).cells
    assert all(len(pictures(cell)) == draws(cell) for cell in cells)


@pytest.mark.slow
def test_pages_show_what_their_cells_give_now(lesson, kept_page):
    """Printed lines to the letter; pictures in their size and on average to a few grey levels,
    since letters are drawn in other fonts elsewhere."""
    now = {cell["id"]: cell for cell in own_outputs(lesson).cells}
    for cell in kept_page.cells:
        if cell["id"] in now:
            one, two = ([o.get("text") for o in c.outputs] for c in (cell, now[cell["id"]]))
            assert one == two, cell["id"]
            for first, second in zip(pictures(cell), pictures(now[cell["id"]]), strict=True):
                grey = [_grey(png) for png in (first, second)]
                assert np.abs(grey[0] - grey[1]).mean() < 6, cell["id"]


def _grey(png: str) -> np.ndarray:
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("L")
    return np.asarray(picture.resize((64, 48)), float)


@pytest.mark.slow
def test_an_instructors_lesson_runs_in_a_kernel_and_shows_its_outputs(request):
    source = request.config.rootpath / "book" / "course" / "06_segmentation.ipynb"
    done = executed(instructor(read_lesson(source)), "06_segmentation")
    checks = [cell for cell in done.cells if kind(cell) == CHECK]
    assert checks and all(cell.outputs[0]["text"].startswith("Right. ") for cell in checks)
    assert "data:image/png" in slides(done, "Lesson 6")
