import numpy as np

from sim2real.simulation import KSpace, breathe, combine, measure, reconstruct

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
