"""A run's folder: one sub-folder a chapter, with its tables, figures and numbers."""

from pathlib import Path

import pandas as pd

from .errors import Sim2RealError, refuse
from .files import read_json, read_table, write_json, write_table

FORMAT = 2
"""Format of runs, tables and models. In format 1 the regime ``simulated`` meant translated."""


def require_format(found: int, path: Path | str) -> None:
    """Raise Sim2RealError unless ``found``, the format of what lies at ``path``, is the present."""
    refuse(
        found != FORMAT,
        f"{path}: of format {found}, where 'simulated' may mean translated; expected format "
        f"{FORMAT}: make the run again with this version",
    )


class RunFolder:
    """Paths and small files of one run. Nothing here knows what a chapter computes."""

    def __init__(self, path: Path | str):
        self.path = Path(path)

    def chapter(self, name: str) -> Path:
        """The folder of a chapter, by number and name (``05_realism``)."""
        return self.path / name

    def numbers(self, chapter: str) -> dict:
        """All that a chapter's notebooks kept, of every results file by name."""
        numbers: dict = {}
        for path in sorted(self.chapter(chapter).glob("*.json")):
            numbers |= read_json(path)  # of a name in two files that of results.json, the last
        return numbers

    def manifest(self, chapter: str, table: str = "manifest.csv") -> pd.DataFrame:
        """A chapter's table; paths in it are relative to the run's folder."""
        return read_table(self.chapter(chapter) / table)

    def write_manifest(self, chapter: str, rows: pd.DataFrame, table: str = "manifest.csv") -> None:
        write_table(self.chapter(chapter) / table, rows)

    def results(self, chapter: str, name: str = "results") -> dict:
        """A chapter's results file; Sim2RealError where it is absent or of an older format."""
        path = self.chapter(chapter) / f"{name}.json"
        refuse(
            not path.is_file(),
            f"{path}: missing; run the chapter first: sim2real run --until {chapter}",
        )
        content = read_json(path)
        require_format(content.get("format", 1), path)
        return content

    def write_results(self, chapter: str, results: dict, name: str = "results") -> None:
        """Write flat names and plain values: the only numbers that the text may quote."""
        for key, value in results.items():
            refuse(
                isinstance(value, (dict, list)),
                f"results of {chapter} must be flat; {key} is not",
            )
        write_json(self.chapter(chapter) / f"{name}.json", {"format": FORMAT, **results})


def repository() -> Path:
    """The folder that holds ``notebooks`` and ``_toc.yml``: the working folder or one above it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "_toc.yml").is_file():
            return folder
    raise Sim2RealError(
        f"{here}: not inside the project's folder; start from where README.md and notebooks/ lie"
    )
