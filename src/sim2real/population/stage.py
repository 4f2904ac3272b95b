"""The population on disk: a table of subjects and a structure map each."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from ..data.code import science_digest
from ..data.files import folder_stamp
from ..data.images import Image, write_image
from ..data.labels import PHASES
from ..data.resumable import fingerprint_of, resumable_folder
from ..data.root import repository
from ..data.run import RunFolder
from ..data.workers import map_in_order
from .parameters import PopulationParameters
from .render import Phantom, Stack, cine_levels
from .subjects import Subject, sample_subject
from .table import population_table
from .xcat.files import find_xcat_subjects
from .xcat.read import read_xcat_subject

CHAPTER = "01_virtual_population"


def make_population(run: RunFolder, parameters: PopulationParameters, seed: int) -> pd.DataFrame:
    """Write ``subjects.csv``, ``manifest.csv``, ``structures/<subject>.nii.gz`` and
    ``cine.nii.gz``; return the table of subjects.

    Structure maps have shape (x, y, slice, phase, sub_slice), phases ED and ES; ``cine.nii.gz``
    holds an apical, a middle and a basal slice of the first healthy subject through the cycle.
    ``made_with`` in the manifest is a fingerprint of all that the maps depend on. The phantom's
    subjects already there are kept.
    """
    root = (
        parameters.xcat_root and repository() / parameters.xcat_root
    )  # as it is where absolute: a kernel may run in any folder
    source = folder_stamp(root) if root else ""
    values = parameters.model_dump(mode="json", exclude={"n_subjects", "cine_phases"})
    made_with = fingerprint_of(values, seed, science_digest(__name__), source)
    folder = resumable_folder(run.chapter(CHAPTER) / "structures", made_with)
    if root:
        paths = find_xcat_subjects(root)
        rows = map_in_order(
            partial(_write_xcat, folder=folder, parameters=parameters),
            paths,
            name="XCAT subjects",
            unit="subject",
        )
        table = pd.DataFrame(rows)
        cine = read_xcat_subject(paths[0], parameters, phases="all", n_slices=3)[1]
    else:
        write = partial(_write_phantom, folder=folder, parameters=parameters, seed=seed)
        subjects = map_in_order(
            write, range(parameters.n_subjects), name="virtual subjects", unit="subject"
        )
        table = population_table(subjects)
        cine = _cine(
            next((subject for subject in subjects if subject.group == "NOR"), subjects[0]),
            parameters,
        )
    write_image(run.chapter(CHAPTER) / "cine.nii.gz", cine)
    manifest = pd.DataFrame(
        {
            "subject": table["name"],
            "structures": [f"{CHAPTER}/structures/{name}.nii.gz" for name in table["name"]],
            "made_with": made_with,
        }
    )
    run.write_manifest(CHAPTER, table, "subjects.csv")
    run.write_manifest(CHAPTER, manifest)
    return table


def _write_phantom(
    index: int, folder: Path, parameters: PopulationParameters, seed: int
) -> Subject:
    subject = sample_subject(seed, index, parameters.share_normal)
    path = folder / f"{subject.name}.nii.gz"
    if not path.exists():
        phantom = Phantom(subject)
        stack = Stack.of(phantom.heart, parameters)
        write_image(path, phantom.structures(stack, PHASES, parameters))
    return subject


def _cine(subject: Subject, parameters: PopulationParameters) -> Image:
    phantom = Phantom(subject)
    phases = tuple(np.arange(parameters.cine_phases) / parameters.cine_phases)
    return phantom.structures(
        Stack.at(phantom.heart, parameters, cine_levels(phantom.heart)), phases, parameters
    )


def _write_xcat(source: Path, folder: Path, parameters: PopulationParameters) -> dict:
    row, structures = read_xcat_subject(source, parameters)
    write_image(folder / f"{row['name']}.nii.gz", structures)
    return row
