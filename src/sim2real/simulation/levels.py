"""Four levels of detail of one and the same slice, from painted labels to a living person."""

import numpy as np

from ..data.images import Image
from .motion import MIN_CINE_PHASES, blend_phases
from .parameters import SimulationParameters
from .scan import SCALE, Scan
from .tables import signal_table
from .tissues import tissue_times

PHYSICS = {
    "slice_time_bandwidth": 3.0,
    "off_resonance_hz": 10.0,
    "susceptibility_scale": 1.0,
    "intravoxel_dephasing": 1.0,
    "b1_spread": 0.08,
}
"""What level 3 adds: at the run's values, or at these (choices of this project) where the run has
them off. Level 2 has them at 0."""

LIVING = {
    "tissue_variation": 0.06,
    "inflow_cm_s": 5.0,
    "temporal_footprint": 1.0,
    "breathing_mm": 1.0,
}
"""What level 4 adds, likewise."""

TITLES = ("painted", "measured", "physics", "living")


def parameters_of(
    level: int, parameters: SimulationParameters, n_phases: int
) -> SimulationParameters:
    """The run's parameters as they are at a level, 2 to 4. A map of fewer than 8 phases is no cine
    and is never blurred in time."""
    changes = dict.fromkeys((*PHYSICS, *LIVING), 0.0)
    for added in (PHYSICS, LIVING)[: level - 2]:
        changes |= {name: getattr(parameters, name) or value for name, value in added.items()}
    if n_phases < MIN_CINE_PHASES:
        changes["temporal_footprint"] = 0.0
    return SimulationParameters(**{**parameters.model_dump(), **changes})


def levels(
    structures: Image,
    slice_index: int,
    phase_index: int,
    parameters: SimulationParameters,
    seed: int,
    name: str,
) -> list[tuple[str, np.ndarray]]:
    """One slice at four levels of detail.

    1 painted: the signal of each structure on resonance, in the slab's middle. 2 measured: coils,
    k-space and noise of that thin slice. 3 physics: the whole slab, its profile, off-resonance with
    banding, T2', B1. 4 living: variation within tissues, in-flowing blood, a frame's time and
    breathing.

    Args:
        structures: structure numbers (x, y, slice, phase, sub_slice).
        slice_index, phase_index: which frame.
        parameters: of the run.
        seed, name: of everything random.

    Returns:
        Title and image of each level, float32, all of the reconstructed size (x, y), in thousandths
        of pure water's magnetisation.
    """
    middle, n_phases = structures.data.shape[-1] // 2, structures.data.shape[3]
    thin = Image(structures.data[..., middle : middle + 1], structures.affine)
    of_level = {level: parameters_of(level, parameters, n_phases) for level in (2, 3, 4)}
    images = [_painted(thin, slice_index, phase_index, of_level[2])]
    for level, shown in of_level.items():
        scanned = thin if level == 2 else structures
        images.append(_scanned(scanned, slice_index, phase_index, shown, seed, name))
    return list(zip(TITLES, images, strict=True))


def _painted(structures: Image, k: int, p: int, parameters: SimulationParameters) -> np.ndarray:
    """Every reconstructed pixel takes the signal of the structure at its middle."""
    times = tissue_times(parameters.field_strength_t)
    signal = np.abs(signal_table(times, parameters, np.zeros(1)))[:, 0]
    m = Scan.of(structures, parameters, 0, "painted").k_space.reconstructed
    n = structures.data.shape[0]
    at = np.floor((np.arange(m) + 0.5) * n / m).astype(int)
    return (SCALE * signal[structures.data[:, :, k, p, 0]][np.ix_(at, at)]).astype(np.float32)


def _scanned(
    structures: Image, k: int, p: int, parameters: SimulationParameters, seed: int, name: str
) -> np.ndarray:
    scan, slabs = Scan.of(structures, parameters, seed, name), structures.data[:, :, k]
    state = scan.at_slice(k, slabs[:, :, 0])
    if not parameters.temporal_footprint:
        return scan.finish(scan.lines(slabs[:, :, p], state), k, p)
    frames = np.stack([scan.lines(slabs[:, :, q], state) for q in range(slabs.shape[2])])
    return scan.finish(blend_phases(frames, parameters.temporal_footprint)[p], k, p)
