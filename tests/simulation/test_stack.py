"""A subject's whole stack, and its place on the page."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image as Picture

from sim2real.data.files import write_table
from sim2real.data.images import Image
from sim2real.data.labels import LV, MYO, RV
from sim2real.data.run import RunFolder
from sim2real.population.parameters import PopulationParameters
from sim2real.population.stage import population_table
from sim2real.population.subjects import sample_subject
from sim2real.simulation.cine import stack_html, whole_stack
from sim2real.simulation.parameters import SimulationParameters


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
