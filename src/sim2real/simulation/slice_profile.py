"""How the flip angle varies across the slab: the profile of a windowed sinc pulse."""

import numpy as np

from ..data.errors import Sim2RealError

# positions are followed this far from the slab's middle, in thicknesses; next to nothing turns
# beyond
REACH = 1.5
_LOWEST = 2.0  # time-bandwidth product for which that holds
_STEPS = 96  # hard pulses that the shaped pulse is cut into
# positions at which the profile is taken: in the slab, at least, and beyond it on each side
_INSIDE, _BEYOND = 12, 8


def flip_profile(flip_angle_deg: float, time_bandwidth: float, positions: np.ndarray) -> np.ndarray:
    r"""Flip angle in degrees at ``positions`` (in slab thicknesses from its middle) of a
    Hann-windowed sinc pulse.

    The pulse :math:`B_1(t) \propto \mathrm{sinc}(\tau t)\,(1 + \cos 2\pi t)/2`, :math:`|t| \le 1/2`
    of its duration, time-bandwidth product :math:`\tau`, is integrated in spinors (Pauly et al.
    1991): hard pulses about x between turns about z by the slice gradient, whose bandwidth
    :math:`\tau` over the duration spans one thickness. The pulse is symmetric in time, so its
    rotation is one about x by the angle returned here between two turns about z, which the balanced
    gradients undo. Negative in side lobes. ``time_bandwidth`` 0: an ideal slab, the nominal angle
    inside and 0 outside.

    Args:
        flip_angle_deg: nominal angle, degrees.
        time_bandwidth: time-bandwidth product, 0 or 2 and more.
        positions: in slab thicknesses from its middle.

    Raises:
        Sim2RealError: for a product between 0 and 2: such a pulse excites far more than its slab.
    """
    if 0 < time_bandwidth < _LOWEST:
        raise Sim2RealError(
            f"slice_time_bandwidth {time_bandwidth:g} excites far beyond the slab; expected 0, or"
            f" {_LOWEST:g} or more"
        )
    positions = np.asarray(positions, float)
    if time_bandwidth == 0:
        return np.where(np.abs(positions) < 0.5, float(flip_angle_deg), 0.0)
    time = (np.arange(_STEPS) + 0.5) / _STEPS - 0.5
    shape = np.sinc(time_bandwidth * time) * (1 + np.cos(2 * np.pi * time)) / 2
    half_angles = np.deg2rad(flip_angle_deg) / 2 * shape / shape.sum()
    half_turn = np.exp(-1j * np.pi * time_bandwidth * positions / _STEPS / 2)
    alpha, beta = np.ones_like(half_turn), np.zeros_like(half_turn)  # Cayley and Klein's
    for angle in half_angles:
        alpha, beta = alpha * half_turn, beta / half_turn
        cosine, sine = np.cos(angle), 1j * np.sin(angle)
        alpha, beta = cosine * alpha - sine * beta, cosine * beta - sine * alpha
        alpha, beta = alpha * half_turn, beta / half_turn
    return np.rad2deg(2 * np.arcsin(np.clip(-beta.imag, -1, 1)))


def slab_positions(sub_slices: int, time_bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions across the slab, in thicknesses, and the share of each in each sub-slice,
    (sub_slice, position).

    Shares are lengths in thicknesses: the signal of a slab is the sum over positions. What a shaped
    pulse excites beyond the nominal slab is counted with the outermost sub-slices, whose tissue is
    taken to go on there.
    """
    inside = sub_slices if time_bandwidth == 0 else sub_slices * -(-_INSIDE // sub_slices)
    beyond = 0 if time_bandwidth == 0 else _BEYOND
    tail = 0.5 + (np.arange(beyond) + 0.5) / max(beyond, 1) * (REACH - 0.5)
    positions = np.concatenate([-tail[::-1], (np.arange(inside) + 0.5) / inside - 0.5, tail])
    lengths = np.where(np.abs(positions) < 0.5, 1 / inside, (REACH - 0.5) / max(beyond, 1))
    owner = np.clip(np.floor((positions + 0.5) * sub_slices).astype(int), 0, sub_slices - 1)
    return positions, (owner == np.arange(sub_slices)[:, None]) * lengths
