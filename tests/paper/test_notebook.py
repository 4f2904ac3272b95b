"""What a notebook's head checks, and what it shows."""

import pytest

from sim2real.data import Sim2RealError
from sim2real.paper.notebook import open_chapter
from sim2real.paper.parameters import load_parameters, run_parameters, write_parameters
from sim2real.realism import RealismParameters


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """``notebook(name, **values)``: what the first cell of a notebook does by itself, in the run
    ``tmp_path / "run"``."""
    monkeypatch.delenv("SIM2REAL_WORKFLOW", raising=False)
    monkeypatch.setattr("sim2real.paper.notebook.repository", lambda: tmp_path)
    common = {"run": "run", "preset": "tiny", "seed": 0}

    def opened(name: str = "05_realism", **values):
        own = RealismParameters(download_weights=False).model_dump() if name[:2] == "05" else {}
        return open_chapter(name, {**common, **own, **values})

    return opened


def test_a_chapter_by_itself_says_in_one_line_what_to_run_first(notebook):
    with pytest.raises(Sim2RealError) as caught:
        notebook()
    assert "05_realism reads what 03_real_cohort makes" in str(caught.value)
    assert "sim2real run --until 03" in str(caught.value) and "\n" not in str(caught.value)


def test_chapters_1_and_2_need_nothing_and_take_few_subjects(notebook):
    first = notebook("01_virtual_population")
    assert (
        first.alone and notebook("01_virtual_population", n_subjects=40).parameters.n_subjects == 6
    )
    assert notebook("01_virtual_population", n_subjects=3).parameters.n_subjects == 3
    assert notebook("02_mr_simulation", flip_angle_deg=30.0).parameters.flip_angle_deg == 30


def test_an_unknown_parameter_is_refused(notebook):
    with pytest.raises(Sim2RealError, match="did you mean simulation.flip_angle_deg?"):
        notebook("02_mr_simulation", flip_angel_deg=30)


def test_a_run_keeps_its_parameters_when_a_notebook_is_executed_in_it(notebook, tmp_path):
    made = load_parameters("tiny", ["seed=3", "realism.download_weights=false"])
    write_parameters(tmp_path / "run", made)
    for name in ("03_real_cohort", "04_translation"):
        (tmp_path / "run" / "chapters").mkdir(exist_ok=True)
        (tmp_path / "run" / "chapters" / f"{name}.ipynb").touch()
    with pytest.raises(Sim2RealError, match="run was made with seed=3, and the notebook has 0"):
        notebook()
    with pytest.raises(
        Sim2RealError, match="made with realism.download_weights=False, and the notebook has True"
    ):
        notebook(seed=3, download_weights=True)
    opened = notebook(seed=3)
    assert run_parameters(tmp_path / "run") == made == opened.others


def test_a_run_of_an_older_format_is_refused_in_one_line(notebook, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "parameters.yaml").write_text("preset: tiny\nseed: 0\n")
    with pytest.raises(Sim2RealError, match="of format 1, where 'simulated' may mean translated"):
        notebook("02_mr_simulation")
