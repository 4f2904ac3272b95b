"""Files that seem to have been made in the future, because the clock was set back since."""

import os
import time
from collections.abc import Iterable
from pathlib import Path


def settle(paths: Iterable[Path]) -> None:
    """Bring the times of files to now and before, in the order and at the distances they have; nothing if none is ahead of the clock.

    Which notebook is older than which decides what is stale, and one made now must not be older than those it reads.
    """
    files = {path.resolve() for path in paths}
    times = {path: path.stat().st_mtime_ns for path in files if path.is_file()}
    ahead = max(times.values(), default=0) - time.time_ns()
    if ahead > 0:
        for path, at in times.items():
            os.utime(path, ns=(at - ahead, at - ahead))
