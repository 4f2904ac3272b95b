"""The table of the folds on people, from scores of each training and fold."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

from sim2real.paper.parameters import Parameters, write_parameters

HERE = Path(__file__).resolve()


@pytest.fixture
def folds():
    path = HERE.parents[2] / "benchmarks" / "folds.py"
    spec = importlib.util.spec_from_file_location("folds", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scores(run, training, fold, dice):
    """Dice of the LV by subject; the RV's is 0.1 and the MYO's 0.2 less."""
    rows = [
        (training, 0, subject, "A", phase, structure, value - less)
        for subject, value in dice.items()
        for phase in ("ED", "ES")
        for structure, less in (("LV", 0), ("RV", 0.1), ("MYO", 0.2))
    ]
    columns = ["training", "seed", "subject", "vendor", "phase", "structure", "dice"]
    path = run / "folds" / "scores" / f"{training}_{fold}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=columns).to_csv(path, index=False)


def test_trainings_are_compared_on_the_people_whom_all_have_scored(tmp_path, folds):
    write_parameters(tmp_path, Parameters())
    people = [f"p{k}" for k in range(6)]
    scores(tmp_path, "real", 0, dict.fromkeys(people, 0.92))
    scores(tmp_path, "real", 1, {"p6": 0.5, "p7": 0.5})  # a fold that sim2real has not
    scores(tmp_path, "sim2real", 0, dict(zip(people, [0.9, 0.88] * 3, strict=True)))
    table = folds.summarise(tmp_path).set_index("training")
    assert table["people"].tolist() == [6, 6, 6]
    assert table.loc["real", ["LV", "RV", "MYO", "mean"]].astype(float).tolist() == pytest.approx(
        [0.92, 0.82, 0.72, 0.82]
    )
    gap = table.loc["real less sim2real"]
    assert (float(gap["LV"]), float(gap["mean"])) == pytest.approx((0.03, 0.03))
    assert float(gap["ci_low"]) < 0.03 < float(gap["ci_high"])


def test_a_group_is_dealt_out_to_all_folds(tmp_path, folds):
    for number, group in enumerate(["DCM", "NOR"] * 4):
        folder = tmp_path / ("training" if number < 5 else "testing") / f"patient{number:03d}"
        folder.mkdir(parents=True)
        (folder / "Info.cfg").write_text(f"ED: 1\nES: 12\nGroup: {group}\n")
    found = {folder.name: fold for folder, fold in folds.fold_of(tmp_path).items()}
    for first in (0, 1):
        assert sorted(found[f"patient{n:03d}"] for n in range(first, 8, 2)) == [0, 1, 2, 3]
