"""The cardiac cycle: how far the heart has emptied and twisted at any moment between two R
waves."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..data import refuse


@dataclass(frozen=True)
class Moment:
    """State of the pump, both from 0 (end diastole) to 1 (end systole): share ejected, share of the
    twist."""

    ejected: float
    twisted: float


ED, ES = Moment(0.0, 0.0), Moment(1.0, 1.0)

# Electromechanical systole in ms over heart rate: 541 - 2.2 HR in men, 540 - 2.0 HR in women (Chest
# 1981;80:613). It counts
# from the Q wave; frames of a cine count from the R peak, about 40 ms later.
_SYSTOLE = {"M": (541.0, 2.2), "F": (540.0, 2.0)}
_Q_TO_R_MS = 40.0
_ISOVOLUMIC_MS = (45.0, 70.0)  # contraction, relaxation; round values
_FILLING_MS, _ATRIAL_MS = 160.0, 110.0  # early filling and the atrial contraction, at rest


def end_systole(heart_rate_bpm: float, sex: str) -> float:
    """When the heart is emptiest, as a share of the cycle that begins with the R wave."""
    longest, slope = _SYSTOLE[sex]
    return (longest - slope * heart_rate_bpm - _Q_TO_R_MS) * heart_rate_bpm / 60_000


def moment_at(share: float, heart_rate_bpm: float, sex: str) -> Moment:
    """State of the pump at a moment of the cardiac cycle.

    Ejection after isovolumic contraction, standstill, early filling, diastasis, atrial contraction,
    through points joined by monotone cubics. The twist follows ejection and is half undone before
    the mitral valve opens.

    Args:
        share: of the cycle that begins with the R wave, 0 to 1.
        heart_rate_bpm: beats a minute.
        sex: ``M`` or ``F``.

    Raises:
        Sim2RealError: for a share outside the cycle.
    """
    refuse(
        not 0 <= share <= 1,
        f"phase {share:g}: expected a share of the cardiac cycle, 0 to 1",
    )
    cycle_ms = 60_000 / heart_rate_bpm
    start, end = _ISOVOLUMIC_MS[0] / cycle_ms, end_systole(heart_rate_bpm, sex)
    opening = end + _ISOVOLUMIC_MS[1] / cycle_ms
    rest = 1 - opening  # what is left for filling; a fast heart fills faster and has no diastasis
    filled = opening + min(_FILLING_MS / cycle_ms, 0.45 * rest)
    kick = 1 - min(_ATRIAL_MS / cycle_ms, 0.35 * rest)
    ejection = start + (end - start) * np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    times = [0.0, *ejection, opening, (opening + filled) / 2, filled, kick, 1.0]
    volume = PchipInterpolator(times, [0, 0, 0.27, 0.62, 0.88, 1, 1, 0.6, 0.3, 0.24, 0])
    twist = PchipInterpolator(times, [0, 0, 0.3, 0.65, 0.92, 1, 0.5, 0.25, 0.08, 0.05, 0])
    return Moment(float(np.clip(volume(share), 0, 1)), float(np.clip(twist(share), 0, 1)))


def moment_of(phase: str | float, heart_rate_bpm: float, sex: str) -> Moment:
    """State at ``phase``: ``ED``, ``ES`` or a share of the cycle."""
    named = {"ED": ED, "ES": ES}
    return named[phase] if isinstance(phase, str) else moment_at(float(phase), heart_rate_bpm, sex)
