"""The population on disk: a table of subjects and a structure map each."""

from dataclasses import fields
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ..data import (
    PHASES,
    Image,
    RunFolder,
    fingerprint_of,
    folder_stamp,
    map_in_order,
    repository,
    resumable_folder,
    science_digest,
    write_image,
)
from .chapter import POPULATION
from .heart import Heart
from .parameters import PopulationParameters
from .render import Phantom, SlicePlan, cine_levels, maps_of
from .subjects import Subject, sample_subject
from .xcat.files import find_xcat_subjects
from .xcat.read import read_xcat_subject


def make_population(run: RunFolder, parameters: PopulationParameters, seed: int) -> pd.DataFrame:
    """Write the chapter's subjects, their structure maps and a cine; return the subjects' table.

    ``structures/<subject>.nii.gz`` has shape (x, y, slice, phase, sub_slice), phases ED and ES;
    ``cine.nii.gz`` holds an apical, a middle and a basal slice of the first healthy subject through
    the cycle. Files are ``subjects.csv`` and ``manifest.csv``, too, whose ``made_with`` is a
    fingerprint of all that the maps depend on. The phantom's subjects already there are kept.

    Raises:
        Sim2RealError: for XCAT output that cannot be read.
    """
    # as it is where absolute: a kernel may run in any folder
    root = parameters.xcat_root and repository() / parameters.xcat_root
    values = parameters.model_dump(mode="json", exclude={"n_subjects", "cine_phases"})
    made_with = fingerprint_of(
        values, seed, science_digest(__name__), folder_stamp(root) if root else ""
    )
    chapter = run.chapter(POPULATION.name)
    folder = resumable_folder(chapter / "structures", made_with)
    if root:
        paths = find_xcat_subjects(root)
        write = partial(_write_xcat, folder=folder, parameters=parameters)
        table = pd.DataFrame(map_in_order(write, paths, name="XCAT subjects", unit="subject"))
        _, cine = read_xcat_subject(paths[0], parameters, phases="all", n_slices=3)
    else:
        write = partial(_write_phantom, folder=folder, parameters=parameters, seed=seed)
        indices = range(parameters.n_subjects)
        subjects = map_in_order(write, indices, name="virtual subjects", unit="subject")
        table = population_table(subjects)
        cine = _cine(subjects[first_healthy(table)], parameters)
    write_image(chapter / "cine.nii.gz", cine)
    manifest = pd.DataFrame(
        {
            "subject": table["name"],
            "structures": f"{POPULATION.name}/structures/" + table["name"] + ".nii.gz",
            "made_with": made_with,
        }
    )
    run.write_manifest(POPULATION.name, table, "subjects.csv")
    run.write_manifest(POPULATION.name, manifest)
    return table


def first_healthy(subjects: pd.DataFrame) -> int:
    """Row of the first subject without disease, or of the first one where there is none."""
    return int((subjects["group"] == "NOR").to_numpy().argmax())


def population_table(subjects: list[Subject]) -> pd.DataFrame:
    """What was drawn of each subject and what follows from it, one row a subject.

    Returns:
        The fields of ``Subject``, pairs and triples spread over columns, and quantities solved for:
        ``wall_mm`` and ``wall_es_mm`` are mean thicknesses half-way down the LV at ED and ES,
        ``thickest_wall_mm`` the thickest of the ring at ED.
    """
    # by column and one heart at a time: a million subjects are held as numbers, not as objects
    table = pd.DataFrame(
        {field.name: [getattr(s, field.name) for s in subjects] for field in fields(Subject)}
    )
    for name in ("axis_tilt_deg", "heart_shift_mm"):
        table = table.join(pd.DataFrame(table.pop(name).tolist()).add_prefix(f"{name}_"))
    table["body_surface_m2"] = [subject.body_surface_m2 for subject in subjects]
    for side in ("lv", "rv"):
        table[f"{side}_ef_percent"] = 100 * (1 - table[f"{side}_esv_ml"] / table[f"{side}_edv_ml"])
    columns = ["lv_length_mm", "thickest_wall_mm", "wall_mm", "wall_es_mm"]
    table[columns] = list(map(_solved, subjects))
    return table


def _solved(subject: Subject) -> tuple[float, ...]:
    heart = Heart(subject)
    ring = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    thickest = float(heart.thickness(heart.wall, ring).max())
    return heart.apex, thickest, heart.mid_wall(0.0), heart.mid_wall(1.0)


def _write_phantom(
    index: int, folder: Path, parameters: PopulationParameters, seed: int
) -> Subject:
    subject = sample_subject(seed, index, parameters.share_normal)
    path = folder / f"{subject.name}.nii.gz"
    if not path.exists():
        write_image(path, maps_of(subject, PHASES, parameters))
    return subject


def _cine(subject: Subject, parameters: PopulationParameters) -> Image:
    phantom = Phantom(subject)
    phases = tuple(np.arange(parameters.cine_phases) / parameters.cine_phases)
    plan = SlicePlan.of(phantom.heart, parameters, cine_levels(phantom.heart))
    return phantom.structures(plan, phases, parameters)


def _write_xcat(par: Path, folder: Path, parameters: PopulationParameters) -> dict:
    row, structures = read_xcat_subject(par, parameters)
    write_image(folder / f"{row['name']}.nii.gz", structures)
    return row
