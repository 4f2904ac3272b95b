"""A simulated slice and its translations over one another."""

import base64
import io
import re
from itertools import combinations

import numpy as np
import pandas as pd
from PIL import Image as Picture

from sim2real.data import LV, MYO, RV, SLICE_COLUMNS, Image, RunFolder, as_stored, write_image
from sim2real.translation import stage
from sim2real.translation.figures import strip_figure
from sim2real.translation.stage import examples, wipe_html

GREYS = {"simulated": 0.2, "sim2real_A": 0.5, "sim2real_B": 0.8}
STEP = {"007 ED": 0.0, "007 ES": 0.05, "V2 ED": 0.1, "V2 ES": 0.15}
ROWS, COLUMNS = 24, 40


def run_in(folder) -> RunFolder:
    """Two subjects at both phases, each image of one grey; the heart in the middle slice of three
    lies lower in the second subject."""
    affine, tables = np.diag([1.25, 1.25, 8, 1.0]), {"simulated": [], "translated": []}
    for domain, grey in GREYS.items():
        for name, step in STEP.items():
            subject, phase = name.split()
            image, label = f"{domain}/{subject}_{phase}.nii.gz", f"labels/{subject}.nii.gz"
            stack = np.full((3, ROWS, COLUMNS), grey + step)
            stack[[0, 2]] = 0  # only the middle slice is to be shown
            outlined = np.zeros((3, ROWS, COLUMNS), np.uint8)
            outlined[1, 6 if subject == "007" else 10 :, 12:30] = LV
            write_image(folder / image, as_stored(stack, affine))
            write_image(folder / label, Image(outlined.transpose(2, 1, 0), affine))
            row = (
                domain,
                domain[-1] if domain != "simulated" else "",
                subject,
                phase,
                "train",
                image,
                label,
            )
            tables["simulated" if domain == "simulated" else "translated"].append(row)
    run = RunFolder(folder)
    groups = pd.DataFrame({"name": ["V2", "007"], "group": ["DCM", "NOR"]})
    run.write_manifest("01_virtual_population", groups, "subjects.csv")
    run.write_manifest(
        "03_real_cohort", pd.DataFrame(tables["simulated"], columns=SLICE_COLUMNS), "slices.csv"
    )
    run.write_manifest(
        "04_translation",
        pd.DataFrame(tables["translated"], columns=SLICE_COLUMNS),
        "translated.csv",
    )
    return run


def test_each_slice_stands_above_its_own_translations(tmp_path):
    page = wipe_html(run_in(tmp_path), n=2, name="one", alt="slices")
    shown = np.asarray(
        Picture.open(
            io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)\"", page)[1]))
        ).convert("L")
    )
    greys = shown.reshape(3, ROWS, 2, COLUMNS).mean(axis=(1, 3)) / 255
    wanted = [[grey + STEP[name] for name in ("007 ED", "V2 ES")] for grey in GREYS.values()]
    np.testing.assert_allclose(greys, wanted, atol=0.02)
    assert "normal, ED; dilated, ES" in page


def test_all_three_bear_the_outline_of_the_simulated_slice(tmp_path):
    page = wipe_html(run_in(tmp_path), n=2, name="one", alt="slices")
    path = re.search(r'stroke="#E69F00" d="([^"]*)"', page)[1]
    tops = sorted(
        min(float(point.split()[1]) for point in part.split("L"))
        for part in path.strip("MZ").split("ZM")
    )
    np.testing.assert_allclose(
        tops, [line * ROWS + top for line in range(3) for top in (6, 10)], atol=0.6
    )


def test_examples_are_of_one_group_after_the_other_and_of_subjects_that_have_slices(tmp_path):
    run = run_in(tmp_path)
    names, groups = ["V2", "V9", "007", "V1"], ["DCM", "NOR", "NOR", "HCM"]
    table = pd.DataFrame({"name": names, "group": groups})
    run.write_manifest("01_virtual_population", table, "subjects.csv")
    assert examples(run, n=4) == {("007", "ED"): "normal, ED", ("V2", "ES"): "dilated, ES"}


def test_figure_one_has_its_query_on_the_septum_and_its_negatives_apart():
    label = np.zeros((60, 80), np.uint8)
    label[20:40, 10:24], label[15:45, 24:30], label[15:45, 30:50] = RV, MYO, LV
    row, column = stage._septum(label)
    assert label[row, column] == MYO and 26 <= row <= 34
    image = np.zeros((60, 80))
    image[:, ::2] = np.linspace(0, 1, 60)[:, None]  # more contrast towards the lower border
    places = stage._places_of_contrast(image, (30, 40), 3)
    assert len(places) == 3 and max(row for row, _ in places) > 40
    for one, other in combinations([(30, 40), *places], 2):
        assert np.hypot(*np.subtract(one, other)) >= 26


def test_the_strip_shows_one_heart_in_every_look_beside_a_heart_of_each_vendor(tmp_path):
    run = run_in(tmp_path)
    slices = run.manifest("03_real_cohort", "slices.csv")
    simulated = slices[slices["phase"] == "ED"]
    real = [
        simulated.iloc[[k]].assign(domain="real", vendor=vendor, subject=f"P{k}")
        for k, vendor in enumerate("AB")
    ]
    run.write_manifest("03_real_cohort", pd.concat([slices, *real]), "slices.csv")
    strip = stage.strip(run, "surrogate")
    assert list(strip) == [
        "simulated",
        "translated to A",
        "translated to B",
        "surrogate A",
        "surrogate B",
    ]
    greys = [float(pixels.mean()) for pixels in strip.values()]
    np.testing.assert_allclose(greys, [0.2, 0.5, 0.8, 0.2, 0.3], atol=0.02)
    assert strip_figure(strip).axes[1].get_title() == "translated\nto A"


def test_a_slice_of_the_strip_is_cut_about_its_heart(tmp_path):
    run = run_in(tmp_path)
    rows = run.manifest("03_real_cohort", "slices.csv").query("subject == 'V2'").head(1)
    image = np.zeros((3, ROWS, COLUMNS))
    image[1, 17, 20] = 1  # the middle of the label of rows 10 to 23, columns 12 to 29
    write_image(run.path / rows["image"].iloc[0], as_stored(image, np.diag([1.25, 1.25, 8, 1.0])))
    cut = stage._about_the_heart(run, rows, half_px=5)
    assert cut.shape == (10, 10) and np.unravel_index(cut.argmax(), cut.shape) == (6, 5)
