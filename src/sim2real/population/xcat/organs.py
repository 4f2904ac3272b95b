"""Which structure an XCAT organ is, and which organs may share an activity.

``organs.csv`` has a row for each name of a ``.par``: its structure; ``elsewhere`` for organs no
short-axis image reaches; the parameter that must not be 0 for the organ to be drawn at all; and,
for other spellings, the name XCAT 2 gives it (``-``: none). The names are those of the sample
``.par`` that comes with XCAT 2 and of NCAT, its predecessor.
"""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
import pandas as pd

from ...data.errors import Sim2RealError
from ..structures import ID, STRUCTURES

ORGANS = pd.read_csv(
    files("sim2real.population.xcat").joinpath("organs.csv"), keep_default_na=False
)
_ROW_OF = {row.parameter.lower(): row for row in ORGANS.itertuples(index=False)}
_LANDMARKS = (
    "liver",
    "vertebra",
)  # they tell how the body lies, so nothing else may be taken for them
_KIND_OF = {
    row.name: (row.name if row.name in _LANDMARKS else "", row.tissue, row.label)
    for row in STRUCTURES.itertuples(index=False)
}
_VENTRICLES = {"lv_blood", "rv_blood"}
_BLOOD = {*_VENTRICLES, "left_atrium", "right_atrium", "aorta", "vena_cava"}
SHARED = 240  # first of the numbers that stand for several structures until they are told apart


@dataclass(frozen=True)
class Palette:
    """Activities, ascending, and the structure number of each; ``shared``: number from ``SHARED``
    on to the structures it stands for."""

    values: np.ndarray
    numbers: np.ndarray
    shared: dict[int, tuple[str, ...]]

    def structures(self, activities: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(structure numbers, uint8; whether each activity is one of ours) of a float32 array."""
        index = np.searchsorted((self.values[1:] + self.values[:-1]) / 2, activities)
        nearest = self.values.astype(np.float32)[index]
        least = np.min(np.abs(self.values[self.values != 0]), initial=1)
        return self.numbers[index], np.abs(nearest - activities) <= 1e-4 * np.maximum(
            least, np.abs(nearest)
        )  # a NaN is not


def palette_of(values: dict[str, str], par) -> Palette:
    """The activities of a ``.par``, 0 being air.

    Raises Sim2RealError when one activity would have to be two tissues that the label map keeps
    apart, unless they are blood of a ventricle and of its neighbours, which ``blood`` may tell
    apart by where they lie.
    """
    owners: dict[float, list[tuple[str, str, str]]] = {0.0: []}
    has_muscle = any(name.lower() == "muscle_activity" for name in values)
    for name, text in values.items():
        row = _ROW_OF.get(name.lower())
        if row is not None and number(values.get(row.drawn_by, "1"), par, row.drawn_by) != 0:
            # what is no organ and no muscle is fat in XCAT; NCAT draws no muscle, so there it is
            # most of the body
            structure = (
                "muscle" if row.parameter == "body_activity" and not has_muscle else row.structure
            )
            owners.setdefault(number(text, par, name), []).append((name, structure, row.region))
    numbers, shared = [], {}
    for value in sorted(owners):
        structures = _structures(value, owners[value], par)
        if len(structures) == 1:
            numbers.append(ID[structures[0]])
        else:
            numbers.append(SHARED + len(shared))
            shared[numbers[-1]] = structures
    return Palette(np.array(sorted(owners)), np.array(numbers, np.uint8), shared)


def _structures(value: float, owners: list[tuple[str, str, str]], par) -> tuple[str, ...]:
    if value == 0:
        return ("air",)
    near = [owner for owner in owners if owner[2] != "elsewhere"] or owners[:1]
    first = near[0]
    found = {_KIND_OF[structure]: structure for _, structure, _ in reversed(near)}
    if len(found) == 1:
        return (first[1],)
    present = {structure for _, structure, _ in near}
    if present <= _BLOOD and present & _VENTRICLES:
        return tuple(sorted(present))
    other = next(owner for owner in near if _KIND_OF[owner[1]] != _KIND_OF[first[1]])
    raise Sim2RealError(
        f"{par}: {first[0]} and {other[0]} share the activity {value:g} but are {first[1]} and"
        f" {other[1]}; give each its own value and run XCAT again"
    )


def number(text: str, par, name: str) -> float:
    """A finite number, or Sim2RealError naming file and parameter."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise Sim2RealError(
            f"{par}: {name} = {text} is no finite number; expected one, correct the line or copy"
            " the .par again"
        )
    return value
