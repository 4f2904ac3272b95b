import numpy as np
import pandas as pd

from sim2real.data import SLICE_COLUMNS, Image, RunFolder, write_image
from sim2real.realism import described, image_sets, median_slice


def test_sets_are_taken_by_domain_vendor_and_split(tmp_path):
    run = RunFolder(tmp_path)
    rows = []

    def add(domain, vendor, split, value):
        name = f"{domain}_{vendor}_{split}_{len(rows)}.nii.gz"
        write_image(tmp_path / name, Image(np.full((5, 4, 2), value, np.float32), np.eye(4)))
        rows.append([domain, vendor, f"{len(rows):03}", "ED", split, name, name])

    for value, (domain, vendor, split) in enumerate(
        [
            ("simulated", "", "train"),
            ("real", "A", "train"),
            ("real", "A", "test"),
            ("real", "B", "train"),
            ("real", "A", "validation"),
        ]
    ):
        add(domain, vendor, split, value / 10)
    run.write_manifest("03_real_cohort", pd.DataFrame(rows, columns=SLICE_COLUMNS), "slices.csv")
    rows.clear()
    add("sim2real_A", "A", "train", 0.6)
    add("sim2real_B", "B", "train", 0.7)
    run.write_manifest(
        "04_translation", pd.DataFrame(rows, columns=SLICE_COLUMNS), "translated.csv"
    )
    sets = image_sets(run)
    assert {name: list(found.subjects) for name, found in sets.items() if name != "simulated"} == {
        "real_A": ["001", "001"],
        "real_A_test": ["002", "002"],
        "real_B": ["003", "003"],
        "sim2real_A": ["000", "000"],
        "sim2real_B": ["001", "001"],
    }
    found = {
        name: (len(images), round(float(images.mean()), 3)) for name, (images, _) in sets.items()
    }
    assert found == {
        "simulated": (2, 0.0),
        "sim2real_A": (2, 0.6),
        "real_A": (2, 0.1),
        "real_A_test": (2, 0.2),
        "sim2real_B": (2, 0.7),
        "real_B": (2, 0.3),
    }


def test_median_slice_is_the_one_in_the_middle_of_every_feature():
    features = np.array([[0, 900.0], [1, 500], [9, 100], [4, 480], [5, 510]])
    assert median_slice(features) == 3  # medians 4 and 500
    assert median_slice(features * [1, 1e-6]) == 3  # whatever the features' units
    constant = np.array([[3.0, 1], [3, 7], [3, 4]])
    assert median_slice(constant) == 2


def test_features_keep_their_subjects(people):
    sets = {
        "real_A": people(np.arange(20.0).reshape(10, 2, 1)),
        "real_B": people(np.zeros((9, 2, 1)), "b"),
    }
    asked = []

    def extract(images, name):
        asked.append(name)
        return images[:, :, 0] + 1

    found = described(sets, extract)
    assert asked == ["real_A", "real_B"] and found["real_A"].values[3].tolist() == [7, 8]
    assert found["real_B"].subjects.tolist() == ["b000"] * 8 + ["b001"]
