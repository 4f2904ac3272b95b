"""What threads that wait awake cost a training of CUT on a machine with other work: torch's default
against this project's.

    python benchmarks/waiting.py [--rounds 3] [--seconds 10]

The standard preset's generator on all processors, in turn with each way of waiting, alone and
beside one busy process a processor. Linux with GNU's OpenMP only, as torch's wheels have it. Prints
ratios of steps a second with their spread.
"""

import argparse
import os
import subprocess
import sys

import numpy as np
from measured import note

from sim2real.paper.cli import _SPINS

WORK = """
import sys, time, torch
from sim2real.paper.parameters import load_parameters
from sim2real.translation.networks import build
from sim2real.translation.step import Optimisers, cut_step
parameters = load_parameters("standard", []).translation.model_copy(update={"precision": "float32"})
networks = build(parameters, 0)
optimisers, draw = Optimisers(networks, 1e-4), torch.Generator().manual_seed(0)
slices = torch.rand(2, 1, 1, 128, 128, generator=draw) * 2 - 1
def step(): cut_step(networks, optimisers, *slices, parameters, torch.Generator().manual_seed(0))
step()
begun, steps = time.monotonic(), 0
while time.monotonic() - begun < float(sys.argv[1]):
    step()
    steps += 1
print(steps / (time.monotonic() - begun))
"""


def rate(seconds: float, spins: str | None, busy: bool) -> float:
    """Steps a second."""
    n = len(os.sched_getaffinity(0))
    environment = {**os.environ, "OMP_NUM_THREADS": str(n)} | (
        {"GOMP_SPINCOUNT": spins} if spins else {}
    )
    others = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(n if busy else 0)
    ]
    try:
        told = subprocess.run(
            [sys.executable, "-c", WORK, str(seconds)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        for process in others:
            process.kill()
    return float(told.stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    for name, busy in (("alone", False), ("beside one busy process a processor", True)):
        pairs = np.array(
            [
                [rate(options.seconds, spins, busy) for spins in (None, _SPINS)]
                for _ in range(options.rounds)
            ]
        )
        ratios = pairs[:, 1] / pairs[:, 0]
        told = (
            f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f} in {options.rounds}"
            " rounds)"
        )
        print(f"{name}: {told}; steps a second {np.round(pairs, 2).tolist()}")
        note(
            f"Rate of CUT's steps with threads that sleep soon over torch's default, {name}",
            told,
            "benchmarks/waiting.py",
        )
