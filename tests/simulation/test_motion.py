import numpy as np
import pytest

from sim2real.data.errors import Sim2RealError
from sim2real.simulation.acquisition import KSpace, combine, measure, reconstruct
from sim2real.simulation.motion import blend_phases, breathe

N, FIELD = 160, 240.0
K_SPACE = KSpace(FIELD, 2.0, 2.0, window_alpha=0.0)


def disc(x_mm=0.0, y_mm=0.0, radius=20.0):
    at = (np.arange(N) + 0.5) * FIELD / N - FIELD / 2
    distance = np.hypot(at[:, None] - x_mm, at[None, :] - y_mm)
    return np.clip((radius - distance) / 2 + 0.5, 0, 1).astype(np.complex64)


def lines_of(object_):
    return measure(object_, K_SPACE, np.ones((1, N, N), np.complex64))


def image_of(lines):
    return combine(reconstruct(lines, K_SPACE, N))


def pulsing(n_phases):
    return np.stack(
        [lines_of(disc(radius=20 + 8 * np.cos(2 * np.pi * p / n_phases))) for p in range(n_phases)]
    )


def test_an_instant_leaves_a_cine_as_it_is_and_a_still_object_is_never_blurred():
    cine = pulsing(10)
    np.testing.assert_array_equal(blend_phases(cine, 0.0), cine)
    still = np.repeat(lines_of(disc())[None], 9, axis=0)
    np.testing.assert_allclose(blend_phases(still, 1.5), still, atol=1e-7)


def test_a_moving_edge_blurs_with_the_footprint_and_the_mean_over_the_cycle_stays():
    cine = pulsing(10)
    steepest = [
        np.abs(np.diff(image_of(blend_phases(cine, footprint)[3]), axis=0)).max()
        for footprint in (0.0, 1.0, 2.0)
    ]
    assert steepest[0] > 1.02 * steepest[1] and steepest[1] > 1.02 * steepest[2]
    np.testing.assert_allclose(blend_phases(cine, 1.3).mean(axis=0), cine.mean(axis=0), atol=1e-6)


def test_a_line_is_taken_from_its_own_time_and_the_cycle_closes():
    """K-space that holds nothing but the number of its phase shows the time of each line."""
    n_phases = 12
    frames = np.broadcast_to(
        np.exp(2j * np.pi * np.arange(n_phases) / n_phases)[:, None, None, None],
        (n_phases, 1, 4, 48),
    )
    blended = blend_phases(frames.astype(np.complex64), 2.0)
    for p in (0, 5, n_phases - 1):
        times = (
            np.angle(blended[p, 0, 0] * np.exp(-2j * np.pi * p / n_phases)) * n_phases / (2 * np.pi)
        )
        assert -1 < times.min() < -0.85 and 0.85 < times.max() < 1
        assert (
            abs(times.mean()) < 1e-3 and (np.diff(times[:12]) > 0).all()
        )  # in order within a segment


def test_two_phases_are_no_cine():
    with pytest.raises(Sim2RealError, match="needs a cine of 8 phases or more; the map has 2"):
        blend_phases(pulsing(2), 1.0)


def test_a_body_held_at_a_displacement_is_the_body_displaced():
    held = image_of(
        breathe(lines_of(disc()), np.array([7.0, -11.0]), FIELD, cycles=0.0, start=np.pi / 2)
    )
    moved = image_of(lines_of(disc(7.0, -11.0)))
    assert (
        np.abs(held - moved).max() < 0.12
    )  # at the edge's ringing, where the object's grid differs
    assert np.abs(held - moved).mean() < 0.004 < np.abs(image_of(lines_of(disc())) - moved).mean()


def test_breathing_makes_ghosts_along_y_as_many_pixels_away_as_there_are_breaths():
    dot = disc(radius=4.0)
    still = image_of(lines_of(dot))
    breathing = image_of(
        breathe(lines_of(dot), np.array([2.0, 0.0]), FIELD, cycles=20.0, start=0.4)
    )
    ghost = breathing - still
    x, y = np.unravel_index(still.argmax(), still.shape)
    rows = np.abs(ghost).max(axis=0)
    rows[y - 5 : y + 6] = 0
    assert abs(abs(int(rows.argmax()) - y) - 20) <= 1
    assert rows.max() > 5 * np.median(rows)


def test_what_moves_along_x_stays_where_it_is_along_y():
    """The sum over x is measured at one place of k-space along x, which such a motion does not
    turn."""
    lines = lines_of(disc())
    moved = breathe(lines, np.array([6.0, 0.0]), FIELD, cycles=5.0, start=0.7)
    along_y = lambda k_space: np.abs(reconstruct(k_space, K_SPACE, N)[0].sum(axis=0))  # noqa: E731
    np.testing.assert_allclose(along_y(moved), along_y(lines), atol=1e-3 * along_y(lines).max())
    assert np.abs(moved - lines).max() > 0.1 * np.abs(lines).max()
