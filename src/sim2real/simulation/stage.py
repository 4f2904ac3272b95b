"""Simulated images on disk, one 4D cine image and label a subject, as the M&Ms challenge lays out
real ones."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ..data import (
    PHASES,
    RunFolder,
    fingerprint_of,
    map_in_order,
    open_image,
    read_labels,
    resumable_folder,
    science_digest,
    write_image,
)
from ..population import POPULATION, PopulationParameters, make_population, source
from .chapter import SIMULATION
from .parameters import SimulationParameters
from .protocol import SPREAD, protocol_of
from .scan import simulate

SUFFIXES = {"image": "_sa.nii.gz", "label": "_sa_gt.nii.gz"}


def simulate_population(
    run: RunFolder, parameters: SimulationParameters, seed: int
) -> pd.DataFrame:
    """Write ``images/<subject>_sa.nii.gz`` and ``_sa_gt.nii.gz``, shape (x, y, slice, phase), and
    ``manifest.csv``; return the manifest. Subjects already there are kept.

    Each subject is imaged with a protocol of its own (``protocol.protocol_of``), which the manifest
    tells."""
    rows = run.manifest(POPULATION.name)
    population = rows["made_with"].iloc[0]
    values = parameters.model_dump(mode="json")
    made_with = fingerprint_of(values, seed, population, science_digest(__name__))
    folder = resumable_folder(run.chapter(SIMULATION.name) / "images", made_with)
    work = partial(_simulate_one, run=run, folder=folder, parameters=parameters, seed=seed)
    pieces = zip(rows["subject"], rows["structures"], strict=True)
    names = pd.Series(map_in_order(work, pieces, name="MR simulation", unit="subject"))
    base = f"{SIMULATION.name}/images/" + names
    paths = {kind: base + suffix for kind, suffix in SUFFIXES.items()}
    headers = (open_image(run.path / path) for path in rows["structures"])
    voxels = [float(np.linalg.norm(header.affine[:3, 0])) for header in headers]
    protocols = [protocol_of(parameters, seed, *pair) for pair in zip(names, voxels, strict=True)]
    columns = {"subject": names, **paths, "phases": " ".join(PHASES), "made_with": made_with}
    columns |= {key: [getattr(protocol, key) for protocol in protocols] for key in SPREAD}
    manifest = pd.DataFrame(columns)
    run.write_manifest(SIMULATION.name, manifest)
    return manifest


def make_few_subjects(
    run: RunFolder, population: PopulationParameters, seed: int, n: int = 2
) -> None:
    """Make the few virtual subjects that the figures of chapter 2 need, where it runs by itself."""
    if not (run.chapter(POPULATION.name) / "manifest.csv").is_file():
        print(f"by itself, this notebook makes {n} subjects; a run makes {population.n_subjects}")
        few = population.model_copy(update={"n_subjects": n})
        table = make_population(run, few, seed)
        run.write_results(POPULATION.name, {"source": source(few), "n_subjects": len(table)})


def _simulate_one(
    piece: tuple[str, str],
    run: RunFolder,
    folder: Path,
    parameters: SimulationParameters,
    seed: int,
) -> str:
    name, structures = piece
    image_path, label_path = (folder / f"{name}{suffix}" for suffix in SUFFIXES.values())
    if not (image_path.exists() and label_path.exists()):
        maps = read_labels(run.path / structures)
        protocol = protocol_of(parameters, seed, name, float(maps.spacing_mm[0]))
        image, label = simulate(maps, protocol, seed, name)
        write_image(image_path, image)
        write_image(label_path, label)
    return name
