"""The table of a population: what was drawn of each subject and what follows from it."""

from dataclasses import fields

import pandas as pd

from .heart import Heart
from .subjects import Subject

_OF_THE_HEART = ("lv_length_mm", "thickest_wall_mm", "wall_mm", "wall_es_mm")


def population_table(subjects: list[Subject]) -> pd.DataFrame:
    """One row a subject: the fields of ``Subject``, pairs and triples spread over columns, and the
    quantities solved for.

    ``wall_mm`` and ``wall_es_mm`` are mean thicknesses half-way down the LV at ED and ES,
    ``thickest_wall_mm`` the septum's at ED.
    """
    # by column and one heart at a time: a million subjects are held as numbers, not as objects
    table = pd.DataFrame(
        {
            field.name: [getattr(subject, field.name) for subject in subjects]
            for field in fields(Subject)
        }
    )
    for name in ("axis_tilt_deg", "heart_shift_mm"):
        spread = pd.DataFrame(table.pop(name).tolist())
        table = table.join(spread.rename(columns=lambda k, name=name: f"{name}_{k}"))
    solved = pd.DataFrame(map(_solved, subjects), columns=["body_surface_m2", *_OF_THE_HEART])
    return table.assign(
        body_surface_m2=solved["body_surface_m2"],
        lv_ef_percent=100 * (1 - table["lv_esv_ml"] / table["lv_edv_ml"]),
        rv_ef_percent=100 * (1 - table["rv_esv_ml"] / table["rv_edv_ml"]),
        **{name: solved[name] for name in _OF_THE_HEART},
    )


def _solved(subject: Subject) -> tuple[float, ...]:
    heart = Heart(subject)
    thickest = float(heart.thickness(heart.wall, heart.septum))
    return subject.body_surface_m2, heart.apex, thickest, heart.mid_wall(0.0), heart.mid_wall(1.0)
