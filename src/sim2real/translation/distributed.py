"""One training of CUT on several GPUs: every process takes its share of each step's slices, and gradients are averaged.

    torchrun --nproc-per-node 4 -m sim2real.translation.distributed --run NAME --vendor A

trains what chapter 4's training notebook would, in the same folder, where the notebook then finds it done. All processes draw
the same slices and patches and begin with the same weights; the losses are means over slices, so that the mean of the processes'
gradients is the gradient of the whole batch, and weights stay alike everywhere. Only the first process writes.
"""

import argparse
from pathlib import Path


def main(arguments: list[str] | None = None) -> None:
    from ..core.device import choose_device
    from ..core.distributed import launched
    from ..core.errors import Sim2RealError
    from ..core.labels import VENDORS
    from ..core.root import repository
    from ..core.run import RunFolder
    from ..core.slices import load_slices
    from ..core.workflow import run_parameters
    from .training import train
    from .watch import load_split

    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--run", required=True, metavar="NAME", help="a run whose chapter 3 is done")
    words.add_argument("--vendor", required=True, choices=sorted(VENDORS))
    asked = words.parse_args(arguments)
    run = RunFolder(Path(repository()) / "runs" / asked.run)
    parameters, slices = run_parameters(run.path), run.manifest("03_real_cohort", "slices.csv")
    if parameters.translation.grain:
        raise Sim2RealError(
            f"{run.path}: translation.grain is on, and its noise is not drawn for a batch in parts; train in one process, or set it to false"
        )
    device = choose_device(parameters.device)
    source = load_slices(run.path, slices.query("domain == 'simulated'"))
    rows = slices.query("domain == 'real' and vendor == @asked.vendor and split == 'train'")
    target, held_out = load_split(run.path, rows, parameters.translation.watch_share, parameters.seed)
    folder = run.chapter("04_translation") / "models" / asked.vendor
    with launched(device):
        train(source, target, parameters.translation, folder, parameters.seed, device, held_out)


if __name__ == "__main__":
    main()
