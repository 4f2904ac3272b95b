"""How values are quoted in prose, and what a notebook that is executed by itself does to a run's
parameters."""

import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.paper.notebook import open_chapter, spoken
from sim2real.paper.parameters import load_parameters
from sim2real.paper.workflow import run_parameters, write_parameters
from sim2real.realism.parameters import RealismParameters


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "not available"),
        (float("nan"), "not available"),
        (0.8684, "0.868"),
        (0.9, "0.9"),
        (-0.0011, "-0.0011"),
        (0.0005, "0.0005"),
        (1.25, "1.25"),
        (60.0, "60"),
        (17.14, "17.1"),
        (7322.3, "7,322"),
        (1500, "1,500"),
        (0.0, "0"),
        (True, "True"),
        ("surrogate", "surrogate"),
    ],
)
def test_a_number_is_quoted_with_the_digits_that_matter(value, text):
    assert spoken(value) == text


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """``notebook(**values)``: what the first cell of chapter 5's notebook does by itself, in the
    run ``tmp_path / "run"``."""
    monkeypatch.delenv("SIM2REAL_WORKFLOW", raising=False)
    monkeypatch.setattr("sim2real.paper.notebook.repository", lambda: tmp_path)
    own = RealismParameters(download_weights=False).model_dump()
    return lambda **values: open_chapter(
        "05_realism", {"run": "run", "preset": "tiny", "seed": 0, **own, **values}
    )


def test_a_folder_that_notebooks_began_has_the_presets_values_and_takes_what_a_notebook_has(
    notebook, tmp_path
):
    notebook(download_weights=True)
    assert run_parameters(tmp_path / "run") == load_parameters(
        "tiny", ["realism.download_weights=true"]
    )
    notebook(seed=4)
    assert run_parameters(tmp_path / "run") == load_parameters(
        "tiny", ["realism.download_weights=false", "seed=4"]
    )


def test_a_run_keeps_its_parameters_when_a_notebook_is_executed_in_it(notebook, tmp_path):
    made = load_parameters("tiny", ["seed=3", "realism.download_weights=false"])
    write_parameters(tmp_path / "run", made)
    before = (tmp_path / "run" / "parameters.yaml").read_bytes()
    with pytest.raises(
        Sim2RealError,
        match=(
            "run was made with seed=3, and the notebook has 0; give it the run's value, or name"
            " another folder"
        ),
    ):
        notebook()
    with pytest.raises(
        Sim2RealError, match="made with realism.download_weights=False, and the notebook has True"
    ):
        notebook(seed=3, download_weights=True)
    notebook(seed=3)
    assert (tmp_path / "run" / "parameters.yaml").read_bytes() == before
