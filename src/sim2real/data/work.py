"""Long work: independent pieces on several processes, in a fixed order, with progress that reaches
the terminal from inside a notebook's kernel.

A kernel's own output goes into the notebook, where a bar of a thousand steps has no place. So a bar
is written to the file named by ``SIM2REAL_PROGRESS`` when the workflow runs the notebook (the
workflow prints its last line every few seconds), and to the standard error of a person's own
session otherwise.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from joblib import Parallel, cpu_count, delayed, parallel_config
from threadpoolctl import threadpool_limits
from tqdm import tqdm

_WORKERS_S = 6.0  # that workers take to start and import what they need


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
    memory than their results. The first piece is done here, and all of them where they take less
    time than workers take to start.
    """
    items, results, started = list(items), [], time.monotonic()
    with progress(name=name, total=len(items), unit=unit) as bar:
        with threadpool_limits(1):
            for item in items[:1]:
                results.append(function(item))
                bar.update()
        rest = items[1:]
        is_long = (time.monotonic() - started) * len(rest) > _WORKERS_S
        workers = min(available_cores(), len(rest)) if is_long else 1  # 1: in this process
        with parallel_config("loky", inner_max_num_threads=1), threadpool_limits(1):
            tasks = (delayed(function)(item) for item in rest)
            for result in Parallel(max(workers, 1), return_as="generator")(tasks):
                results.append(result)
                bar.update()
    return results
