"""The steady state of balanced steady-state free precession (bSSFP), in closed form."""

import numpy as np

from ..data import Sim2RealError, refuse


def bssfp_signal(
    t1_ms,
    t2_ms,
    proton_density,
    flip_angle_deg,
    repetition_time_ms,
    echo_time_ms,
    off_resonance_hz=0.0,
    t2_prime_ms=np.inf,
):
    r"""Complex transverse magnetisation at the echo, alternating RF phase; arguments broadcast.

    With :math:`\theta = 2\pi\,\Delta f\,TR`, :math:`\theta' = \theta + \pi`, :math:`E_i =
    e^{-TR/T_i}`, Freeman and Hill (1971) give

    .. math::
        M = \frac{M_0 (1 - E_1)\sin\alpha}{a - b\cos\theta'}\,(1 - E_2
        e^{-i\theta'})\,e^{-TE/T_2}\,e^{+i\theta\,TE/TR}

        a = 1 - E_1\cos\alpha - E_2^2 (E_1 - \cos\alpha), \qquad b = E_2 (1 - E_1)(1 + \cos\alpha)

    Their fraction is a Fourier series in :math:`\theta'`: :math:`1/(a - b\cos\theta') =
    s^{-1}\sum_n q^{|n|} e^{in\theta'}` with :math:`s = \sqrt{a^2 - b^2}` and :math:`q = b/(a + s)`.
    Off-resonances spread round :math:`\Delta f` as a Lorentzian of half-width :math:`1/(2\pi T_2')`
    (Ganter 2006) damp the term that turns with :math:`n + TE/TR` by :math:`e^{-|n +
    TE/TR|\,TR/T_2'}`. Both halves of the damped series are geometric. With :math:`R =
    e^{-TR/T_2'}`, :math:`\rho = e^{-TE/T_2'}`, :math:`z = e^{i\theta'}` and :math:`0 \le TE \le
    TR`:

    .. math::
        M = \frac{M_0 (1 - E_1)\sin\alpha}{s} \left[\frac{\rho\,(1 - E_2 q)}{1 - qRz} +
        \frac{R}{\rho}\, \frac{(q - E_2)\,z^{-1}}{1 - qRz^{-1}}\right]
        e^{-TE/T_2}\,e^{+i\theta\,TE/TR}

    Args:
        t1_ms, t2_ms: relaxation times, ms.
        proton_density: :math:`M_0`, 1 for pure water.
        flip_angle_deg: degrees.
        repetition_time_ms, echo_time_ms: TR and TE, ms.
        off_resonance_hz: Hz.
        t2_prime_ms: ms; infinite: no spread.

    Returns:
        Complex, of the broadcast shape of the arguments.

    Raises:
        Sim2RealError: for times that are not positive and for TE > TR.
    """
    t1, t2, t2_prime = (np.asarray(value, float) for value in (t1_ms, t2_ms, t2_prime_ms))
    _check_times(t1, t2, t2_prime, echo_time_ms, repetition_time_ms)
    cosine, sine = np.cos(np.deg2rad(flip_angle_deg)), np.sin(np.deg2rad(flip_angle_deg))
    theta = 2 * np.pi * np.asarray(off_resonance_hz, float) * repetition_time_ms / 1000
    e1, e2 = np.exp(-repetition_time_ms / t1), np.exp(-repetition_time_ms / t2)
    a, b = 1 - e1 * cosine - e2**2 * (e1 - cosine), e2 * (1 - e1) * (1 + cosine)
    s = np.sqrt((a - b) * (a + b))
    q = b / (a + s)
    spread, at_echo = np.exp(-repetition_time_ms / t2_prime), np.exp(-echo_time_ms / t2_prime)
    turn = -np.exp(1j * theta)  # e^{i theta'}
    back = np.conj(turn)
    series = at_echo * (1 - e2 * q) / (1 - q * spread * turn) + spread / at_echo * (
        q - e2
    ) * back / (1 - q * spread * back)
    amplitude = proton_density * (1 - e1) * sine / s * np.exp(-echo_time_ms / t2)
    return amplitude * series * np.exp(1j * theta * echo_time_ms / repetition_time_ms)


def _check_times(t1, t2, t2_prime, echo_time_ms, repetition_time_ms) -> None:
    if not ((t1 > 0).all() and (t2 > 0).all() and (t2_prime > 0).all()):
        raise Sim2RealError(
            f"relaxation times must be above 0 ms; found T1 {t1.min():g}, T2 {t2.min():g}, T2'"
            f" {t2_prime.min():g}; correct the table of tissues"
        )
    refuse(
        np.min(echo_time_ms) < 0 or np.max(echo_time_ms) > np.min(repetition_time_ms),
        f"echo time {np.max(echo_time_ms):g} ms is above the repetition time"
        f" {np.min(repetition_time_ms):g} ms; expected 0 <= TE <= TR",
    )
