"""The cohort of a run: the user's own M&Ms and ACDC folders, or the surrogate written to disk in the layout of M&Ms."""

from pathlib import Path

import pandas as pd

from ..core.errors import Sim2RealError
from ..core.parameters import CohortParameters
from ..core.root import repository
from ..core.run import RunFolder
from ..core.slices import load_slices
from .acdc import VENDOR, survey_acdc
from .cases import Cohort
from .mnms import survey_mnms
from .prepare import CHAPTER, prepare_real, prepare_simulated
from .surrogate import write_surrogate


def find_cases(run: RunFolder, parameters: CohortParameters, seed: int) -> Cohort:
    """All labelled subjects of vendors A and B, real ones or the surrogate's, which is made if it is not there."""
    if parameters.mnms_root is None and parameters.acdc_root is None:
        root = write_surrogate(run.chapter(CHAPTER) / "surrogate", parameters, seed)
        return survey_mnms(root).sound(root)
    return read_real(parameters, repository())


def read_real(parameters: CohortParameters, root: Path) -> Cohort:
    """The user's subjects: those of M&Ms and, as more of vendor A, those of ACDC; relative folders count from ``root``.

    Raises Sim2RealError for the first fault that sheets and headers show, and for ACDC without M&Ms: it has no vendor B.
    """
    if parameters.mnms_root is None:
        raise Sim2RealError(
            f"cohort.acdc_root={parameters.acdc_root}: ACDC holds vendor {VENDOR} alone; name M&Ms for vendor B, too: cohort.mnms_root"
        )
    cohort = survey_mnms(root / parameters.mnms_root).sound(parameters.mnms_root)
    if parameters.acdc_root is None:
        return cohort
    more = survey_acdc(root / parameters.acdc_root).sound(parameters.acdc_root)
    met = {case.subject for case in cohort.cases} & {case.subject for case in more.cases}
    if met:
        raise Sim2RealError(f"{root / parameters.acdc_root}: subject {min(met)} is one of M&Ms, too; rename one")
    return cohort + more


def prepare(run: RunFolder, cohort: Cohort, parameters: CohortParameters) -> pd.DataFrame:
    """Simulated and real images on the analysis grid; writes ``slices.csv`` (``SLICE_COLUMNS``) and returns it.

    ``left_out.csv`` beside it names the subjects that are not in it, and why.
    """
    simulated, too_short = prepare_simulated(run, parameters)
    real = prepare_real(run, cohort + Cohort(left_out=too_short), parameters)
    slices = pd.concat([simulated, real], ignore_index=True)
    run.write_manifest(CHAPTER, slices, "slices.csv")
    if cut := cut_hearts(run.path, real):
        print(f"{len(cut)} real subjects have a heart that the grid's border may cut ({', '.join(cut[:5])}{', ...' if len(cut) > 5 else ''}); "
              "cohort.crop_centre=heart or more cohort.grid_pixels keep it whole")  # fmt: skip
    return slices


def cut_hearts(run: Path, slices: pd.DataFrame) -> list[str]:
    """Subjects with a label on the outermost row or column of the grid."""
    labels = [load_slices(run, slices.iloc[[k]], "label") > 0 for k in range(len(slices))]
    at_border = [heart[:, [0, -1]].any() or heart[:, :, [0, -1]].any() for heart in labels]
    return list(dict.fromkeys(slices["subject"][at_border]))
