"""The page that ends a sweep: how the main numbers answer to what was varied, mean and spread over seeds."""

import html
import re
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..core.badges import line_html
from ..core.files import write_text
from ..core.labels import REGIMES, VENDORS
from ..core.notebook import spoken
from ..core.run import CHAPTERS, RunFolder
from ..core.style import save_figure, use_style
from ..core.sweep import Sweep
from .difference import PAGE_STYLE, picture_html

_TO_VENDORS = "|".join(f"(simulated|sim2real_{vendor})_to_real_{vendor}" for vendor in VENDORS)
MAIN = {"05_realism": re.compile(rf"(texture|inception)_({_TO_VENDORS})"), "06_segmentation": re.compile(f"dice_({'|'.join(REGIMES)})")}
"""The numbers of a chapter that a sweep is about, by name; of a chapter that is not here, every number that is not the same in all runs."""
NUMBER_COLUMNS = ["chapter", "name", "value"]
PANELS = 12


def read_numbers(sweep: Sweep, folder: Path) -> pd.DataFrame:
    """Every number of every run's chapters that answer to the sweep: its axes, ``seed``, then ``NUMBER_COLUMNS``; a row a number and run.

    The last chapter's, and with chapters after 5 those of 5 and 6. Parameters that a chapter repeats among its results are left out.
    """
    plan, rows = sweep.plan(), []
    chapters = [name for name in MAIN if name <= sweep.until] or [sweep.until]
    for (_, parameters), place in zip(sweep.runs, plan.to_dict("records"), strict=True):
        for chapter in chapters:
            asked = {"seed", *type(getattr(parameters, CHAPTERS[chapter])).model_fields}
            for name, value in RunFolder(folder / place["folder"]).results(chapter).items():
                if isinstance(value, (int, float)) and not isinstance(value, bool) and name not in asked:
                    rows.append({**{axis: str(place[axis]) for axis in sweep.axes}, "seed": place["seed"],
                                 "chapter": chapter, "name": name, "value": float(value)})  # fmt: skip
    return pd.DataFrame(rows, columns=[*sweep.axes, "seed", *NUMBER_COLUMNS])


def summarise(numbers: pd.DataFrame, axes: list[str]) -> pd.DataFrame:
    """The main numbers at each point: chapter, name, the axes, ``mean``, ``sd`` over seeds (NaN for one seed) and ``n_seeds``."""
    kept = []
    for (chapter, name), own in numbers.groupby(["chapter", "name"], sort=False):
        if MAIN[chapter].fullmatch(name) if chapter in MAIN else own["value"].nunique() > 1:
            for point, values in own.groupby(axes, sort=False)["value"] if axes else [((), own["value"])]:
                kept.append((chapter, name, *point, values.mean(), values.std(ddof=1), len(values)))
    return pd.DataFrame(kept, columns=["chapter", "name", *axes, "mean", "sd", "n_seeds"])


def responses_figure(table: pd.DataFrame, axes: list[str]) -> Figure:
    """A panel a number, ``PANELS`` at most: its mean against the first axis, bars of one standard deviation, a colour for the other axes."""
    names = list(dict.fromkeys(table["name"]))[:PANELS]
    columns = max(1, min(3, len(names)))
    lines = max(1, -(-len(names) // columns))
    figure = Figure(figsize=(3.4 * columns, 2.7 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, name in zip(panels, names, strict=False):
        own = table[table["name"] == name]
        for label, rows in own.groupby(axes[1:], sort=False) if len(axes) > 1 else [((), own)]:
            at = _places(rows[axes[0]]) if axes else [0.0] * len(rows)
            panel.errorbar(at, rows["mean"], yerr=rows["sd"].fillna(0), fmt="o-", capsize=3, markersize=5, label=", ".join(label))
        if axes:
            panel.set_xticks(_places(own[axes[0]]), own[axes[0]])
            panel.set_xlabel(axes[0].partition(".")[2] or axes[0])
        else:
            panel.set_xticks([])
        panel.set_title(name)
    for panel in panels[len(names) :]:
        panel.set_visible(False)
    if len(axes) > 1 and names:
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, title=", ".join(axes[1:]), loc="outside lower center", ncols=4)
    return figure


def _places(values: pd.Series) -> np.ndarray:
    """Where values of an axis stand: numbers at themselves, whatever else in the order it was given."""
    numbers = pd.to_numeric(values, errors="coerce")
    return pd.factorize(values)[0].astype(float) if numbers.isna().any() else numbers.to_numpy(float)


def write_page(sweep: Sweep, folder: Path) -> Path:
    """Write ``numbers.csv``, ``responses.csv``, the figure and ``sweep.html``, which needs no other file, and return the page's path."""
    use_style()
    axes = list(sweep.axes)
    numbers = read_numbers(sweep, folder)
    table = summarise(numbers, axes)
    varied = ", ".join(f"{name} ({', '.join(map(str, values))})" for name, values in sweep.axes.items()) or "the seed alone"
    alt = f"Mean and standard deviation over seeds of {', '.join(list(dict.fromkeys(table['name']))[:PANELS])}, against {varied}."
    numbers.to_csv(folder / "numbers.csv", index=False)
    save_figure(responses_figure(table, axes), folder, "responses", table, alt)
    shown = table.assign(mean=table["mean"].map(spoken), sd=[spoken(sd) if sd == sd else "one seed" for sd in table["sd"]])
    preset, seeds = sweep.runs[0][1].preset, numbers["seed"].nunique()
    more = table["name"].nunique() - PANELS
    parts = [
        f"<h1>{html.escape(folder.name)}</h1>",
        line_html(preset, [f"preset {preset}", f"{seeds} seed{'s' if seeds > 1 else ''} a point", *_origins(sweep, folder)]),
        f"<p>Varied: {html.escape(varied)}. Each row is a point of the sweep, its spread the standard deviation over seeds, which draw "
        "population, cohort and trainings anew. All else is equal; chapters that do not depend on what was varied were executed once.</p>",
        picture_html(folder, "responses", f"Responses{f'; {more} more are in the table' if more > 0 else ''}"),
        "<h2>Responses</h2>" + (shown.to_html(index=False, border=0) if len(shown) else "<p>No number answers to what was varied.</p>"),
        "<h2>Runs</h2>" + sweep.plan().to_html(index=False, border=0),
    ]
    page = f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(folder.name)}</title><style>{PAGE_STYLE}</style>"
    write_text(folder / "sweep.html", page + "".join(parts) + "</html>\n")
    return folder / "sweep.html"


def _origins(sweep: Sweep, folder: Path) -> list[str]:
    """What anatomy and real images are, as the chapters of the first run tell it."""
    run, found = RunFolder(folder / sweep.plan()["folder"].iloc[0]), []
    for chapter, name, told in (("01_virtual_population", "source", "anatomy"), ("03_real_cohort", "cohort_phrase", "cohort")):
        if chapter <= sweep.until:
            found.append(f"{told}: {run.results(chapter)[name]}")
    return found
