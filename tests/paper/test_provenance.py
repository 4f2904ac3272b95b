import json
import re

import pytest

from sim2real.data import RunFolder
from sim2real.paper import provenance
from sim2real.paper.parameters import load_parameters


@pytest.fixture
def made(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "repository", lambda: tmp_path)
    run = RunFolder(tmp_path / "runs" / "tiny")
    run.write_results("05_realism", {"fid": 3.0})
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "deep" / "file").write_text("x")
    parameters = load_parameters("tiny", [f"cohort.mnms_root={tmp_path / 'data'}"])
    return run, parameters, provenance.write_provenance(run, parameters)


def texts(value):
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (str(key), *texts(item))]
    return [str(value)]


def test_no_absolute_path_no_user_and_no_host_name_is_told(made, tmp_path):
    run, _, _ = made
    written = (run.path / "provenance.json").read_text()
    assert str(tmp_path) not in written
    assert not [text for text in texts(json.loads(written)) if re.match(r"(/|~|[A-Za-z]:\\)", text)]


def test_hashes_are_those_of_the_results_and_the_data(made, tmp_path):
    run, parameters, content = made
    assert list(content["results_sha256"]) == ["05_realism"] and set(content["data"]) == {
        "cohort.mnms_root"
    }
    (tmp_path / "data" / "deep" / "file").write_text("other")
    run.write_results("05_realism", {"fid": 4.0})
    again = provenance.write_provenance(run, parameters)
    assert again["results_sha256"] != content["results_sha256"] and again["data"] != content["data"]
    assert again["parameters_sha256"] == content["parameters_sha256"]
    other = provenance.write_provenance(run, load_parameters("tiny"))
    assert (
        other["parameters_sha256"] != content["parameters_sha256"]
        and "stand-ins" in other["data"]["all"]
    )


def test_outside_git_the_commit_is_unknown(tmp_path):
    assert provenance.commit(tmp_path) == "unknown"


def test_table_spreads_what_is_nested_and_shortens_hashes(made):
    table = provenance.provenance_table(made[2]).set_index("what")["value"]
    assert (
        table["preset"] == "tiny"
        and len(table["results_sha256: 05_realism"]) == 16
        and "versions: torch" in table.index
    )
    assert all(isinstance(value, str) for value in table)
