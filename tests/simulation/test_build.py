import pytest

from sim2real.core.parameters import PopulationParameters, SimulationParameters
from sim2real.core.run import RunFolder
from sim2real.population.build import make_population
from sim2real.simulation.build import simulate_population, simulate_shard

COARSE = SimulationParameters(acquired_pixel_mm=3.0, reconstructed_pixel_mm=3.0, n_coils=2)


def test_parts_simulated_apart_are_collected_as_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")
    files = {}
    for name in ("whole", "parts"):
        run = RunFolder(tmp_path / name)
        make_population(run, PopulationParameters(n_subjects=3, voxel_mm=2.0, field_of_view_mm=192, sub_slices=1, cine_phases=2), 4)
        if name == "parts":
            assert [simulate_shard(run, COARSE, 4, f"{i}/2") for i in (2, 1)] == [1, 2]
            monkeypatch.setattr("sim2real.simulation.build.simulate", lambda *_: pytest.fail("an image was made again"))
        manifest = simulate_population(run, COARSE, 4)
        assert all((run.path / path).is_file() for path in [*manifest["image"], *manifest["label"]])
        files[name] = {path.name: path.read_bytes() for path in run.chapter("02_mr_simulation").rglob("*") if path.is_file()}
    assert files["whole"] == files["parts"] and len(files["whole"]) == 3 * 2 + 2  # and the manifest and the mark
