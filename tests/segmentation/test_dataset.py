import json
import shutil

import nibabel as nib
import numpy as np
import pytest

from sim2real.data import Sim2RealError
from sim2real.segmentation import (
    SegmentationParameters,
    dataset,
    prepare_dataset,
    read_cases,
    regime_cases,
)
from sim2real.segmentation.dataset import read_plans
from sim2real.segmentation.nnunet import plans_for


def test_every_training_slice_is_a_case_with_true_geometry(run, table, chapter):
    cases = read_cases(chapter)
    assert (
        len(regime_cases(cases, "simulated")) == len(regime_cases(cases, "sim2real")) == 5 * 2 * 2
    )
    assert len(regime_cases(cases, "real")) == 4 * 2 * 2
    row = cases[(cases["domain"] == "real") & (cases["slice"] == 1)].iloc[0]
    written = nib.load(
        chapter / f"nnunet/raw/Dataset001_sim2real/imagesTr/{row['case']}_0000.nii.gz"
    )
    source = nib.load(run / row["image"])
    assert written.shape == (48, 64, 1)
    assert np.array_equal(written.get_fdata()[..., 0], source.get_fdata()[..., 1])
    assert np.allclose(written.header.get_zooms(), (1.25, 1.5, 9.0))
    assert np.allclose(written.affine @ [3, 5, 0, 1], source.affine @ [3, 5, 1, 1])


def test_cases_of_a_regime_are_those_of_its_training_subjects(table, chapter):
    cases = read_cases(chapter).set_index("case")
    assert set(cases.loc[regime_cases(cases.reset_index(), "both"), "split"]) == {"train"}
    assert set(cases.loc[regime_cases(cases.reset_index(), "real"), "subject"]) == {
        "A0",
        "A1",
        "B0",
        "B1",
    }
    assert "007" not in set(cases["subject"]) and "004" in set(cases["subject"])  # names stay text


def test_second_call_with_the_same_images_does_nothing(run, table, chapter, monkeypatch):
    monkeypatch.setattr(dataset, "_make", lambda *_: pytest.fail("made again"))
    before = (chapter / "nnunet/prepared.json").stat().st_mtime_ns
    prepare_dataset(run, chapter, table.sample(frac=1, random_state=0))
    assert (chapter / "nnunet/prepared.json").stat().st_mtime_ns == before


def test_changed_image_remakes_and_a_kill_leaves_the_old_whole(
    run, table, chapter, tmp_path, monkeypatch
):
    copy = tmp_path / "run"
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("models"))
    folder = copy / "06_segmentation"
    path = table.loc[table["domain"] == "simulated", "image"].iloc[0]
    image = nib.load(copy / path)
    nib.save(nib.Nifti1Image(image.get_fdata(dtype=np.float32) * 0.5, image.affine), copy / path)

    def killed(run, making, images):
        (making / "raw").mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(dataset, "_make", killed)
    with pytest.raises(KeyboardInterrupt):  # it saw the change, and began
        prepare_dataset(copy, folder, table)
    assert len(read_cases(folder)) == len(read_cases(chapter))
    assert [path.name for path in folder.iterdir()] == ["nnunet"]


def test_test_picture_under_a_training_name_is_caught(run, table, tmp_path):
    copy = tmp_path / "run"
    shutil.copytree(run, copy, ignore=shutil.ignore_patterns("06_segmentation"))
    shutil.copy(copy / "real/A2_ED.nii.gz", copy / "real/A0_ED.nii.gz")
    with pytest.raises(
        Sim2RealError, match="A0_ED.nii.gz: the same picture as the test image real/A2_ED.nii.gz"
    ):
        prepare_dataset(copy, tmp_path / "chapter", table)


def test_plans_do_not_depend_on_the_number_of_cases(chapter):
    plans = read_plans(chapter)[0]
    small, large = (
        plans_for(plans, SegmentationParameters(batch_size=size), 0)["configurations"]["2d"]
        for size in (5, 11)
    )
    assert plans["configurations"]["2d"]["batch_size"] not in (
        5,
        11,
    )  # what the planner made of the number of cases
    assert (small.pop("batch_size"), large.pop("batch_size")) == (5, 11)
    assert small == large


def test_missing_dataset_is_told_in_one_line(tmp_path):
    with pytest.raises(Sim2RealError, match="no training data prepared"):
        read_cases(tmp_path)


def test_a_folder_of_another_version_of_nnunet_is_refused_in_one_line(chapter, tmp_path):
    shutil.copytree(chapter / "nnunet", tmp_path / "nnunet")
    path = tmp_path / "nnunet" / "prepared.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "nnunetv2": "1.7.0"}))
    with pytest.raises(
        Sim2RealError, match=r"prepared with nnU-Net 1\.7\.0, but .* is installed"
    ) as fault:
        read_plans(tmp_path)
    assert "\n" not in str(fault.value)
