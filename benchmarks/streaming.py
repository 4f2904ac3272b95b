"""Do chapters 1 and 2 stream? Memory and time over the number of subjects, and what a larger
population would cost.

    python benchmarks/streaming.py [--sizes 100,400,1600] [--preset paper] [--cores 1]

Each chapter runs in a process of its own, at coarse settings, in a temporary run folder; memory is
the largest resident set of the process, and of any of its workers, as the system keeps it. What
grows by the subject at coarse settings grows alike at others, since no image is kept; the rest,
time, files and the memory of one subject, is measured at the preset on a few subjects.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from measured import note

COARSE = (
    {"voxel_mm": 2.0, "field_of_view_mm": 192.0, "sub_slices": 1, "cine_phases": 2},
    {"acquired_pixel_mm": 4.0, "reconstructed_pixel_mm": 4.0, "n_coils": 1},
)
FEW = 6  # subjects at the preset's settings
LARGER = (10_000, 1_000_000)
CHAPTERS = ("population", "simulation")


def work(chapter: str, folder: str, n_subjects: int, preset: str) -> None:
    """One chapter in this process; the line RESULT: seconds, peak MB of this process and of its
    largest worker."""
    from sim2real.data import RunFolder
    from sim2real.paper.parameters import load_parameters
    from sim2real.population import PopulationParameters, make_population
    from sim2real.simulation import SimulationParameters, simulate_population

    population, simulation = PopulationParameters(**COARSE[0]), SimulationParameters(**COARSE[1])
    if preset:
        population, simulation = (
            load_parameters(preset, []).population,
            load_parameters(preset, []).simulation,
        )
    start = perf_counter()
    if chapter == "population":
        make_population(
            RunFolder(folder), population.model_copy(update={"n_subjects": n_subjects}), 0
        )
    else:
        simulate_population(RunFolder(folder), simulation, 0)
    seconds = perf_counter() - start
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peaks = (
        resource.getrusage(who).ru_maxrss / unit
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    print("RESULT", seconds, *peaks)


def measured(chapter: str, folder: str, n_subjects: int, preset: str, cores: int) -> np.ndarray:
    environment = {
        **os.environ,
        "SIM2REAL_CORES": str(cores),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    words = [sys.executable, __file__, "--work", chapter, folder, str(n_subjects), preset]
    told = subprocess.run(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    if told.returncode:
        sys.exit(f"{chapter} of {n_subjects} subjects failed; run {' '.join(words[1:])} to see why")
    return np.array(told.stdout.split("RESULT")[1].split(), float)


def at_size(n_subjects: int, preset: str, cores: int) -> tuple[np.ndarray, float]:
    """(first, again by chapter; seconds, MB, MB of a worker), shape (2, 2, 3), and MB on disk a
    subject."""
    with tempfile.TemporaryDirectory() as folder:
        found = np.array(
            [
                [measured(chapter, folder, n_subjects, preset, cores) for chapter in CHAPTERS]
                for _ in range(2)
            ]
        )
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.nii.gz")) / 2**20
    for k, chapter in enumerate(CHAPTERS):
        (seconds, parent, worker), again = found[0, k], found[1, k, 0]
        print(
            f"{n_subjects:8d} "
            f" {chapter:<12}{1000 * seconds / n_subjects:10.1f}"
            f"{1000 * again / n_subjects:10.2f}{parent:10.1f}{worker:10.1f}",
            flush=True,
        )
    return found, size / n_subjects


def main() -> None:
    if sys.argv[1:2] == ["--work"]:
        return work(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--sizes", default="100,400,1600")
    words.add_argument("--preset", default="paper")
    words.add_argument(
        "--cores", type=int, default=1, help="1: everything in one process, without workers"
    )
    asked = words.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    print(
        f"{asked.cores} cores; 'again': all subjects are there already and are collected\n\ncoarse"
        " settings"
    )
    print("subjects  chapter     ms/subject  again ms   peak MB worker MB")
    found = np.array(
        [at_size(size, "", asked.cores)[0] for size in sizes]
    )  # (size, first or again, chapter, number)
    print(f"\npreset {asked.preset}, {FEW} subjects")
    few, disk_mb = at_size(FEW, asked.preset, asked.cores)
    print(f"\nextrapolated to the preset {asked.preset}, one core")
    for k, chapter in enumerate(CHAPTERS):
        slopes = [np.polyfit(sizes, found[:, 0, k, column], 1)[0] * 2**20 for column in (1, 2)]
        print(
            f"{chapter}: {slopes[0]:.0f} bytes a subject in the process, {slopes[1]:.0f} in a"
            " worker"
        )
        for n in LARGER:
            # what is done again each time, chapter 1's cine above all, is not done for each subject
            hours = (few[0, k, 0] - few[1, k, 0]) * min(asked.cores, FEW) / FEW * n / 3600
            memory = few[0, k, 1] + n * slopes[0] / 2**20
            print(f"{n:10,d} subjects: {hours:10.1f} h, {memory:8.0f} MB of memory")
        note(
            f"Cost of {chapter} for {n:,d} subjects, preset {asked.preset}, extrapolated from {FEW}"
            f" subjects at the preset and from {sizes[0]:,d} to {sizes[-1]:,d} at coarse settings",
            f"{hours:.0f} hours of one core, {memory:.0f} MB of memory",
            "benchmarks/streaming.py",
        )
        peaks = ", ".join(
            f"{n:,d}: {peak:.0f} MB" for n, peak in zip(sizes, found[:, 0, k, 1], strict=True)
        )
        note(
            f"Peak memory of {chapter} by number of subjects, coarse settings, {asked.cores}"
            " core(s)",
            peaks,
            "benchmarks/streaming.py",
        )
    print(
        f"on disk, both chapters: {disk_mb:.2f} MB a subject; "
        + ", ".join(f"{n:,d}: {n * disk_mb / 1024:,.0f} GB" for n in LARGER)
    )


if __name__ == "__main__":
    main()
