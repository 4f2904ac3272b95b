"""A whole tiny run verifies; and every error planted in a copy of it is named."""

import json
import shutil

import nibabel
import numpy as np
import pandas as pd
import pytest
import yaml

from sim2real.data import Sim2RealError
from sim2real.paper.book import copy_chapters
from sim2real.paper.verify import CHECKS, verify


@pytest.fixture
def copy(tiny_run, tmp_path):
    """(folder of a copy of the tiny run, the faults that verify finds in it by check)."""
    folder = tmp_path / "runs" / "tiny"
    shutil.copytree(
        tiny_run,
        folder,
        ignore=shutil.ignore_patterns("surrogate", "*.pt", "*.pth", "preprocessed", "structures"),
    )
    return folder, lambda *names: {
        check.name: check.faults for check in verify(folder, *names) if check.faults
    }


def change_table(path, change):
    table = pd.read_csv(
        path, dtype={"subject": str, "vendor": str}, keep_default_na=False, na_values=[""]
    )
    change(table)
    table.to_csv(path, index=False, float_format="%.10g")


def change_parameter(folder, section, name, value):
    path = folder / "parameters.yaml"
    content = yaml.safe_load(path.read_text())
    content[section][name] = value
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def test_an_untouched_run_agrees_in_every_check(copy):
    folder, _ = copy
    checks = {check.name: check for check in verify(folder)}
    assert list(checks) == list(CHECKS)
    assert not any(check.faults for check in checks.values()), [
        check.faults[:3] for check in checks.values() if check.faults
    ]
    assert all(check.compared > 0 for check in checks.values())


def test_scores_are_repeated_from_what_is_published(tiny_run, project, tmp_path):
    record = tmp_path / "record"
    copy_chapters(project.path, tiny_run, record, False)
    (scores,) = verify(record, "scores")
    assert scores.compared > 0 and not scores.faults
    path = next((record / "06_segmentation" / "predictions").rglob("*.nii.gz"))
    label = nibabel.load(path)
    voxels = np.asarray(label.dataobj).copy()
    voxels[40:60, 40:60] = 1
    nibabel.save(nibabel.Nifti1Image(voxels, label.affine), path)
    (scores,) = verify(record, "scores")
    assert scores.faults and "cases.csv" in scores.faults[0]


def test_a_cell_of_table_1_that_is_off_by_a_hundredth(copy):
    folder, faults = copy
    change_table(
        folder / "06_segmentation" / "table1.csv",
        lambda table: table.__setitem__(
            "dice_mean", table["dice_mean"] + 0.01 * (table.index == 7)
        ),
    )
    found = faults("tables")
    assert (
        len(found["tables"]) == 1
        and "table1.csv" in found["tables"][0]
        and "dice_mean" in found["tables"][0]
    )


def test_lv_and_myo_swapped_in_a_prediction(copy):
    folder, faults = copy
    for path in (folder / "06_segmentation" / "predictions" / "real_seed0").glob("*.nii.gz"):
        image = nibabel.load(path)
        labels = np.asanyarray(image.dataobj)
        nibabel.save(
            nibabel.Nifti1Image(np.array([0, 2, 1, 3], np.uint8)[labels], image.affine), path
        )
    assert any("cases.csv" in line and "dice" in line for line in faults("scores")["scores"])


def test_a_missing_and_a_foreign_prediction(copy):
    folder, faults = copy
    path = next((folder / "06_segmentation" / "predictions" / "real_seed0").glob("*.nii.gz"))
    path.rename(path.with_name("X_nobody_ED.nii.gz"))
    assert "predictions" in faults("scores")["scores"][0]


def test_a_test_subject_in_training(copy):
    folder, faults = copy
    slices = folder / "03_real_cohort" / "slices.csv"
    tests = pd.read_csv(slices).query("domain == 'real' and split == 'test'")
    cases = next((folder / "06_segmentation" / "nnunet").rglob("cases.csv"))
    change_table(
        cases,
        lambda table: table.loc.__setitem__(
            (0, ["vendor", "subject"]), tests.iloc[0][["vendor", "subject"]].tolist()
        ),
    )
    assert any(
        "was trained on" in line and tests.iloc[0]["subject"] in line
        for line in faults("splits")["splits"]
    )


def test_vendors_swapped_in_the_scores(copy):
    folder, faults = copy
    change_table(
        folder / "06_segmentation" / "cases.csv",
        lambda table: table.__setitem__("vendor", table["vendor"].map({"A": "B", "B": "A"})),
    )
    assert any("was judged and is no test subject" in line for line in faults("splits")["splits"])


def test_a_stale_results_file(copy):
    folder, faults = copy
    path = folder / "05_realism" / "results.json"
    content = json.loads(path.read_text())
    name = next(
        name
        for name, value in content.items()
        if name.startswith("texture_") and isinstance(value, float)
    )
    path.write_text(json.dumps(content | {name: content[name] + 1}))
    found = faults("inputs", "prose")
    assert found["inputs"] == ["05_realism: is not the one that the provenance names"]
    assert any("05_realism.ipynb: says" in line for line in found["prose"])


def test_a_figure_from_another_run(copy):
    folder, faults = copy
    figures = folder / "05_realism" / "figures"
    (figures / "fig3.png").write_bytes((figures / "looks.png").read_bytes())
    assert faults("figures") == {
        "figures": ["05_realism/figures/fig3.png: is not the one that 05_realism made"]
    }


def test_a_run_with_the_parameters_of_another(copy):
    folder, faults = copy
    change_parameter(folder, "simulation", "flip_angle_deg", 45.0)
    found = faults("inputs", "figures")
    assert found["inputs"] == ["parameters.yaml: is not the one that the provenance names"]
    assert len(found["figures"]) > 10 and all(
        "parameters_sha256" in line for line in found["figures"]
    )


def test_a_later_chapters_parameter_leaves_the_figures_of_earlier_ones_as_they_are(copy):
    folder, faults = copy
    change_parameter(folder, "verdict", "dice_tolerance", 0.07)
    assert not [
        line for line in faults("figures").get("figures", []) if not line.startswith("07_verdict")
    ]


def test_a_distance_and_a_verdict_that_were_changed(copy):
    folder, faults = copy
    change_table(
        folder / "05_realism" / "distances.csv",
        lambda table: table.__setitem__(
            "distance",
            table["distance"]
            * (1 + 0.01 * (table.index == table["features"].eq("texture").idxmax())),
        ),
    )
    change_table(
        folder / "07_verdict" / "claims.csv",
        lambda table: table.loc.__setitem__((0, "verdict"), "supported"),
    )
    found = faults("distances", "verdicts")
    assert len(found["distances"]) == 1 and any("claims.csv" in line for line in found["verdicts"])


def test_what_is_no_run_is_said_in_one_line(tmp_path, tiny_run):
    with pytest.raises(Sim2RealError, match="parameters.yaml: missing"):
        list(verify(tmp_path))
    shutil.copy(tiny_run / "parameters.yaml", tmp_path)
    with pytest.raises(Sim2RealError, match="executed to chapter 7"):
        list(verify(tmp_path))


def test_from_the_command_line(project, tiny_run):
    code, out, err = project.here("verify", "tiny")
    assert code == 0 and "everything that was repeated agrees" in out, out + err
    assert project.here("verify", "../tiny")[0] == 1
    assert "no such run" in project.here("verify", "nothing")[2]


def test_a_chapter_that_is_gone_and_numbers_that_nobody_vouches_for(copy):
    folder, faults = copy
    (folder / "chapters" / "05_realism.ipynb").unlink()
    provenance = json.loads((folder / "provenance.json").read_text())
    del provenance["results_sha256"]["03_real_cohort"]
    (folder / "provenance.json").write_text(json.dumps(provenance))
    assert faults("files")["files"] == [
        "05_realism.ipynb: missing",
        "the provenance names no results of 03_real_cohort",
    ]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("provenance.json", "{}"),
        ("chapters/06_segmentation.ipynb", "{"),
        ("06_segmentation/cases.csv", "a,b\n1,2\n"),
    ],
)
def test_a_damaged_file_is_a_line_and_the_other_checks_go_on(copy, path, content):
    folder, faults = copy
    (folder / path).write_text(content)
    found = faults()
    assert found and all("\n" not in line for lines in found.values() for line in lines)
    assert any("damaged" in line for lines in found.values() for line in lines)
