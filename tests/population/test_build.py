import numpy as np
import pandas as pd
import pytest

from sim2real.core.errors import Sim2RealError
from sim2real.core.images import Image, read_labels
from sim2real.core.labels import LV
from sim2real.core.parameters import PopulationParameters
from sim2real.core.run import RunFolder
from sim2real.population import summary
from sim2real.population.build import make_population, make_shard
from sim2real.population.structures import labels_of

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
    make_population(run, PopulationParameters(n_subjects=2, share_normal=1.0, cine_phases=5, **SMALL), 9)
    maps = read_labels(tmp_path / "01_virtual_population" / "cine.nii.gz")
    assert maps.data.shape == (96, 96, 3, 5, 1)
    areas = (labels_of(maps.data[..., 0]) == LV).sum(axis=(0, 1))
    assert (areas.min(axis=1) < 0.75 * areas[:, 0]).all() and (areas.argmin(axis=1) == 2).all()  # emptiest at two fifths of the cycle
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


def test_parts_made_apart_are_collected_as_they_are(tmp_path, monkeypatch):
    parameters = PopulationParameters(n_subjects=5, **SMALL)
    whole, parts = RunFolder(tmp_path / "whole"), RunFolder(tmp_path / "parts")
    expected = make_population(whole, parameters, 9)
    assert [make_shard(parts, parameters, 9, f"{i}/3") for i in (2, 3, 1)] == [2, 1, 2]
    assert not (parts.chapter("01_virtual_population") / "manifest.csv").exists()
    monkeypatch.setattr("sim2real.population.render.Phantom.structures", lambda self, *_: Image(np.ones((2, 2, 2, 2, 1)), np.eye(4)))
    pd.testing.assert_frame_equal(make_population(parts, parameters, 9), expected)  # only the cine is drawn now
    for path in expected["name"]:
        one, two = (run.chapter("01_virtual_population") / "structures" / f"{path}.nii.gz" for run in (whole, parts))
        assert one.read_bytes() == two.read_bytes()


def test_a_part_of_another_population_is_refused_and_nothing_is_removed(tmp_path):
    run, parameters = RunFolder(tmp_path), PopulationParameters(n_subjects=2, **SMALL)
    make_shard(run, parameters, 9, "1/2")
    with pytest.raises(Sim2RealError, match="made with other parameters"):
        make_shard(run, parameters, 10, "2/2")
    assert len(list((tmp_path / "01_virtual_population" / "structures").glob("*.nii.gz"))) == 1
    with pytest.raises(Sim2RealError, match="XCAT's subjects have no shards"):
        make_shard(run, parameters.model_copy(update={"xcat_root": tmp_path}), 9, "1/2")
