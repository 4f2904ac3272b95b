import numpy as np
import pytest

from sim2real.data.images import Image
from sim2real.population.structures import ID
from sim2real.simulation.levels import LIVING, PHYSICS, levels, parameters_of
from sim2real.simulation.parameters import SimulationParameters
from sim2real.simulation.scan import simulate

N = 160


def heart(n_phases=1):
    """A beating ring of muscle round blood in muscle and lung, (x, y, 2 slices, phase, 3
    sub-slices)."""
    x, y = np.meshgrid(np.arange(N), np.arange(N), indexing="ij")
    data = np.full((N, N, 2, n_phases, 3), ID["muscle"], np.uint8)
    data[100:150, 40:90] = ID["lung"]
    for p in range(n_phases):
        r = np.hypot(x - 70, y - 85) / (1 + 0.2 * np.cos(2 * np.pi * p / n_phases))
        data[r < 32, :, p] = ID["lv_myocardium"]
        data[r < 22, :, p] = ID["lv_blood"]
    affine = np.array([[1.4, 0, 0, -60], [0, 0, 9, 20], [0, 1.4, 0, -80], [0, 0, 0, 1]])
    return Image(data, affine)


def test_four_images_of_one_slice_of_one_size_each_unlike_the_one_before():
    found = levels(heart(), 1, 0, SimulationParameters(), 3, "someone")
    assert [title for title, _ in found] == ["painted", "measured", "physics", "living"]
    images = [image for _, image in found]
    assert len({image.shape for image in images}) == 1 and all(
        np.isfinite(image).all() for image in images
    )
    assert len(np.unique(images[0])) == 4
    for before, after in zip(images, images[1:], strict=False):
        assert np.abs(after - before).mean() > 0.02 * before.mean()
        assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.6


def test_level_three_of_a_run_with_physics_on_is_the_runs_own_image():
    parameters = SimulationParameters(slice_time_bandwidth=4.0)
    whole, _ = simulate(heart(2), parameters, 3, "someone")
    found = dict(levels(heart(2), 1, 1, parameters, 3, "someone"))
    np.testing.assert_array_equal(found["physics"], whole.data[:, :, 1, 1])


def test_the_slab_comes_in_with_physics():
    """What differs off the slab's middle is not seen before level 3."""
    plain, other = heart(), heart()
    other.data[60:80, 60:80, :, :, 0] = ID["lv_myocardium"]
    first, second = (
        dict(levels(structures, 0, 0, SimulationParameters(), 3, "someone"))
        for structures in (plain, other)
    )
    for title in ("painted", "measured"):
        np.testing.assert_array_equal(first[title], second[title])
    assert np.abs(first["physics"] - second["physics"]).max() > 20


def test_the_last_level_of_a_cine_gathers_its_time():
    found = dict(levels(heart(8), 0, 2, SimulationParameters(), 3, "someone"))
    snapshot = dict(
        levels(
            Image(heart(8).data[:, :, :, :3], heart().affine),
            0,
            2,
            SimulationParameters(),
            3,
            "someone",
        )
    )
    assert not np.array_equal(found["living"], snapshot["living"])
    np.testing.assert_array_equal(found["physics"], snapshot["physics"])


@pytest.mark.parametrize("level", [2, 3, 4])
def test_a_level_has_on_what_belongs_to_it_whatever_the_run_has_off(level):
    bare = SimulationParameters(**dict.fromkeys((*PHYSICS, *LIVING), 0.0), snr=31.0)
    told = parameters_of(level, bare, 20)
    assert all((getattr(told, name) > 0) == (level >= 3) for name in PHYSICS)
    assert all((getattr(told, name) > 0) == (level >= 4) for name in LIVING)
    assert told.snr == 31.0
    own = parameters_of(level, SimulationParameters(inflow_cm_s=3.0), 20)
    assert own.inflow_cm_s == (3.0 if level == 4 else 0.0)
