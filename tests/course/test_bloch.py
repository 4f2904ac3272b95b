"""The judge's Bloch equations agree with time steps, and with the closed form that they judge
answers by."""

import numpy as np
import pytest

from sim2real.course.bloch import steady_state
from sim2real.simulation import bssfp_signal


@pytest.mark.parametrize("offset_hz", [0.0, 40.0, -220.0])
def test_the_steady_state_is_where_pulse_after_pulse_ends(offset_hz):
    t1, t2, flip, tr, te = 300.0, 60.0, np.deg2rad(50.0), 4.0, 1.5
    m = np.array([0.0, 0.0, 1.0])
    for pulse in range(800):
        angle = flip if pulse % 2 == 0 else -flip
        y, z = (
            m[1] * np.cos(angle) + m[2] * np.sin(angle),
            -m[1] * np.sin(angle) + m[2] * np.cos(angle),
        )
        at_pulse = np.array([m[0], y, z])
        steps = [free(at_pulse, t1, t2, time, offset_hz) for time in (te, tr)]
        echo, m = steps
    assert abs(complex(echo[0], echo[1])) == pytest.approx(
        abs(steady_state(t1, t2, 50.0, tr, te, offset_hz)), rel=1e-4
    )


def free(m, t1, t2, time, offset_hz):
    transverse = complex(m[0], m[1]) * np.exp(2j * np.pi * offset_hz * time / 1000 - time / t2)
    return np.array([transverse.real, transverse.imag, 1 + (m[2] - 1) * np.exp(-time / t1)])


def test_it_agrees_with_the_packages_closed_form():
    for t1, t2, flip, tr, te, offset in (
        (996, 50, 60, 3.0, 1.5, 0.0),
        (1441, 290, 80, 4.2, 1.1, 90.0),
        (312, 117, 35, 3.0, 1.5, -220.0),
    ):
        ours = steady_state(t1, t2, flip, tr, te, offset)
        assert abs(ours) == pytest.approx(
            abs(bssfp_signal(t1, t2, 1.0, flip, tr, te, offset)), rel=1e-9
        )
