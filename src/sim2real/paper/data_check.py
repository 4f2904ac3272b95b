"""Faults of the user's own data and choices, found before any notebook starts."""

from pathlib import Path

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
    from ..population import MIDDLE_SLICES

    population, cohort = parameters.population, parameters.cohort
    if parameters.realism.inception_weights is not None:
        from ..realism import find_weights

        find_weights(parameters.realism)
    refuse(
        population.stack == "middle" and cohort.n_slices > MIDDLE_SLICES,
        f"cohort.n_slices={cohort.n_slices}: population.stack=middle holds {MIDDLE_SLICES} "
        "slices; set population.stack=full",
    )
    if population.xcat_root is not None:
        from ..population import find_xcat_subjects, open_xcat

        for path in find_xcat_subjects(root / population.xcat_root):
            open_xcat(path)
    if cohort.mnms_root is not None or cohort.acdc_root is not None:
        tests = "chapter 6 (Table 1)" if until >= SEGMENTATION.name else ""
        _check_people(cohort, root, "chapters 3 to 5", tests)
    if parameters.real_hearts.has_people:
        study = f"appendix {REAL_HEARTS.name}"
        _check_people(parameters.real_hearts.people(cohort), root, study, study)


def _check_people(cohort: CohortParameters, root: Path, trains: str, tests: str) -> None:
    """Raise Sim2RealError for folders and voxels that cannot be used, and for want of subjects;
    ``trains`` and ``tests``: what needs those of the split, nothing if none does.

    The run's chapters would come to the voxels after minutes or hours.
    """
    from ..cohort import examined, read_real, require_subjects

    found = read_real(cohort, root)
    needs = [(split, purpose) for split, purpose in (("train", trains), ("test", tests)) if purpose]
    for split, purpose in needs:
        require_subjects(found.cases, split, purpose, cohort.vendors)
    used = examined(found, cohort.n_slices, root / _KNOWN)
    folders = [folder for folder in (cohort.mnms_root, cohort.acdc_root) if folder is not None]
    used.sound(" and ".join(map(str, folders)))
    for split, purpose in needs:
        purpose += ", which cannot use those that 'sim2real cohort check' lists as left out,"
        require_subjects(used.cases, split, purpose, cohort.vendors)
