"""Signals of every structure over off-resonance, tabulated once a subject, and read for every
voxel."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.errors import Sim2RealError
from ..population.structures import ID
from .parameters import SimulationParameters
from .signal import bssfp_signal, inflow_gain
from .slice_profile import flip_profile, slab_positions

FAT_SHIFT_PPM = -3.4  # of methylene, the main peak of fat, from water
PROTON_MHZ_PER_T = 42.577
# signals are tabulated on these; what lies beyond counts as the end
OFF_RESONANCE_HZ = np.linspace(-300, 300, 601)
# relative flip angles at which the signal's parabola over the flip angle is fixed: 1 and 1 ± this
_FLIP_STEP = 0.2
_TIME_STEP = 0.05  # relative change of a relaxation time for the slope of the signal


def bins_of(off_resonance_hz: np.ndarray) -> np.ndarray:
    """Columns of the tables at off-resonances in Hz."""
    first, last = OFF_RESONANCE_HZ[0], OFF_RESONANCE_HZ[-1]
    return np.rint(np.clip(off_resonance_hz, first, last) - first).astype(np.int32)


def signal_table(
    times: pd.DataFrame,
    parameters: SimulationParameters,
    off_resonance_hz: np.ndarray = OFF_RESONANCE_HZ,
    flips_deg: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    pulses: float = np.inf,
) -> np.ndarray:
    """Complex signal of each tissue at each off-resonance, weighted sums over flip angles.

    Args:
        times: T1, T2, T2' in ms and PD, a row a tissue, with the column ``fat`` that tells what
            resonates below water by the chemical shift of methylene, and ``blood``: what flows.
        parameters: of the protocol.
        off_resonance_hz: shape (column,).
        flips_deg: shape (flip,); weights: (sum, flip). Without them the nominal angle alone, and no
            axis of sums.
        pulses: how many pulses flowing blood sees in the slab.

    Returns:
        complex64, (row, column, sum).
    """
    flips = np.array([parameters.flip_angle_deg]) if flips_deg is None else flips_deg
    weights = np.ones(len(flips)) if weights is None else weights.T
    tr, te = parameters.repetition_time_ms, parameters.echo_time_ms
    fat_hz = FAT_SHIFT_PPM * PROTON_MHZ_PER_T * parameters.field_strength_t
    dephasing = parameters.intravoxel_dephasing
    result = np.empty((len(times), len(off_resonance_hz), *weights.shape[1:]), np.complex64)
    for row, tissue in enumerate(times.itertuples()):
        hertz = off_resonance_hz[:, None] + tissue.fat * fat_hz
        t2_prime = tissue.t2_prime_ms / dephasing if dephasing else np.inf
        signal = bssfp_signal(tissue.t1_ms, tissue.t2_ms, tissue.pd, flips, tr, te, hertz, t2_prime)
        if tissue.blood and np.isfinite(pulses):
            signal = signal * inflow_gain(tissue.t1_ms, tissue.t2_ms, flips, tr, pulses, hertz)
        result[row] = signal @ weights
    return result


@dataclass(frozen=True)
class SlabTables:
    """Signal of each structure in each sub-slice over off-resonance, and how it follows flip angle
    and relaxation times.

    Args:
        terms: complex64, (structure, sub_slice, bin, term): the signal; with an RF field that
            varies, its slope and curvature over the relative flip angle; with tissues that vary,
            last, its slopes over the logarithms of T1 and T2.
        myocardium: magnitude of the whole slab of LV myocardium on resonance at the nominal flip
            angle.
    """

    terms: np.ndarray
    myocardium: float

    @staticmethod
    def of(
        times: pd.DataFrame, parameters: SimulationParameters, sub_slices: int, thickness_mm: float
    ) -> "SlabTables":
        """times: a row for each structure number, in their order."""
        positions, shares = slab_positions(sub_slices, parameters.slice_time_bandwidth)
        # the pulse is symmetric: one flip angle for both positions of a distance from the middle
        _, first, distance_of = np.unique(
            np.abs(positions).round(9), return_index=True, return_inverse=True
        )
        weights = np.stack([np.bincount(distance_of, share, len(first)) for share in shares])
        flips = flip_profile(
            parameters.flip_angle_deg, parameters.slice_time_bandwidth, positions[first]
        )
        mm_a_repetition = parameters.inflow_cm_s * 10 * parameters.repetition_time_ms / 1000
        pulses = thickness_mm / mm_a_repetition if mm_a_repetition else np.inf
        tissues = times.drop_duplicates()  # several structures are of one tissue

        def table(flip=1.0, t1=1.0, t2=1.0):
            varied = tissues.assign(t1_ms=tissues["t1_ms"] * t1, t2_ms=tissues["t2_ms"] * t2)
            signal = signal_table(
                varied, parameters, OFF_RESONANCE_HZ, flip * flips, weights, pulses
            )
            return signal.swapaxes(1, 2)

        terms = [table()]
        if parameters.b1_spread:
            low, high = table(1 - _FLIP_STEP), table(1 + _FLIP_STEP)
            terms.append((high - low) / (2 * _FLIP_STEP))
            terms.append((high + low - 2 * terms[0]) / (2 * _FLIP_STEP**2))
        if parameters.tissue_variation:
            ratio = np.exp(_TIME_STEP)
            terms.append((table(t1=ratio) - table(t1=1 / ratio)) / (2 * _TIME_STEP))
            terms.append((table(t2=ratio) - table(t2=1 / ratio)) / (2 * _TIME_STEP))
        tissue_of = times.groupby(list(times.columns), sort=False).ngroup().to_numpy()
        of_structures = np.stack(terms, axis=-1)[tissue_of]
        on_resonance = of_structures[ID["lv_myocardium"], :, len(OFF_RESONANCE_HZ) // 2, 0]
        return SlabTables(of_structures, float(abs(on_resonance.sum())))

    def signal(
        self,
        slab: np.ndarray,
        bins: np.ndarray,
        flip_excess: np.ndarray | None,
        variation: np.ndarray | None,
    ) -> np.ndarray:
        """Complex signal of a slab, summed through its thickness.

        Args:
            slab: structure numbers, (x, y, sub_slice).
            bins: columns of the table, (x, y).
            flip_excess: relative flip angle less 1, (x, y); None: the nominal angle.
            variation: deviations of the logarithms of T1 and T2, taken to first order, and relative
                ones of PD, (3, x, y); None: none.

        Returns:
            complex64, (x, y).

        Raises:
            Sim2RealError: for a number that is no structure.
        """
        n_structures, sub_slices = self.terms.shape[:2]
        if slab.max() >= n_structures:
            raise Sim2RealError(
                f"structure map: holds the number {slab.max()}; structures.csv knows 0 to"
                f" {n_structures - 1}"
            )
        total = np.zeros(slab.shape[:2], np.complex64)
        for s in range(sub_slices):
            terms = self.terms[slab[:, :, s], s, bins]
            total += terms[..., 0]
            if flip_excess is not None:
                total += flip_excess * (terms[..., 1] + flip_excess * terms[..., 2])
            if variation is not None:
                total += variation[0] * terms[..., -2] + variation[1] * terms[..., -1]
        return total if variation is None else total * (1 + variation[2])
