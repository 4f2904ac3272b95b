"""Independent pieces of work on several processes, with progress, in a fixed order."""

import os
from collections.abc import Callable, Iterable

from joblib import Parallel, cpu_count, delayed, parallel_config

from .progress import progress


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
