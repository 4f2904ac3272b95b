"""One nnU-Net on several GPUs, by nnU-Net's own way of sharing a batch out over processes (DistributedDataParallel).

    torchrun --nproc-per-node 2 -m sim2real.segmentation.distributed --run NAME --regime both --seed 0

trains what the notebook of that regime and seed would, in the same folder, where the notebook then finds it done. The batch is
the same in all, but each process draws slices of its own: another training than one GPU's, of the same kind.
"""

import argparse


def main(arguments: list[str] | None = None) -> None:
    from ..core.device import choose_device
    from ..core.distributed import launched
    from ..core.labels import REGIMES
    from ..core.root import repository
    from ..core.run import RunFolder
    from ..core.workflow import run_parameters
    from .training import train

    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--run", required=True, metavar="NAME", help="a run whose training data for chapter 6 are prepared")
    words.add_argument("--regime", required=True, choices=list(REGIMES))
    words.add_argument("--seed", type=int, required=True)
    asked = words.parse_args(arguments)
    run = RunFolder(repository() / "runs" / asked.run)
    parameters = run_parameters(run.path)
    device = choose_device(parameters.device)
    with launched(device):
        train(run.chapter("06_segmentation"), asked.regime, asked.seed, parameters.segmentation, device)


if __name__ == "__main__":
    main()
