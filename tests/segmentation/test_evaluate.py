import numpy as np
import pytest

from sim2real.data import Sim2RealError, as_shown, load_slices, read_image, read_labels
from sim2real.segmentation import (
    SegmentationParameters,
    evaluate_model,
    predict_slices,
    predictions_folder,
    read_predictions,
    score_cases,
    train_segmenter,
)
from sim2real.segmentation.evaluate import (
    EVALUATION_COLUMNS,
    MEASURE_COLUMNS,
    case_key,
    real_test_rows,
    structure_rows,
    write_predictions,
)
from sim2real.segmentation.training import model_folder


@pytest.fixture(scope="module")
def judged(run, table, chapter):
    train_segmenter(
        chapter,
        "real",
        1,
        SegmentationParameters(batch_size=4, n_epochs=1, iterations_per_epoch=60),
        "cpu",
    )
    return evaluate_model(run, chapter, table, "real", 1, "cpu")


def test_model_learns_a_toy_task_the_right_way_round(run, table, judged):
    cases, predictions = judged
    assert list(cases.columns) == [*EVALUATION_COLUMNS, *MEASURE_COLUMNS[6:]]
    assert len(cases) == 2 * 2 * 3 and set(cases["subject"]) == {"A2", "B2"}
    assert cases.groupby("structure")["dice"].mean().min() > 0.7
    labels = predictions["B", "B2", "ES"]
    reference = load_slices(
        run, table[(table["subject"] == "B2") & (table["phase"] == "ES")], "label"
    )
    assert labels.shape == reference.shape == (2, 64, 48) and labels.dtype == np.uint8
    assert (
        np.argwhere(labels == 3)[:, 2].mean() < np.argwhere(labels == 1)[:, 2].mean()
    )  # RV on the viewer's left


def test_prediction_keeps_any_grid_and_ignores_the_scale_of_intensity(run, table, chapter, judged):
    model = model_folder(chapter, "real", 1)
    slices = load_slices(run, table[(table["subject"] == "A2") & (table["phase"] == "ED")])
    labels = predict_slices(model, slices, (1.5, 1.25), "cpu")
    scaled = predict_slices(model, 900 * slices + 30, (1.5, 1.25), "cpu")
    assert (labels != scaled).mean() < 1e-3
    fine = predict_slices(model, slices.repeat(2, axis=1).repeat(2, axis=2), (0.75, 0.625), "cpu")
    assert fine.shape == (2, 128, 96)
    assert (fine[:, ::2, ::2] != labels).mean() < 0.03
    assert not predict_slices(model, np.zeros((1, 50, 70)), (1.5, 1.25), "cpu").any()


def test_hausdorff_distance_uses_the_slice_spacing():
    reference = np.zeros((4, 20, 30), np.uint8)
    reference[1, 5:9, 5:9] = 1
    prediction = np.zeros_like(reference)
    prediction[3, 5:9, 5:9] = 1
    assert structure_rows(prediction, reference, (9.0, 1.0, 2.0))[0] == {
        "structure": "LV",
        "dice": 0.0,
        "hd_mm": 18.0,
        "empty": 0,
    }


def test_empty_prediction_is_dice_0_the_diagonal_and_counted():
    reference = np.zeros((4, 20, 30), np.uint8)
    reference[:, 5:9, 5:9] = 3
    row = structure_rows(np.zeros_like(reference), reference, (9.0, 1.0, 2.0))[1]
    assert row == {
        "structure": "RV",
        "dice": 0.0,
        "hd_mm": pytest.approx((36**2 + 20**2 + 60**2) ** 0.5),
        "empty": 1,
    }


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
