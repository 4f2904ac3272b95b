"""How does a frame compare with MRzeroCore's? The same maps, one bSSFP image of one slice each way:
time and likeness.

    python benchmarks/simulation_peer.py [pixels] [dummy pulses] [rounds] [weakest signal followed]

MRzeroCore (PyPI) follows every repetition of the sequence by phase distribution graphs: an alpha/2
start, dummy pulses, then one line of k-space a repetition. The closed form here gives the steady
state of every voxel. Both have the same T1, T2, T2', PD, off-resonance, four coils, hard pulses of
one flip angle, and no noise, window or slab. Single-threaded.
"""

import os
import sys

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ[
    "MKL_NUM_THREADS"
] = "1"

from time import perf_counter

import numpy as np
from scipy.ndimage import binary_erosion

from sim2real.population import Phantom, PopulationParameters, SlicePlan, sample_subject
from sim2real.simulation import Scan, SimulationParameters, combine, reconstruct, tissue_times
from sim2real.simulation.tables import FAT_SHIFT_PPM, PROTON_MHZ_PER_T

FIELD_MM, READOUT_S = (
    256.0,
    10e-6,
)  # the time of a sample is short, so that the peer's image is not distorted by off-resonance


def subject(pixels: int):
    """(scan, state, slab) of a middle slice as thin as one structure map, with the physics that
    both simulators know."""
    pixel = FIELD_MM / pixels
    parameters = SimulationParameters(
        acquired_pixel_mm=pixel,
        reconstructed_pixel_mm=pixel,
        window_alpha=0.0,
        b1_spread=0.0,
        relaxation_spread=0.0,
    )
    # above 2 mm the population draws no map: the finer one is thinned
    geometry = PopulationParameters(
        voxel_mm=min(pixel, 2.0), field_of_view_mm=FIELD_MM, sub_slices=1
    )
    phantom = Phantom(sample_subject(0, 1, 0.5))
    stack = SlicePlan.of(phantom.heart, geometry)
    structures = phantom.structures(SlicePlan(stack.centres[2:3], stack.affine), ("ED",), geometry)
    step = structures.data.shape[0] // pixels
    affine = structures.affine @ np.diag([step, step, 1, 1])
    structures = type(structures)(np.ascontiguousarray(structures.data[::step, ::step]), affine)
    scan = Scan.of(structures, parameters, 0, "peer")
    slab = structures.data[:, :, 0, 0]
    return scan, scan.at_slice(0, slab), slab


def ours(scan, state, slab) -> np.ndarray:
    return combine(reconstruct(scan.lines(slab, state), scan.k_space, scan.n))


def peers_data(mr0, torch, scan, state, slab):
    times = tissue_times(scan.parameters.field_strength_t).loc[slab[..., 0].ravel()]
    plane = lambda values: torch.tensor(np.asarray(values, np.float32).reshape(*slab.shape[:2], 1))  # noqa: E731
    shift = (
        times["fat"].to_numpy()
        * FAT_SHIFT_PPM
        * PROTON_MHZ_PER_T
        * scan.parameters.field_strength_t
    )
    hertz = scan.off_resonance_hz(slab, state).ravel() + shift
    voxel = np.diag([*2 * [FIELD_MM / scan.n], 8.0, 1.0])[:3]
    phantom = mr0.VoxelGridPhantom(
        plane(times["pd"]),
        plane(times["t1_ms"] / 1000),
        plane(times["t2_ms"] / 1000),
        plane(times["t2_prime_ms"] / 1000),
        plane(np.zeros(len(times))),
        plane(hertz),
        torch.ones((1, *slab.shape[:2], 1)),
        torch.tensor(state.coils)[..., None],
        torch.tensor(voxel),
    )
    return phantom.build(PD_threshold=1e-6)  # air is left out


def peers_sequence(mr0, torch, scan, dummies: int):
    """alpha/2, TR/2, then alpha of alternating phase every TR; the last ``n`` repetitions are read,
    one line of ky each."""
    n, p = scan.n, scan.parameters
    tr, te, flip = p.repetition_time_ms / 1000, p.echo_time_ms / 1000, np.deg2rad(p.flip_angle_deg)
    sequence = mr0.Sequence()
    start = sequence.new_rep(1)
    start.pulse.usage, start.pulse.angle, start.pulse.phase = mr0.PulseUsage.EXCIT, flip / 2, np.pi
    start.event_time[0] = tr / 2
    for number in range(dummies + n):
        line = number - dummies
        repetition = sequence.new_rep(n + 2)
        repetition.pulse.usage, repetition.pulse.angle = mr0.PulseUsage.EXCIT, flip
        repetition.pulse.phase = np.pi * (number % 2)
        before = te - (n // 2 + 1) * READOUT_S
        repetition.event_time[:] = READOUT_S
        repetition.event_time[0], repetition.event_time[-1] = before, tr - before - n * READOUT_S
        if line >= 0:
            repetition.gradm[1:-1, 0] = 1
            repetition.gradm[0, 0], repetition.gradm[-1, 0] = -n // 2 - 1, 1 - n // 2
            repetition.gradm[0, 1], repetition.gradm[-1, 1] = line - n // 2, n // 2 - line
            repetition.adc_usage[1:-1] = 1
            repetition.adc_phase[1:-1] = np.pi / 2 - repetition.pulse.phase
    return sequence


def peer(mr0, data, sequence, n: int, weakest: float) -> np.ndarray:
    """weakest: signal below which states are left out, over the strongest. The package's own
    default, 0.01, is faster by a third and one or two percent off inside structures."""
    graph = mr0.compute_graph(sequence, data, 200, weakest / 100)
    signal = mr0.execute_graph(
        graph, sequence, data, weakest, weakest, print_progress=False
    ).numpy()
    lines = signal.reshape(n, n, -1).transpose(2, 1, 0)  # (line, sample, coil) to (coil, kx, ky)
    images = np.fft.ifft2(np.fft.ifftshift(lines, axes=(1, 2)), norm="ortho")
    return combine(np.fft.fftshift(images, axes=(1, 2)))


def likeness(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Normalised correlation, and the RMS difference over the RMS of ``b`` after the best common
    scale."""
    correlation = float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))
    scale = (a * b).sum() / (a**2).sum()
    return correlation, float(np.sqrt(((scale * a - b) ** 2).mean() / (b**2).mean()))


def by_structure(a: np.ndarray, b: np.ndarray, slab: np.ndarray) -> np.ndarray:
    """Relative differences of the mean signal inside every structure of 15 pixels or more that lie
    a pixel from its edge."""
    scale, differences = (a * b).sum() / (a**2).sum(), []
    for number in np.unique(slab):
        inside = binary_erosion(slab[..., 0] == number)
        if inside.sum() >= 15 and b[inside].mean() > 0.1 * b.max():
            differences.append(scale * a[inside].mean() / b[inside].mean() - 1)
    return np.abs(differences)


def main() -> None:
    try:
        import MRzeroCore as mr0
        import torch
    except ImportError as error:
        sys.exit(
            f"MRzeroCore cannot be imported ({error}): install it in an environment of its own, pip"
            " install MRzeroCore"
        )
    torch.set_num_threads(1)
    given = sys.argv[1:] + ["64", "2000", "3", "0.001"][len(sys.argv) - 1 :]
    pixels, dummies, rounds, weakest = int(given[0]), int(given[1]), int(given[2]), float(given[3])
    start = perf_counter()
    scan, state, slab = subject(pixels)
    set_up = perf_counter() - start
    data, sequence = (
        peers_data(mr0, torch, scan, state, slab),
        peers_sequence(mr0, torch, scan, dummies),
    )
    seconds, images = {"ours": [], "peer": []}, {}
    for _ in range(
        rounds
    ):  # alternating, so that a busy machine slows both; ours is too short to time but in a row
        for name, work, times in (
            ("ours", lambda: ours(scan, state, slab), 50),
            ("peer", lambda: peer(mr0, data, sequence, pixels, weakest), 1),
        ):
            start = perf_counter()
            for _ in range(times):
                images[name] = work()
            seconds[name].append((perf_counter() - start) / times)
    ratios = np.array(seconds["peer"]) / np.array(seconds["ours"])
    correlation, difference = likeness(images["peer"], images["ours"])
    print(
        f"MRzeroCore {mr0.__version__}, {pixels} x {pixels} pixels, 4 coils, {dummies} dummy"
        f" pulses, {rounds} rounds, one thread, states followed above {weakest:g}"
    )
    print(
        f"ours: {1000 * np.median(seconds['ours']):.1f} ms a frame; set-up with anatomy"
        f" {set_up:.2f} s"
    )
    print(f"peer: {np.median(seconds['peer']):.1f} s a frame")
    print(f"peer / ours: median {np.median(ratios):.0f}, {ratios.min():.0f} to {ratios.max():.0f}")
    print(
        f"images: normalised correlation {correlation:.5f}, RMS difference {100 * difference:.2f} %"
        " of the RMS after one common scale"
    )
    inside = by_structure(images["peer"], images["ours"], slab)
    print(
        f"mean signal inside {len(inside)} structures: differs by {100 * np.median(inside):.2f} %"
        f" in the median, {100 * inside.max():.2f} % at most"
    )
    print(
        "most of the rest lies at edges: the peer's voxels are sincs cut at the end of k-space, and"
        " it reads while spins precess"
    )
    if os.environ.get("PEER_IMAGES"):
        np.savez(os.environ["PEER_IMAGES"], **images)


if __name__ == "__main__":
    main()
