"""Simulated images on disk, one 4D cine image and label a subject, as the M&Ms challenge lays out real ones."""

from functools import partial
from pathlib import Path

import pandas as pd

from ..core.code import code_fingerprint
from ..core.images import read_labels, write_image
from ..core.labels import PHASES
from ..core.parameters import SimulationParameters
from ..core.resumable import fingerprint_of, resumable_folder
from ..core.run import RunFolder
from ..core.workers import map_in_order
from .simulate import simulate

CHAPTER = "02_mr_simulation"
SUFFIXES = {"image": "_sa.nii.gz", "label": "_sa_gt.nii.gz"}


def simulate_population(run: RunFolder, parameters: SimulationParameters, seed: int) -> pd.DataFrame:
    """Write ``images/<subject>_sa.nii.gz`` and ``_sa_gt.nii.gz``, shape (x, y, slice, phase), and ``manifest.csv``.

    Subjects already there are kept.
    """
    population = (run.chapter("01_virtual_population") / "structures" / ".made_with").read_text(encoding="utf-8")
    made_with = fingerprint_of(parameters.model_dump(mode="json"), seed, population, code_fingerprint(__name__))
    folder = resumable_folder(run.chapter(CHAPTER) / "images", made_with)
    rows = run.manifest("01_virtual_population")
    work = partial(_simulate_one, run=run, folder=folder, parameters=parameters, seed=seed)
    pieces = zip(rows["subject"], rows["structures"], strict=True)
    names = map_in_order(work, pieces, name="MR simulation", unit="subject")
    paths = {kind: [f"{CHAPTER}/images/{name}{suffix}" for name in names] for kind, suffix in SUFFIXES.items()}
    manifest = pd.DataFrame({"subject": names, **paths, "phases": " ".join(PHASES)})
    run.write_manifest(CHAPTER, manifest)
    return manifest


def _simulate_one(piece: tuple[str, str], run: RunFolder, folder: Path, parameters: SimulationParameters, seed: int) -> str:
    name, structures = piece
    image_path, label_path = (folder / f"{name}{suffix}" for suffix in SUFFIXES.values())
    if not (image_path.exists() and label_path.exists()):
        image, label = simulate(read_labels(run.path / structures), parameters, seed, name)
        write_image(image_path, image)
        write_image(label_path, label)
    return name
