"""What moves while k-space is filled: the heart within a cine frame, and the chest with
breathing."""

import numpy as np

from ..data.errors import Sim2RealError

MIN_CINE_PHASES = 8  # fewer are snapshots of the cycle, with nothing between neighbours to blend
# lines measured a heartbeat (choice of this project; clinical segments have 8 to 20)
_SEGMENT_LINES = 12


def blend_phases(frames: np.ndarray, footprint: float) -> np.ndarray:
    """K-space of a cine whose frames are gathered over some time.

    Segments interleave: neighbouring lines of ky are measured one after the other within a
    heartbeat, so line j stands at the time ((j mod 12) + 0.5)/12 - 1/2 of the footprint. Between
    two phases k-space is interpolated linearly; the cycle closes.

    Args:
        frames: (phase, coil, kx, ky).
        footprint: in frames; 0: an instant.

    Returns:
        The shape of ``frames``.

    Raises:
        Sim2RealError: for fewer than 8 phases.
    """
    if not footprint:
        return frames
    n_phases, n_lines = frames.shape[0], frames.shape[-1]
    if n_phases < MIN_CINE_PHASES:
        raise Sim2RealError(
            f"temporal footprint {footprint:g} needs a cine of {MIN_CINE_PHASES} phases or more;"
            f" the map has {n_phases}"
        )
    times = (((np.arange(n_lines) % _SEGMENT_LINES) + 0.5) / _SEGMENT_LINES - 0.5) * footprint
    before = np.floor(times).astype(int)
    share = (times - before).astype(np.float32)
    result = np.empty_like(frames)
    for p in range(n_phases):
        for step in np.unique(before):
            lines = before == step
            first, second = (
                frames[(p + step) % n_phases][..., lines],
                frames[(p + step + 1) % n_phases][..., lines],
            )
            result[p][..., lines] = first + share[lines] * (second - first)
    return result


def breathe(
    lines: np.ndarray, amplitude: np.ndarray, field_of_view_mm: float, cycles: float, start: float
) -> np.ndarray:
    r"""K-space of a body that breathes while ky is stepped through: ghosts along y.

    Line j sees the body displaced by :math:`\mathbf a \sin(2\pi c\,j/n + \varphi)`, a phase
    :math:`e^{-2\pi i\,\mathbf k\cdot\mathbf d}`; a periodic error over the lines makes copies
    ``cycles`` pixels of n apart.

    Args:
        lines: k-space of a body at rest, (coil, kx, ky).
        amplitude: displacement along x and y of the slice, mm, shape (2,).
        field_of_view_mm: of the lines.
        cycles: breaths a scan.
        start: phase of the first, radians.
    """
    n = lines.shape[-1]
    frequency = (np.arange(n) - n // 2) / field_of_view_mm
    swing = np.sin(2 * np.pi * cycles * np.arange(n) / n + start)
    turns = (frequency[:, None] * amplitude[0] + frequency[None, :] * amplitude[1]) * swing[None, :]
    return lines * np.exp(-2j * np.pi * turns).astype(np.complex64)
