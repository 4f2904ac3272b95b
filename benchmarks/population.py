"""Does the population's memory grow with its size? Subjects made and simulated on two cores: seconds and peak memory.

    python benchmarks/population.py [sizes, e.g. 30,150]

Each size runs in a process of its own and in a temporary run folder: the middle slices of a subject at ED and ES. Peak
memory is the largest sum over the process and its workers, of memory no other process shares with them, looked up ten
times a second; where the system does not tell that (no /proc), it is left out.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

CORES = 2


def work(n_subjects: int) -> None:
    """One size, from nothing to images on disk."""
    from sim2real.core.parameters import PopulationParameters, SimulationParameters
    from sim2real.core.run import RunFolder
    from sim2real.population.build import make_population
    from sim2real.simulation.build import simulate_population

    with tempfile.TemporaryDirectory() as folder:
        run = RunFolder(folder)
        start = perf_counter()
        make_population(run, PopulationParameters(n_subjects=n_subjects), 0)
        middle = perf_counter()
        simulate_population(run, SimulationParameters(), 0)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
        print(f"RESULT {middle - start:.1f} {perf_counter() - middle:.1f} {size / 2**20:.0f}")


def memory_mb(process: int) -> float:
    """Memory that a process and its children have to themselves, MB."""
    total = 0.0
    for member in family(process):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(float(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
    return total


def family(process: int) -> list[int]:
    try:
        children = [int(child) for path in Path(f"/proc/{process}/task").glob("*/children") for child in path.read_text().split()]
    except OSError:
        return []
    return [process, *(member for child in children for member in family(child))]


def measure(n_subjects: int) -> None:
    environment = {**os.environ, "SIM2REAL_CORES": str(CORES), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, __file__, "--work", str(n_subjects)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, env=environment)  # fmt: skip
    peak, done = [0.0], Event()

    def watch():
        while not done.wait(0.1):
            peak[0] = max(peak[0], memory_mb(process.pid))

    watcher = Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    done.set()
    watcher.join()
    told = [line.split()[1:] for line in output.splitlines() if line.startswith("RESULT")]
    if process.returncode or not told:
        sys.exit(f"{n_subjects} subjects: the run failed with exit status {process.returncode}; run with --work {n_subjects} to see why")
    anatomy, images, size = (float(value) for value in told[0])
    memory = f"{peak[0]:8.0f}" if peak[0] else "       -"
    print(f"{n_subjects:8d} {anatomy:10.1f} {images:10.1f} {anatomy + images:10.1f} {memory} {size:8.0f}", flush=True)


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        return work(int(sys.argv[2]))
    sizes = [int(value) for value in (sys.argv[1] if len(sys.argv) > 1 else "30,150").split(",")]
    print(f"{CORES} cores, two phases, six slices of 256 x 256 voxels and 3 sub-slices a subject (the paper uses four of the slices)")
    print("subjects  anatomy s   images s    total s  peak MB  disk MB")
    for n_subjects in sizes:
        measure(n_subjects)


if __name__ == "__main__":
    main()
