"""What a chapter's notebook needs at its head: checked parameters, its folder, its inputs, its badges."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython import get_ipython
from IPython.display import HTML, display
from matplotlib.figure import Figure
from myst_nb import glue
from myst_nb.ext.glue import GLUE_PREFIX

from .animation import cine_html
from .badges import line_html
from .errors import Sim2RealError
from .files import write_json
from .jobs import parameters_behind
from .licence import KINDS
from .origin import box_html, commit, drawn_by, figure_files
from .parameters import Chapter, Parameters
from .presets import check, load_parameters
from .root import repository
from .run import SECTIONS, RunFolder
from .style import save_figure, use_style
from .workflow import run_parameters, write_parameters

_PLAIN = (bool, int, float, str, list, dict, type(None))


@dataclass(frozen=True)
class OpenChapter:
    """A chapter at work."""

    name: str
    run: RunFolder
    parameters: Chapter
    seed: int
    preset: str

    @property
    def folder(self) -> Path:
        return self.run.chapter(self.name)

    @property
    def cohort(self) -> str:
        """``mnms``, ``mnms+acdc`` or ``surrogate``, as chapter 3 found it."""
        return self.run.results("03_real_cohort")["cohort"]

    @property
    def cohort_phrase(self) -> str:
        return self.run.results("03_real_cohort")["cohort_phrase"]

    def results(self, file: str = "results", /, **results: object) -> None:
        """Write ``results.json`` and hand each value to the prose, as text, under its own name; file: another name, for a second page."""
        results = {"preset": self.preset, "seed": self.seed, **results}
        self.run.write_results(self.name, results, file)
        shown = self.run.results(self.name, file)
        if (self.run.chapter("03_real_cohort") / "results.json").is_file():
            shown["cohort_phrase"] = self.cohort_phrase
        for name, value in shown.items():
            glue(name, spoken(value), display=False)

    def show(self, figure: Figure, name: str, data, alt: str, here: bool = False, pictures: tuple[str, ...] = ()) -> None:
        """Save a figure with its data and description, and hand it to the page under ``name``, or show it ``here`` and now.

        pictures: what of ``licence.KINDS`` it shows; a licence may keep that out of a book.
        """
        save_figure(figure, self.folder / "figures", name, data, alt)
        origin = self._origin(name)
        write_json(self.folder / "figures" / f"{name}.json", origin)
        _hand_over(name, figure, here, pictures, origin)
        if here:
            display(HTML(box_html(origin)))
        plt.close(figure)

    def _origin(self, name: str) -> dict:
        """What ``origin`` tells of a figure that the present cell has just saved."""
        shell = get_ipython()
        source = shell.history_manager.input_hist_raw[-1]
        return {
            "figure": name, "chapter": self.name, "notebook": f"notebooks/{os.environ.get('SIM2REAL_NOTEBOOK', self.name)}.ipynb", "cell": shell.execution_count,
            "function": drawn_by(source, name, shell.user_ns), "commit": commit(repository()), "preset": self.preset, "seed": self.seed,
            "parameters_sha256": parameters_behind(run_parameters(self.run.path), self.name).digest(), "cohort": self.cohort if self.name > "03_real_cohort" else "",
            "files_sha256": figure_files(self.folder / "figures", name),
        }  # fmt: skip

    def table(self, html: str, name: str) -> None:
        """Hand a table in HTML to the page under ``name``."""
        glue(name, HTML(html), display=False)

    def cine(self, frames: np.ndarray, name: str, alt: str, period_s: float, pictures: tuple[str, ...] = ()) -> None:
        """Hand an endless loop of ``frames`` (phase, row, column), 0 to 1, to the page under ``name``; pictures: as in ``show``."""
        _hand_over(name, HTML(cine_html(frames, alt, period_s)), False, pictures)

    def moving(self, html: str, name: str, pictures: tuple[str, ...]) -> None:
        """Hand to the page, under ``name``, HTML that a script of the book brings to life; pictures: as in ``show``, ``()`` for none."""
        _hand_over(name, HTML(html), False, pictures)

    def badges(self, *more: str) -> None:
        """One line at the head of the page: preset and whatever the results rest on."""
        display(HTML(line_html(self.preset, [f"preset {self.preset}", f"seed {self.seed}", *more])))


def _hand_over(name: str, thing: object, here: bool, pictures: tuple[str, ...], origin: dict | None = None) -> None:
    """``myst_nb.glue``, with a mark of what the thing shows and where it comes from."""
    unknown = set(pictures) - set(KINDS)
    if unknown:
        raise Sim2RealError(f"figure {name}: pictures of {unknown.pop()}; expected some of {', '.join(KINDS)}")
    bundle, metadata = get_ipython().display_formatter.format(thing)
    prefix = "" if here else GLUE_PREFIX
    mark = ({"pictures": list(pictures)} if pictures else {}) | ({"origin": origin} if origin else {})
    metadata = {**metadata, "scrapbook": {"name": name, "mime_prefix": prefix}} | ({"sim2real": mark} if mark else {})
    display({prefix + mime: value for mime, value in bundle.items()}, raw=True, metadata=metadata)


def spoken(value: object) -> str:
    """A value as prose quotes it: three decimals below 1 (two digits below 0.01), two below 10, one below 1,000; "not available" for a missing one."""
    if value is None or value != value:
        return "not available"
    if isinstance(value, bool) or not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    if 0 < abs(value) < 0.01:
        return f"{value:.2g}"
    decimals = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if value == round(value, 1) else text


def spoken_interval(low: float, high: float) -> str:
    """An interval as the prose has it."""
    return f"{spoken(float(low))} to {spoken(float(high))}" if np.isfinite([low, high]).all() else "not available"


def open_chapter(name: str, names: dict, extra: tuple[str, ...] = (), needs: tuple[str, ...] = ()) -> OpenChapter:
    """Check a notebook's variables against the chapter's parameters and bring its inputs about.

    names: the notebook's ``globals()``; every plain value in it must be a parameter of the chapter, ``run``, ``seed``,
    ``preset`` or one of ``extra``. needs: chapters that must have been executed; outside a workflow they are, now.
    Raises Sim2RealError, in one line, for an unknown or impossible parameter.
    """
    root = repository()
    given = {
        key: value
        for key, value in names.items()
        if not key.startswith("_") and not key.isupper() and key not in ("In", "Out") and isinstance(value, _PLAIN)
    }
    common = {key: given.pop(key) for key in ("run", "seed", "preset", *extra) if key in given}
    section = SECTIONS[name]
    model = Parameters.model_fields[section].annotation
    run = RunFolder(root / common.get("run", "runs/notebook"))
    parameters = check(model, given, section)
    use_style()
    in_workflow = "SIM2REAL_WORKFLOW" in os.environ
    if not in_workflow:
        _record(run, section, parameters, common, root)
        for need in needs:
            if not (run.chapter(need) / "results.json").is_file():
                _execute_until(need, run, root)
    return OpenChapter(name, run, parameters, int(common.get("seed", 0)), str(common.get("preset", "quick")))


def _record(run: RunFolder, section: str, parameters: Chapter, common: dict, root: Path) -> None:
    """Keep a notebook's own parameters with its run, so that the chapters executed around it take the same.

    A folder that notebooks began takes what each notebook has. A run that `sim2real run` made keeps its parameters:
    Sim2RealError where the notebook's are others.
    """
    given = json.loads(parameters.model_dump_json())
    seed, mark = int(common.get("seed", 0)), run.path / ".begun_by_a_notebook"
    there = (run.path / "parameters.yaml").is_file()
    known = run_parameters(run.path) if there else load_parameters(str(common.get("preset", "quick")), [])
    if there and not mark.is_file():
        kept = json.loads(getattr(known, section).model_dump_json())
        for name, own, notebooks in [("seed", known.seed, seed), *((f"{section}.{key}", kept[key], given[key]) for key in given)]:
            if own != notebooks:
                raise Sim2RealError(f"{run.path.relative_to(root)} was made with {name}={own}, and the notebook has {notebooks}; "
                                    "give it the run's value, or name another folder in run")  # fmt: skip
        return
    run.path.mkdir(parents=True, exist_ok=True)
    mark.touch()
    write_parameters(run.path, known.model_copy(update={section: parameters, "seed": seed}))


def _execute_until(chapter: str, run: RunFolder, root: Path) -> None:
    print(f"{chapter} is not there yet in {run.path.relative_to(root)}: executing it first")
    command = [sys.executable, "-m", "sim2real.cli", "run", "--resume", run.path.name, "--until", chapter]
    if subprocess.run(command, cwd=root).returncode:
        raise Sim2RealError(
            f"chapter {chapter} could not be executed; run 'sim2real run --resume {run.path.name} --until {chapter}' to see why"
        )
