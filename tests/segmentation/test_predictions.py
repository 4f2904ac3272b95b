import numpy as np
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.data.images import read_image, read_labels
from sim2real.data.slices import as_shown
from sim2real.segmentation.evaluate import (
    case_key,
    predictions_folder,
    read_predictions,
    real_test_rows,
    score_cases,
    write_predictions,
)


@pytest.fixture
def references(run, table):
    return {
        case_key(row): as_shown(read_labels(run / row["label"])) for row in real_test_rows(table)
    }


@pytest.fixture
def folder(run, table, references, tmp_path):
    folder = predictions_folder(tmp_path, "real", 3)
    write_predictions(run, folder, table, references)
    return folder


def test_predictions_come_back_as_they_were_in_the_geometry_of_their_image(
    run, table, references, folder
):
    found = read_predictions(folder, table)
    assert found.keys() == references.keys() and all(
        np.array_equal(found[key], references[key]) for key in found
    )
    row = real_test_rows(table)[0]
    image = read_image(run / row["image"])
    stored = read_labels(folder / ("_".join(case_key(row)) + ".nii.gz"))
    assert (
        stored.data.shape == image.data.shape
        and np.allclose(stored.affine, image.affine)
        and stored.data.dtype == np.uint8
    )


def test_older_predictions_do_not_linger(run, table, references, folder):
    (folder / "A_gone_ED.nii.gz").write_bytes(b"")
    with pytest.raises(Sim2RealError, match="A_gone_ED.nii.gz: no test image of this run"):
        read_predictions(folder, table)
    write_predictions(run, folder, table, references)
    assert len(read_predictions(folder, table)) == len(references)


def test_a_missing_prediction_is_named(table, folder):
    (folder / "B_B2_ES.nii.gz").unlink()
    with pytest.raises(Sim2RealError, match="B_B2_ES.nii.gz: missing"):
        read_predictions(folder, table)


def test_predictions_of_other_cases_or_shapes_are_refused_in_one_line(run, table, references):
    rows = score_cases(run, table, references)
    assert all(
        row["dice"] == 1 and row["hd_mm"] == row["assd_mm"] == row["hd_2d_mm"] == 0 for row in rows
    )
    assert all(row["predicted_ml"] == row["reference_ml"] > 0 for row in rows)
    key, *_ = references
    with pytest.raises(Sim2RealError, match="has no prediction") as fault:
        score_cases(run, table, {name: value for name, value in references.items() if name != key})
    assert "\n" not in str(fault.value)
    with pytest.raises(Sim2RealError, match="case A A9 ED is not a test image of this run"):
        score_cases(run, table, {**references, ("A", "A9", "ED"): references[key]})
    with pytest.raises(
        Sim2RealError, match=r"has shape \(1, 64, 48\), its reference \(2, 64, 48\)"
    ):
        score_cases(run, table, {**references, key: references[key][:1]})


def test_planted_swap_of_lv_and_myo_is_seen(run, table, references):
    swapped = {key: np.choose(labels, [0, 2, 1, 3]) for key, labels in references.items()}
    assert all(
        row["dice"] == (1 if row["structure"] == "RV" else 0)
        for row in score_cases(run, table, swapped)
    )
