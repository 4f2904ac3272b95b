"""What moved from one run to another."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sim2real.data import Sim2RealError
from sim2real.paper.difference import TOLERANCES, difference, lines, within

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def runs(tiny_run, tmp_path):
    for name in ("one", "two"):
        shutil.copytree(
            tiny_run,
            tmp_path / name,
            ignore=shutil.ignore_patterns("*.nii.gz", "*.pt", "*.pth", "*.b2nd", "*.npz"),
        )
    return tmp_path / "one", tmp_path / "two"


def test_a_run_does_not_differ_from_itself(runs):
    found = difference(*runs)
    assert found.empty and lines(found, "one", "two") == ["one and two: nothing differs"]


def test_a_parameter_a_number_a_cell_and_a_figure_are_each_named_alone(runs):
    one, two = runs
    content = yaml.safe_load((two / "parameters.yaml").read_text())
    content["simulation"]["flip_angle_deg"] = 45.0
    (two / "parameters.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    path = two / "06_segmentation" / "results.json"
    results = json.loads(path.read_text())
    path.write_text(json.dumps(results | {"dice_real": results["dice_real"] + 0.2}))
    table = pd.read_csv(two / "05_realism" / "remaining.csv", dtype=str)
    table.loc[1, "remaining"] = "77"
    table.to_csv(two / "05_realism" / "remaining.csv", index=False)
    figures = two / "05_realism" / "figures"
    (figures / "fig3.png").write_bytes((figures / "looks.png").read_bytes())
    found = difference(one, two)
    assert [setting[0] for setting in found.settings] == ["simulation.flip_angle_deg"]
    assert found.moved[["chapter", "name", "within"]].values.tolist() == [
        ["06_segmentation", "dice_real", False]
    ]
    assert found.tables == [("05_realism", "remaining.csv", 1)] and found.figures == [
        ("05_realism", "fig3")
    ]
    told = "\n".join(lines(found, "one", "two"))
    assert (
        "flip_angle_deg: 60.0 -> 45.0" in told
        and "dice_real" in told
        and "(beyond)" in told
        and "fig3" in told
    )


@pytest.mark.parametrize(
    ("name", "one", "two", "expected"),
    [
        ("dice_real", 0.90, 0.92, True),
        ("dice_real", 0.90, 0.85, False),
        ("n_claims", 11, 12, False),
        ("n_claims", 11, 11, True),
        ("dice_real", 0.90, None, False),
        ("source", "phantom", "XCAT", False),
        ("seconds_a_step", 1.0, 50.0, True),
    ],
)
def test_each_number_has_its_tolerance_and_what_has_none_must_be_equal(name, one, two, expected):
    assert within(name, one, two) is expected


def test_folders_without_a_chapter_in_common_are_refused(runs, tmp_path):
    (tmp_path / "three").mkdir()
    shutil.copy(runs[0] / "parameters.yaml", tmp_path / "three")
    with pytest.raises(Sim2RealError, match="no executed chapter in common"):
        difference(runs[0], tmp_path / "three")


def test_from_the_command_line(project, tiny_run):
    assert project.here("diff", "tiny", "tiny") == (0, "tiny and tiny: nothing differs\n", "")


def test_the_book_lists_the_tolerances_that_are_applied():
    book = pd.read_csv(ROOT / "book" / "tolerances.csv")
    assert book["numbers"].str.replace(", ", "|").tolist() == TOLERANCES["pattern"].tolist()
    assert (
        book["absolute"].replace("any", "inf").astype(float).tolist()
        == TOLERANCES["absolute"].tolist()
    )
    shares = book["share of the value"].replace("any", "0").str.rstrip("%").astype(float) / 100
    assert shares.tolist() == TOLERANCES["relative"].tolist()
