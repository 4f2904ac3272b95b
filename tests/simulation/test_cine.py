import base64
import io
import re

import numpy as np
import pytest
from PIL import Image as Picture

from sim2real.data import LV, MYO, RV, Image, RunFolder, write_image, write_table
from sim2real.population import (
    Phantom,
    PopulationParameters,
    SlicePlan,
    cine_levels,
    population_table,
    sample_subject,
)
from sim2real.simulation import SimulationParameters, cine, figures
from sim2real.simulation.cine import stack_html, whole_stack

PARAMETERS = SimulationParameters(reconstructed_pixel_mm=2.0, acquired_pixel_mm=2.0, snr=200)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run with the structure maps of a coarse cine of ten phases."""
    geometry = PopulationParameters(voxel_mm=2.0, field_of_view_mm=224, sub_slices=1)
    phantom = Phantom(sample_subject(3, 1, 1.0))
    stack = SlicePlan.of(phantom.heart, geometry, cine_levels(phantom.heart))
    folder = RunFolder(tmp_path_factory.mktemp("run"))
    write_image(
        folder.chapter("01_virtual_population") / "cine.nii.gz",
        phantom.structures(stack, tuple(np.arange(10) / 10), geometry),
    )
    return folder


def test_cine_has_every_phase_and_a_heart_that_empties(run):
    image, label = cine.simulate_cine(run, PARAMETERS, 0)
    assert image.data.shape == label.data.shape and image.data.shape[2:] == (3, 10)
    areas = (label.data == LV).sum(axis=(0, 1))
    assert (
        np.isin(areas.argmin(axis=1), (4, 5)).all()
        and (areas.min(axis=1) < 0.8 * areas[:, 0]).all()
    )
    assert (run.chapter("02_mr_simulation") / "cine_sa.nii.gz").is_file()


def test_frames_stand_basal_slice_first_and_upright(run):
    image, label = cine.simulate_cine(run, PARAMETERS, 0)
    frames = cine.frames(image, label)
    phases, rows, columns = frames.shape
    assert phases == 10 and columns == 3 * rows and 0 <= frames.min() < frames.max() == 1
    first = frames[0][:, :rows].T
    candidates = [np.corrcoef(first.ravel(), _cut(image, label, k).ravel())[0, 1] for k in range(3)]
    assert int(np.argmax(candidates)) == 2 and candidates[2] == pytest.approx(1, abs=1e-3)


def _cut(image, label, k):
    """Slice ``k`` at the first phase about the box of all labels, (x, y)."""
    inside = np.argwhere(label.data.any(axis=(2, 3)))
    half = round(75 / 2.0)
    x, y = ((inside.min(axis=0) + inside.max(axis=0)) / 2).astype(int)
    window = image.data[max(x - half, 0) : x + half, max(y - half, 0) : y + half]
    return np.minimum(
        window[:, :, k, 0], cine.WINDOW * np.percentile(image.data[label.data == LV], 95)
    )


def test_a_larger_flip_angle_parts_blood_from_muscle(run):
    images = cine.under_protocols(run, PARAMETERS, 0, (15, 60), (3.0, 6.0))
    assert set(images) == {(3.0, 15), (3.0, 60), (6.0, 15), (6.0, 60)}
    image, label = cine.simulate_cine(run, PARAMETERS, 0)
    x, y = cine.window_of(
        cine.simulate(cine._middle_slice(cine.structures_of(run), 0), PARAMETERS, 0, "cine")[1]
    )
    shown = label.data[x, y, 1, 0].T
    ratio = {
        key: value[shown == LV].mean() / value[shown == MYO].mean() for key, value in images.items()
    }
    assert ratio[3.0, 60] > 1.5 * ratio[3.0, 15]


def test_maxima_of_the_curves_lie_at_the_limit_of_short_repetition_times():
    curves = figures.contrast_table(1.5, np.arange(2, 121, 1.0), (2.0, 5.0))
    best = figures.maxima(curves, 1.5)
    assert (
        len(best) == 10
        and (np.abs(best["best_flip_angle_deg"] - best["short_tr_angle_deg"]) <= 1).all()
    )


def test_bands_lie_half_a_turn_from_resonance():
    table = figures.profile_table(1.5, 60, (4.0,))
    blood = table[table["tissue"] == "blood, left"]
    near = blood[blood["off_resonance_hz"].between(50, 200)]
    assert near.loc[near["signal"].idxmin(), "off_resonance_hz"] == pytest.approx(
        125, abs=1
    )  # 1 / (2 TR)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """(subject, image, label) of a coarse run whose first subject is ill."""
    run = RunFolder(tmp_path_factory.mktemp("run"))
    population = PopulationParameters(
        n_subjects=4, share_normal=0.5, voxel_mm=2.0, field_of_view_mm=224, sub_slices=1
    )
    subjects = [sample_subject(5, index, 0.5) for index in range(4)]
    write_table(run.path / "01_virtual_population" / "subjects.csv", population_table(subjects))
    healthy = next(subject for subject in subjects if subject.group == "NOR")
    return healthy, *whole_stack(
        run,
        SimulationParameters(acquired_pixel_mm=2.0, reconstructed_pixel_mm=2.0, snr=200),
        population,
        5,
    )


def test_the_stack_goes_from_beyond_the_cavity_s_end_to_beyond_the_base(stack):
    _, image, label = stack
    counts = {value: (label.data[..., 0] == value).sum(axis=(0, 1)) for value in (LV, MYO, RV)}
    assert image.data.shape[2] >= 8 and image.data.shape[3] == 2
    assert counts[LV][0] < 0.5 * counts[LV].max() and counts[LV][-1] == counts[RV][-1] == 0


def test_its_cavity_holds_about_what_was_drawn_for_the_healthy_subject(stack):
    subject, image, label = stack
    voxel_ml = np.prod(label.spacing_mm) / 1000
    assert (label.data[..., 0] == LV).sum() * voxel_ml == pytest.approx(subject.lv_edv_ml, rel=0.12)
    assert (label.data[..., 1] == LV).sum() * voxel_ml == pytest.approx(subject.lv_esv_ml, rel=0.15)


def test_the_page_reads_it_base_first_with_end_diastole_above():
    """Slices and phases of one grey each; a heart of unequal sides in the middle of each."""
    values = np.array([[0.2, 0.5], [0.4, 0.7], [0.6, 0.9]])  # slice from the apex, phase
    data, label = values * np.ones((100, 90, 1, 1)), np.zeros((100, 90, 3, 2), np.uint8)
    label[40:60, 40:52] = LV
    page = stack_html(
        Image(data, np.diag([2.0, 2.0, 10.0, 1.0])),
        Image(label, np.diag([2.0, 2.0, 10.0, 1.0])),
        "one",
        "a stack",
    )
    shown = np.asarray(
        Picture.open(
            io.BytesIO(base64.b64decode(re.search(r"base64,([^\"]+)\"", page)[1]))
        ).convert("L")
    )
    width, height = map(int, re.search(r'data-cell="(\d+) (\d+)"', page).groups())
    greys = shown.reshape(2, height, 3, width).mean(axis=(1, 3)) / 255
    np.testing.assert_allclose(greys, values[::-1].T / (1.25 * 0.9), atol=0.02)
    assert 'min="1" max="3"' in page and "end systole" in page
