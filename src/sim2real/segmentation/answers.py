"""Appendix 3: its tables, and what they answer. Does physics help, does translation, does it help
beyond random contrast, and whom?"""

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from ..data import STRUCTURES, RunFolder, named_numbers, read_table, refuse
from ..metrics import paired_difference
from . import intervals
from .chapter import REAL_HEARTS, trainings_on_people
from .intervals import ALL, by_subject, mean_over_subjects, part_of, with_holm
from .parameters import RealHeartsParameters
from .real_hearts import REGIMES, read_scores, training_log
from .self_training import FEWEST, read_self_training

QUESTIONS = {
    "physics": ("simulated", "randomised"),
    "translation": ("sim2real", "simulated"),
    "beyond": ("randomised+sim2real", "randomised"),
}
"""The two trainings whose difference answers a question, of all people and of each group."""
OTHERS = (
    ("sim2real", "randomised"),
    ("simulated+sim2real", "sim2real"),
    ("real", "sim2real"),
    ("both", "real"),
)
SCORE_COLUMNS = [
    "training",
    "seed",
    "structure",
    "n_cases",
    "dice_mean",
    "dice_median",
    "hd_mm_mean",
    "hd_mm_median",
    "n_empty",
]
COMPARISON_COLUMNS = [{"vendor": "group"}.get(name, name) for name in intervals.COMPARISON_COLUMNS]
WITHOUT_PEOPLE = {"has_people": 0, "self_sim2real_made": 0, "self_best_made": 0}
"""What the page is told where nothing was trained."""
HELD_OUT = Path("book/real_hearts/held_out.csv")
"""Scores that others measured on people whom the developers never had, in the project's folder."""
_LEVEL = 0.05


def read_cases(run: RunFolder, study: RealHeartsParameters) -> pd.DataFrame:
    """Write ``cases.csv`` of every training of the study; the same with a column ``group`` of
    patients."""
    rounds = read_self_training(run)
    names = rounds.loc[rounds["n_kept"] >= FEWEST, "training"]
    trained_on = [(f"{name}+self", study.seeds[0]) for name in names]
    cases = read_scores(run, trainings_on_people(study) + trained_on)
    groups = run.manifest(REAL_HEARTS.name, "subjects.csv").set_index("subject")["group"]
    return cases.assign(group=cases["subject"].map(groups))


def score_table(cases: pd.DataFrame) -> pd.DataFrame:
    """``SCORE_COLUMNS`` over the cases of each training, seed and structure; no case is left
    out."""
    groups = cases.groupby(["training", "seed", "structure"], sort=False, as_index=False)
    return groups.agg(
        n_cases=("dice", "size"),
        dice_mean=("dice", "mean"),
        dice_median=("dice", "median"),
        hd_mm_mean=("hd_mm", "mean"),
        hd_mm_median=("hd_mm", "median"),
        n_empty=("empty", "sum"),
    )[SCORE_COLUMNS]


def overview(run: RunFolder, cases: pd.DataFrame) -> pd.DataFrame:
    """A row a training: mean Dice of each structure, of all with its 95 % interval, mean HD (mm),
    empty predictions, seeds, and minutes of one core that a training took.

    Means are those of the vendors' means; the interval is over subjects and, if there are several,
    seeds (``metrics.crossed``).
    """
    rows = []
    for training in _order(cases):
        parts = {place: part_of(cases, training, ALL, place) for place in (*STRUCTURES, ALL)}
        dices = {name: mean_over_subjects(by_subject(part, "dice")) for name, part in parts.items()}
        whole, mean = parts[ALL], dices[ALL]
        logs = [training_log(run, training, seed) for seed in whole["seed"].unique()]
        rows.append(
            {
                "training": training,
                "n_real": int(whole["n_real"].iloc[0]),
                "n_simulated": int(whole["n_simulated"].iloc[0]),
                **{name: dices[name].value for name in STRUCTURES},
                "dice": mean.value,
                "ci_low": mean.low,
                "ci_high": mean.high,
                "hd_mm": mean_over_subjects(by_subject(whole, "hd_mm")).value,
                "n_empty": int(whole["empty"].sum()),
                "n_seeds": mean.n_seeds,
                "minutes": float(np.mean([log["seconds"].sum() for log in logs])) / 60,
            }
        )
    return pd.DataFrame(rows)


def group_table(cases: pd.DataFrame) -> pd.DataFrame:
    """``training, group, phase, n_cases, dice_mean, hd_mm_mean, n_empty`` over the structures."""
    groups = cases.groupby(["training", "group", "phase"], sort=False, as_index=False)
    return groups.agg(
        n_cases=("dice", "size"),
        dice_mean=("dice", "mean"),
        hd_mm_mean=("hd_mm", "mean"),
        n_empty=("empty", "sum"),
    )


def groups_shown(cases: pd.DataFrame) -> pd.DataFrame:
    """Mean Dice of each training by group of patients, then by phase."""
    by = [cases.groupby(["training", name])["dice"].mean().unstack() for name in ("group", "phase")]
    return pd.concat(by, axis=1).loc[_order(cases)]


def comparison_table(cases: pd.DataFrame) -> pd.DataFrame:
    """Differences of Dice of two trainings on the same subjects: ``COMPARISON_COLUMNS``.

    Of all subjects for each structure and all, vendors of one weight; of each group of patients for
    ``QUESTIONS``, over all structures, vendors together. Seeds that both trainings have are
    counted. ``p_holm`` is corrected for the whole table. Fewer than five subjects (of a vendor): no
    interval.
    """
    of_all = [
        (first, second, ALL, structure, *_difference(cases, first, second, structure))
        for first, second in _pairs(cases)
        for structure in (*STRUCTURES, ALL)
    ]
    of_groups = [
        (first, second, group, ALL, *_difference(part, first, second, ALL))
        for first, second in QUESTIONS.values()
        for group, part in cases.assign(vendor=ALL).groupby("group")
    ]
    return with_holm(of_all + of_groups, COMPARISON_COLUMNS)


def cost_table(run: RunFolder, table: pd.DataFrame) -> pd.DataFrame:
    """``work, minutes`` of one core: CUT of each vendor, then each training; table: of
    ``overview``."""
    cut = run.manifest(REAL_HEARTS.name, "cut.csv")
    work = [f"CUT, vendor {vendor}" for vendor in cut["vendor"]]
    work += [f"segmenter, {training}" for training in table["training"]]
    minutes = [*(cut["seconds"] / 60), *table["minutes"]]
    return pd.DataFrame({"work": work, "minutes": minutes})


def write_tables(
    run: RunFolder, study: RealHeartsParameters
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Write ``cases.csv``, ``scores.csv``, ``overview.csv``, ``groups.csv``, ``comparisons.csv``
    and ``costs.csv``; the cases, the overview and the comparisons."""
    cases = read_cases(run, study)
    table, comparisons = overview(run, cases), comparison_table(cases)
    made = {
        "scores": score_table(cases),
        "overview": table,
        "groups": group_table(cases),
        "comparisons": comparisons,
        "costs": cost_table(run, table),
    }
    for name, content in made.items():
        run.write_manifest(REAL_HEARTS.name, content, f"{name}.csv")
    return cases, table, comparisons


def read_yardsticks() -> pd.DataFrame:
    """Published Dice on people: ``method, trained_on, tested_on, LV, RV, MYO, key, source,
    differs``; key: of the bibliography."""
    return pd.read_csv(files(__package__) / "yardsticks.csv")


def read_held_out(root: Path) -> pd.DataFrame:
    """What ``HELD_OUT`` in the project's folder holds, columns of ``scores.csv``; no row where
    there is no such file.

    Raises Sim2RealError for other columns.
    """
    path = root / HELD_OUT
    if not path.is_file():
        return pd.DataFrame(columns=SCORE_COLUMNS)
    table = read_table(path)
    refuse(
        lacking := [name for name in SCORE_COLUMNS if name not in table],
        f"{path}: lacks the column {', '.join(lacking)}; expected those of {REAL_HEARTS.name}/"
        "scores.csv: write it anew",
    )
    return table[SCORE_COLUMNS]


def held_out_shown(table: pd.DataFrame) -> pd.DataFrame:
    """Mean Dice of each training by structure and over all, then mean HD (mm) and empty
    predictions; table: of ``read_held_out``."""
    dices = table.pivot_table("dice_mean", "training", "structure", sort=False)[[*STRUCTURES]]
    rest = table.groupby("training", sort=False).agg(
        hd_mm=("hd_mm_mean", "mean"), n_empty=("n_empty", "sum")
    )
    return dices.assign(mean=dices.mean(axis=1)).join(rest)


def results(
    run: RunFolder, cases: pd.DataFrame, table: pd.DataFrame, comparisons: pd.DataFrame
) -> dict:
    """Numbers and answers that the appendix quotes."""
    values: dict = {
        "n_test_subjects": int(cases[["vendor", "subject"]].drop_duplicates().shape[0]),
        "n_seeds": int(table["n_seeds"].max()),
        "n_comparisons": int(comparisons["p"].notna().sum()),
    }
    named = table.assign(name=_plain(table["training"]))
    values |= named_numbers(named, "dice_{name}", {"": "dice"})
    whole = comparisons.query("group == @ALL and structure == @ALL")
    for question, (first, second) in QUESTIONS.items():
        row = whole[(whole["first"] == first) & (whole["second"] == second)].assign(name=question)
        values |= {
            **named_numbers(row, "gain_{name}", {"": "difference", "_p_holm": "p_holm"}),
            f"answer_{question}": _answer(row.iloc[0]),
            f"patients_{question}": _patients(comparisons, first, second),
        }
    pairs = whole.assign(name=_plain(whole["first"] + "_less_" + whole["second"]))
    values |= named_numbers(pairs, "gain_{name}", {"": "difference"})
    for row in read_self_training(run).to_dict("records"):
        values |= _of_self_training(row, pairs)
    minutes = run.manifest(REAL_HEARTS.name, "costs.csv").set_index("work")["minutes"]
    is_cut = minutes.index.str.startswith("CUT")
    return values | {
        "minutes_cut": float(minutes[is_cut].sum()),
        "minutes_training": float(minutes[~is_cut].median()),
    }


def _of_self_training(row: dict, pairs: pd.DataFrame) -> dict:
    """What is told of one round; row: of ``read_self_training``."""
    origin, training = row["origin"], row["training"]
    name = f"self_{origin}"
    made = pairs[(pairs["first"] == f"{training}+self") & (pairs["second"] == training)]
    return {
        **{f"{name}_{key}": row[key] for key in ("training", "n_kept", "n_slices")},
        f"{name}_made": len(made),
        **named_numbers(made.assign(name=name), "gain_{name}", {"": "difference"}),
    }


def _pairs(cases: pd.DataFrame) -> list[tuple[str, str]]:
    trainings = _order(cases)
    own = [(name, name.removesuffix("+self")) for name in trainings if name.endswith("+self")]
    return [*QUESTIONS.values(), *OTHERS, *own]


def _difference(cases: pd.DataFrame, first: str, second: str, structure: str) -> tuple:
    """``paired_difference`` over the seeds that both trainings have."""
    parts = [part_of(cases, name, ALL, structure) for name in (first, second)]
    seeds = set(parts[0]["seed"]) & set(parts[1]["seed"])
    return paired_difference(
        *(by_subject(part[part["seed"].isin(seeds)], "dice") for part in parts)
    )


def _order(cases: pd.DataFrame) -> list[str]:
    """Trainings, the regimes in their order, then self-training."""
    names = list(dict.fromkeys(cases["training"]))
    return [name for name in REGIMES if name in names] + [n for n in names if n not in REGIMES]


def _answer(row: pd.Series) -> str:
    if not np.isfinite(row["p"]):
        return "cannot be told here, for want of test subjects"
    if row["p_holm"] >= _LEVEL:
        return "cannot be told from no difference"
    return "it helps" if row["difference"] > 0 else "it harms"


def _patients(comparisons: pd.DataFrame, first: str, second: str) -> str:
    """``DCM 0.012 (4 subjects), ...``, the largest difference first."""
    rows = comparisons.query("first == @first and second == @second and group != @ALL")
    rows = rows.sort_values("difference", ascending=False)
    return ", ".join(
        f"{row.group} {row.difference:.3f} ({row.n_subjects} subjects)" for row in rows.itertuples()
    )


def _plain(names: pd.Series) -> pd.Series:
    """Names as placeholders of the text can hold them."""
    return names.str.replace("+", "_and_", regex=False)
