"""The cohort of a run: the user's own M&Ms folder, or the surrogate written to disk in the same layout."""

import pandas as pd

from ..core.parameters import CohortParameters
from ..core.root import repository
from ..core.run import RunFolder
from .mnms import Case, read_mnms
from .prepare import CHAPTER, prepare_real, prepare_simulated
from .surrogate import write_surrogate


def find_cases(run: RunFolder, parameters: CohortParameters, seed: int) -> list[Case]:
    """All labelled subjects of vendors A and B, real ones or the surrogate's, which is made if it is not there."""
    if parameters.mnms_root is not None:
        return read_mnms(repository() / parameters.mnms_root)
    root = write_surrogate(run.chapter(CHAPTER) / "surrogate", parameters, seed)
    return read_mnms(root)


def prepare(run: RunFolder, cases: list[Case], parameters: CohortParameters) -> pd.DataFrame:
    """Simulated and real images on the analysis grid; writes ``slices.csv`` (``SLICE_COLUMNS``) and returns it."""
    slices = pd.concat([prepare_simulated(run, parameters), prepare_real(run, cases, parameters)], ignore_index=True)
    run.write_manifest(CHAPTER, slices, "slices.csv")
    return slices
