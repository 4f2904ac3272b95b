"""What a run was made with: versions, parameters, seed, code, and hashes of data and results."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version

import pandas as pd

from ..data import RunFolder, folder_stamp, repository, sha256, write_json
from .chapters import ALL, CHAPTERS, LAST
from .origin import commit
from .parameters import Parameters

FILE = "provenance.json"
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
    stamps = {}
    for chapter in ALL:
        for name in chapter.data:
            folder = getattr(getattr(parameters, chapter.section), name)
            if folder is not None:
                is_here = (root / folder).is_dir()
                stamp = folder_stamp(root / folder, times=False) if is_here else "absent"
                stamps[f"{chapter.section}.{name}"] = stamp
    return stamps


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
