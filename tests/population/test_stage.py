import numpy as np
import pandas as pd
import pytest

from sim2real.data import LV, RunFolder, read_labels
from sim2real.population import PopulationParameters, labels_of, make_population, summary

SMALL = {"voxel_mm": 2.0, "field_of_view_mm": 192, "sub_slices": 1}


@pytest.fixture(autouse=True)
def one_process(monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")


def test_a_larger_population_keeps_its_first_subjects(tmp_path):
    run = RunFolder(tmp_path)
    two = make_population(run, PopulationParameters(n_subjects=2, **SMALL), 9)
    folder = tmp_path / "01_virtual_population" / "structures"
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.nii.gz")}
    three = make_population(run, PopulationParameters(n_subjects=3, **SMALL), 9)
    pd.testing.assert_frame_equal(two, three.iloc[:2])
    after = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.nii.gz")}
    assert len(before) == 2 and len(after) == 3 and before.items() <= after.items()
    manifest = run.manifest("01_virtual_population")
    assert all((tmp_path / path).is_file() for path in manifest["structures"])
    assert read_labels(tmp_path / manifest["structures"][0]).data.shape == (96, 96, 6, 2, 1)


def test_cine_shows_a_healthy_heart_through_its_cycle(tmp_path):
    run = RunFolder(tmp_path)
    make_population(
        run, PopulationParameters(n_subjects=2, share_normal=1.0, cine_phases=5, **SMALL), 9
    )
    maps = read_labels(tmp_path / "01_virtual_population" / "cine.nii.gz")
    assert maps.data.shape == (96, 96, 3, 5, 1)
    areas = (labels_of(maps.data[..., 0]) == LV).sum(axis=(0, 1))
    assert (areas.min(axis=1) < 0.75 * areas[:, 0]).all() and (
        areas.argmin(axis=1) == 2
    ).all()  # emptiest at two fifths of the cycle
    table = summary.cycle_table(run)
    middle = table[(table["level"] == "middle") & (table["structure"] == "LV")]
    np.testing.assert_allclose(middle["area_cm2"], areas[1] * 0.04)
    planes, titles = summary.cine_planes(run)
    assert len(planes) == len(titles) == 6 and titles[3] == "apical, end systole"


def test_another_seed_or_geometry_starts_afresh(tmp_path):
    run = RunFolder(tmp_path)
    make_population(run, PopulationParameters(n_subjects=2, **SMALL), 9)
    path = tmp_path / run.manifest("01_virtual_population")["structures"][0]
    first = read_labels(path).data
    make_population(run, PopulationParameters(n_subjects=2, **SMALL), 10)
    assert not np.array_equal(first, read_labels(path).data)
    make_population(run, PopulationParameters(n_subjects=2, **{**SMALL, "voxel_mm": 1.6}), 10)
    assert read_labels(path).data.shape[:2] == (120, 120)
