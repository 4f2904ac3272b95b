"""One training step of CUT timed against its authors' public code
(github.com/taesungp/contrastive-unpaired-translation).

``python benchmarks/cut_step.py --official FOLDER [--ngf 64 --size 128 --batch 1 --rounds 5
--precision float32 --device cpu --compiled]``

FOLDER is a checkout of that code; without it only our own step is timed. Steps alternate in one
process. On a CPU it has one core, and seconds are of the processor, so that a busy machine disturbs
less; on a GPU a turn is ``GPU_STEPS`` steps by the clock. Losses and gradients are compared in
float64 on inputs of unequal sides, from the same weights and the same patches.
"""

import argparse
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from types import SimpleNamespace

import numpy as np
import torch
from measured import note
from torch import nn

from sim2real.metrics import import_torchvision
from sim2real.translation import Optimisers, TranslationParameters, build, cut_step
from sim2real.translation.precision import compile_networks

GPU_STEPS = 20


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--official", metavar="FOLDER")
    parser.add_argument("--ngf", type=int, default=64)
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument(
        "--compiled", action="store_true", help="with translation.compiled, on a GPU"
    )
    parser.add_argument(
        "--peak-of", choices=("ours", "official"), help=argparse.SUPPRESS
    )  # called by this script itself
    return parser.parse_args()


def parameters_of(options) -> TranslationParameters:
    return TranslationParameters(
        generator_features=options.ngf,
        discriminator_features=options.ngf,
        residual_blocks=9,
        projection_features=256,
        batch_size=options.batch,
        precision=options.precision,
    )


def our_step(options):
    """(networks, a function that takes one step)."""
    parameters = parameters_of(options)
    networks = build(parameters, seed=0).to(options.device)
    if options.compiled:
        compile_networks(networks, torch.device(options.device))
    optimisers, random = (
        Optimisers(networks, parameters.learning_rate),
        torch.Generator().manual_seed(0),
    )
    return networks, lambda source, real: cut_step(
        networks, optimisers, source, real, parameters, random
    )


def official_model(options):
    """The public code's own model class with its defaults for CUT, on one channel."""
    sys.path.insert(0, options.official)
    import_torchvision()  # which the public code imports, too
    from models.cut_model import CUTModel

    settings = {
        "isTrain": True,
        "gpu_ids": [0] if options.device == "cuda" else [],
        "checkpoints_dir": "/nowhere",
        "name": "",
        "preprocess": "none",
        "direction": "AtoB",
        "CUT_mode": "CUT",
        "lambda_GAN": 1.0,
        "lambda_NCE": 1.0,
        "nce_idt": True,
        "nce_layers": "0,4,8,12,16",
        "netF": "mlp_sample",
        "netF_nc": 256,
        "nce_includes_all_negatives_from_minibatch": False,
        "nce_T": 0.07,
        "num_patches": 256,
        "flip_equivariance": False,
        "input_nc": 1,
        "output_nc": 1,
        "ngf": options.ngf,
        "ndf": options.ngf,
        "netG": "resnet_9blocks",
        "netD": "basic",
        "n_layers_D": 3,
        "normG": "instance",
        "normD": "instance",
        "no_dropout": True,
        "init_type": "xavier",
        "init_gain": 0.02,
        "no_antialias": False,
        "no_antialias_up": False,
        "gan_mode": "lsgan",
        "lr": 2e-4,
        "beta1": 0.5,
        "beta2": 0.999,
        "batch_size": options.batch,
    }
    return CUTModel(SimpleNamespace(**settings))


def batch_of(source, real) -> dict:
    return {"A": source, "B": real, "A_paths": [], "B_paths": []}


def build_heads(model, source, real) -> None:
    """The public code builds its projection heads at the first batch."""
    model.data_dependent_initialize(batch_of(source, real))


def official_step(options):
    model = official_model(options)

    def step(source, real):
        if not model.netF.mlp_init:
            build_heads(model, source, real)
        model.set_input(batch_of(source, real))
        model.optimize_parameters()

    return model, step


def images_of(options, n: int = 1):
    random = torch.Generator().manual_seed(n)
    shape = (options.batch, 1, options.size, options.size)
    return tuple((torch.rand(shape, generator=random) * 2 - 1).to(options.device) for _ in range(2))


def compare_in_float64(options) -> tuple[float, float]:
    """Largest differences of the four losses, and of all gradients over the largest of each
    tensor's, at ngf 16 and batch 2."""
    small = argparse.Namespace(
        **vars(options) | {"ngf": 16, "batch": 2, "precision": "float32", "device": "cpu"}
    )
    parameters = parameters_of(small)
    random = torch.Generator().manual_seed(0)
    source, real = (
        torch.rand(2, 1, 64, 48, generator=random, dtype=torch.float64) * 2 - 1 for _ in range(2)
    )
    networks = build(parameters, seed=0).double()
    for weights in networks.parameters():
        weights.data.normal_(0, 0.05, generator=random)
    still = SimpleNamespace(
        discriminator=torch.optim.SGD(networks["discriminator"].parameters(), 0.0)
    )
    still.translator = torch.optim.SGD(
        [*networks["generator"].parameters(), *networks["heads"].parameters()], 0.0
    )
    ours = cut_step(networks, still, source, real, parameters, torch.Generator().manual_seed(1))
    with in_float64():
        model = official_model(small)
        build_heads(model, source, real)
        theirs = [
            w for network in (model.netG, model.netD, model.netF) for w in network.parameters()
        ]
        for weights, given in zip(theirs, networks.parameters(), strict=True):
            weights.data.copy_(given.data)
        with patches_drawn_by(torch.Generator().manual_seed(1)):
            losses = official_losses(model, source, real)
    gradients = [
        (a.grad - b.grad).abs().max() / b.grad.abs().max().clamp(min=1e-6)
        for a, b in zip(networks.parameters(), theirs, strict=True)
    ]
    return float((ours - losses).abs().max()), float(max(gradients))


def official_losses(model, source, real) -> torch.Tensor:
    """A step of the public code at a learning rate of 0, its gradients left in its networks:
    discriminator, GAN, NCE, identity NCE."""
    for optimiser in (model.optimizer_D, model.optimizer_G, model.optimizer_F):
        optimiser.param_groups[0]["lr"] = 0.0
    model.set_input(batch_of(source, real))
    model.optimize_parameters()
    return torch.stack([model.loss_D, model.loss_G_GAN, model.loss_NCE, model.loss_NCE_Y]).detach()


@contextmanager
def in_float64():
    """Float64, and a norm whose gradient is made contiguous first: torch 2.13.0's is wrong for a
    channels-last one at batch 1 on a CPU."""
    stock = nn.InstanceNorm2d.forward

    def forward(self, x):
        y = stock(self, x)
        if y.requires_grad:
            y.register_hook(lambda gradient: gradient.contiguous())
        return y

    torch.set_default_dtype(torch.float64)
    nn.InstanceNorm2d.forward = forward
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)
        nn.InstanceNorm2d.forward = stock


@contextmanager
def patches_drawn_by(random: torch.Generator):
    """The public code's patches, drawn as ours are."""
    stock = np.random.permutation
    np.random.permutation = lambda n: torch.randperm(n, generator=random).numpy()
    try:
        yield
    finally:
        np.random.permutation = stock


def peak_mb(options, which: str) -> float:
    """Peak memory of a process of its own that takes three steps, less what it held before the
    first, in MB."""
    done = subprocess.run(
        [sys.executable, *sys.argv, "--peak-of", which], capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def measure_peak(options) -> None:
    step = (official_step if options.peak_of == "official" else our_step)(options)[1]
    on_gpu = options.device == "cuda"
    before = torch.cuda.memory_allocated() / 2**20 if on_gpu else memory_mb("VmRSS")
    for _ in range(3):
        step(*images_of(options))
    print((torch.cuda.max_memory_allocated() / 2**20 if on_gpu else memory_mb("VmHWM")) - before)


def seconds_a_step(step, images, device: str) -> float:
    if device == "cpu":
        start = process_time()
        step(*images)
        return process_time() - start
    torch.cuda.synchronize()
    start = perf_counter()
    for _ in range(GPU_STEPS):
        step(*images)
    torch.cuda.synchronize()
    return (perf_counter() - start) / GPU_STEPS


def memory_mb(entry: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{entry}:")[1].split()[0]) / 1024


def main() -> None:
    options = arguments()
    torch.set_num_threads(1)
    if options.peak_of:
        return measure_peak(options)
    steps = {"ours": our_step(options)[1]} | (
        {"official": official_step(options)[1]} if options.official else {}
    )
    seconds = {name: [] for name in steps}
    for number in range(
        options.rounds + 1
    ):  # alternating, so that a busy machine slows both; the first round warms up
        for name, step in steps.items():
            seconds[name].append(seconds_a_step(step, images_of(options, number), options.device))
    kept = {name: np.array(values[1:]) for name, values in seconds.items()}
    where = (
        "one core"
        if options.device == "cpu"
        else torch.cuda.get_device_name() + (", compiled" if options.compiled else "")
    )
    print(
        f"{options.size} x {options.size}, batch {options.batch}, ngf {options.ngf},"
        f" {options.precision}, {where}, {options.rounds} rounds"
    )
    peaks = {name: peak_mb(options, name) for name in kept}
    for name, values in kept.items():
        print(
            f"{name}: {np.median(values):.3g} s a step ({values.min():.3g} to {values.max():.3g}),"
            f" peak {peaks[name]:.0f} MB"
        )
    if options.official:
        ratios = kept["official"] / kept["ours"]
        print(
            f"step rate, ours / official: median {np.median(ratios):.2f}, {ratios.min():.2f} to"
            f" {ratios.max():.2f}"
        )
        losses, gradients = compare_in_float64(options)
        print(
            f"  float64: losses differ by {losses:.1e} at most, gradients by {gradients:.1e} of"
            " each tensor's largest"
        )
        if not (losses < 1e-6 and gradients < 1e-6):
            sys.exit("the two are not the same: expected differences below 1e-6")
        note(
            f"Rate of CUT's steps over that of its authors' code, {options.precision}, ngf"
            f" {options.ngf}, {options.size} x {options.size}, batch {options.batch}, {where}",
            f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f} in {options.rounds}"
            f" rounds); peak memory {peaks['ours']:.0f} MB against {peaks['official']:.0f} MB",
            "benchmarks/cut_step.py",
        )


if __name__ == "__main__":
    main()
