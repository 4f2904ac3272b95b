"""``sim2real verify RUN --rerun`` executes what the run holds, studies of the appendix included."""

import pytest

from sim2real.data import Sim2RealError, repository
from sim2real.paper import workflow
from sim2real.paper.chapters import STUDIES
from sim2real.paper.cli import main
from sim2real.paper.parameters import run_parameters
from sim2real.paper.provenance import is_whole


def test_the_record_is_executed_again_with_the_studies_it_holds(monkeypatch, capsys):
    asked = {}

    def start(parameters, run, root, **more):
        asked.update(parameters=parameters, run=run, **more)
        raise Sim2RealError("enough")

    monkeypatch.setattr(workflow, "start", start)
    record = repository() / "book" / "chapters"
    if not is_whole(record):
        pytest.skip("no run of record in this checkout")
    assert main(["verify", "record", "--rerun"]) == 1 and "enough" in capsys.readouterr().err
    assert asked["run"] == "runs/record-again" and asked["parameters"] == run_parameters(record)
    assert asked["studies"] == [
        study.name for study in STUDIES if (record / f"{study.name}.ipynb").is_file()
    ]
