"""What a run was made with: versions, parameters, seed, code, and hashes of data and results."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ..data import RunFolder, folder_stamp, read_json, repository, sha256, write_json
from .chapters import ALL, CHAPTERS, LAST
from .origin import commit
from .parameters import Parameters

FILE = "provenance.json"  # of a run
CRATE = "ro-crate-metadata.json"  # of the record, see ``crate``
WORKFLOW = "Snakefile"  # the record's copy
SETTINGS = ("preset", "seed", "parameters_sha256")
MACHINE = ("python", "machine")
_PACKAGES = (
    "sim2real",
    "torch",
    "numpy",
    "scipy",
    "scikit-image",
    "nibabel",
    "nnunetv2",
    "pytorch-fid",
    "papermill",
    "snakemake",
    "jupyter-book",
)


def data_stamps(parameters: Parameters) -> dict[str, str]:
    """A hash of each folder of the user's data, by ``section.parameter``; "absent" without it."""
    root = repository()
    named = {
        f"{chapter.section}.{name}": getattr(getattr(parameters, chapter.section), name)
        for chapter in ALL
        for name in chapter.data
    }
    folders = {name: root / folder for name, folder in named.items() if folder is not None}
    return {
        name: folder_stamp(folder, times=False) if folder.is_dir() else "absent"
        for name, folder in folders.items()
    }


def results_stamps(run: RunFolder) -> dict[str, str]:
    """SHA-256 of the results of each chapter but the last, which writes the provenance."""
    paths = {c.name: run.chapter(c.name) / "results.json" for c in CHAPTERS if c.name != LAST}
    return {name: sha256(path) for name, path in paths.items() if path.is_file()}


def write_provenance(run: RunFolder, parameters: Parameters) -> dict:
    """Write ``provenance.json`` in the run's folder and return it."""
    content = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(repository()),
        "preset": parameters.preset,
        "seed": parameters.seed,
        "parameters_sha256": parameters.digest(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in _PACKAGES},
        "data": data_stamps(parameters) or {"all": "stand-ins, made from the seed"},
        "results_sha256": results_stamps(run),
    }
    write_json(run.path / FILE, content)
    return content


def is_whole(folder: Path) -> bool:
    """Whether a run's folder, or the record's, says what it was made with."""
    return (folder / FILE).is_file() or (folder / CRATE).is_file()


def read_provenance(folder: Path) -> dict:
    """What ``write_provenance`` wrote into a run's folder, or the record's crate holds of it."""
    if (folder / FILE).is_file():
        return read_json(folder / FILE)
    graph = {entity["@id"]: entity for entity in read_json(folder / CRATE)["@graph"]}
    run, workflow = graph["#run"], graph[WORKFLOW]
    used = [graph[each["@id"]] for each in run["object"]]
    packages = [graph[each["@id"]] for each in workflow["softwareRequirements"]]
    paths = {chapter.name: f"{chapter.name}/results.json" for chapter in CHAPTERS[:-1]}
    return {
        "date": run["endTime"],
        "commit": workflow["version"],
        **{name: graph[f"#{name}"]["value"] for name in (*SETTINGS, *MACHINE)},
        "versions": {package["name"]: package["version"] for package in packages},
        "data": {each["name"]: each["identifier"] for each in used if each["@type"] == "Dataset"},
        "results_sha256": {
            name: graph[path]["sha256"] for name, path in paths.items() if path in graph
        },
    }


def crate_faults(folder: Path) -> tuple[int, list[str]]:
    """How many files the record's crate lists, and a line for each that is not as it says."""
    files = {
        entity["@id"]: entity["sha256"]
        for entity in read_json(folder / CRATE)["@graph"]
        if "sha256" in entity
    }
    here = {path.relative_to(folder).as_posix() for path in folder.rglob("[!.]*") if path.is_file()}
    faults = [f"{name}: missing" for name in sorted(files.keys() - here)]
    faults += [f"{name}: {CRATE} does not list it" for name in sorted(here - {CRATE, *files})]
    return len(files), faults + [
        f"{name}: is not the file that {CRATE} lists"
        for name in sorted(files.keys() & here)
        if sha256(folder / name) != files[name]
    ]


def provenance_table(content: dict) -> pd.DataFrame:
    """Two columns, ``what`` and ``value``, nested entries spread out, hashes cut short."""
    rows = []
    for name, value in content.items():
        entries = value if isinstance(value, dict) else {"": value}
        for key, item in entries.items():
            text = str(item)
            title = f"{name}: {key}" if key else name
            rows.append((title, text[:16] if len(text) == 64 else text))
    return pd.DataFrame(rows, columns=["what", "value"])
