"""Faults of the user's own data and choices, found before any notebook starts."""

from pathlib import Path

from .. import cohort, population, realism
from ..cohort import CohortParameters
from ..data import refuse
from .chapters import REAL_HEARTS, SEGMENTATION
from .parameters import Parameters

_KNOWN = "runs/.sound.json"  # subjects of the user's whose voxels were found sound


def check_data(parameters: Parameters, until: str, root: Path) -> None:
    """Raise Sim2RealError for the first fault of the folders that the parameters name.

    Args:
        parameters: of the run; relative paths count from ``root``.
        until: the last chapter that is executed.
        root: the project's folder.
    """
    people, anatomy, middle = parameters.cohort, parameters.population, population.MIDDLE_SLICES
    if parameters.realism.inception_weights is not None:
        realism.find_weights(parameters.realism)
    refuse(
        anatomy.stack == "middle" and people.n_slices > middle,
        f"cohort.n_slices={people.n_slices}: population.stack=middle holds {middle} "
        "slices; set population.stack=full",
    )
    if anatomy.xcat_root is not None:
        for path in population.find_xcat_subjects(root / anatomy.xcat_root):
            population.open_xcat(path)
    if people.mnms_root is not None or people.acdc_root is not None:
        tests = "chapter 6 (Table 1)" if until >= SEGMENTATION.name else ""
        _check_people(people, root, "chapters 3 to 5", tests)
    if parameters.real_hearts.has_people:
        study = f"appendix {REAL_HEARTS.name}"
        _check_people(parameters.real_hearts.people(people), root, study, study)


def _check_people(people: CohortParameters, root: Path, trains: str, tests: str) -> None:
    """Raise Sim2RealError for folders and voxels that cannot be used, and for want of subjects;
    ``trains`` and ``tests``: what needs those of the split, nothing if none does.

    The run's chapters would come to the voxels after minutes or hours.
    """
    found = cohort.read_real(people, root)
    needs = [(split, purpose) for split, purpose in (("train", trains), ("test", tests)) if purpose]
    for split, purpose in needs:
        cohort.require_subjects(found.cases, split, purpose, people.vendors)
    used = cohort.examined(found, people.n_slices, root / _KNOWN)
    folders = [folder for folder in (people.mnms_root, people.acdc_root) if folder is not None]
    used.sound(" and ".join(map(str, folders)))
    for split, purpose in needs:
        purpose += ", which cannot use those that 'sim2real cohort check' lists as left out,"
        cohort.require_subjects(used.cases, split, purpose, people.vendors)
