"""The steady state of balanced steady-state free precession (bSSFP), in closed form."""

import numpy as np

from ..core.errors import Sim2RealError


def bssfp_signal(t1_ms, t2_ms, proton_density, flip_angle_deg, repetition_time_ms, echo_time_ms, off_resonance_hz=0.0):
    r"""Complex transverse magnetisation at the echo, alternating RF phase; arguments broadcast.

    With :math:`\theta = 2\pi\,\Delta f\,TR`, :math:`\theta' = \theta + \pi`, :math:`E_i = e^{-TR/T_i}`:

    .. math::
        d = (1 - E_1\cos\alpha)(1 - E_2\cos\theta') - E_2 (E_1 - \cos\alpha)(E_2 - \cos\theta')

        M = M_0 (1 - E_1)\sin\alpha\,\frac{1 - E_2 e^{-i\theta'}}{d}\,e^{-TE/T_2}\,e^{+i\theta\,TE/TR}

    Freeman and Hill (1971), Hargreaves (2012). On resonance the magnitude is that of Freeman and Hill.
    Raises Sim2RealError for times that are not positive and for TE > TR.
    """
    t1, t2 = np.asarray(t1_ms, float), np.asarray(t2_ms, float)
    if (t1 <= 0).any() or (t2 <= 0).any():
        raise Sim2RealError(f"relaxation times must be above 0 ms; found T1 {t1.min():g}, T2 {t2.min():g}")
    if np.max(echo_time_ms) > np.min(repetition_time_ms):
        raise Sim2RealError(
            f"echo time {np.max(echo_time_ms):g} ms is above the repetition time {np.min(repetition_time_ms):g} ms; expected TE <= TR"
        )
    alpha = np.deg2rad(flip_angle_deg)
    theta = 2 * np.pi * np.asarray(off_resonance_hz, float) * repetition_time_ms / 1000
    shifted = theta + np.pi
    e1, e2 = np.exp(-repetition_time_ms / t1), np.exp(-repetition_time_ms / t2)
    d = (1 - e1 * np.cos(alpha)) * (1 - e2 * np.cos(shifted)) - e2 * (e1 - np.cos(alpha)) * (e2 - np.cos(shifted))
    steady = proton_density * (1 - e1) * np.sin(alpha) * (1 - e2 * np.exp(-1j * shifted)) / d
    return steady * np.exp(-echo_time_ms / t2) * np.exp(1j * theta * echo_time_ms / repetition_time_ms)
