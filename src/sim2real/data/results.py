"""What a command has written to a folder of the user's choice, and of which image."""

from pathlib import Path

import numpy as np
import pandas as pd

from .errors import Sim2RealError, refuse
from .files import sha256, write_table
from .images import write_like
from .names import one_name

SOURCES = "sources.csv"
_COLUMNS = ["result", "source", "sha256"]


class Results:
    """NIfTI files in ``folder``, each beside a row of ``sources.csv`` that tells the image it was
    made of, so that none of another image overwrites it."""

    def __init__(self, folder: Path):
        self.folder = folder
        rows = read_text_table(folder / SOURCES, _COLUMNS).to_dict("records")
        self._rows = {one_name(row["result"]): row for row in rows}
        self._sums: dict[Path, str] = {}

    def require_free(self, name: str, source: Path) -> None:
        """Raise Sim2RealError where the result ``name`` is there and of another image."""
        row = self._rows.get(one_name(name))
        if not (self.folder / (row["result"] if row else name)).exists():
            return
        other = row["source"] if row else "an image that sources.csv does not name"
        refuse(
            row is None
            or (row["source"] != str(source.resolve()) and self._sum(source) != row["sha256"]),
            f"{source}: its result {self.folder / name} is there and was made of {other}; choose"
            " another --output, or remove it",
        )

    def write(self, name: str, data: np.ndarray, source: Path) -> Path:
        """``data`` with the header of ``source``, as ``folder/name``."""
        self.require_free(name, source)
        values = (name, str(source.resolve()), self._sum(source))
        self._rows[one_name(name)] = dict(zip(_COLUMNS, values, strict=True))
        write_table(self.folder / SOURCES, pd.DataFrame(self._rows.values()))
        write_like(self.folder / name, data, source)
        return self.folder / name

    def _sum(self, source: Path) -> str:
        if source not in self._sums:
            self._sums[source] = sha256(source)
        return self._sums[source]


def made_here(folder: Path) -> set[str]:
    """Names of the files in a folder that a command of ours wrote there."""
    return set(read_text_table(folder / SOURCES, _COLUMNS)["result"])


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
