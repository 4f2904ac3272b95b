"""What to do about a file of a run that is gone or damaged."""

import re


def remedy(told: str, run: str, chapter: str) -> str:
    """How to have the file made again, to be added to the fault ``told`` by a job of ``chapter``; nothing for other faults.

    run: the run's folder as the fault names it, ``runs/quick``. Only a file that an earlier chapter made is meant.
    """
    found = re.search(rf"(?:^|: )(?:\S*/)?{re.escape(run)}/((?:\d\d|A\d)_\w+)/\S+: ", told)
    if not found or found[1] == chapter:
        return ""
    return f"; {found[1]} made it: remove what is left of it and {run}/chapters/{found[1]}.ipynb, then run again"
