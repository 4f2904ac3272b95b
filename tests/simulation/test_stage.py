import numpy as np

from sim2real.data import RunFolder, read_image, read_labels
from sim2real.population import POPULATION, PopulationParameters, make_population
from sim2real.simulation import SimulationParameters, simulate, simulate_population
from sim2real.simulation.protocol import SPREAD

COARSE = SimulationParameters(acquired_pixel_mm=3.0, reconstructed_pixel_mm=3.0, n_coils=2)


def test_a_lost_image_is_made_again_as_it_was_and_the_others_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")
    run = RunFolder(tmp_path)
    small = PopulationParameters(
        n_subjects=3, voxel_mm=2.0, field_of_view_mm=192, sub_slices=1, cine_phases=2
    )
    make_population(run, small, 4)
    manifest = simulate_population(run, COARSE, 4)
    paths = [tmp_path / path for path in [*manifest["image"], *manifest["label"]]]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths]
    paths[1].unlink()
    simulate_population(run, COARSE, 4)
    after = [(path.read_bytes(), path.stat().st_mtime_ns) for path in paths]
    assert [content for content, _ in after] == [content for content, _ in before]
    remade = [k for k in range(len(paths)) if after[k] != before[k]]
    assert remade == [1, 4]  # the second subject's image and label


def test_each_image_is_made_with_the_protocol_that_the_manifest_tells(tmp_path, monkeypatch):
    monkeypatch.setenv("SIM2REAL_CORES", "1")
    run = RunFolder(tmp_path)
    small = PopulationParameters(
        n_subjects=2, voxel_mm=2.0, field_of_view_mm=192, sub_slices=1, cine_phases=2
    )
    make_population(run, small, 4)
    maps = run.manifest(POPULATION.name).set_index("subject")["structures"]
    for row in simulate_population(run, COARSE, 4).to_dict("records"):
        told = COARSE.model_copy(
            update={
                **{key: row[key] for key in SPREAD},
                "echo_time_ms": row["repetition_time_ms"] / 2,
            }
        )
        image, _ = simulate(read_labels(tmp_path / maps[row["subject"]]), told, 4, row["subject"])
        made = read_image(tmp_path / row["image"]).data
        np.testing.assert_allclose(made, image.data, rtol=1e-3, atol=1e-2)
