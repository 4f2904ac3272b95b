"""The book of a run, and the book of record, built strictly."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml
from nbconvert import HTMLExporter

from sim2real.course.lessons import read_lessons
from sim2real.data import Sim2RealError
from sim2real.paper.book import check_outputs, contents_with, copy_chapters, has_study
from sim2real.paper.chapters import CHAPTERS
from sim2real.paper.reference import reference_page

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def html(project, tiny_run) -> Path:
    result = project.sim2real("book", "--run", "tiny")
    assert result.returncode == 0, result.stderr
    assert "_build/html/index.html" in result.stdout
    return project.path / "_build" / "html"


def test_every_chapter_has_a_page_with_its_figures(html):
    for name in (chapter.name for chapter in CHAPTERS):
        page = (html / "book" / "chapters" / f"{name}.html").read_text(encoding="utf-8")
        for picture in re.findall(r'<img[^>]+src="(?!data:)([^"]+)"', page):
            assert (html / "book" / "chapters" / picture).resolve().is_file(), picture


def test_every_picture_has_a_description(html):
    for path in html.rglob("*.html"):
        for tag in re.findall(r"<img[^>]+>", path.read_text(encoding="utf-8")):
            alt = re.search(r'alt="([^"]*)"', tag)
            assert alt and not alt[1].startswith("../"), f"{path.name}: {tag[:160]}"


def test_no_solution_of_the_course_is_in_the_book(html):
    cells = [
        exercise.solution.source for lesson in read_lessons(ROOT) for exercise in lesson.exercises
    ]
    solutions = [
        max((line for line in cell.splitlines() if '"""' not in line), key=len) for cell in cells
    ]  # descriptions stand in the stubs
    solutions += [
        max(exercise.model.source.split(". "), key=len)
        for lesson in read_lessons(ROOT)
        for exercise in lesson.exercises
        if exercise.model
    ]
    pages = [path for path in (html / "_sources" / "book" / "course").rglob("*") if path.is_file()]
    assert len(pages) == len(CHAPTERS)
    for path in [*pages, html / "searchindex.js"]:
        text = path.read_text(encoding="utf-8")
        assert not any(
            json.dumps(line, ensure_ascii=ascii)[1:-1] in text
            for line in solutions
            for ascii in (True, False)
        ), path.name


def test_no_number_is_left_unresolved(html):
    for path in (html / "book").rglob("*.html"):
        text = re.sub(
            r"<(script|style|code|pre|svg).*?</\1>",
            "",
            path.read_text(encoding="utf-8"),
            flags=re.DOTALL,
        )
        assert not re.search(r"glue:|\{\{ \w", text), path.name


def test_stand_ins_are_named_where_results_rest_on_them(html):
    for name in ("03_real_cohort", "04_translation", "05_realism", "06_segmentation", "07_verdict"):
        assert "standing in for M&amp;Ms" in (
            html / "book" / "chapters" / f"{name}.html"
        ).read_text(encoding="utf-8")
    for page in [
        *html.glob("book/chapters/*_train_*.html"),
        *html.glob("book/chapters/*_plan_*.html"),
    ]:
        text = page.read_text(encoding="utf-8")
        assert "standing in for M&amp;Ms" in text and "standing in for XCAT" in text, page.name
    assert "standing in for XCAT" in (
        html / "book" / "chapters" / "01_virtual_population.html"
    ).read_text(encoding="utf-8")


def test_a_second_build_does_nothing(project, html):
    before = {path: path.stat().st_mtime_ns for path in html.rglob("*.html")}
    assert project.sim2real("book", "--run", "tiny").returncode == 0
    assert before == {path: path.stat().st_mtime_ns for path in html.rglob("*.html")}


def test_a_notebook_with_an_error_is_not_published(tiny_run, tmp_path):
    notebook = nbformat.read(tiny_run / "chapters" / "01_virtual_population.ipynb", as_version=4)
    check_outputs(tiny_run / "chapters" / "01_virtual_population.ipynb")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[2].outputs = [
        nbformat.v4.new_output("error", ename="ValueError", evalue="x", traceback=[])
    ]
    nbformat.write(notebook, tmp_path / "broken.ipynb")
    with pytest.raises(Sim2RealError, match="holds an error"):
        check_outputs(tmp_path / "broken.ipynb")


def test_the_page_of_parameters_is_the_generated_one():
    assert (ROOT / "book" / "parameters.md").read_text(encoding="utf-8") == reference_page() + "\n"


def test_a_bare_checkout_renders_the_record_strictly(record):
    assert record.returncode == 0, record.output
    assert (record.html / "index.html").is_file()


def differing(first: Path, second: Path) -> list[str]:
    """Files of two folders that are not the same to the byte, and those that one of them lacks."""
    names = {
        str(path.relative_to(folder))
        for folder in (first, second)
        for path in folder.rglob("*")
        if path.is_file()
    }
    same = [
        name
        for name in names
        if (first / name).is_file()
        and (second / name).is_file()
        and (first / name).read_bytes() == (second / name).read_bytes()
    ]
    return sorted(names - set(same))


def test_two_clean_builds_are_the_same_to_the_byte(record, build_bare, tmp_path):
    again = build_bare(tmp_path)
    assert differing(record.html, again.html) == []
    (again.html / "book" / "guide.html").write_text("another")
    assert differing(record.html, again.html) == ["book/guide.html"]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed here")
def test_pages_load_in_chromium(html, tmp_path):
    command = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-sync",
        f"--user-data-dir={tmp_path}",
        "--virtual-time-budget=5000",
        "--dump-dom",
    ]
    for name, heading in (
        ("book/index", "sim2real"),
        ("book/chapters/06_segmentation", "Segmentation"),
    ):
        result = subprocess.run(
            [*command, f"file://{html}/{name}.html"], capture_output=True, text=True, timeout=120
        )
        body = result.stdout
        assert heading in re.search(r"<h1>(.*?)</h1>", body, flags=re.DOTALL)[1]


def test_trainings_of_other_seeds_have_their_pages():
    contents = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    names = re.findall(r"book/chapters/(\S+)", contents)
    assert yaml.safe_load(contents_with(contents, names)) == yaml.safe_load(contents)
    others = [name.replace("_0", "_7") if "train_seg" in name else name for name in names]
    changed = contents_with(contents, others)
    assert "segmentation_real_0" not in changed and "segmentation_real_7" in changed


def test_a_run_of_two_minds_is_neither_built_nor_published(tiny_run, fresh_project):
    run = fresh_project.path / "runs" / "tiny"
    shutil.copytree(
        tiny_run,
        run,
        ignore=shutil.ignore_patterns(
            "surrogate", "*.pt", "*.pth", "preprocessed", "structures", "*.nii.gz"
        ),
    )
    parameters = yaml.safe_load((run / "parameters.yaml").read_text())
    parameters["simulation"]["flip_angle_deg"] = 33.0
    (run / "parameters.yaml").write_text(yaml.safe_dump(parameters))
    for command in (("book", "--run", "tiny"), ("pdf", "--run", "tiny"), ("publish", "tiny")):
        code, _, err = fresh_project.here(*command)
        assert code == 1 and "parameters.yaml: is not the one that the provenance names" in err
        assert len(err.strip().splitlines()) == 1
    assert not (fresh_project.path / "book" / ".chapters").exists()


IGNORED = shutil.ignore_patterns("*.nii.gz", "*.pt", "*.pth", "*.b2nd", "*.npz", "surrogate")


@pytest.fixture
def copied(tiny_run, tmp_path):
    """``copied(change)``: names of what the book has of a tiny run after ``change(folder)``."""
    run = tmp_path / "run"
    shutil.copytree(tiny_run, run, ignore=IGNORED)

    def copy(change) -> set[str]:
        change(run)
        copy_chapters(ROOT, run, tmp_path / "book", False)
        return {
            path.relative_to(tmp_path / "book").as_posix()
            for path in (tmp_path / "book").rglob("*")
            if path.is_file()
        }

    return copy


def test_each_picture_is_in_the_book_s_sources_once_in_its_notebook(copied):
    names = copied(lambda run: None)
    assert "05_realism/figures/fig3.csv" in names and "05_realism.ipynb" in names
    assert not any(name.endswith((".png", ".svg", "manifest.csv")) for name in names)


def test_a_training_of_a_seed_that_is_no_longer_asked_for_has_no_page(copied):
    def change(run):
        first = run / "chapters" / "06_train_segmentation_real_0.ipynb"
        shutil.copy(first, first.with_name("06_train_segmentation_real_1.ipynb"))

    names = copied(change)
    assert "06_train_segmentation_real_0.ipynb" in names
    assert "06_train_segmentation_real_1.ipynb" not in names


def test_a_study_that_was_not_executed_has_a_page_that_says_so(copied, tmp_path):
    names = copied(lambda run: (run / "A2_scarcity").mkdir())
    assert "A2_scarcity.md" in names and "A2_scarcity.ipynb" not in names
    page = (tmp_path / "book" / "A2_scarcity.md").read_text(encoding="utf-8")
    assert page.startswith("# A2 When real data are scarce\n") and "was not executed" in page


def test_a_study_belongs_to_a_run_while_what_it_read_is_as_it_was(tmp_path):
    def write(name: str, **metadata):
        notebook = nbformat.v4.new_notebook(metadata={"sim2real": metadata})
        nbformat.write(notebook, tmp_path / "chapters" / f"{name}.ipynb")

    (tmp_path / "chapters").mkdir()
    assert not has_study(tmp_path, "A1_translators")
    write("04_translation", makes="one")
    write("A1_translators", reads={"04_translation": "one"})
    assert has_study(tmp_path, "A1_translators")
    write("04_translation", makes="two")
    assert not has_study(tmp_path, "A1_translators")


def test_an_executed_chapter_shows_its_figures_and_numbers_wherever_it_is_opened(tiny_run):
    """nbconvert shows what JupyterLab and code hosts show: the cells' own outputs."""
    for chapter in CHAPTERS:
        path = tiny_run / "chapters" / f"{chapter.name}.ipynb"
        cells = nbformat.read(path, as_version=4).cells
        n_figures = sum("chapter.show(" in cell.source for cell in cells)
        body, _ = HTMLExporter().from_filename(str(path))
        picture = r'<img[^>]+src="data:image/png'
        outputs = [output for cell in cells for output in cell.get("outputs", ())]
        in_html = "".join(o.data.get("text/html", "") for o in outputs if "data" in o)
        n_others = len(re.findall(picture, in_html))  # of the slices that a reader is asked about
        assert len(re.findall(picture, body)) == n_figures + n_others and n_figures > 0
        text = "".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert not re.search(r"\{glue|\{\{ \w", text)
        streams = [o.text for cell in cells for o in cell.get("outputs", ()) if "text" in o]
        assert not any("\r" in stream or "it/s" in stream for stream in streams)
