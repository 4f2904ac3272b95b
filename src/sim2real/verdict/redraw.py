"""A record's figures drawn again from its tables: no image, no training, some seconds."""

from collections.abc import Callable
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..core.files import read_table
from ..core.labels import VENDORS
from ..core.run import RunFolder
from ..core.style import save_figure, use_style
from ..core.workflow import run_parameters
from ..population import figures as population
from ..population.subjects import BANDS
from ..population.summary import against_bands
from ..realism import figures as realism
from ..segmentation import evidence_figures, layout, summary
from ..segmentation import figures as segmentation
from ..simulation import figures as simulation
from ..translation import figures as translation

FOLDER = "redrawn"


class Redrawn(NamedTuple):
    """``same``: whether the table behind the figure is that of the record to the last byte; None if the record has none."""

    chapter: str
    name: str
    same: bool | None


def redraw(run: RunFolder) -> list[Redrawn]:
    """Draw every figure of ``FIGURES`` whose tables are there into ``redrawn/<chapter>`` of the run's folder.

    Pictures of images are in a record as they were made; without images they cannot be made anew, and Fig. 3 has its bars alone.
    """
    use_style()
    found = []
    for (chapter, name), draw in FIGURES.items():
        if not all((run.chapter(part) / table).is_file() for part, table in _NEEDS.get((chapter, name), ())):
            continue
        figure, table = draw(run)
        folder = run.path / FOLDER / chapter
        save_figure(figure, folder, name, table, f"{name} of {chapter}, drawn again from the record's tables.")
        plt.close(figure)
        behind = run.chapter(chapter) / "figures" / f"{name}.csv"
        same = behind.read_bytes() == (folder / f"{name}.csv").read_bytes() if behind.is_file() else None
        found.append(Redrawn(chapter, name, same))
    return found


def _volumes(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    subjects = run.manifest("01_virtual_population", "subjects.csv")
    return population.volumes_figure(subjects), population.volumes_table(subjects)


def _bands(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    subjects = run.manifest("01_virtual_population", "subjects.csv")
    return population.bands_figure(subjects, BANDS), against_bands(subjects)


def _contrast(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    p = run_parameters(run.path).simulation
    curves = simulation.contrast_table(p.field_strength_t, np.arange(2, 121, 1.0), p.repetition_time_ms, p.echo_time_ms)
    return simulation.contrast_figure(curves, simulation.maxima(curves, p.field_strength_t), p.flip_angle_deg), curves


def _curves(vendor: str) -> Callable[[RunFolder], tuple[Figure, pd.DataFrame]]:
    def draw(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
        log = read_table(run.chapter("04_translation") / "figures" / f"curves_{vendor}.csv")
        return translation.curves_figure(log), log

    return draw


def _keeps(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    kept = read_table(run.chapter("04_translation") / "figures" / "keeps.csv")
    return translation.keeps_figure(kept), kept


def _fig3(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    distances = run.manifest("05_realism", "distances.csv")
    return realism.scores_figure(distances, {}, run.results("03_real_cohort")["cohort_phrase"]), distances


def _looks(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    vendor = run.manifest("05_realism", "vendor.csv")
    return realism.looks_figure(run.manifest("05_realism", "distances.csv"), vendor), vendor


def _sensitivity(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    seen = run.manifest("05_realism", "sensitivity.csv")
    return realism.sensitivity_figure(seen), seen


def _table1(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    table, intervals = (run.manifest("06_segmentation", name) for name in ("table1.csv", "table1_intervals.csv"))
    distance = run_parameters(run.path).segmentation.distance
    caption = summary.caption(run.results("03_real_cohort")["cohort_phrase"], table, intervals)
    shown = layout.with_distance(table, intervals, distance)
    return segmentation.table1_figure(shown, layout.read_published(), caption, distance), shown


def _cases(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    rows = run.manifest("06_segmentation", "cases.csv").merge(
        run.manifest("06_segmentation", "measures.csv")
    )  # in the order they were judged
    return segmentation.cases_figure(rows), rows


def _comparisons(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    table = run.manifest("06_segmentation", "comparisons.csv")
    return evidence_figures.comparisons_figure(table), table


def _agreement(run: RunFolder) -> tuple[Figure, pd.DataFrame]:
    subjects = run.manifest("06_segmentation", "clinical_subjects.csv")
    return evidence_figures.agreement_figure(subjects, run.manifest("06_segmentation", "clinical.csv")), subjects


FIGURES: dict[tuple[str, str], Callable] = {
    ("01_virtual_population", "fig2_volumes"): _volumes, ("01_virtual_population", "bands"): _bands, ("02_mr_simulation", "contrast"): _contrast,
    **{("04_translation", f"curves_{vendor}"): _curves(vendor) for vendor in VENDORS}, ("04_translation", "keeps"): _keeps,
    ("05_realism", "fig3"): _fig3, ("05_realism", "looks"): _looks, ("05_realism", "sensitivity"): _sensitivity,
    ("06_segmentation", "table1"): _table1, ("06_segmentation", "cases"): _cases, ("06_segmentation", "comparisons"): _comparisons,
    ("06_segmentation", "agreement"): _agreement,
}  # fmt: skip
_NEEDS = {("04_translation", name): (("04_translation", f"figures/{name}.csv"),) for name in ("keeps", *(f"curves_{v}" for v in VENDORS))}
"""Tables that a record may lack because they were too large to keep beside a figure."""
