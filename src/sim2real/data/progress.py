"""Progress that reaches the terminal from inside a notebook's kernel.

A kernel's own output goes into the notebook, where a bar of a thousand steps has no place. So a bar
is written to the file named by ``SIM2REAL_PROGRESS`` when the workflow runs the notebook (the
workflow prints its last line every few seconds), and to the standard error of a person's own
session otherwise.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

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
