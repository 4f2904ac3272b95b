"""A run's processes end together: with the run, however it ends, and in a few seconds.

``sim2real run`` starts Snakemake, which starts a process a notebook, which starts a kernel in a
session of its own, which may start workers. A signal that reaches the first of them would leave the
others at work.
"""

import os
import signal
import subprocess
import threading
from contextlib import contextmanager, suppress

import psutil

RUN = "SIM2REAL_RUN_PROCESS"
"""Names the process of ``sim2real run`` to those it starts, as ``number:time of its start``, since
numbers are used again."""
PATIENCE_S, WATCH_EVERY_S = 1.5, 0.5
CALL_BACK_S = 30.0
"""Time given to a workflow whose jobs are on other machines to cancel them."""
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stoppable():
    """Within the block, SIGTERM and SIGHUP raise KeyboardInterrupt, as Ctrl-C does."""

    def stop(number, frame):
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in _SIGNALS}
    before[signal.SIGINT] = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # ignored where a shell put us in the background
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end(root: psutil.Process | int, itself: bool = True) -> None:
    """End a process and all that descend from it: asked first, then, after ``PATIENCE_S``, without
    asking."""
    try:
        root = psutil.Process(root) if isinstance(root, int) else root
        family = root.children(recursive=True) + ([root] if itself else [])
    except psutil.NoSuchProcess:
        return
    for signalled in ("terminate", "kill"):
        for process in family:
            with suppress(psutil.NoSuchProcess):
                getattr(process, signalled)()
        family = psutil.wait_procs(family, timeout=PATIENCE_S)[1]


def call_back(process: subprocess.Popen) -> None:
    """Ask Snakemake to cancel its jobs wherever they are, and wait for it, ``CALL_BACK_S`` at
    most."""
    process.send_signal(signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=CALL_BACK_S)  # reads on, lest it wait for its words to be read


def named_to_children() -> dict[str, str]:
    """The environment in which a run's processes are started, so that they can ``follow`` it."""
    return {RUN: f"{os.getpid()}:{psutil.Process().create_time()}"}


def follow() -> None:
    """End this process and its family when SIGTERM comes, and when the run that it belongs to has
    gone without a word (SIGKILL).

    Nothing is watched outside a run on one machine, where ``RUN`` is not set.
    """

    def leave(*_):
        end(os.getpid(), itself=False)
        os._exit(128 + signal.SIGTERM)

    signal.signal(signal.SIGTERM, leave)
    if RUN in os.environ:
        number, started = os.environ[RUN].split(":")
        threading.Thread(
            target=_watch, args=(int(number), float(started), leave), daemon=True
        ).start()


def _watch(number: int, started: float, leave) -> None:
    pause = threading.Event()
    while not pause.wait(WATCH_EVERY_S):
        try:
            alive = abs(psutil.Process(number).create_time() - started) < 0.1
        except psutil.NoSuchProcess:
            alive = False
        if not alive:
            leave()
