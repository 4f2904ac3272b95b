"""Which vendor a slice is taken for: a linear classifier of texture features, trained on real
slices alone."""

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ..data import VENDORS
from ..metrics import Estimate, share
from .sets import SliceSet, vendors_in

VENDOR_COLUMNS = [
    "images",
    "n_slices",
    "n_subjects",
    "share_A",
    "ci_low",
    "ci_high",
    "accuracy",
    "accuracy_low",
    "accuracy_high",
]


def train_classifier(sets: dict[str, SliceSet]) -> Pipeline:
    """Linear discriminant analysis of standardised features, covariance shrunk as in Ledoit and
    Wolf (2004), vendors equally likely.

    sets: features by the name of the set; of these only ``real_A`` and ``real_B``, the training
    subjects, are used.
    """
    features = np.concatenate([sets[f"real_{vendor}"].values for vendor in VENDORS])
    labels = np.concatenate(
        [np.full(len(sets[f"real_{vendor}"].values), vendor) for vendor in VENDORS]
    )
    equal = [1 / len(VENDORS)] * len(VENDORS)
    return make_pipeline(
        StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=equal)
    ).fit(features, labels)


def vendor_table(sets: dict[str, SliceSet]) -> pd.DataFrame:
    """Share of each set's slices called A, with its 95 % interval over the subjects of the set:
    ``VENDOR_COLUMNS``.

    sets: texture features by the name of the set. ``real_A``, ``real_B`` are test subjects,
    ``real`` both together. They have an accuracy, and ``real`` has no more. The intervals are for
    this classifier as it was trained: they leave out that other training subjects give another one.
    Of one vendor alone there is nothing to tell apart: no row.
    """
    if len(vendors_in(sets)) < len(VENDORS):
        return pd.DataFrame(columns=VENDOR_COLUMNS)
    classifier = train_classifier(sets)
    called = {
        name: SliceSet(classifier.predict(part.values) == "A", part.subjects)
        for name, part in sets.items()
    }
    tests = {vendor: called.get(f"real_{vendor}_test") for vendor in VENDORS}
    right = {  # whether each slice is called what it is
        vendor: SliceSet(part.values == (vendor == "A"), part.subjects)
        for vendor, part in tests.items()
        if part is not None
    }
    together = None
    if len(right) == len(VENDORS):
        together = SliceSet(*map(np.concatenate, zip(*right.values(), strict=True)))
    made = ["simulated", *(f"sim2real_{vendor}" for vendor in VENDORS)]
    rows = [_row(name, called[name], None) for name in made]
    rows += [_row(f"real_{vendor}", tests[vendor], right.get(vendor)) for vendor in VENDORS]
    return pd.DataFrame([*rows, _row("real", None, together)], columns=VENDOR_COLUMNS)


def _row(name: str, called: SliceSet | None, right: SliceSet | None) -> tuple:
    shares = (
        Estimate(np.nan) if each is None else share(each.values, each.subjects)
        for each in (called, right)
    )
    counted = right if called is None else called
    n, people = (
        (0, 0) if counted is None else (len(counted.values), len(np.unique(counted.subjects)))
    )
    return (
        name,
        n,
        people,
        *(
            number
            for estimate in shares
            for number in (estimate.value, estimate.low, estimate.high)
        ),
    )
