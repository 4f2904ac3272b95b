"""Intervals of every cell of Table 1, and paired comparisons of the regimes."""

import pandas as pd

from ..data import REGIMES, STRUCTURES, Sim2RealError, refuse
from ..metrics import CrossedMean, crossed_mean, holm, paired_difference

MEASURES = ("dice", "hd_mm", "hd95_mm", "assd_mm", "hd_2d_mm")
INTERVAL_COLUMNS = [
    "training",
    "vendor",
    "structure",
    "measure",
    "mean",
    "ci_low",
    "ci_high",
    "n_subjects",
    "n_images",
    "n_empty",
    "n_seeds",
    "n_training_images",
]
COMPARISONS = (
    ("sim2real", "simulated"),
    ("real", "sim2real"),
    ("both", "real"),
    ("real", "simulated"),
)
COMPARISON_COLUMNS = [
    "first",
    "second",
    "vendor",
    "structure",
    "difference",
    "ci_low",
    "ci_high",
    "p",
    "p_holm",
    "n_subjects",
    "n_seeds",
]
ALL = "all"


def joined(cases: pd.DataFrame, measures: pd.DataFrame) -> pd.DataFrame:
    """``cases.csv`` and ``measures.csv`` as one table. Raises Sim2RealError if they are not of the
    same cases."""
    keys = ["training", "seed", "vendor", "subject", "phase", "structure"]
    both = cases.merge(measures, on=keys, how="outer", validate="one_to_one", indicator=True)
    if (odd := both["_merge"] != "both").any():
        case = both.loc[odd, keys].iloc[0].to_dict()
        raise Sim2RealError(
            f"cases.csv and measures.csv differ at {case} ({int(odd.sum())} such rows); run chapter"
            " 6 again"
        )
    return both.drop(columns="_merge")


def interval_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95 % interval of every measure in each training, vendor and structure, and in all of
    them: ``INTERVAL_COLUMNS``.

    rows: ``joined``. The unit is the subject, both phases together; with several seeds the variance
    of training is counted, with one it is not (``metrics.crossed``). n_images: test images;
    n_empty: empty predictions over these images and the seeds.
    """
    table = []
    for training in [name for name in REGIMES if name in set(rows["training"])]:
        for vendor, structure in places(rows):
            part = part_of(rows, training, vendor, structure)
            counts = {
                "training": training,
                "vendor": vendor,
                "structure": structure,
                "n_images": len(part[["vendor", "subject", "phase"]].drop_duplicates()),
                "n_empty": int(part["empty"].sum()),
                "n_training_images": int(part["n_images"].iloc[0]),
            }
            for measure in MEASURES:
                mean = mean_over_subjects(by_subject(part, measure))._asdict()
                names = {"value": "mean", "low": "ci_low", "high": "ci_high"}
                mean = {names.get(name, name): value for name, value in mean.items()}
                table.append({**counts, "measure": measure, **mean})
    return pd.DataFrame(table, columns=INTERVAL_COLUMNS)


def mean_over_subjects(values: pd.DataFrame) -> CrossedMean:
    """The mean of ``by_subject``'s values, both vendors of one weight, with its interval."""
    return crossed_mean(values.to_numpy(), values.index.get_level_values("vendor").to_numpy())


def comparison_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Difference of Dice of the two trainings of each of ``COMPARISONS`` on the same subjects, of
    each vendor and structure and of all: ``COMPARISON_COLUMNS``.

    Subjects are paired, the mean of both phases of each, seeds counted if there are several
    (``metrics.crossed``). ``p_holm`` is corrected for all comparisons of the table together. Fewer
    than five subjects of a vendor: no interval and no p.
    """
    trainings = {name for pair in COMPARISONS for name in pair}
    means = {
        (name, *place): by_subject(part_of(cases, name, *place), "dice")
        for name in trainings
        for place in places(cases)
    }
    rows = [
        (first, second, *place, *paired_difference(means[first, *place], means[second, *place]))
        for first, second in COMPARISONS
        for place in places(cases)
    ]
    return with_holm(rows, COMPARISON_COLUMNS)


def with_holm(rows: list[tuple], columns: list[str]) -> pd.DataFrame:
    """A table of comparisons whose ``p_holm`` is ``p`` corrected for all of them; rows: of the
    other ``columns``."""
    table = pd.DataFrame(rows, columns=[name for name in columns if name != "p_holm"])
    return table.assign(p_holm=holm(table["p"].to_numpy()))[columns]


def by_subject(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Mean over phases (and structures) of each (vendor, subject), in rows, and seed, in columns.

    Raises Sim2RealError if a subject was not judged under every seed.
    """
    table = rows.groupby(["vendor", "subject", "seed"])[measure].mean().unstack("seed")
    if (lost := table.isna().any(axis=1)).any():
        raise Sim2RealError(
            f"subject {table.index[lost][0]} was not judged under every seed; evaluate anew"
        )
    return table


def part_of(rows: pd.DataFrame, training: str, vendor: str, structure: str) -> pd.DataFrame:
    """Rows of one training and place; raises Sim2RealError if there is none."""
    part = rows[
        (rows["training"] == training)
        & (rows["vendor"].eq(vendor) | (vendor == ALL))
        & (rows["structure"].eq(structure) | (structure == ALL))
    ]
    refuse(
        part.empty,
        f"no case of training '{training}', vendor {vendor}, {structure} in the table of cases;"
        " evaluate that training first",
    )
    return part


def places(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """(vendor, structure) of every cell, with ``all`` for either."""
    return [
        (vendor, structure)
        for vendor in [*sorted(rows["vendor"].unique()), ALL]
        for structure in [*STRUCTURES, ALL]
    ]
