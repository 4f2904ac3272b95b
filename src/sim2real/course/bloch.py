"""The steady state of bSSFP by solving the Bloch equations: slow, and of another kind than the
closed form it judges answers by."""

import numpy as np


def steady_state(
    t1_ms: float,
    t2_ms: float,
    flip_angle_deg: float,
    repetition_time_ms: float,
    echo_time_ms: float,
    off_resonance_hz: float = 0.0,
) -> complex:
    r"""Transverse magnetisation at the echo, of an equilibrium of 1, pulses about x with
    alternating sign.

    With :math:`M(t) = A_t M + b_t` between pulses and a half turn Z about the main field a
    repetition, which makes all pulses alike, the magnetisation after a pulse repeats itself:
    :math:`M_+ = R_x(\alpha) Z (A_{TR} M_+ + b_{TR})`, three linear equations (Hargreaves 2001).
    Times in ms, angle in degrees, off-resonance in Hz.
    """
    flip = np.deg2rad(flip_angle_deg)
    pulse = np.array([[1, 0, 0], [0, np.cos(flip), np.sin(flip)], [0, -np.sin(flip), np.cos(flip)]])
    decay, growth = _free(t1_ms, t2_ms, repetition_time_ms, off_resonance_hz)
    turned = pulse @ np.diag([-1.0, -1.0, 1.0])
    after = np.linalg.solve(np.eye(3) - turned @ decay, turned @ growth)
    decay, growth = _free(t1_ms, t2_ms, echo_time_ms, off_resonance_hz)
    x, y, _ = decay @ after + growth
    return complex(x, y)


def _free(
    t1_ms: float, t2_ms: float, time_ms: float, off_resonance_hz: float
) -> tuple[np.ndarray, np.ndarray]:
    """(A, b) of free precession and relaxation for ``time_ms``."""
    turn = 2 * np.pi * off_resonance_hz * time_ms / 1000
    e1, e2 = np.exp(-time_ms / t1_ms), np.exp(-time_ms / t2_ms)
    cosine, sine = e2 * np.cos(turn), e2 * np.sin(turn)
    return np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, e1]]), np.array([0, 0, 1 - e1])
