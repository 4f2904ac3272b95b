"""What changed from one run to another: parameters, code, data, and every number and figure that
moved."""

import re
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..data import RunFolder, refuse, spoken
from .chapters import ALL
from .origin import figure_files
from .parameters import run_parameters
from .provenance import is_whole, read_provenance

TOLERANCES = pd.read_csv(files("sim2real.paper").joinpath("tolerances.csv"))
MOVED_COLUMNS = ["chapter", "name", "first", "second", "within"]
_SHOWN = 12  # numbers of a chapter in the terminal


class Difference(NamedTuple):
    """settings: (what, first, second) of parameters, code and data. moved: ``MOVED_COLUMNS``,
    values that differ; within: whether by no more than ``tolerances.csv`` allows. tables: (chapter,
    table, cells that differ). figures: (chapter, name).
    """

    settings: list[tuple[str, str, str]]
    moved: pd.DataFrame
    tables: list[tuple[str, str, int]]
    figures: list[tuple[str, str]]

    @property
    def empty(self) -> bool:
        return not (self.settings or len(self.moved) or self.tables or self.figures)


def difference(first: Path, second: Path) -> Difference:
    """Compare two runs' folders (``book/chapters`` for the record), whatever chapters both have.

    Raises Sim2RealError where a folder holds no run, and where the two have no chapter in common.
    """
    settings = _settings(first, second)
    moved, tables, figures, common = [], [], [], 0
    for chapter in (declared.name for declared in ALL):
        numbers = [RunFolder(folder).numbers(chapter) for folder in (first, second)]
        common += all(numbers)
        for name in sorted(set(numbers[0]) | set(numbers[1])) if all(numbers) else ():
            one, two = (values.get(name) for values in numbers)
            if one != two:
                moved.append((chapter, name, one, two, within(name, one, two)))
        tables += [
            (chapter, name, count)
            for name in _names(first, second, chapter, "*.csv")
            if (count := _cells(first / chapter / name, second / chapter / name))
        ]
        for name in _names(first, second, f"{chapter}/figures", "*.json"):
            stem = Path(name).stem
            one, two = (
                figure_files(folder / chapter / "figures", stem) for folder in (first, second)
            )
            if any(one[suffix] != two[suffix] for suffix in one.keys() & two.keys()):
                figures.append((chapter, stem))
    refuse(
        not common,
        f"{first.name} and {second.name} have no executed chapter in common; run both first",
    )
    return Difference(settings, pd.DataFrame(moved, columns=MOVED_COLUMNS), tables, figures)


def within(name: str, one: object, two: object) -> bool:
    """Whether two values of a number differ by no more than its row of ``tolerances.csv`` allows;
    what has no row must be equal.

    The first row whose pattern is found in the name holds: the larger of its absolute tolerance and
    its share of the larger value.
    """
    row = next((row for row in TOLERANCES.itertuples() if re.search(row.pattern, name)), None)
    if row is not None and np.isinf(row.absolute):
        return True
    numbers = [
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in (one, two)
    ]
    if row is None or not all(numbers):
        return all(numbers) and bool(np.isclose(one, two, rtol=1e-6, atol=0))
    return abs(one - two) <= max(row.absolute, row.relative * max(abs(one), abs(two)))


def lines(compared: Difference, first: str, second: str) -> list[str]:
    """The comparison for the terminal."""
    if compared.empty:
        return [f"{first} and {second}: nothing differs"]
    report = [f"{first} -> {second}"]
    report += [f"  {what}: {one} -> {two}" for what, one, two in compared.settings]
    for chapter, rows in compared.moved.groupby("chapter", sort=False):
        report.append(
            f"{chapter}: {len(rows)} numbers moved, {int((~rows['within'].astype(bool)).sum())} of"
            " them beyond their tolerance"
        )
        order = rows.assign(
            size=[_relative(row.first, row.second) for row in rows.itertuples()]
        ).sort_values("size", ascending=False)
        report += [
            f"  {row['name']}: {spoken(row['first'])} ->"
            f" {spoken(row['second'])}{'' if row['within'] else '  (beyond)'}"
            for row in order.head(_SHOWN).to_dict("records")
        ]
        if len(rows) > _SHOWN:
            report.append(f"  and {len(rows) - _SHOWN} more")
    report += [
        f"{chapter}/{name}: {count} cells differ" for chapter, name, count in compared.tables
    ]
    if compared.figures:
        report.append(
            "figures that moved: "
            + ", ".join(f"{chapter}/{name}" for chapter, name in compared.figures)
        )
    return report


def _settings(first: Path, second: Path) -> list[tuple[str, str, str]]:
    values = [flat(run_parameters(folder).model_dump(mode="json")) for folder in (first, second)]
    for folder, settings in zip((first, second), values, strict=True):
        content = read_provenance(folder) if is_whole(folder) else {}
        settings |= flat(
            {
                name: content.get(name)
                for name in ("commit", "python", "machine", "versions", "data")
            }
        )
    return [
        (name, str(values[0].get(name)), str(values[1].get(name)))
        for name in dict.fromkeys([*values[0], *values[1]])
        if values[0].get(name) != values[1].get(name)
    ]


def flat(tree: dict) -> dict:
    """Values by ``section.name``."""
    return pd.json_normalize(tree).to_dict("records")[0]


def _names(first: Path, second: Path, folder: str, pattern: str) -> list[str]:
    return sorted(
        {path.name for path in (first / folder).glob(pattern)}
        & {path.name for path in (second / folder).glob(pattern)}
    )


def _cells(first: Path, second: Path) -> int:
    """How many cells differ; all of the larger table if their shapes do."""
    if first.read_bytes() == second.read_bytes():
        return 0
    one, two = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in (first, second))
    if list(one) != list(two) or len(one) != len(two):
        return max(one.size, two.size)
    return int((one != two).to_numpy().sum())


def _relative(one: object, two: object) -> float:
    try:
        return abs(float(one) - float(two)) / max(abs(float(one)), abs(float(two)), 1e-12)
    except (TypeError, ValueError):
        return 0.0
