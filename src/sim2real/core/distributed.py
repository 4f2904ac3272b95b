"""Processes that train one network together, started by torch's own launcher, torchrun."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch import distributed as processes

from .errors import Sim2RealError


@dataclass(frozen=True)
class World:
    """The processes that train together; alone, one of one."""

    rank: int = 0
    size: int = 1

    @staticmethod
    def current() -> "World":
        if not (processes.is_available() and processes.is_initialized()):
            return World()
        return World(processes.get_rank(), processes.get_world_size())

    @property
    def first(self) -> bool:
        return self.rank == 0

    def share_of(self, batch: list[int]) -> list[int]:
        """This process's part of a step's slices. Raises Sim2RealError where they cannot be shared out evenly."""
        if len(batch) % self.size:
            raise Sim2RealError(f"{len(batch)} slices a step for {self.size} processes; expected translation.batch_size a multiple of that")
        part = len(batch) // self.size
        return batch[self.rank * part : (self.rank + 1) * part]

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the processes, each with values of the same shape."""
        if self.size == 1:
            return values
        values = values.clone()
        processes.all_reduce(values)
        return values / self.size

    def average_gradients(self, *optimisers: torch.optim.Optimizer) -> None:
        """Have each of them average its weights' gradients over the processes before every step it takes."""
        if self.size > 1:
            for optimiser in optimisers:
                optimiser.register_step_pre_hook(self._average)

    def _average(self, optimiser: torch.optim.Optimizer, *_) -> None:
        gradients = [weight.grad for group in optimiser.param_groups for weight in group["params"] if weight.grad is not None]
        together = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))  # one message instead of one a weight
        for gradient, mean in zip(gradients, together.split([gradient.numel() for gradient in gradients]), strict=True):
            gradient.copy_(mean.view(gradient.shape))

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """The first process does it, then the others, who find what it has left on disk."""
        if not self.first:
            processes.barrier()
        yield
        if self.first and self.size > 1:
            processes.barrier()


@contextmanager
def launched(device: torch.device) -> Iterator[None]:
    """Meet the other processes that torchrun has started, each on a GPU of its own, and part in the end; alone, nothing happens."""
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    if int(os.environ.get("WORLD_SIZE", 1)) > 1:
        processes.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield
    finally:
        if processes.is_initialized():
            processes.destroy_process_group()
