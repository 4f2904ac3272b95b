"""What a run was made with: versions, parameters, seeds, code, and hashes of its inputs and results."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd

from ..core.files import folder_stamp, sha256, write_json
from ..core.origin import commit
from ..core.parameters import Parameters
from ..core.run import CHAPTERS, RunFolder

CHAPTER = "07_verdict"
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


def write_provenance(run: RunFolder, parameters: Parameters, root: Path) -> dict:
    """Write ``provenance.json`` in the run's folder and return it."""
    results = {
        name: sha256(run.chapter(name) / "results.json")
        for name in CHAPTERS
        if name != CHAPTER and (run.chapter(name) / "results.json").is_file()
    }
    data = {name: folder_stamp(root / path, times=False) for name, path in
            (("mnms_root", parameters.cohort.mnms_root), ("acdc_root", parameters.cohort.acdc_root),
             ("xcat_root", parameters.population.xcat_root)) if path}  # fmt: skip
    content = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(root),
        "preset": parameters.preset,
        "seed": parameters.seed,
        "parameters_sha256": parameters.digest(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "versions": {name: version(name) for name in _PACKAGES},
        "data": data or {"cohort": "surrogate, made from the seed", "population": "open phantom, made from the seed"},
        "results_sha256": results,
    }
    write_json(run.path / "provenance.json", content)
    return content


def provenance_table(content: dict) -> pd.DataFrame:
    """Two columns, ``what`` and ``value``, nested entries spread out."""
    rows = []
    for name, value in content.items():
        if isinstance(value, dict):
            rows += [(f"{name}: {key}", str(item)[:16] if len(str(item)) == 64 else str(item)) for key, item in value.items()]
        else:
            rows.append((name, str(value)[:16] if len(str(value)) == 64 else str(value)))
    return pd.DataFrame(rows, columns=["what", "value"])
