"""What a cardiologist reads from labels: volumes, ejection fraction and mass over the four slices,
and how far they agree.

The volumes are of the mid-ventricular slices alone, so that none is the whole ventricle's; they are
compared with the reference over the same slices and with nothing else.
"""

from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import t as student

from ..data.errors import Sim2RealError
from ..data.labels import REGIMES
from ..metrics.intervals import FEWEST_SUBJECTS, LEVEL

MYOCARDIAL_DENSITY_G_PER_ML = 1.05
# Measures over the four slices, with their units. EF is the fraction of the four slices' blood, not
# the ventricle's.
CLINICAL = {
    "LV_ED_ml": "LV volume at ED (ml)",
    "LV_ES_ml": "LV volume at ES (ml)",
    "LV_EF_percent": "LV EF (%)",
    "RV_ED_ml": "RV volume at ED (ml)",
    "RV_ES_ml": "RV volume at ES (ml)",
    "RV_EF_percent": "RV EF (%)",
    "MYO_mass_g": "MYO mass at ED (g)",
}
SUBJECT_COLUMNS = ["training", "seed", "vendor", "subject", "measure", "predicted", "reference"]
AGREEMENT_COLUMNS = [
    "training",
    "vendor",
    "measure",
    "n_subjects",
    "n_missing",
    "reference_mean",
    "bias",
    "bias_low",
    "bias_high",
    "limit_low",
    "limit_high",
]


def clinical_measures(rows: pd.DataFrame) -> pd.DataFrame:
    r"""The measures of ``CLINICAL`` of each training, seed and subject, predicted and reference:
    ``SUBJECT_COLUMNS``.

    rows: ``measures.csv``. EF is :math:`100 (V_{ED} - V_{ES}) / V_{ED}`, missing where nothing was
    labelled at ED; mass is 1.05 g/ml times the volume at ED. Raises Sim2RealError for a subject
    without both phases.
    """
    keys = ["training", "seed", "vendor", "subject"]
    kinds = []
    for kind in ("predicted", "reference"):
        volumes = rows.pivot_table(
            index=keys, columns=["structure", "phase"], values=f"{kind}_ml", aggfunc="first"
        )
        if volumes.isna().any(axis=None) or not {("LV", "ED"), ("LV", "ES")} <= set(
            volumes.columns
        ):
            raise Sim2RealError(
                "measures.csv: a subject lacks ED or ES, or a structure; clinical measures need all"
                " of them: run chapter 6 again"
            )
        values = pd.DataFrame(index=volumes.index)
        for structure in ("LV", "RV"):
            end_diastole, end_systole = volumes[structure, "ED"], volumes[structure, "ES"]
            values[f"{structure}_ED_ml"], values[f"{structure}_ES_ml"] = end_diastole, end_systole
            values[f"{structure}_EF_percent"] = (
                100 * (end_diastole - end_systole) / end_diastole.where(end_diastole > 0)
            )
        values["MYO_mass_g"] = MYOCARDIAL_DENSITY_G_PER_ML * volumes["MYO", "ED"]
        kinds.append(
            values[list(CLINICAL)]
            .rename_axis(columns="measure")
            .stack(future_stack=True)
            .rename(kind)
        )
    return pd.concat(kinds, axis=1).reset_index()[SUBJECT_COLUMNS]


def agreement_table(subjects: pd.DataFrame) -> pd.DataFrame:
    r"""Bland and Altman (1986) for each training, vendor (and all) and measure:
    ``AGREEMENT_COLUMNS``.

    subjects: ``clinical_measures``. ``bias``: mean of predicted less reference; limits of
    agreement: bias :math:`\pm` 1.96 SD of the differences, over subjects and seeds. The bias has a
    95 % interval over subjects, each the mean of its seeds; fewer than five subjects: none.
    n_missing: of subjects and seeds, those without the measure.
    """
    differences = subjects.assign(
        difference=subjects["predicted"] - subjects["reference"],
        person=subjects["vendor"] + " " + subjects["subject"],
    )
    places = pd.concat([differences, differences.assign(vendor="all")])
    groups = dict(iter(places.groupby(["training", "vendor", "measure"])))
    trainings = [name for name in REGIMES if name in set(subjects["training"])]
    vendors = [*sorted(subjects["vendor"].unique()), "all"]
    rows = []
    for key in product(trainings, vendors, CLINICAL):
        group = groups[key]
        measured = group.dropna(subset=["difference"])
        means = measured.groupby("person")["difference"].mean()
        n, bias, sd = len(means), measured["difference"].mean(), measured["difference"].std()
        half = np.nan
        if n >= FEWEST_SUBJECTS:
            half = student.ppf(0.5 + LEVEL / 2, n - 1) * means.std() / np.sqrt(n)
        counts = (n, len(group) - len(measured), measured["reference"].mean())
        ends = (bias - half, bias + half, bias - 1.96 * sd, bias + 1.96 * sd)
        rows.append((*key, *counts, bias, *ends))
    return pd.DataFrame(rows, columns=AGREEMENT_COLUMNS)
