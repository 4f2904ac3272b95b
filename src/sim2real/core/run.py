"""A run's folder: one sub-folder a chapter, with its tables, figures and numbers."""

from pathlib import Path

import pandas as pd

from .errors import Sim2RealError
from .files import read_json, read_table, write_json, write_table

CHAPTERS = {
    "01_virtual_population": "population",
    "02_mr_simulation": "simulation",
    "03_real_cohort": "cohort",
    "04_translation": "translation",
    "05_realism": "realism",
    "06_segmentation": "segmentation",
    "07_verdict": "verdict",
}
APPENDIX = {"A1_translators": "translators", "A2_scarcity": "scarcity"}
"""Studies beyond the paper, executed only when asked for. Both tables: a chapter's name to its section of the parameters."""
APPENDIX_AFTER = {"A1_translators": "04_translation", "A2_scarcity": "06_segmentation"}
"""The chapter each study rests on; one that is older than its chapter belongs to another run."""
SECTIONS = {**CHAPTERS, **APPENDIX}


class RunFolder:
    """Paths and small files of one run. Nothing here knows what a chapter computes."""

    def __init__(self, path: Path | str):
        self.path = Path(path)

    def chapter(self, name: str) -> Path:
        """The folder of a chapter, by number and name (``05_realism``)."""
        if name not in SECTIONS:
            raise Sim2RealError(f"chapter '{name}' does not exist; there are {', '.join(SECTIONS)}")
        return self.path / name

    def has_study(self, name: str) -> bool:
        """Whether a study of the appendix was executed in this run, and after the chapter it rests on."""
        if not (self.path / "chapters").is_dir():  # the record, which holds only what belongs to it
            return (self.path / f"{name}.ipynb").is_file()
        study, chapter = (self.path / "chapters" / f"{each}.ipynb" for each in (name, APPENDIX_AFTER[name]))
        return study.is_file() and study.stat().st_mtime >= chapter.stat().st_mtime

    def numbers(self, chapter: str) -> dict:
        """All that a chapter's pages quote, of every results file by name; of a name in two of them that of ``results.json``."""
        found: dict = {}
        for path in sorted(self.chapter(chapter).glob("*.json")):
            found |= read_json(path)
        return found

    def manifest(self, chapter: str, table: str = "manifest.csv") -> pd.DataFrame:
        """A chapter's table; paths in it are relative to the run's folder."""
        return read_table(self.chapter(chapter) / table)

    def write_manifest(self, chapter: str, rows: pd.DataFrame, table: str = "manifest.csv") -> None:
        write_table(self.chapter(chapter) / table, rows)

    def results(self, chapter: str, name: str = "results") -> dict:
        path = self.chapter(chapter) / f"{name}.json"
        if not path.is_file():
            raise Sim2RealError(f"{path}: missing; run the chapter first: sim2real run --until {chapter}")
        return read_json(path)

    def write_results(self, chapter: str, results: dict, name: str = "results") -> None:
        """Flat names and plain values: the only numbers the prose may quote. name: of the file, for a chapter's second page."""
        nested = [name for name, value in results.items() if isinstance(value, (dict, list))]
        if nested:
            raise Sim2RealError(f"results of {chapter} must be flat; {nested[0]} is not")
        write_json(self.chapter(chapter) / f"{name}.json", results)
