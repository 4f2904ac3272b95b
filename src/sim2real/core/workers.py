"""Independent pieces of work on several processes, with progress, in a fixed order."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from .progress import progress


def available_cores() -> int:
    """Cores this process may use (a cluster's job may be held to fewer than the machine has)."""
    named = os.environ.get("SIM2REAL_CORES")
    if named:
        return max(1, int(named))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_in_order(function: Callable, items: Iterable, *, name: str, unit: str = "item") -> list:
    """``[function(item) for item in items]`` over the available cores.

    ``function`` must be importable (workers are spawned, not forked). Results do not depend on the number of workers.
    """
    items = list(items)
    workers = min(available_cores(), len(items))
    if workers <= 1:
        return [function(item) for item in progress(items, name=name, unit=unit)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_single_thread) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            return [future.result() for future in progress(futures, name=name, unit=unit)]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _single_thread() -> None:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
