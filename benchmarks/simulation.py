"""How fast is a simulated frame? One core, 128 x 128 pixels, 4 coils; times in ms as median (10th
to 90th percentile).

OMP_NUM_THREADS=1 python benchmarks/simulation.py [repeats]
"""

import os
import sys

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ[
    "MKL_NUM_THREADS"
] = "1"

from functools import partial
from time import perf_counter

import numpy as np

from sim2real.population import Phantom, PopulationParameters, SlicePlan, sample_subject
from sim2real.simulation import Scan, SimulationParameters, simulate

PIXELS, FIELD_MM = 128, 256.0


def timed(work, repeats: int) -> np.ndarray:
    """Seconds of each of ``repeats`` calls, after one that does not count."""
    work()
    seconds = []
    for _ in range(repeats):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return np.array(seconds)


def report(what: str, seconds: np.ndarray) -> None:
    low, middle, high = np.percentile(1000 * seconds, [10, 50, 90])
    print(f"{what:<74}{middle:8.1f} ({low:.1f} to {high:.1f})", flush=True)


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    pixel = FIELD_MM / PIXELS
    parameters = SimulationParameters(
        acquired_pixel_mm=pixel, reconstructed_pixel_mm=pixel, n_coils=4
    )
    subject = sample_subject(0, 1, 0.5)
    phantom = Phantom(subject)
    print(
        f"{PIXELS} x {PIXELS} pixels, 4 coils, 3 sub-slices, one core, {repeats} repeats; ms,"
        " median (10th to 90th percentile)"
    )
    for n in (PIXELS, 2 * PIXELS):
        geometry = PopulationParameters(voxel_mm=FIELD_MM / n, field_of_view_mm=FIELD_MM)
        stack = SlicePlan.of(phantom.heart, geometry)
        one = SlicePlan(stack.centres[2:3], stack.affine)
        structures = phantom.structures(one, ("ED",), geometry)
        slab = structures.data[:, :, 0, 0]
        print(f"\nmap of {n} x {n} voxels of {FIELD_MM / n:g} mm")
        report(
            "anatomy: structure map of one slice",
            timed(lambda: phantom.structures(one, ("ED",), geometry), repeats),
        )  # noqa: B023
        scan = Scan.of(structures, parameters, 0, "bench")
        state = scan.at_slice(0, slab)
        for name, work in (
            (
                "set-up of a subject (tissues, tables)",
                partial(Scan.of, structures, parameters, 0, "bench"),
            ),
            ("set-up of a slice (coils, fields, shim)", partial(scan.at_slice, 0, slab)),
            (
                "FRAME, from map to magnitude image",
                lambda: scan.finish(scan.lines(slab, state), 0, 0),  # noqa: B023
            ),
        ):
            report(name, timed(work, repeats))

        def whole():
            person = Phantom(subject)
            return simulate(person.structures(one, ("ED",), geometry), parameters, 0, "bench")  # noqa: B023

        report("person, anatomy, every set-up, frame and label", timed(whole, repeats))


if __name__ == "__main__":
    main()
