"""Training of a translation on slices in memory, by CUT or another method: a fixed number of steps,
resumable at any of them with the same result to the bit.

Whatever is drawn at random at a step comes from (seed, step) alone. The promise holds for one
machine, number of threads and version of torch on a CPU; on a GPU, sums in another order change the
last bits.
"""

import time
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from ..cohort import COHORT, unlabelled_images
from ..data import (
    RunFolder,
    Sim2RealError,
    clear_temporaries,
    load_slices,
    progress,
    refuse,
    seed_of,
)
from ..data import generator as random_generator
from .apply import save_generator, to_network
from .checkpoint import NAME, fingerprint, load_checkpoint, save_alike
from .parameters import TranslationParameters
from .precision import compile_networks, settled
from .step import Cut, Optimisers
from .watch import Watch, Watched, load_split

SMALLEST = 32
"""Side of the smallest slice that the networks take, in pixels."""


def material(
    run: RunFolder, vendor: str, parameters: TranslationParameters, seed: int
) -> tuple[np.ndarray, np.ndarray, Watched | None]:
    """All simulated slices, the vendor's real slices to learn from, and those to watch by.

    Each (n, row, column) in [0, 1]; of training subjects alone, the last None where none is held
    out.
    """
    slices = run.manifest(COHORT.name, "slices.csv")
    source = load_slices(run.path, slices.query("domain == 'simulated'"))
    real = unlabelled_images(run, vendor)
    return source, *load_split(run.path, real, parameters.watch_share, seed)


def train_translator(
    source: np.ndarray,
    target: np.ndarray,
    parameters: TranslationParameters,
    folder: Path | str,
    seed: int,
    device: torch.device | str = "cpu",
    watched: Watched | None = None,
    method: type[Cut] = Cut,
    title: str = "translation",
) -> pd.DataFrame:
    """Train a generator that makes ``source`` slices look like ``target`` slices.

    A checkpoint in ``folder`` is taken up if images, parameters and seed are the same; a finished
    training returns at once.

    Args:
        source, target: (n, h, w) float32 in [0, 1], n may differ.
        parameters: of chapter 4.
        folder: gets ``checkpoint.pt`` and, at the end, ``generator.pt``.
        seed: of everything random.
        device: where the networks lie.
        watched: real slices of other subjects, looked at eight times and never learned from; what
            is seen goes to ``health.csv`` (see ``watch``).
        method: ``Cut`` or a class of the same form.
        title: of the progress bar.

    Returns:
        A row a step: step, the method's losses (CUT: loss_d, loss_gan, loss_nce, loss_idt;
        unweighted, before the step), learning_rate.

    Raises:
        Sim2RealError: for unusable images, for a loss that is not finite, for ``compiled`` on a CPU
            and when memory runs out.
    """
    stacks = {"source": source, "target": target}
    if watched is not None:
        stacks |= {"watched": watched.half, "other watched": watched.others}
    for name, slices in stacks.items():
        check_slices(name, slices, source.shape[1:])
    refuse(
        0 < parameters.crop_pixels < SMALLEST,
        f"translation.crop_pixels={parameters.crop_pixels}: expected 0 or at least {SMALLEST},"
        " which the networks need",
    )
    folder, device = Path(folder), torch.device(device)
    clear_temporaries(folder)
    parameters = settled(parameters, folder, device)
    identity = fingerprint(list(stacks.values()), parameters, seed, method.__module__)
    looks = (parameters.n_steps, seed, device)
    watch = None if watched is None else Watch(source, watched, *looks)
    training = Training(method(), parameters, seed, device, folder, watch)
    if state := load_checkpoint(folder, identity, device):
        training.load_state_dict(state)

    images = {name: to_network(stacks[name]).to(device) for name in ("source", "target")}
    saved_at = time.monotonic()
    with progress(name=title, total=parameters.n_steps, unit="step") as bar:
        bar.update(training.done)
        while training.done < parameters.n_steps:
            started = time.monotonic()
            losses = training.step(images)
            now = time.monotonic()
            words = {name.removeprefix("loss_"): f"{value:.2f}" for name, value in losses.items()}
            words["images/s"] = f"{parameters.batch_size / (now - started):.1f}"
            bar.set_postfix(words, refresh=False)
            bar.update()
            training.evaluate()
            is_last = training.done == parameters.n_steps
            if is_last or now - saved_at >= parameters.checkpoint_every_s:
                save_alike(folder / NAME, {"fingerprint": identity, **training.state_dict()})
                saved_at = now
    return training.finish()


class Training:
    """All that a training carries from one step to the next; ``state_dict`` is what a checkpoint
    holds."""

    def __init__(
        self,
        method: Cut,
        parameters: TranslationParameters,
        seed: int,
        device: torch.device,
        folder: Path,
        watch: Watch | None,
    ):
        self.method, self.parameters, self.seed = method, parameters, seed
        self.folder, self.watch, self.done = folder, watch, 0
        self.networks = method.build(parameters, seed_of(seed, "first weights")).to(device)
        if parameters.compiled:
            compile_networks(self.networks, device)
        self.optimisers = Optimisers(self.networks, parameters.learning_rate)
        self.columns = ["step", *method.losses, "learning_rate"]
        self.log = torch.zeros(parameters.n_steps, len(self.columns), dtype=torch.float64)

    def step(self, images: dict[str, Tensor]) -> dict[str, float]:
        """One step of the method on the next batch of ``images`` (n, 1, h, w); its losses."""
        step, parameters = self.done, self.parameters
        rate = learning_rate(step, parameters)
        self.optimisers.set_learning_rate(rate)
        random = torch.Generator().manual_seed(seed_of(self.seed, "patches", step))
        batch = [
            crop(
                stack[draw(self.seed, name, len(stack), step, parameters.batch_size)],
                parameters.crop_pixels,
                random_generator(self.seed, name, "crop", step),
            )
            for name, stack in images.items()
        ]
        try:
            values = self.method.step(
                self.networks, self.optimisers, *batch, parameters, random
            ).tolist()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise Sim2RealError(
                f"{self.folder}: out of memory at step {step} with {parameters.batch_size} slices a"
                f" step and {parameters.generator_features} features; try {_smaller(parameters)}"
            ) from None
        losses = dict(zip(self.method.losses, values, strict=True))
        for name, value in losses.items():
            self._require_finite(np.isfinite(value), f"{name} is {value} at step {step}")
        self.log[step] = torch.tensor([step, *values, rate], dtype=torch.float64)
        self.done += 1
        return losses

    def evaluate(self) -> None:
        """Look at the watched slices, where it is time for it."""
        if self.watch is None or self.done not in self.watch.steps:
            return
        self.watch.add_row(self.done, self.networks["generator"], self.networks["discriminator"])
        self.watch.write(self.folder)

    def finish(self) -> pd.DataFrame:
        """Write ``generator.pt`` and return the log."""
        save_generator(self.folder / "generator.pt", self.networks["generator"])
        if self.watch:
            self.watch.write(self.folder)
        return pd.DataFrame(self.log.numpy(), columns=self.columns).astype({"step": int})

    def state_dict(self) -> dict:
        sound = all(torch.isfinite(weights).all() for weights in self.networks.parameters())
        self._require_finite(sound, f"weights not finite after step {self.done}")
        return {
            "step": self.done,
            "log": self.log[: self.done].clone(),
            "networks": self.networks.state_dict(),
            "optimisers": self.optimisers.state_dict(),
            "method": self.method.state_dict(),
            "health": self.watch.rows if self.watch else [],
        }

    def load_state_dict(self, state: dict) -> None:
        for name in ("networks", "optimisers", "method"):
            getattr(self, name).load_state_dict(state[name])
        self.done = state["step"]
        self.log[: self.done] = state["log"]
        if self.watch:
            self.watch.rows = state["health"]

    def _require_finite(self, finite: bool, otherwise: str) -> None:
        refuse(
            not finite,
            f"{self.folder}: {otherwise}; the last good checkpoint is kept; try a"
            f" translation.learning_rate below {self.parameters.learning_rate:g} or float32"
            " precision",
        )


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


def crop(images: Tensor, side: int, random: np.random.Generator) -> Tensor:
    """A square of each of ``images`` (b, 1, h, w) at a place of its own, of ``side`` pixels or as
    far as they reach; the images themselves for a side of 0."""
    height, width = (min(side or n, n) for n in images.shape[-2:])
    spare = [images.shape[-2] - height + 1, images.shape[-1] - width + 1]
    corners = random.integers(spare, size=(len(images), 2))
    squares = [
        image[:, row : row + height, column : column + width]
        for image, (row, column) in zip(images, corners, strict=True)
    ]
    return torch.stack(squares)


def check_slices(name: str, slices: np.ndarray, size: tuple[int, ...]) -> None:
    """Raise Sim2RealError unless ``slices`` is a non-empty (n, h, w) in [0, 1] of ``size`` (h, w)
    that the networks can take."""
    shape = slices.shape[1:]
    if slices.ndim != 3 or not len(slices):
        problem = f"have shape {slices.shape}; expected (n, height, width) with at least one slice"
    elif any(side < SMALLEST or side % 4 for side in shape):
        problem = (
            f"are {shape} pixels; expected sides of at least {SMALLEST} that are multiples of 4"
        )
    elif not np.isfinite(slices).all():
        broken = int(np.flatnonzero(~np.isfinite(slices).all(axis=(1, 2)))[0])
        problem = f"hold NaN or infinite values (slice {broken}); expected intensities in [0, 1]"
    elif slices.min() < 0 or slices.max() > 1:
        problem = (
            f"reach from {slices.min():.3g} to {slices.max():.3g}; expected intensities scaled to"
            " [0, 1]"
        )
    elif shape != size:
        problem = f"are {shape} pixels and source slices {size}; all must lie on one grid"
    else:
        return
    raise Sim2RealError(f"{name} slices {problem}")


def is_out_of_memory(error: Exception) -> bool:
    """Whether torch, on a GPU or a CPU, complained that memory ran out."""
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or "allocate memory" in str(error)


def _smaller(parameters: TranslationParameters) -> str:
    if parameters.batch_size > 1:
        return f"translation.batch_size={parameters.batch_size // 2}"
    return f"a translation.generator_features below {parameters.generator_features}"
