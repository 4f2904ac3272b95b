"""Chapter 3 on disk: both domains on the analysis grid."""

from pathlib import Path

import pandas as pd

from ..data.run import RunFolder
from ..data.slices import load_slices
from .cases import Cohort
from .parameters import CohortParameters
from .prepare import CHAPTER, prepare_real, prepare_simulated


def prepare(run: RunFolder, cohort: Cohort, parameters: CohortParameters) -> pd.DataFrame:
    """Simulated and real images on the analysis grid; writes ``slices.csv`` (``SLICE_COLUMNS``) and
    returns it.

    ``left_out.csv`` beside it names the subjects that are not in it, and why.
    """
    simulated, too_short = prepare_simulated(run, parameters)
    real = prepare_real(run, cohort + Cohort(left_out=too_short), parameters)
    slices = pd.concat([simulated, real], ignore_index=True)
    run.write_manifest(CHAPTER, slices, "slices.csv")
    if cut := cut_hearts(run.path, real):
        print(
            f"{len(cut)} real subjects have a heart that the grid's border may cut"
            f" ({', '.join(cut[:5])}{', ...' if len(cut) > 5 else ''}); cohort.crop_centre=heart or"
            " more cohort.grid_pixels keep it whole"
        )
    return slices


def cut_hearts(run: Path, slices: pd.DataFrame) -> list[str]:
    """Subjects with a label on the outermost row or column of the grid."""
    labels = [load_slices(run, slices.iloc[[k]], "label") > 0 for k in range(len(slices))]
    at_border = [heart[:, [0, -1]].any() or heart[:, :, [0, -1]].any() for heart in labels]
    return list(dict.fromkeys(slices["subject"][at_border]))
