"""Which structure an XCAT organ is, and which organs may share an activity.

``organs.csv`` has a row for each name of a ``.par``: its structure; ``elsewhere`` for organs no
short-axis image reaches; the parameter that must not be 0 for the organ to be drawn at all; and,
for other spellings, the name XCAT 2 gives it (``-``: none). The names are those of the sample
``.par`` that comes with XCAT 2 and of NCAT, its predecessor.
"""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from ...data import refuse
from ..structures import ID, STRUCTURE_TABLE

ORGANS = pd.read_csv(
    files("sim2real.population.xcat").joinpath("organs.csv"), keep_default_na=False
)
_ROW_OF = {row.parameter.lower(): row for row in ORGANS.itertuples(index=False)}
_LANDMARKS = ("liver", "vertebra")  # they tell how the body lies: nothing else may stand for them
_KIND_OF = {
    row.name: (row.name if row.name in _LANDMARKS else "", row.tissue, row.label)
    for row in STRUCTURE_TABLE.itertuples(index=False)
}


@dataclass(frozen=True)
class Palette:
    """Activities, ascending, and the structure number of each, shape (n,)."""

    values: np.ndarray
    numbers: np.ndarray

    def structures(self, activities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Structure numbers, uint8, and whether each activity is known, of a float32 array."""
        index = np.searchsorted((self.values[1:] + self.values[:-1]) / 2, activities)
        nearest = self.values.astype(np.float32)[index]
        least = np.min(np.abs(self.values[self.values != 0]), initial=1)
        tolerance = 1e-4 * np.maximum(least, np.abs(nearest))
        return self.numbers[index], np.abs(nearest - activities) <= tolerance  # a NaN is not


def palette_of(values: dict[str, str], par: Path) -> Palette:
    """The activities of a ``.par``, 0 being air.

    Args:
        values: names and values of the ``.par``.
        par: its path, for messages.

    Raises:
        Sim2RealError: where one activity would have to be two tissues that the maps keep apart.
    """
    organs: dict[float, list] = {}
    for name, text in values.items():
        row = _ROW_OF.get(name.lower())
        if row is not None and number(values.get(row.drawn_by, "1"), par, row.drawn_by) != 0:
            organs.setdefault(number(text, par, name), []).append(row._replace(parameter=name))
    has_muscle = any(name.lower() == "muscle_activity" for name in values)
    organs.pop(0.0, None)
    known = {0.0: ID["air"]}
    known |= {value: ID[_structure(value, organs[value], has_muscle, par)] for value in organs}
    activities = sorted(known)
    return Palette(np.array(activities), np.array([known[v] for v in activities], np.uint8))


def _structure(value: float, organs: list, has_muscle: bool, par: Path) -> str:
    """The structure of the organs of one activity; organs out of reach count only among others."""
    near = [organ for organ in organs if organ.region != "elsewhere"] or organs[:1]
    # what is no organ and no muscle is fat in XCAT; NCAT draws no muscle: there it is most of the
    # body
    names = [
        "muscle"
        if organ.parameter.lower() == "body_activity" and not has_muscle
        else organ.structure
        for organ in near
    ]
    for organ, name in zip(near, names, strict=True):
        refuse(
            _KIND_OF[name] != _KIND_OF[names[0]],
            f"{par}: {near[0].parameter} and {organ.parameter} share the activity {value:g} but"
            f" are {names[0]} and {name}; give each its own value and run XCAT again",
        )
    return names[0]


def number(text: str, path: Path, name: str) -> float:
    """A finite number, or Sim2RealError naming file and parameter."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    refuse(
        not np.isfinite(value),
        f"{path}: {name} = {text} is no finite number; expected one, correct the line or copy"
        " the file again",
    )
    return value
