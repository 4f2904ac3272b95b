"""All seven chapters on the tiny preset, from the command line."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pandas as pd
import pytest

from sim2real.data import REGIMES, STRUCTURES
from sim2real.paper.chapters import CHAPTERS as DECLARED
from sim2real.paper.chapters import LAST
from sim2real.paper.jobs import targets
from sim2real.paper.parameters import load_parameters, run_parameters, write_parameters
from sim2real.paper.workflow import snakemake_command

CHAPTERS = [chapter.name for chapter in DECLARED]
TRAINED = r"(04|06)_train"


def dry_run(project, *changes) -> set[str]:
    """Names of the notebooks that Snakemake would execute after changes of parameters."""
    parameters, folder = load_parameters("tiny", list(changes)), project.path / "runs" / "tiny"
    before = run_parameters(folder)
    write_parameters(folder, parameters)
    try:
        names = targets(parameters, LAST, [])
        command = snakemake_command(names, "runs/tiny", project.path, cores=1)
        command = [word for word in command if word not in ("--quiet", "all")]
        result = subprocess.run([*command, "--dry-run"], capture_output=True, text=True, check=True)
    finally:
        write_parameters(folder, before)
    return set(re.findall(r"^ +output: chapters/(\w+)\.ipynb", result.stdout, flags=re.MULTILINE))


def test_every_chapter_leaves_an_executed_notebook_and_flat_results(tiny_run):
    for name in CHAPTERS:
        notebook = nbformat.read(tiny_run / "chapters" / f"{name}.ipynb", as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        assert all(cell.execution_count for cell in code)
        assert not any(output.output_type == "error" for cell in code for output in cell.outputs)
        results = json.loads((tiny_run / name / "results.json").read_text())
        assert results["preset"] == "tiny"
        assert not any(isinstance(value, (dict, list)) for value in results.values())


def test_tables_have_the_agreed_columns_and_rows(tiny_run):
    distances = pd.read_csv(tiny_run / "05_realism" / "distances.csv")
    assert list(distances) == [
        "images",
        "reference",
        "features",
        "measure",
        "distance",
        "ci_low",
        "ci_high",
        "n_images",
        "n_reference",
        "corrected",
    ]
    assert set(distances["images"]) == {"simulated", "sim2real_A", "sim2real_B", "real_A", "real_B"}
    assert set(distances["features"]) == {"learned", "texture"}
    cases = pd.read_csv(tiny_run / "06_segmentation" / "cases.csv")
    assert list(cases) == [
        "training",
        "seed",
        "n_real",
        "n_simulated",
        "vendor",
        "subject",
        "phase",
        "structure",
        "dice",
        "hd_mm",
        "empty",
    ]
    # one test subject a vendor, two phases, three structures, four regimes
    assert len(cases) == 2 * 2 * len(STRUCTURES) * len(REGIMES)
    table = pd.read_csv(tiny_run / "06_segmentation" / "table1.csv")
    assert set(table["training"]) == set(REGIMES)
    assert (table.loc[table["training"].isin(["sim2real", "simulated"]), "n_real"] == 0).all()
    assert (table.loc[table["training"] == "real", "n_simulated"] == 0).all()


def test_test_subjects_are_in_no_training_set(tiny_run):
    slices = pd.read_csv(tiny_run / "03_real_cohort" / "slices.csv")
    held_out = set(slices.loc[slices["split"] == "test", "subject"])
    trained = pd.read_csv(next((tiny_run / "06_segmentation" / "nnunet").rglob("cases.csv")))
    assert held_out and not held_out & set(trained["subject"])


def test_no_path_of_the_machine_is_kept(tiny_run):
    for path in [
        *tiny_run.glob("chapters/*.ipynb"),
        *tiny_run.glob("*/results.json"),
        tiny_run / "provenance.json",
    ]:
        assert str(tiny_run.parents[1]) not in path.read_text(encoding="utf-8"), path.name


def test_figures_have_picture_drawing_and_data(tiny_run):
    figures = {path.stem for path in tiny_run.glob("*/figures/*.png")}
    assert {"fig1", "fig2_volumes", "fig2_examples", "fig3"} <= figures
    for path in tiny_run.glob("*/figures/*.png"):
        for suffix in (".svg", ".csv"):
            assert path.with_suffix(suffix).stat().st_size > 0


def test_a_second_run_executes_nothing(project, tiny_run):
    before = {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*.ipynb")}
    result = project.sim2real("run", "--preset", "tiny")
    assert result.returncode == 0 and "everything is up to date" in result.stdout
    assert before == {path: path.stat().st_mtime_ns for path in tiny_run.rglob("*.ipynb")}


def test_a_changed_parameter_makes_its_chapter_and_what_follows_stale(project, tiny_run):
    assert dry_run(project) == set()
    assert dry_run(project, "verdict.dice_tolerance=0.1") == {"07_verdict"}
    late = dry_run(project, "segmentation.learning_rate=0.001")
    assert "06_train_segmentation_real_0" in late and "07_verdict" in late
    assert not late & {"01_virtual_population", "04_translation", "05_realism"}
    early = dry_run(project, "simulation.flip_angle_deg=45")
    assert (
        "02_mr_simulation" in early
        and "04_train_translation_A" in early
        and "01_virtual_population" not in early
    )


def test_a_failing_cell_is_named_and_finished_chapters_stay(fresh_project, tiny_run):
    other = fresh_project
    shutil.copytree(
        tiny_run, other.path / "runs" / "tiny", ignore=shutil.ignore_patterns("0[2-7]_*")
    )
    path = other.path / "notebooks" / "02_mr_simulation.ipynb"
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    code[2].source = "1 / 0"
    nbformat.write(notebook, path)
    result = other.sim2real("run", "--preset", "tiny", "--until", "2")
    assert result.returncode == 1
    last = result.stderr.strip().splitlines()[-1]
    fault = "notebook 02_mr_simulation.ipynb, cell 4: ZeroDivisionError: division by zero"
    assert last == f"sim2real: {fault}"
    assert (other.path / "runs/tiny/chapters/01_virtual_population.ipynb").is_file()
    assert "01_virtual_population" not in result.stderr  # it was not executed again
    assert not (other.path / "runs/tiny/chapters/02_mr_simulation.ipynb").exists()
    assert not list((other.path / "runs/tiny/chapters").glob(".*"))


def papermill(project, notebook: str, *words: str) -> subprocess.CompletedProcess:
    paths = [f"notebooks/{notebook}.ipynb", f"{notebook}.ipynb"]
    command = [sys.executable, "-m", "papermill", *paths, *words]
    return subprocess.run(command, cwd=project.path, capture_output=True, text=True)


def test_chapter_2_by_itself_makes_the_few_subjects_that_its_figures_need(fresh_project):
    result = papermill(fresh_project, "02_mr_simulation", "-p", "flip_angle_deg", "30")
    assert result.returncode == 0, result.stderr[-2000:]
    results = fresh_project.path / "runs/notebook/02_mr_simulation/results.json"
    assert json.loads(results.read_text())["flip_angle_deg"] == 30
    page = (fresh_project.path / "02_mr_simulation.ipynb").read_text()
    assert "by itself, this notebook makes 2 subjects" in page and page.count('"image/png"') == 2
    assert "flip_angle_deg: 30" in page  # its numbers, below the figure


@pytest.mark.parametrize("job", ["02_mr_simulation"])
def test_a_misspelt_parameter_of_plain_papermill_is_refused(project, job, tmp_path):
    words = [f"notebooks/{job}.ipynb", str(tmp_path / "out.ipynb"), "-p", "flip_angel_deg", "30"]
    result = subprocess.run(
        [sys.executable, "-m", "papermill", *words],
        cwd=project.path,
        capture_output=True,
        text=True,
    )
    assert result.returncode != 0
    assert "did you mean simulation.flip_angle_deg?" in result.stderr
