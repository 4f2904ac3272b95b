"""What a command has written to a folder of the user's choice, and of which image."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from .errors import Sim2RealError, refuse
from .files import sha256, write_table
from .images import write_like
from .names import one_name

SOURCES = "sources.csv"
_COLUMNS = ["result", "source", "sha256"]
_LONGEST = 240  # bytes of a name: disks have room for 255, and a file has a longer one at first


class Results:
    """NIfTI files in ``folder``, each beside a row of ``sources.csv`` that tells the image it was
    made of, so that none of another image overwrites it."""

    def __init__(self, folder: Path):
        self.folder = folder
        there = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
        refuse(
            not there.is_dir(),
            f"{there}: is no folder; expected one for the results: choose another --output",
        )
        rows = read_text_table(folder / SOURCES, _COLUMNS).to_dict("records")
        self._rows = {one_name(row["result"]): row for row in rows}
        self._sum = cache(sha256)

    def require_free(self, name: str, source: Path) -> None:
        """Raise Sim2RealError where the result ``name`` is there and of another image, one of
        another path and another content, and where no disk has room for the name."""
        refuse(
            len(os.fsencode(name)) > _LONGEST,
            f"{source}: its result would have a name of more than {_LONGEST} bytes; rename it",
        )
        row = self._rows.get(one_name(name), {"result": name, "source": "", "sha256": ""})
        if not (self.folder / row["result"]).exists() or row["source"] == os.path.abspath(source):
            return
        refuse(
            row["sha256"] != self._sum(source),
            f"{source}: its result {self.folder / row['result']} is there and was made of"
            f" {row['source'] or 'an image that sources.csv does not name'}; choose another"
            " --output, or remove that file",
        )

    def write(self, name: str, data: np.ndarray, source: Path) -> Path:
        """``data`` with the header of ``source``, as ``folder/name``."""
        self.require_free(name, source)
        values = (name, os.path.abspath(source), self._sum(source))
        self._rows[one_name(name)] = dict(zip(_COLUMNS, values, strict=True))
        write_table(self.folder / SOURCES, pd.DataFrame(self._rows.values()))
        write_like(self.folder / name, data, source)
        return self.folder / name


def made_here(folder: Path) -> set[str]:
    """Names of the files in a folder that a command of ours wrote there."""
    try:
        return set(read_text_table(folder / SOURCES, _COLUMNS)["result"])
    except Sim2RealError:  # the user's own table of that name
        return set()


def read_text_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """A table in a user's folder, every cell as the text that stands there; without rows where
    there is none. Raises Sim2RealError for a file that is no such table."""
    if not path.exists():
        return pd.DataFrame(columns=columns, dtype=str)
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise Sim2RealError(f"{path}: cannot be read ({error}); choose another --output") from None
    refuse(
        not set(columns) <= set(table.columns),
        f"{path}: has no columns {', '.join(columns)}; it is another program's, choose another"
        " --output",
    )
    return table
