"""The cohort of a run: the user's own M&Ms and ACDC folders, or the surrogate made on disk."""

from pathlib import Path

from ..data import RunFolder, refuse, repository
from .acdc import survey_acdc
from .cases import Cohort
from .chapter import COHORT
from .mnms import survey_mnms
from .parameters import CohortParameters
from .surrogate import write_surrogate


def find_cases(run: RunFolder, parameters: CohortParameters, seed: int) -> Cohort:
    """All labelled subjects of vendors A and B, real ones or the surrogate's, which is made if it
    is not there."""
    if parameters.mnms_root is None and parameters.acdc_root is None:
        root = write_surrogate(run.chapter(COHORT.name) / "surrogate", parameters, seed)
        return survey_mnms(root).sound(root)
    return read_real(parameters, repository())


def read_real(parameters: CohortParameters, root: Path) -> Cohort:
    """The user's subjects: those of M&Ms, and those of ACDC as vendor A; relative folders count
    from ``root``.

    Raises Sim2RealError for the first fault that sheets and headers show.
    """
    cohort = Cohort()
    if parameters.mnms_root is not None:
        cohort = survey_mnms(root / parameters.mnms_root).sound(parameters.mnms_root)
    if parameters.acdc_root is None:
        return cohort
    acdc = survey_acdc(root / parameters.acdc_root).sound(parameters.acdc_root)
    codes = {case.subject for case in cohort.cases}
    for case in acdc.cases:
        refuse(
            case.subject in codes,
            f"{root / parameters.acdc_root}: subject {case.subject} is one of M&Ms, too; rename"
            " one",
        )
    return cohort + acdc
