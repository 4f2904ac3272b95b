"""Independent pieces of work on several processes, with progress, in a fixed order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from .progress import progress

_AHEAD = 16  # pieces a worker that wait or are done while the first of them is not: enough to keep all busy


def available_cores() -> int:
    """Cores this process may use (a cluster's job may be held to fewer than the machine has)."""
    named = os.environ.get("SIM2REAL_CORES")
    if named:
        return max(1, int(named))
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_in_order(function: Callable, items: Iterable, *, name: str, unit: str = "item") -> list:
    """``[function(item) for item in items]`` over the available cores.

    ``function`` must be importable (workers are spawned, not forked). Results do not depend on the number of workers, and
    nothing but them is kept for a piece that is done: a million pieces need no more memory than their results.
    """
    items = list(items)
    workers = min(available_cores(), len(items))
    if workers <= 1:
        return [function(item) for item in progress(items, name=name, unit=unit)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_single_thread) as pool:
        results = _in_turn(pool, function, items, _AHEAD * workers)
        try:
            return list(progress(results, name=name, total=len(items), unit=unit))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _in_turn(pool: ProcessPoolExecutor, function: Callable, items: list, ahead: int) -> Iterator:
    """Results in the items' order, with no more than ``ahead`` pieces handed over beyond the one that is waited for."""
    waiting = deque()
    for item in items:
        waiting.append(pool.submit(function, item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _single_thread() -> None:
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
