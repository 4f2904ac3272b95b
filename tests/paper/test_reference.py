"""The reference of parameters says of each its unit, its bounds and what it does."""

import re

import pytest

from sim2real.data import ParameterModel
from sim2real.paper.parameters import Parameters
from sim2real.paper.reference import reference_page, unit_of


def rows():
    """The cells of each row, the first with its table's heading before it, as ``--set`` wants
    it."""
    for part in reference_page().split("\n## ")[1:]:
        chapter = re.match(r"`(\w+)`", part)
        for line in part.splitlines():
            if named := re.match(r"\| `(\w+)` \|", line):
                name = f"{chapter[1]}.{named[1]}" if chapter else named[1]
                yield [name, *(cell.strip() for cell in line.strip("| ").split(" | ")[1:])]


ROWS = list(rows())


def fields():
    for section, field in Parameters.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, ParameterModel):
            yield from (
                (f"{section}.{name}", inner)
                for name, inner in field.annotation.model_fields.items()
            )
        else:
            yield section, field


def test_every_parameter_has_one_row_with_what_it_does():
    names = [row[0] for row in ROWS]
    assert (
        names == sorted(names, key=names.index)
        and set(names) == {name for name, _ in fields()}
        and len(names) == len(set(names))
    )
    assert all(len(row) == 7 and row[2] for row in ROWS)


@pytest.mark.parametrize(
    "name, unit",
    [
        ("voxel_mm", "mm"),
        ("flip_angle_deg", "degrees"),
        ("checkpoint_every_s", "s"),
        ("field_strength_t", "T"),
        ("n_steps", ""),
        ("iterations_per_epoch", ""),
        ("grid_pixels", "pixels"),
    ],
)
def test_a_unit_is_the_one_that_the_name_ends_with(name, unit):
    assert unit_of(name) == unit


def test_every_description_that_names_a_unit_has_it_in_its_column():
    for row in ROWS:
        said = re.search(r", (mm|ms|Hz|cm/s|degrees|T)\b", row[2])
        assert said is None or row[1] == said[1], row


def test_every_number_has_a_bound():
    bounded = {row[0]: row[3] for row in ROWS}
    for name, field in fields():
        if field.annotation in (int, float):
            assert bounded[name], name
