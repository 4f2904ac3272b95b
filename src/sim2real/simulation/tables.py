"""Signals of every structure over off-resonance, tabulated once a subject, and read for every
voxel."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..data import refuse
from ..population import ID
from .parameters import SimulationParameters
from .signal import bssfp_signal

FAT_SHIFT_PPM = -3.4  # of methylene, the main peak of fat, from water
PROTON_MHZ_PER_T = 42.577
# signals are tabulated on these; what lies beyond counts as the end
OFF_RESONANCE_HZ = np.linspace(-300, 300, 601)
# relative flip angles at which the signal's parabola over the flip angle is fixed: 1 and 1 ± this
_FLIP_STEP = 0.2


def bins_of(off_resonance_hz: np.ndarray) -> np.ndarray:
    """Columns of the tables at off-resonances in Hz."""
    first, last = OFF_RESONANCE_HZ[0], OFF_RESONANCE_HZ[-1]
    return np.rint(np.clip(off_resonance_hz, first, last) - first).astype(np.int32)


def signal_table(
    times: pd.DataFrame,
    parameters: SimulationParameters,
    off_resonance_hz: np.ndarray = OFF_RESONANCE_HZ,
    flip: float = 1.0,
) -> np.ndarray:
    """Complex signal of each tissue at each off-resonance.

    Args:
        times: T1, T2, T2' in ms and PD, a row a tissue, with the column ``fat`` that tells what
            resonates below water by the chemical shift of methylene.
        parameters: of the protocol.
        off_resonance_hz: shape (column,).
        flip: flip angle over the nominal one.

    Returns:
        complex64, (row, column).
    """
    tr, te = parameters.repetition_time_ms, parameters.echo_time_ms
    fat_hz = FAT_SHIFT_PPM * PROTON_MHZ_PER_T * parameters.field_strength_t
    columns = ["t1_ms", "t2_ms", "pd", "t2_prime_ms", "fat"]
    t1, t2, density, t2_prime, fat = times[columns].to_numpy(float).T[..., None]
    dephasing = parameters.intravoxel_dephasing
    t2_prime = t2_prime / dephasing if dephasing else np.inf
    hertz = off_resonance_hz + fat * fat_hz
    angle = flip * parameters.flip_angle_deg
    return bssfp_signal(t1, t2, density, angle, tr, te, hertz, t2_prime).astype(np.complex64)


@dataclass(frozen=True)
class SlabTables:
    """Signal of each structure over off-resonance, and how it follows the flip angle.

    Args:
        terms: complex64, (structure, bin, term): the signal; with an RF field that varies, its
            slope and curvature over the relative flip angle.
        myocardium: magnitude of LV myocardium on resonance at the nominal flip angle.
    """

    terms: np.ndarray
    myocardium: float

    @staticmethod
    def of(times: pd.DataFrame, parameters: SimulationParameters) -> "SlabTables":
        """times: a row for each structure number, in their order."""
        terms = [signal_table(times, parameters)]
        if parameters.b1_spread:
            low, high = (
                signal_table(times, parameters, flip=1 + step) for step in (-_FLIP_STEP, _FLIP_STEP)
            )
            terms.append((high - low) / (2 * _FLIP_STEP))
            terms.append((high + low - 2 * terms[0]) / (2 * _FLIP_STEP**2))
        on_resonance = terms[0][ID["lv_myocardium"], len(OFF_RESONANCE_HZ) // 2]
        return SlabTables(np.stack(terms, axis=-1), float(abs(on_resonance)))

    def signal(
        self, slab: np.ndarray, bins: np.ndarray, flip_excess: np.ndarray | None
    ) -> np.ndarray:
        """Complex signal of a slab, the mean through its thickness.

        Args:
            slab: structure numbers, (x, y, sub_slice).
            bins: columns of the table, (x, y).
            flip_excess: relative flip angle less 1, (x, y); None: the nominal angle.

        Returns:
            complex64, (x, y).

        Raises:
            Sim2RealError: for a number that is no structure.
        """
        refuse(
            slab.max() >= len(self.terms),
            f"structure map: holds the number {slab.max()}; structures.csv knows 0 to"
            f" {len(self.terms) - 1}",
        )
        total = np.zeros(slab.shape[:2], np.complex64)
        for structures in np.moveaxis(slab, -1, 0):
            terms = self.terms[structures, bins]
            total += terms[..., 0]
            if flip_excess is not None:
                total += flip_excess * (terms[..., 1] + flip_excess * terms[..., 2])
        return total / np.float32(slab.shape[-1])
