"""The table of a population: what was drawn of each subject and what follows from it."""

from dataclasses import asdict

import pandas as pd

from .heart import Heart
from .subjects import Subject


def population_table(subjects: list[Subject]) -> pd.DataFrame:
    """One row a subject: the fields of ``Subject``, pairs and triples spread over columns, and the quantities solved for.

    ``wall_mm`` and ``wall_es_mm`` are mean thicknesses half-way down the LV at ED and ES, ``thickest_wall_mm`` the septum's at ED.
    """
    table = pd.DataFrame([asdict(subject) for subject in subjects])
    for name in ("axis_tilt_deg", "heart_shift_mm"):
        spread = pd.DataFrame(table.pop(name).tolist())
        table = table.join(spread.rename(columns=lambda k, name=name: f"{name}_{k}"))
    hearts = [Heart(subject) for subject in subjects]
    return table.assign(
        body_surface_m2=[subject.body_surface_m2 for subject in subjects],
        lv_ef_percent=100 * (1 - table["lv_esv_ml"] / table["lv_edv_ml"]),
        rv_ef_percent=100 * (1 - table["rv_esv_ml"] / table["rv_edv_ml"]),
        lv_length_mm=[heart.apex for heart in hearts],
        thickest_wall_mm=[float(heart.thickness(heart.wall, heart.septum)) for heart in hearts],
        wall_mm=[heart.mid_wall(0.0) for heart in hearts],
        wall_es_mm=[heart.mid_wall(1.0) for heart in hearts],
    )
