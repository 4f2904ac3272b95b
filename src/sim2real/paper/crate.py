"""The record as an RO-Crate of a workflow's run: what was run, with what, and every file it gave.

After the profiles Workflow RO-Crate 1.0 and Workflow Run Crate 0.5
(https://www.researchobject.org/workflow-run-crate).
"""

import json
import shutil
from pathlib import Path

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from ..data import sha256, write_text
from .parameters import FILE as PARAMETERS
from .provenance import CRATE, MACHINE, SETTINGS, WORKFLOW

_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_TERMS = "https://w3id.org/ro/terms/workflow-run/context"
_MEDIA = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".ipynb": "application/x-ipynb+json",
    ".json": "application/json",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
}


def write_crate(folder: Path, workflow: Path, made: dict) -> None:
    """Write ``ro-crate-metadata.json`` into a folder, for all files that are in it.

    Args:
        folder: of the record, with ``parameters.yaml``; a copy of ``workflow`` is put into it.
        workflow: the Snakefile that was executed.
        made: the run's provenance, ``provenance.write_provenance``.
    """
    shutil.copy(workflow, folder / WORKFLOW)
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(_TERMS)
    files = _add_files(crate, folder)
    main = _add_workflow(crate, folder / WORKFLOW, made)
    files[PARAMETERS]["exampleOfWork"] = main["input"]
    root = crate.root_dataset
    root["mentions"] = _add_run(crate, main, files, made)
    root["name"] = "sim2real: the run that the book shows"
    root["description"] = (
        "Executed notebooks, numbers and tables of a run of the executable companion of"
        " arXiv:2208.04874. Stand-ins for data that cannot be passed on are named as such."
    )
    licence = {"@type": "CreativeWork", "name": "MIT"}
    root["license"] = crate.add(ContextEntity(crate, "https://spdx.org/licenses/MIT", licence))
    root["datePublished"] = made["date"]
    root["conformsTo"] = [
        crate.add(ContextEntity(crate, url, {"@type": "CreativeWork", "name": name}))
        for url, name in _PROFILES.items()
    ]
    content = crate.metadata.generate()
    lines = ",\n".join(json.dumps(entity, sort_keys=True) for entity in content["@graph"])
    context = json.dumps(content["@context"])
    write_text(folder / CRATE, f'{{"@context": {context},\n"@graph": [\n{lines}\n]}}\n')


def _add_files(crate: ROCrate, folder: Path) -> dict[str, Entity]:
    entities = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in (CRATE, WORKFLOW):
            content = {
                "encodingFormat": _MEDIA.get(path.suffix, "application/octet-stream"),
                "sha256": sha256(path),
            }
            entities[name] = crate.add_file(path, name, properties=content)
    return entities


def _add_workflow(crate: ROCrate, path: Path, made: dict) -> Entity:
    versions = made["versions"]
    main = crate.add_workflow(
        path, WORKFLOW, main=True, lang="snakemake", lang_version=versions["snakemake"]
    )
    main["name"], main["version"] = "From virtual subjects to Table 1", made["commit"]
    main["encodingFormat"], main["sha256"] = "text/plain", sha256(path)
    parameter = {"name": "parameters", "additionalType": "File", "valueRequired": True}
    main["input"] = _described(crate, "parameters", "FormalParameter", **parameter)
    main["softwareRequirements"] = [
        _described(crate, name, "SoftwareApplication", name=name, version=version)
        for name, version in versions.items()
    ]
    return main


def _add_run(crate: ROCrate, main: Entity, files: dict[str, Entity], made: dict) -> Entity:
    settings, machine = (
        [_described(crate, name, "PropertyValue", name=name, value=made[name]) for name in names]
        for names in (SETTINGS, MACHINE)
    )
    data = [
        _described(crate, f"data/{name}", "Dataset", name=name, identifier=stamp)
        for name, stamp in made["data"].items()
    ]
    action = crate.add_action(
        main,
        "#run",
        object=[files[PARAMETERS], *data, *settings],
        result=[entity for name, entity in files.items() if name != PARAMETERS],
        properties={"name": f"sim2real run --preset {made['preset']}", "endTime": made["date"]},
    )
    action["environment"] = machine
    people = {"name": "The sim2real developers"}
    action["agent"] = _described(crate, "developers", "Organization", **people)
    return action


def _described(crate: ROCrate, entity: str, kind: str, **properties: object) -> Entity:
    return crate.add(ContextEntity(crate, f"#{entity}", {"@type": kind, **properties}))
