"""Seconds and peak memory of a script's own ``--work`` part, run as a process of its own on two
cores."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

CORES = 2


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
        children = [
            int(child)
            for path in Path(f"/proc/{process}/task").glob("*/children")
            for child in path.read_text().split()
        ]
    except OSError:
        return []
    return [process, *(member for child in children for member in family(child))]


def watched(script: str, *words: str) -> tuple[list[float], float]:
    """(numbers of its line RESULT, peak MB over the process and its workers) of ``script --work
    words``; exits with a line if it fails."""
    environment = {
        **os.environ,
        "SIM2REAL_CORES": str(CORES),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    process = subprocess.Popen(
        [sys.executable, script, "--work", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    peak, done = [0.0], Event()

    def watch():
        while not done.wait(0.05):
            peak[0] = max(peak[0], memory_mb(process.pid))

    watcher = Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    done.set()
    watcher.join()
    told = [line.split()[1:] for line in output.splitlines() if line.startswith("RESULT")]
    if process.returncode or not told:
        sys.exit(
            f"--work {' '.join(words)} failed with exit status {process.returncode}; run it by"
            " itself to see why"
        )
    return [float(value) for value in told[0]], peak[0]
