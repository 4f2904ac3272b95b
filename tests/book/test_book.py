"""The book of a run, and the book of record, built strictly."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest
import yaml

from sim2real.course.lessons import read_lessons
from sim2real.data.errors import Sim2RealError
from sim2real.data.labels import REGIMES
from sim2real.data.run import CHAPTERS
from sim2real.paper.book import _copy_chapters, _copy_numbers, check_outputs, contents_with
from sim2real.paper.reference import reference_page

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def html(project, tiny_run) -> Path:
    result = project.sim2real("book", "--run", "tiny")
    assert result.returncode == 0, result.stderr
    assert "_build/html/index.html" in result.stdout
    return project.path / "_build" / "html"


def test_every_chapter_has_a_page_with_its_figures(html):
    for name in CHAPTERS:
        page = (html / "book" / "chapters" / f"{name}.html").read_text(encoding="utf-8")
        for picture in re.findall(r'<img[^>]+src="([^"]+)"', page):
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
    pages = [path for path in (html / "_sources" / "book" / "course").rglob("*") if path.is_file()]
    assert len(pages) == len(CHAPTERS)
    for path in [*pages, html / "searchindex.js"]:
        text = path.read_text(encoding="utf-8")
        assert not any(json.dumps(line)[1:-1] in text for line in solutions), path.name


def test_no_number_is_left_unresolved(html):
    for path in html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert "glue:" not in re.sub(
            r"<(script|style|code|pre).*?</\1>", "", text, flags=re.DOTALL
        ), path.name


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
    named = {f"06_train_segmentation_{regime}_0" for regime in REGIMES}
    assert yaml.safe_load(contents_with(contents, named)) == yaml.safe_load(contents)
    two = contents_with(
        contents,
        {f"06_train_segmentation_{regime}_{seed}" for regime in REGIMES for seed in (1, 7)},
    )
    assert "real_0" not in two and "real_1" in two and "nnU-Net on real images, seed 7" in two


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
        assert code == 1 and "parameters.yaml: is not the one that provenance.json names" in err
        assert len(err.strip().splitlines()) == 1
    assert not (fresh_project.path / "book" / ".chapters").exists()


def test_a_study_that_was_not_finished_leaves_nothing_in_the_book(tiny_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(
        tiny_run,
        run,
        ignore=shutil.ignore_patterns(
            "surrogate", "*.pt", "*.pth", "preprocessed", "structures", "*.nii.gz", "A2*"
        ),
    )
    (run / "A2_scarcity" / "figures").mkdir(parents=True)
    (run / "A2_scarcity" / "figures" / "learning_real_5_0.png").write_bytes(b"")
    shutil.copy(
        run / "chapters" / "06_train_segmentation_real_0.ipynb",
        run / "chapters" / "A2_train_scarcity_5_0.ipynb",
    )
    _copy_chapters(run, tmp_path / "book", {})
    assert [path.name for path in sorted((tmp_path / "book").glob("A2*"))] == ["A2_scarcity.md"]
    assert (tmp_path / "book" / "06_train_segmentation_real_0.ipynb").is_file()


def test_a_training_of_a_seed_that_is_no_longer_asked_for_has_no_page(tiny_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(
        tiny_run,
        run,
        ignore=shutil.ignore_patterns(
            "surrogate", "*.pt", "*.pth", "preprocessed", "structures", "*.nii.gz"
        ),
    )
    shutil.copy(
        run / "chapters" / "06_train_segmentation_real_0.ipynb",
        run / "chapters" / "06_train_segmentation_real_1.ipynb",
    )
    _copy_chapters(run, tmp_path / "book", {})
    assert [path.stem for path in (tmp_path / "book").glob("06_train_segmentation_real_*")] == [
        "06_train_segmentation_real_0"
    ]


def test_figures_of_pages_that_the_book_has_not_are_left_out(tiny_run, tmp_path):
    """A finished study's trainings have no page, and nor has a figure that no page shows."""
    run = tmp_path / "run"
    shutil.copytree(
        tiny_run,
        run,
        ignore=shutil.ignore_patterns(
            "surrogate", "*.pt", "*.pth", "preprocessed", "structures", "*.nii.gz"
        ),
    )
    for chapter, name in (
        ("A2_scarcity", "learning_real_5_0"),
        ("05_realism", "of_an_older_notebook"),
    ):
        (run / chapter / "figures").mkdir(parents=True, exist_ok=True)
        (run / chapter / "figures" / f"{name}.png").write_bytes(b"")
    (run / "A2_scarcity" / "results.json").write_text("{}")
    for name in ("A2_scarcity", "A2_train_scarcity_5_0"):
        shutil.copy(
            run / "chapters" / "06_train_segmentation_real_0.ipynb",
            run / "chapters" / f"{name}.ipynb",
        )
    _copy_chapters(run, tmp_path / "book", {})
    assert [path.name for path in sorted((tmp_path / "book").glob("A2*.*"))] == [
        "A2_scarcity.ipynb"
    ]
    kept = {path.name for path in (tmp_path / "book").glob("*/figures/*.png")}
    assert "fig3.png" in kept and not kept & {"learning_real_5_0.png", "of_an_older_notebook.png"}


def test_a_study_that_was_executed_leaves_what_the_ledger_reads(tmp_path):
    run = tmp_path / "run"
    for path in (
        "A2_scarcity/gains.csv",
        "A2_scarcity/results.json",
        "A1_translators/results.json",
    ):
        (run / path).parent.mkdir(parents=True, exist_ok=True)
        (run / path).write_text("")
    (run / "chapters").mkdir()
    for name in ("06_segmentation", "A2_scarcity"):
        (run / "chapters" / f"{name}.ipynb").touch()
    for name in ("parameters.yaml", "provenance.json"):
        (run / name).write_text("")
    (tmp_path / "book").mkdir()
    _copy_numbers(run, tmp_path / "book")
    assert sorted(path.name for path in (tmp_path / "book").glob("A*/*")) == [
        "gains.csv",
        "results.json",
    ]
    assert not (
        tmp_path / "book" / "A1_translators"
    ).exists()  # not executed: its notebook is not there
