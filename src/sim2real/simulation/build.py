"""Simulated images on disk, one 4D cine image and label a subject, as the M&Ms challenge lays out real ones."""

from functools import partial

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


def simulate_population(run: RunFolder, parameters: SimulationParameters, seed: int) -> pd.DataFrame:
    """Write ``images/<subject>_sa.nii.gz`` and ``_sa_gt.nii.gz``, shape (x, y, slice, phase), and ``manifest.csv``."""
    population = run.chapter("01_virtual_population")
    made_with = (population / "structures" / ".made_with").read_text(encoding="utf-8")
    fingerprint = fingerprint_of(parameters.model_dump(mode="json"), seed, made_with, code_fingerprint(__name__))
    folder = resumable_folder(run.chapter(CHAPTER) / "images", fingerprint)
    rows = run.manifest("01_virtual_population").to_dict("records")
    work = partial(_simulate_one, run=run, folder=folder, parameters=parameters, seed=seed)
    manifest = pd.DataFrame(map_in_order(work, rows, name="MR simulation", unit="subject"))
    run.write_manifest(CHAPTER, manifest)
    return manifest


def _simulate_one(row: dict, run: RunFolder, folder, parameters: SimulationParameters, seed: int) -> dict:
    name = row["subject"]
    image_path, label_path = folder / f"{name}_sa.nii.gz", folder / f"{name}_sa_gt.nii.gz"
    if not (image_path.exists() and label_path.exists()):
        image, label = simulate(read_labels(run.path / row["structures"]), parameters, seed, name)
        write_image(image_path, image)
        write_image(label_path, label)
    relative = f"{CHAPTER}/images/{name}"
    return {"subject": name, "image": f"{relative}_sa.nii.gz", "label": f"{relative}_sa_gt.nii.gz", "phases": " ".join(PHASES)}
