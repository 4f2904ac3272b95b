"""A sweep from the command line: what runs share is executed once, what is there is not executed again.

The chapters are stood in for by notebooks of a few lines that note each execution; ``make soak`` sweeps the real ones.
"""

import json
import os

import nbformat
import pytest

PARAMETERS = {"01_virtual_population": "n_subjects = 0", "02_mr_simulation": "flip_angle_deg = 0", "02_contrast": "flip_angle_deg = 0"}
WORK = """
import json, pathlib
def results(chapter):
    return pathlib.Path(run, chapter, "results.json")
fails = pathlib.Path("fails_at")
assert NAME != "02_mr_simulation" or not fails.exists() or float(fails.read_text()) != flip_angle_deg
values = {"seed": seed, "source": "a stand-in"}
if NAME == "01_virtual_population":
    values["volume"] = 100 * n_subjects + seed
else:
    values["signal"] = json.loads(results("01_virtual_population").read_text())["volume"] + flip_angle_deg
if NAME != "02_contrast":
    results(NAME).parent.mkdir(exist_ok=True)
    results(NAME).write_text(json.dumps(values))
with open("executions.txt", "a") as file:
    print(NAME, run, file=file)
"""


@pytest.fixture
def stand_in(fresh_project):
    """A project whose first two chapters take a second each."""
    for name, own in PARAMETERS.items():
        cells = [nbformat.v4.new_code_cell(f'run, preset, seed = "", "", 0\n{own}', metadata={"tags": ["parameters"]}),
                 nbformat.v4.new_code_cell(f'NAME = "{name}"\n{WORK}')]  # fmt: skip
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), fresh_project.path / "notebooks" / f"{name}.ipynb")
    return fresh_project


def executions(project) -> list[str]:
    return sorted(line.split()[0] for line in (project.path / "executions.txt").read_text().splitlines())


def test_what_is_shared_is_executed_once_and_nothing_twice(stand_in):
    words = ["sweep", "--preset", "tiny", "--until", "2", "--set", "population.n_subjects=4", "--cores", "1", "--set"]
    folder = stand_in.path / "runs" / "tiny-sweep"
    (stand_in.path / "fails_at").write_text("45")
    failed = stand_in.sim2real(*words, "simulation.flip_angle_deg=30,45")
    assert failed.returncode == 1 and "02_mr_simulation.ipynb, cell 3: AssertionError" in failed.stderr.strip().splitlines()[-1]
    assert "2 runs, 3 executions of a chapter where they would take 4 one by one" in failed.stdout
    assert not (folder / "sweep.html").exists()

    (stand_in.path / "fails_at").unlink()
    assert stand_in.sim2real(*words, "simulation.flip_angle_deg=30,45").returncode == 0  # goes on where it stopped
    assert executions(stand_in) == ["01_virtual_population", "02_contrast", "02_contrast", "02_mr_simulation", "02_mr_simulation"]
    before = {path: path.stat().st_mtime_ns for path in folder.glob("*/chapters/*.ipynb")}

    grown = stand_in.sim2real(*words, "simulation.flip_angle_deg=60,45,30")
    assert grown.returncode == 0 and "2 notebooks executed" in grown.stdout
    assert executions(stand_in).count("02_mr_simulation") == 3 and executions(stand_in).count("01_virtual_population") == 1
    assert len(before) == 7 and before == {path: path.stat().st_mtime_ns for path in before}  # five, two of them seen through links
    rows = (folder / "responses.csv").read_text().splitlines()[1:]
    assert [row.split(",")[1:4] for row in rows] == [["signal", angle, f"{400 + int(angle)}"] for angle in ("60", "45", "30")]
    assert "signal" in (folder / "sweep.html").read_text()

    code, _, err = stand_in.here("run", "--preset", "tiny", "--run", "tiny-sweep")
    assert code == 1 and "a sweep lies here" in err


@pytest.mark.parametrize(
    "words, told",
    [
        (["--set", "simulation.flip_angel_deg=30,45"], "did you mean simulation.flip_angle_deg?"),
        (["--seeds", "2", "--run", "../elsewhere"], "plain name"),
        (["--seeds", "2", "--profile", "slrum"], "--profile slrum: no such profile; there are "),
        (["--set", "cohort.mnms_root=/nowhere/at/all,/nowhere/else"], "no such folder"),
        (["--set", "cohort.n_slices=8,4"], "cohort.n_slices=8: population.stack=middle holds 6 slices"),
        (["--set", "verdict.dice_tolerance=2024-13-45,1"], "the values cannot be read"),
    ],
)
def test_bad_input_is_told_in_one_line_before_anything_starts(fresh_project, words, told):
    code, _, err = fresh_project.here("sweep", "--preset", "tiny", *words)
    assert code == 1 and err.count("\n") == 1 and told in err
    assert not list(fresh_project.path.rglob("runs/*/*/chapters/*.ipynb"))


@pytest.mark.skipif("SIM2REAL_SWEEP" not in os.environ, reason="a sweep of the real chapters takes minutes: make soak")
def test_a_run_of_a_sweep_has_the_results_of_the_same_run_made_alone(fresh_project):
    assert fresh_project.sim2real("sweep", "--preset", "tiny", "--set", "verdict.near_margin=0.05,0.06").returncode == 0
    assert fresh_project.sim2real("run", "--preset", "tiny", "--set", "verdict.near_margin=0.05").returncode == 0
    swept = fresh_project.path / "runs" / "tiny-sweep"
    folder = swept / (swept / "sweep.csv").read_text().splitlines()[1].split(",")[-1]
    for path in (fresh_project.path / "runs" / "tiny").glob("0*/results.json"):
        assert json.loads(path.read_text()) == json.loads((folder / path.parent.name / "results.json").read_text())
