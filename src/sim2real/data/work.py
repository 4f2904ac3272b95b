"""Long work: independent pieces on several processes, in a fixed order, with progress that reaches
the terminal from inside a notebook's kernel.

A kernel's own output goes into the notebook, where a bar of a thousand steps has no place. So a bar
is written to the file named by ``SIM2REAL_PROGRESS`` when the workflow runs the notebook (the
workflow prints its last line every few seconds), and to the standard error of a person's own
session otherwise.
"""

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from joblib import Parallel, cpu_count, delayed, parallel_config
from tqdm import tqdm


class _LastLine:
    """A text stream that keeps in a file only the last state of a bar."""

    def __init__(self, path: str):
        self.path = Path(path)

    def write(self, text: str) -> None:
        line = text.strip("\r\n ")
        if line:
            try:
                self.path.write_text(line, encoding="utf-8")
            except OSError:
                pass  # progress must never stop the work it tells of

    def flush(self) -> None:
        pass


def progress(
    items: Iterable | None = None, *, name: str, total: int | None = None, unit: str = "item"
) -> tqdm:
    """A tqdm bar over ``items`` (or one to be moved by hand with ``update``)."""
    target = os.environ.get("SIM2REAL_PROGRESS")
    file = _LastLine(target) if target else sys.stderr
    line = (
        "{desc}: {n_fmt} of {total_fmt} {unit}s, {elapsed} gone, {remaining} to go,"
        " {rate_fmt}{postfix}"
        if target
        else None
    )
    return tqdm(
        items,
        desc=name,
        total=total,
        unit=unit,
        file=file,
        mininterval=1.0,
        leave=not target,
        ncols=160,
        bar_format=line,
    )


def available_cores() -> int:
    """Cores this process may use (a cluster's job may be held to fewer than the machine has)."""
    named = os.environ.get("SIM2REAL_CORES")
    return max(1, int(named)) if named else cpu_count()


def map_in_order(function: Callable, items: Iterable, *, name: str, unit: str = "item") -> list:
    """``[function(item) for item in items]`` over the available cores, each worker with one thread.

    ``function`` must be importable (workers are not forked). Results do not depend on the number of
    workers, and nothing but them is kept for a piece that is done: a million pieces need no more
    memory than their results.
    """
    items = list(items)
    with parallel_config("loky", inner_max_num_threads=1):
        workers = max(1, min(available_cores(), len(items)))  # one: no process but this one
        results = Parallel(workers, return_as="generator")(
            delayed(function)(item) for item in items
        )
        return list(progress(results, name=name, total=len(items), unit=unit))
