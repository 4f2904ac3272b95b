"""Training of a translation on slices in memory, by CUT or another method: a fixed number of steps,
resumable at any of them with the same result to the bit.

Whatever is drawn at random at a step comes from (seed, step) alone. The promise holds for one
machine, number of threads and version of torch on a CPU; on a GPU, sums in another order change the
last bits.
"""

import copy
import time
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ..data.errors import Sim2RealError
from ..data.files import clear_temporaries
from ..data.progress import progress
from ..data.run import RunFolder
from ..data.seeds import generator as random_generator
from ..data.seeds import seed_of
from ..data.slices import load_slices
from .apply import save_generator, to_network
from .checkpoint import fingerprint, load_checkpoint, save_checkpoint
from .networks import Generator
from .parameters import TranslationParameters
from .precision import compile_networks, settled
from .step import Cut, Optimisers
from .watch import SHARES, Watch, load_split


def material(
    run: RunFolder, vendor: str, parameters: TranslationParameters, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """All simulated slices, the vendor's real slices to learn from, and those to watch by.

    Each (n, row, column) in [0, 1]; of training subjects alone, the last None where none is held
    out.
    """
    slices = run.manifest("03_real_cohort", "slices.csv")
    source = load_slices(run.path, slices.query("domain == 'simulated'"))
    real = slices.query("domain == 'real' and vendor == @vendor and split == 'train'")
    return source, *load_split(run.path, real, parameters.watch_share, seed)


def train(
    source: np.ndarray,
    target: np.ndarray,
    parameters: TranslationParameters,
    folder: Path | str,
    seed: int,
    device: torch.device | str = "cpu",
    held_out: np.ndarray | None = None,
    method: type[Cut] = Cut,
    title: str = "translation",
) -> pd.DataFrame:
    """Train a generator that makes ``source`` slices look like ``target`` slices, and give back the
    log of its losses.

    source, target: (n, h, w) float32 in [0, 1], n may differ. ``folder`` gets ``checkpoint.pt``
    and, at the end, ``generator.pt``. A checkpoint found there is taken up if images, parameters
    and seed are the same; a finished training returns at once. held_out: real slices of other
    subjects, looked at eight times and never learned from; what is seen goes to ``health.csv`` (see
    ``watch``). method: ``Cut`` or a class of the same form. title: of the progress bar. Returns a
    row a step: step, the method's losses (CUT: loss_d, loss_gan, loss_nce, loss_idt; unweighted,
    before the step), learning_rate. Raises Sim2RealError for unusable images, for a loss that is
    not finite, for ``compiled`` on a CPU and when memory runs out.
    """
    stacks = {"source": source, "target": target} | (
        {"held-out": held_out} if held_out is not None else {}
    )
    for name, slices in stacks.items():
        check_slices(name, slices)
        if slices.shape[1:] != source.shape[1:]:
            raise Sim2RealError(
                f"source slices are {source.shape[1:]} and {name} slices {slices.shape[1:]} pixels;"
                " all must lie on one grid"
            )
    folder, device = Path(folder), torch.device(device)
    clear_temporaries(folder)
    parameters = settled(parameters, folder, device)
    identity = fingerprint(list(stacks.values()), parameters, seed, method.__module__)

    at_work = method()
    networks = at_work.build(parameters, seed_of(seed, "first weights")).to(device)
    kept = (
        copy.deepcopy(networks["generator"]) if parameters.weight_average else networks["generator"]
    )
    if parameters.compiled:
        compile_networks(networks, device)
    nearest = None  # weights of ``kept`` at the look with the smallest distance
    optimisers = Optimisers(networks, parameters.learning_rate)
    columns = ["step", *at_work.losses, "learning_rate"]
    log = torch.zeros(parameters.n_steps, len(columns), dtype=torch.float64)
    shares = SHARES if parameters.grain and parameters.keep_nearest else ()
    watch = (
        Watch(source, held_out, parameters.n_steps, seed, device, shares)
        if held_out is not None
        else None
    )
    state = load_checkpoint(folder, identity, device)
    first = 0
    if state:
        networks.load_state_dict(state["networks"])
        kept.load_state_dict(state["kept"])
        nearest = state["nearest"]
        optimisers.load_state_dict(state["optimisers"])
        at_work.load_state_dict(state["method"])
        first = state["step"]
        log[:first] = state["log"]
        if watch:
            watch.rows = state["health"]

    def save(done: int) -> None:
        if not all(torch.isfinite(weights).all() for weights in networks.parameters()):
            raise Sim2RealError(
                f"{folder}: weights not finite after step {done}; {_advice(parameters)}"
            )
        contents = {
            "networks": networks.state_dict(),
            "optimisers": optimisers.state_dict(),
            "kept": kept.state_dict(),
        }
        contents |= {
            "method": at_work.state_dict(),
            "health": watch.rows if watch else [],
            "nearest": nearest,
        }
        save_checkpoint(
            folder, {"fingerprint": identity, "step": done, "log": log[:done].clone(), **contents}
        )

    images = {
        name: to_network(stack).to(device)
        for name, stack in (("source", source), ("target", target))
    }
    saved_at = time.monotonic()
    with progress(name=title, total=parameters.n_steps, unit="step") as bar:
        bar.update(first)
        for step in range(first, parameters.n_steps):
            started = time.monotonic()
            rate = learning_rate(step, parameters)
            optimisers.set_learning_rate(rate)
            random = torch.Generator().manual_seed(seed_of(seed, "patches", step))
            batch = [
                stack[draw(seed, name, len(stack), step, parameters.batch_size)]
                for name, stack in images.items()
            ]
            with memory_checked(folder, step, parameters):
                losses = at_work.step(networks, optimisers, *batch, parameters, random).tolist()
            named = dict(zip(at_work.losses, losses, strict=True))
            _check_losses(named, step, folder, parameters)
            if parameters.weight_average:
                update_average(kept, networks["generator"], parameters.weight_average, step)
            log[step] = torch.tensor([step, *losses, rate], dtype=torch.float64)
            now = time.monotonic()
            done = step + 1
            shown = {name.removeprefix("loss_"): f"{value:.2f}" for name, value in named.items()}
            bar.set_postfix(
                shown | {"images/s": f"{parameters.batch_size / (now - started):.1f}"},
                refresh=False,
            )
            bar.update()
            if watch and done in watch.steps:
                watch.look(done, kept, networks["discriminator"])
                watch.write(folder)
                if parameters.keep_nearest and watch.nearest_now:
                    nearest = copy.deepcopy(kept.state_dict())
                    if parameters.grain:
                        nearest["grain.share"].fill_(watch.share)
            if done == parameters.n_steps or now - saved_at >= parameters.checkpoint_every_s:
                save(done)
                saved_at = now
    if nearest:
        kept.load_state_dict(nearest)
    save_generator(folder / "generator.pt", kept)
    if watch:
        watch.write(folder)
    return pd.DataFrame(log.numpy(), columns=columns).astype({"step": int})


@torch.no_grad()
def update_average(kept: Generator, generator: Generator, decay: float, step: int) -> None:
    r"""Running mean of the weights, :math:`\bar w \leftarrow d\,\bar w + (1-d)\,w`, with a smaller
    d at first (Karras et al. 2018).

    A GAN's weights circle about a solution; their mean lies nearer to it than the last of them.
    """
    decay = min(decay, (1 + step) / (10 + step))
    for mean, weight in zip(kept.parameters(), generator.parameters(), strict=True):
        mean.lerp_(weight, 1 - decay)


def learning_rate(step: int, parameters: TranslationParameters) -> float:
    """Constant, then falling linearly over the last ``decay_steps``; the step after the last would
    have 0."""
    return parameters.learning_rate * min(
        1.0, (parameters.n_steps - step) / (parameters.decay_steps + 1)
    )


def draw(seed: int, name: str, n: int, step: int, batch_size: int) -> list[int]:
    """Indices of a step's slices: every slice once an epoch, each epoch in an order of its own."""
    places = (divmod(position, n) for position in range(step * batch_size, (step + 1) * batch_size))
    return [int(_epoch_order(seed, name, n, epoch)[place]) for epoch, place in places]


@lru_cache(maxsize=8)
def _epoch_order(seed: int, name: str, n: int, epoch: int) -> np.ndarray:
    return random_generator(seed, name, "order", epoch).permutation(n)


def check_slices(name: str, slices: np.ndarray) -> None:
    """Raise Sim2RealError unless ``slices`` is a non-empty (n, h, w) in [0, 1] that the networks
    can take."""
    if slices.ndim != 3 or not len(slices):
        raise Sim2RealError(
            f"{name} slices have shape {slices.shape}; expected (n, height, width) with at least"
            " one slice"
        )
    if any(side < 32 or side % 4 for side in slices.shape[1:]):
        raise Sim2RealError(
            f"{name} slices are {slices.shape[1:]} pixels; expected sides of at least 32 that are"
            " multiples of 4"
        )
    broken = np.flatnonzero(~np.isfinite(slices).all(axis=(1, 2)))
    if broken.size:
        raise Sim2RealError(
            f"{name} slice {broken[0]} holds NaN or infinite values; expected intensities in [0, 1]"
        )
    if slices.min() < 0 or slices.max() > 1:
        raise Sim2RealError(
            f"{name} slices reach from {slices.min():.3g} to {slices.max():.3g}; expected"
            " intensities scaled to [0, 1]"
        )


@contextmanager
def memory_checked(folder: Path, step: int, parameters: TranslationParameters):
    """Turn torch's complaint that memory ran out into one line that says what to make smaller."""
    try:
        yield
    except (
        RuntimeError,
        MemoryError,
    ) as error:  # torch.OutOfMemoryError on a GPU is a RuntimeError, too
        if not isinstance(
            error, (MemoryError, torch.OutOfMemoryError)
        ) and "allocate memory" not in str(error):
            raise
        n, ngf = parameters.batch_size, parameters.generator_features
        advice = (
            f"translation.batch_size={n // 2}"
            if n > 1
            else f"a translation.generator_features below {ngf}"
        )
        raise Sim2RealError(
            f"{folder}: out of memory at step {step} with {n} slices a step and {ngf} features; try"
            f" {advice}"
        ) from None


def _check_losses(
    losses: dict[str, float], step: int, folder: Path, parameters: TranslationParameters
) -> None:
    for name, value in losses.items():
        if not np.isfinite(value):
            raise Sim2RealError(
                f"{folder}: {name} is {value} at step {step}; {_advice(parameters)}"
            )


def _advice(parameters: TranslationParameters) -> str:
    return (
        "the last good checkpoint is kept; try a translation.learning_rate below"
        f" {parameters.learning_rate:g} or float32 precision"
    )
