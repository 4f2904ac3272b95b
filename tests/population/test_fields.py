import numpy as np
import pytest

from sim2real.population import CosineField
from sim2real.population.fields import AngularTable, PeriodicField


def test_smooth_field_has_mean_nought_and_unit_spread_over_many_draws():
    x, y = np.meshgrid(np.linspace(0, 900, 60), np.linspace(0, 700, 50), indexing="ij")
    values = np.array([CosineField(np.random.default_rng(k), 2, 30.0)(x, y) for k in range(40)])
    assert values.mean() == pytest.approx(0, abs=0.05) and values.std() == pytest.approx(
        1, abs=0.05
    )


def test_detail_of_a_field_follows_its_scale():
    at = np.linspace(0, 400, 4001)

    def crossings(scale):
        return np.mean(
            [
                np.count_nonzero(
                    np.diff(np.sign(CosineField(np.random.default_rng(k), 1, scale)(at)))
                )
                for k in range(30)
            ]
        )

    assert crossings(10.0) == pytest.approx(4 * crossings(40.0), rel=0.15)


def test_ridges_close_round_the_circle():
    field = PeriodicField(np.random.default_rng(0), 9, 45.0)
    angles = np.linspace(0, 1, 7)
    np.testing.assert_allclose(field(angles, 3.0), field(angles + 2 * np.pi, 3.0), atol=1e-5)


def test_table_of_angles_gives_what_the_function_gives():
    angles = np.random.default_rng(1).uniform(-12, 12, (40, 50)).astype(np.float32)
    wave = lambda a: np.exp(np.sin(a)) + np.cos(5 * a)  # noqa: E731
    np.testing.assert_allclose(AngularTable(angles)(wave), wave(angles.astype(float)), atol=1e-4)
