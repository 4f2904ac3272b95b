"""The record as an RO-Crate, read back by the library that others read it with."""

import json
from pathlib import Path

import pytest
from rocrate.rocrate import ROCrate

from sim2real.data import RunFolder, sha256
from sim2real.paper import provenance
from sim2real.paper.crate import write_crate
from sim2real.paper.parameters import load_parameters, write_parameters

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5",
    "https://w3id.org/ro/wfrun/workflow/0.5",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0",
}
SNAKEFILE = Path(__file__).resolve().parents[2] / "workflow" / "Snakefile"


@pytest.fixture
def record(tmp_path):
    """A record of two chapters, and what its run was made with."""
    run = RunFolder(tmp_path / "record")
    run.write_results("05_realism", {"fid": 3.0})
    run.write_results("07_verdict", {"n_claims": 11})
    (run.path / "05_realism.ipynb").write_text("{}")
    parameters = load_parameters("tiny")
    write_parameters(run.path, parameters)
    made = provenance.write_provenance(run, parameters)
    (run.path / provenance.FILE).unlink()
    write_crate(run.path, SNAKEFILE, made)
    return run.path, made


def test_what_the_run_was_made_with_is_read_back_from_the_crate(record):
    folder, made = record
    assert provenance.read_provenance(folder) == made


def test_the_crate_names_workflow_run_and_every_file_as_its_profiles_ask(record):
    folder, made = record
    crate = ROCrate(folder)  # refuses what is no crate
    root, main = crate.root_dataset, crate.mainEntity
    assert {profile.id for profile in root["conformsTo"]} == PROFILES
    for name in ("name", "description", "license", "datePublished"):
        assert root[name]
    assert root["license"].id.startswith("https://spdx.org/")
    assert set(main.type) == {"File", "SoftwareSourceCode", "ComputationalWorkflow"}
    assert main["programmingLanguage"].id.endswith("#snakemake")
    assert (folder / main.id).read_bytes() == SNAKEFILE.read_bytes()
    action = crate.dereference("#run")
    assert action.type == "CreateAction" and root["mentions"] == action
    assert action["instrument"] == main and action["endTime"] == made["date"]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    written = {entity.id for entity in action["result"]}
    assert written == files - {"parameters.yaml", main.id, provenance.CRATE}
    taken = crate.dereference("parameters.yaml")
    assert taken in action["object"] and taken["exampleOfWork"] == main["input"]
    for name in written:
        assert crate.dereference(name)["sha256"] == sha256(folder / name)


def test_every_reference_within_the_crate_has_its_entity(record):
    graph = json.loads((record[0] / provenance.CRATE).read_text())["@graph"]
    known = {entity["@id"] for entity in graph}

    def referred(value):
        if isinstance(value, list):
            return [name for each in value for name in referred(each)]
        return [value["@id"]] if isinstance(value, dict) else []

    names = [name for entity in graph for value in entity.values() for name in referred(value)]
    assert [name for name in names if name not in known and not name.startswith("http")] == []


def test_a_file_changed_lost_or_added_is_told(record):
    folder, _ = record
    n_files, faults = provenance.crate_faults(folder)
    assert n_files == 5 and faults == []
    (folder / "05_realism.ipynb").write_text("{ }")
    (folder / "07_verdict" / "results.json").unlink()
    (folder / "07_verdict" / "other.csv").write_text("a")
    assert provenance.crate_faults(folder)[1] == [
        "07_verdict/results.json: missing",
        "07_verdict/other.csv: ro-crate-metadata.json does not list it",
        "05_realism.ipynb: is not the file that ro-crate-metadata.json lists",
    ]
