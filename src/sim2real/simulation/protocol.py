"""How the protocol varies from one subject to the next.

The virtual population that the paper takes its images from was simulated with varied acquisition
parameters (Al Khalil et al. 2020); how far they varied is not published, so that the spread here is
this project's choice: as wide as taught a segmenter most about people (``book/people.md``).
"""

import numpy as np

from ..data import generator
from .parameters import SimulationParameters

SPREAD = {
    "flip_angle_deg": 0.35,
    "repetition_time_ms": 0.2,
    "snr": 0.9,
    "acquired_pixel_mm": 0.2,
    "off_resonance_hz": 0.8,
    "coil_distance_mm": 0.2,
    "coil_radius_mm": 0.4,
}
"""SD of the logarithm of what differs between subjects, with ``protocol_spread`` 1."""
COARSER = 1.1
"""Least acquired pixel over the structure map's voxel."""
_FURTHEST = 2.0  # SD
_LIMITS = {
    "flip_angle_deg": (30.0, 90.0),
    "repetition_time_ms": (2.4, 4.5),
    "acquired_pixel_mm": (1.4, 2.4),
    "coil_distance_mm": (140.0, 300.0),
    "coil_radius_mm": (45.0, 180.0),
}
"""What cine protocols and receive arrays have; drawn beyond it, the nearest of these is taken. What
the parameters ask for is never beyond it."""


def protocol_of(
    parameters: SimulationParameters, seed: int, name: str, voxel_mm: float = 0.0
) -> SimulationParameters:
    """The parameters with which subject ``name`` is imaged: those given, each of ``SPREAD`` times a
    log-normal factor. TE keeps its share of TR. The same for the same (seed, name).

    voxel_mm: of the subject's structure map; no acquired pixel is drawn that is finer."""
    if not parameters.protocol_spread:
        return parameters
    rng = generator(seed, "protocol", name)
    drawn = {}
    for key, sd in SPREAD.items():
        exponent = np.clip(rng.standard_normal(), -_FURTHEST, _FURTHEST)
        asked = getattr(parameters, key)
        value = asked * np.exp(parameters.protocol_spread * sd * exponent)
        low, high = _LIMITS.get(key, (0.0, np.inf))
        drawn[key] = float(np.clip(value, min(low, asked), max(high, asked)))
    if drawn["acquired_pixel_mm"] < parameters.acquired_pixel_mm:
        finest = min(COARSER * voxel_mm, parameters.acquired_pixel_mm)
        drawn["acquired_pixel_mm"] = max(drawn["acquired_pixel_mm"], finest)
    share = parameters.echo_time_ms / parameters.repetition_time_ms
    drawn["echo_time_ms"] = share * drawn["repetition_time_ms"]
    return parameters.model_copy(update=drawn)
