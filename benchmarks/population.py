"""Does the population's memory grow with its size? Subjects made and simulated on two cores:
seconds and peak memory.

    python benchmarks/population.py [sizes, e.g. 30,150]

Each size runs in a process of its own and in a temporary run folder: the middle slices of a subject
at ED and ES. Peak memory is the largest sum over the process and its workers, of memory no other
process shares with them, looked up twenty times a second; where the system does not tell that (no
/proc), it is left out.
"""

import sys
import tempfile
from pathlib import Path
from time import perf_counter

from peak import CORES, watched


def work(n_subjects: int) -> None:
    """One size, from nothing to images on disk."""
    from sim2real.data import RunFolder
    from sim2real.population import PopulationParameters, make_population
    from sim2real.simulation import SimulationParameters, simulate_population

    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(folder)
        start = perf_counter()
        make_population(run, PopulationParameters(n_subjects=n_subjects), 0)
        middle = perf_counter()
        simulate_population(run, SimulationParameters(), 0)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(f"RESULT {middle - start:.1f} {perf_counter() - middle:.1f} {size / 2**20:.0f}")


def measure(n_subjects: int) -> None:
    (anatomy, images, size), peak = watched(__file__, str(n_subjects))
    memory = f"{peak:8.0f}" if peak else "       -"
    print(
        f"{n_subjects:8d} {anatomy:10.1f} {images:10.1f} {anatomy + images:10.1f} {memory}"
        f" {size:8.0f}",
        flush=True,
    )


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        return work(int(sys.argv[2]))
    sizes = [int(value) for value in (sys.argv[1] if len(sys.argv) > 1 else "30,150").split(",")]
    print(
        f"{CORES} cores, two phases, six slices of 256 x 256 voxels and 3 sub-slices a subject (the"
        " paper uses four of the slices)"
    )
    print("subjects  anatomy s   images s    total s  peak MB  disk MB")
    for n_subjects in sizes:
        measure(n_subjects)


if __name__ == "__main__":
    main()
