import numpy as np
import pytest

from sim2real.cohort.mnms import read_mnms
from sim2real.cohort.prepare import prepare_real, prepare_simulated
from sim2real.core.images import read_image, read_labels
from sim2real.core.parameters import CohortParameters, PopulationParameters, SimulationParameters
from sim2real.core.run import RunFolder
from sim2real.core.slices import SLICE_COLUMNS, load_slices
from sim2real.population.build import make_population
from sim2real.simulation.build import simulate_population

PARAMETERS = CohortParameters(grid_pixels=112, pixel_size_mm=1.4)


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


def test_real_images_come_onto_the_grid_with_their_labels(surrogate, tmp_path):
    run, cases = RunFolder(tmp_path), read_mnms(surrogate)
    table = prepare_real(run, cases, PARAMETERS)
    assert list(table.columns) == SLICE_COLUMNS and len(table) == 2 * len(cases)
    images, labels = load_slices(tmp_path, table), load_slices(tmp_path, table, "label")
    assert images.shape == labels.shape == (8 * len(cases), 112, 112)
    assert images.min() == 0 and images.max() == 1
    assert all(set(np.unique(label)) == {0, 1, 2, 3} for label in labels)
    lv, rv = (np.array([np.argwhere(label == value)[:, 1].mean() for label in labels]) for value in (1, 3))
    assert (rv < lv).all()  # columns: the viewer's left
    bright = np.array([image[label == 1].mean() / image[label == 2].mean() for image, label in zip(images, labels, strict=True)])
    assert np.median(bright) > 1.5  # image and label lie on each other


def test_label_on_the_grid_stands_where_it_stood_in_the_world(surrogate, tmp_path):
    case = read_mnms(surrogate)[0]
    row = prepare_real(RunFolder(tmp_path), [case], PARAMETERS).iloc[0]
    on_grid, (_, whole) = read_labels(tmp_path / row["label"]), case.read("ED")
    np.testing.assert_allclose(read_image(tmp_path / row["image"]).affine, on_grid.affine)

    def middles(image, value):
        """World positions of the label's middle, slice by slice."""
        return [image.affine[:3, :2] @ np.argwhere(image.data[:, :, k] == value).mean(axis=0) + image.affine[:3, 2] * k + image.affine[:3, 3]
                for k in range(image.data.shape[2]) if (image.data[:, :, k] == value).any()]  # fmt: skip

    for value in (1, 3):
        there = np.array(middles(whole, value))
        for found in middles(on_grid, value):
            # mm: half a pixel of the grid, of labels drawn in whole pixels; a grid displaced by one pixel would be 1.25 off
            assert np.linalg.norm(there - found, axis=1).min() < 0.6


def test_second_call_reads_and_writes_nothing_and_another_grid_starts_afresh(surrogate, tmp_path):
    run, cases = RunFolder(tmp_path), read_mnms(surrogate)[:1]
    table = prepare_real(run, cases, PARAMETERS)
    paths = [tmp_path / path for path in (*table["image"], *table["label"])]
    before = [path.stat().st_mtime_ns for path in paths]
    prepare_real(run, cases, PARAMETERS)
    assert before == [path.stat().st_mtime_ns for path in paths]
    prepare_real(run, cases, CohortParameters(grid_pixels=96))
    assert read_image(paths[0]).data.shape == (96, 96, 4)


def test_simulated_images_come_onto_the_same_grid_centred_on_the_heart(tmp_path):
    run = RunFolder(tmp_path)
    make_population(run, PopulationParameters(n_subjects=2, voxel_mm=1.6, field_of_view_mm=224, sub_slices=1), 3)
    manifest = simulate_population(run, SimulationParameters(n_coils=2), 3)
    stamps = [(tmp_path / path).stat().st_mtime_ns for path in manifest["image"]]
    simulate_population(run, SimulationParameters(n_coils=2), 3)
    assert stamps == [(tmp_path / path).stat().st_mtime_ns for path in manifest["image"]]
    table = prepare_simulated(run, PARAMETERS)
    labels = load_slices(tmp_path, table, "label")
    assert set(table["domain"]) == {"simulated"} and set(table["split"]) == {"train"} and labels.shape == (16, 112, 112)
    boxes = [np.argwhere((labels[8 * s : 8 * s + 8] > 0).any(axis=0)) for s in range(2)]
    for box in boxes:
        # all slices of the stack count for the box, the four shown ones nearly fill it
        assert np.abs((box.min(axis=0) + box.max(axis=0)) / 2 - 55.5).max() < 6
