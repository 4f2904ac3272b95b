import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sim2real.data.errors import Sim2RealError
from sim2real.simulation.slice_profile import REACH, flip_profile, slab_positions


def turned_by_bloch(flip_deg, time_bandwidth, position, steps=1500):
    """Angle between z and the magnetisation after the pulse, in degrees, by stepping the Bloch
    equations in 3D."""
    time = (np.arange(steps) + 0.5) / steps - 0.5
    field = np.sinc(time_bandwidth * time) * np.cos(np.pi * time) ** 2
    field *= np.deg2rad(flip_deg) / field.sum()
    m = np.array([0.0, 0.0, 1.0])
    for angle in field:  # one turn about the field of both the pulse (x) and the gradient (z)
        m = Rotation.from_rotvec([angle, 0, 2 * np.pi * time_bandwidth * position / steps]).apply(m)
    return np.rad2deg(np.arccos(np.clip(m[2], -1, 1)))


@pytest.mark.parametrize("flip", [20.0, 60.0, 100.0])
@pytest.mark.parametrize("time_bandwidth", [2.0, 3.0, 5.0])
def test_flip_angle_is_that_of_a_stepped_bloch_pulse(flip, time_bandwidth):
    positions = [0.0, 0.2, -0.45, 0.6, 0.9]
    wanted = [turned_by_bloch(flip, time_bandwidth, position) for position in positions]
    np.testing.assert_allclose(
        np.abs(flip_profile(flip, time_bandwidth, positions)), wanted, atol=0.05
    )


def test_a_small_flip_angle_has_the_pulses_fourier_transform_as_its_profile_side_lobes_and_all():
    time = np.linspace(-0.5, 0.5, 20_001)
    pulse = np.sinc(4 * time) * np.cos(np.pi * time) ** 2
    positions = np.linspace(-1.4, 1.4, 29)
    transform = (
        np.array([(pulse * np.cos(2 * np.pi * 4 * x * time)).sum() for x in positions])
        / pulse.sum()
    )
    found = flip_profile(0.1, 4.0, positions) / 0.1
    np.testing.assert_allclose(found, transform, atol=2e-3)
    assert found.min() < -0.005


@pytest.mark.parametrize("time_bandwidth", [2.0, 3.0])
def test_next_to_nothing_turns_beyond_the_reach(time_bandwidth):
    assert np.abs(flip_profile(60.0, time_bandwidth, np.linspace(REACH, 3, 40))).max() < 1.0


def test_a_pulse_that_excites_far_more_than_its_slab_is_refused_in_one_line():
    with pytest.raises(
        Sim2RealError,
        match="slice_time_bandwidth 1.2 excites far beyond the slab; expected 0, or 2 or more",
    ):
        flip_profile(60.0, 1.2, [0.0])


def test_an_ideal_slab_has_one_flip_angle():
    np.testing.assert_array_equal(
        flip_profile(60.0, 0.0, [-0.7, -0.3, 0.0, 0.4, 0.6]), [0, 60, 60, 60, 0]
    )


@pytest.mark.parametrize("sub_slices", [1, 2, 3, 5])
@pytest.mark.parametrize("time_bandwidth", [0.0, 3.0])
def test_every_position_belongs_to_the_sub_slice_it_lies_in_or_to_the_outermost(
    sub_slices, time_bandwidth
):
    positions, shares = slab_positions(sub_slices, time_bandwidth)
    assert ((shares > 0).sum(axis=0) == 1).all()
    inside = np.abs(positions) < 0.5
    np.testing.assert_allclose(shares[:, inside].sum(axis=1), 1 / sub_slices)
    tails = 0 if time_bandwidth == 0 else 2 * (REACH - 0.5)
    assert shares[:, ~inside].sum() == pytest.approx(tails)
    assert (shares[0] > 0)[positions < -0.5].all() and (shares[-1] > 0)[positions > 0.5].all()
    centres = np.array([(positions * row * inside).sum() / (row * inside).sum() for row in shares])
    if time_bandwidth:
        np.testing.assert_allclose(
            centres, (np.arange(sub_slices) + 0.5) / sub_slices - 0.5, atol=1e-12
        )
