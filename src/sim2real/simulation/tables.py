"""Signals of every structure over off-resonance, tabulated once a subject, and read for every
voxel."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data.errors import Sim2RealError
from ..population.structures import STRUCTURE_TABLE
from .parameters import SimulationParameters
from .signal import bssfp_signal, inflow_gain
from .slice_profile import flip_profile, slab_positions

FAT_SHIFT_PPM = -3.4  # of methylene, the main peak of fat, from water
PROTON_MHZ_PER_T = 42.577
OFF_RESONANCE_HZ = np.linspace(
    -300, 300, 601
)  # signals are tabulated on these; what lies beyond counts as the end
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
    """Complex signal of each row of ``times`` at each off-resonance, weighted sums over flip
    angles; complex64, (row, column, sum).

    times: T1, T2, T2' in ms and PD, with the column ``fat`` that tells what resonates below water
    by the chemical shift of methylene, and ``blood`` that tells what flows. flips_deg: (flip,),
    weights: (sum, flip); without them the nominal angle alone, and no axis of sums. pulses: how
    many pulses flowing blood sees in the slab.
    """
    flips = np.array([parameters.flip_angle_deg]) if flips_deg is None else flips_deg
    weights = np.ones(len(flips)) if weights is None else weights.T
    tr, te = parameters.repetition_time_ms, parameters.echo_time_ms
    result = np.empty((len(times), len(off_resonance_hz), *weights.shape[1:]), np.complex64)
    for row, tissue in enumerate(times.itertuples()):
        hertz = (
            off_resonance_hz[:, None]
            + tissue.fat * FAT_SHIFT_PPM * PROTON_MHZ_PER_T * parameters.field_strength_t
        )
        t2_prime = (
            tissue.t2_prime_ms / parameters.intravoxel_dephasing
            if parameters.intravoxel_dephasing
            else np.inf
        )
        signal = bssfp_signal(tissue.t1_ms, tissue.t2_ms, tissue.pd, flips, tr, te, hertz, t2_prime)
        if tissue.blood and np.isfinite(pulses):
            signal = signal * inflow_gain(tissue.t1_ms, tissue.t2_ms, flips, tr, pulses, hertz)
        result[row] = signal @ weights
    return result


@dataclass(frozen=True)
class SlabTables:
    """Signal of each structure in each sub-slice over off-resonance, and how it follows flip angle
    and relaxation times.

    rows: complex64, (structure × sub_slice × bin, term). Terms: the signal; with an RF field that
    varies, its slope and curvature over the relative flip angle; with tissues that vary, its slopes
    over the logarithms of T1 and T2.
    """

    rows: np.ndarray
    sub_slices: int
    n_structures: int
    flip_varies: bool
    tissue_varies: bool
    myocardium: (
        float  # magnitude of the whole slab of LV myocardium on resonance at the nominal flip angle
    )

    @staticmethod
    def of(
        times: pd.DataFrame, parameters: SimulationParameters, sub_slices: int, thickness_mm: float
    ) -> "SlabTables":
        """times: a row for each structure number, in their order."""
        positions, shares = slab_positions(sub_slices, parameters.slice_time_bandwidth)
        _, one_of, owner = np.unique(
            np.abs(positions).round(9), return_index=True, return_inverse=True
        )
        flips = flip_profile(
            parameters.flip_angle_deg, parameters.slice_time_bandwidth, positions[one_of]
        )
        weights = np.stack([np.bincount(owner, share, len(one_of)) for share in shares])
        travelled = (
            parameters.inflow_cm_s * 10 * parameters.repetition_time_ms / 1000
        )  # mm a repetition
        pulses = thickness_mm / travelled if travelled else np.inf
        tissues = times.drop_duplicates()
        place = (
            tissues.reset_index(drop=True)
            .reset_index()
            .merge(times, how="right")["index"]
            .to_numpy()
        )

        def table(scale=1.0, t1=1.0, t2=1.0):
            varied = tissues.assign(t1_ms=tissues["t1_ms"] * t1, t2_ms=tissues["t2_ms"] * t2)
            return signal_table(
                varied, parameters, OFF_RESONANCE_HZ, scale * flips, weights, pulses
            ).swapaxes(1, 2)

        terms = [table()]
        middle = terms[0]
        if parameters.b1_spread:
            low, high = table(1 - _FLIP_STEP), table(1 + _FLIP_STEP)
            terms += [
                (high - low) / (2 * _FLIP_STEP),
                (high + low - 2 * middle) / (2 * _FLIP_STEP**2),
            ]
        if parameters.tissue_variation:
            ratio = np.exp(_TIME_STEP)
            terms += [
                (table(t1=ratio) - table(t1=1 / ratio)) / (2 * _TIME_STEP),
                (table(t2=ratio) - table(t2=1 / ratio)) / (2 * _TIME_STEP),
            ]
        rows = np.stack(terms, axis=-1)[place].reshape(-1, len(terms))
        muscle = np.flatnonzero(STRUCTURE_TABLE["name"] == "lv_myocardium")[0]
        at_rest = middle[place[muscle], :, len(OFF_RESONANCE_HZ) // 2].sum()
        return SlabTables(
            rows,
            sub_slices,
            len(times),
            bool(parameters.b1_spread),
            bool(parameters.tissue_variation),
            float(abs(at_rest)),
        )

    def signal(
        self,
        slab: np.ndarray,
        bins: np.ndarray,
        flip_excess: np.ndarray | None,
        variation: np.ndarray | None,
    ) -> np.ndarray:
        """Complex signal of a slab (x, y, sub_slice) summed through its thickness, shape (x, y),
        complex64.

        bins: (x, y), columns of the table. flip_excess: relative flip angle less 1, (x, y).
        variation: deviations of the logarithms of T1 and T2, taken to first order, and relative
        ones of PD, (3, x, y). Either may be None if the tables were made without it. Raises
        Sim2RealError for a number that is no structure.
        """
        if slab.max() >= self.n_structures:
            raise Sim2RealError(
                f"structure map: holds the number {slab.max()}; structures.csv knows 0 to"
                f" {self.n_structures - 1}"
            )
        total = np.zeros(slab.shape[:2], np.complex64)
        first_variation = 3 if self.flip_varies else 1
        for s in range(self.sub_slices):
            index = (slab[:, :, s].astype(np.int32) * self.sub_slices + s) * len(
                OFF_RESONANCE_HZ
            ) + bins
            terms = np.take(self.rows, index, axis=0)
            total += terms[..., 0]
            if self.flip_varies and flip_excess is not None:
                total += flip_excess * (terms[..., 1] + flip_excess * terms[..., 2])
            if self.tissue_varies and variation is not None:
                total += (
                    variation[0] * terms[..., first_variation]
                    + variation[1] * terms[..., first_variation + 1]
                )
        return total if variation is None else total * (1 + variation[2])
