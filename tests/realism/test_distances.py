import numpy as np
import pandas as pd
import pytest

from sim2real.core.images import Image, write_image
from sim2real.core.run import RunFolder
from sim2real.core.slices import SLICE_COLUMNS
from sim2real.realism.distances import DISTANCE_COLUMNS, distance_table, image_sets, median_slice, texture_space

# of each set: the mean and the SD of two features that are not correlated
GAUSSIANS = {
    "simulated": ((5.0, -1.0), (1.0, 2.0)), "sim2real_A": ((1.0, 0.5), (1.2, 0.4)), "sim2real_B": ((2.0, 4.0), (0.8, 1.0)),
    "real_A": ((0.0, 0.0), (1.5, 0.5)), "real_B": ((3.0, 4.5), (0.7, 3.0)), "real_A_test": ((0.5, 0.1), (1.4, 0.6)),
    "real_B_test": ((3.5, 4.0), (0.9, 2.5)),
}  # fmt: skip


def sets(skip=()):
    return {name: np.zeros((40 + k, 5, 6)) for k, name in enumerate(GAUSSIANS) if name not in skip}


def two_features(images, name):
    """Features with exactly the moments that GAUSSIANS states."""
    mean, sd = GAUSSIANS[name]
    drawn = np.random.default_rng(len(name)).normal(size=(len(images), 2))
    uncorrelated, _ = np.linalg.qr(drawn - drawn.mean(axis=0))
    return mean + uncorrelated * np.sqrt(len(images) - 1) * sd


def by_closed_form(first, second):
    """For features that are not correlated the Fréchet distance is the sum of (m1 - m2)² + (s1 - s2)²."""
    return sum((np.array(a) - np.array(b)) @ (np.array(a) - np.array(b)) for a, b in zip(GAUSSIANS[first], GAUSSIANS[second], strict=True))


def look(table, images, reference):
    found = table[(table["images"] == images) & (table["reference"] == reference)]
    assert len(found) == 1
    return found.iloc[0]


def test_every_set_is_measured_against_both_references():
    data = sets()
    table = distance_table(data, {"segmenter": two_features})
    assert list(table.columns) == DISTANCE_COLUMNS and len(table) == 10
    for images in ("simulated", "sim2real_A", "sim2real_B", "real_A", "real_B"):
        for reference in ("real_A", "real_B"):
            judged = f"{images}_test" if images.startswith("real") else images
            row = look(table, images, reference)
            assert row["distance"] == pytest.approx(by_closed_form(judged, reference), rel=1e-6)
            assert (row["n_images"], row["n_reference"]) == (len(data[judged]), len(data[reference]))
    assert table[["ci_low", "ci_high"]].isna().all().all()


def test_only_texture_features_are_scaled_by_the_reference():
    found = look(distance_table(sets(), {"texture": two_features}), "simulated", "real_B")["distance"]
    (mean, sd), (reference_mean, reference_sd) = (np.array(GAUSSIANS[name]) for name in ("simulated", "real_B"))
    wanted = (((mean - reference_mean) ** 2 + (sd - reference_sd) ** 2) / reference_sd**2).sum()
    n = len(sets()["real_B"])
    assert found == pytest.approx(wanted * n / (n - 1), rel=1e-6)  # scaled by the population's SD, n in place of n - 1


def test_without_test_subjects_the_floor_is_missing_and_the_rest_there():
    table = distance_table(sets(skip=("real_A_test", "real_B_test")), {"segmenter": two_features})
    missing = table["distance"].isna()
    assert set(table.loc[missing, "images"]) == {"real_A", "real_B"} and missing.sum() == 4
    assert (table.loc[missing, "n_images"] == 0).all() and table.loc[~missing, "distance"].gt(0).all()


def test_each_feature_space_has_its_rows():
    table = distance_table(sets(), {"segmenter": two_features, "inception": two_features})
    assert table.groupby("features").size().to_dict() == {"segmenter": 10, "inception": 10}


def test_texture_sees_noise_that_the_means_hide():
    rng = np.random.default_rng(1)
    smooth = np.tile(np.linspace(0.2, 0.8, 32), (24, 32, 1)) + rng.normal(0, 0.02, (24, 1, 1))
    noisy = np.clip(smooth + rng.normal(0, 0.1, smooth.shape), 0, 1)
    table = distance_table({"simulated": noisy[:8], "sim2real_A": smooth[:8], "sim2real_B": smooth[:8], "real_A": smooth[8:], "real_B": smooth[8:]},
                           {"texture": texture_space})  # fmt: skip
    assert look(table, "simulated", "real_A")["distance"] > 10 * look(table, "sim2real_A", "real_A")["distance"]


def test_sets_are_taken_by_domain_vendor_and_split(tmp_path):
    run = RunFolder(tmp_path)
    rows = []

    def add(domain, vendor, split, value):
        name = f"{domain}_{vendor}_{split}_{len(rows)}.nii.gz"
        write_image(tmp_path / name, Image(np.full((5, 4, 2), value, np.float32), np.eye(4)))
        rows.append([domain, vendor, f"{len(rows):03}", "ED", split, name, name])

    for value, (domain, vendor, split) in enumerate([("simulated", "", "train"), ("real", "A", "train"), ("real", "A", "test"), ("real", "B", "train"),
                                                     ("real", "A", "validation")]):  # fmt: skip
        add(domain, vendor, split, value / 10)
    run.write_manifest("03_real_cohort", pd.DataFrame(rows, columns=SLICE_COLUMNS), "slices.csv")
    rows.clear()
    add("sim2real_A", "A", "train", 0.6)
    add("sim2real_B", "B", "train", 0.7)
    run.write_manifest("04_translation", pd.DataFrame(rows, columns=SLICE_COLUMNS), "translated.csv")
    found = {name: (len(images), round(float(images.mean()), 3)) for name, images in image_sets(run).items()}
    assert found == {"simulated": (2, 0.0), "sim2real_A": (2, 0.6), "real_A": (2, 0.1), "real_A_test": (2, 0.2), "sim2real_B": (2, 0.7),
                     "real_B": (2, 0.3)}  # fmt: skip


def test_median_slice_is_the_one_in_the_middle_of_every_feature():
    features = np.array([[0, 900.0], [1, 500], [9, 100], [4, 480], [5, 510]])
    assert median_slice(features) == 3  # medians 4 and 500
    assert median_slice(features * [1, 1e-6]) == 3  # whatever the features' units
    constant = np.array([[3.0, 1], [3, 7], [3, 4]])
    assert median_slice(constant) == 2
