"""What a chapter's notebook calls: it opens the chapter, shows figures and tables, keeps
numbers."""

import base64
import html
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from IPython import get_ipython
from IPython.display import HTML, display
from matplotlib.figure import Figure
from matplotlib_inline.backend_inline import set_matplotlib_formats

from ..data import (
    Chapter,
    Notebook,
    ParameterModel,
    RunFolder,
    Sim2RealError,
    at_home,
    refuse,
    repository,
    save_figure,
    small_png,
    spoken,
    use_style,
    write_json,
)
from .badges import line_html
from .book import has_study
from .chapters import COHORT, STUDIES, chapter_with
from .jobs import digest_of
from .licence import KINDS
from .origin import commit, figure_files
from .parameters import Parameters, check, load_parameters, run_parameters
from .reference import unit_of
from .wording import readable

_PLAIN = (bool, int, float, str, list, dict, type(None))


@dataclass(frozen=True)
class OpenChapter:
    """A chapter at work in a notebook.

    Attributes:
        declared: what the chapter tells about itself.
        notebook: the notebook at work.
        run: folder of the run.
        parameters: of this chapter, checked.
        others: all parameters of the run, by section; this chapter's as in ``parameters``.
        alone: whether the notebook was opened by hand, outside ``sim2real run``.
    """

    declared: Chapter
    notebook: Notebook
    run: RunFolder
    parameters: ParameterModel
    others: Parameters
    alone: bool
    numbers: dict = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def folder(self) -> Path:
        return self.run.chapter(self.name)

    @property
    def seed(self) -> int:
        return self.others.seed

    @property
    def preset(self) -> str:
        return self.others.preset

    @property
    def cohort(self) -> str:
        """``mnms``, ``acdc`` or ``surrogate``, as chapter 3 found it."""
        return self.run.results(COHORT.name)["cohort"]

    @property
    def cohort_phrase(self) -> str:
        return self.run.results(COHORT.name)["cohort_phrase"]

    @property
    def studies(self) -> tuple[str, ...]:
        """Names of the appendix's studies that the run holds."""
        return tuple(study.name for study in STUDIES if has_study(self.run.path, study.name))

    def head(self, *badges: str) -> None:
        """Show the badges of the run and the parameters that the paper names, with their values."""
        line = line_html(self.preset, [f"preset {self.preset}", f"seed {self.seed}", *badges])
        fields = type(self.parameters).model_fields
        rows = "".join(
            f"<tr><td>{html.escape(fields[name].description.split(';')[0])}</td>"
            f"<td>{spoken(getattr(self.parameters, name))} {unit_of(name)}</td>"
            f"<td><code>{name}</code></td></tr>"
            for name in self.declared.named_in_paper
        )
        table = f'<table class="parameters"><tbody>{rows}</tbody></table>' if rows else ""
        display(HTML(line + table))

    def show(
        self,
        name: str,
        draw: Callable[..., Figure],
        *arguments: object,
        data: pd.DataFrame,
        pictures: tuple[str, ...] = (),
        **keywords: object,
    ) -> None:
        """Draw a figure, save it with the table behind it, and display it.

        Its caption and description stand in the cell's metadata.

        Args:
            name: of the figure and its files.
            draw: function that returns the figure from ``arguments`` and ``keywords``.
            data: what is drawn, saved as CSV.
            pictures: what of ``licence.KINDS`` it shows; a licence may keep that out of a book.
        """
        figure = draw(*arguments, **keywords)
        folder = self.folder / "figures"
        save_figure(figure, folder, name, data)
        origin = {
            "figure": name,
            "chapter": self.name,
            "notebook": self.notebook.name,
            "function": f"{draw.__module__}.{draw.__qualname__}",
            "commit": commit(repository()),
            "preset": self.preset,
            "seed": self.seed,
            "parameters_sha256": digest_of(self.others, self.name),
            "files_sha256": figure_files(folder, name),
        }
        write_json(folder / f"{name}.json", origin)
        _display({"image/png": _small_png(figure)}, name, pictures, {"origin": origin})
        plt.close(figure)

    def html(self, name: str, content: str, pictures: tuple[str, ...] = ()) -> None:
        """Display HTML, a table or a picture that moves, under a name; pictures: as in ``show``."""
        _display({"text/html": content}, name, pictures, {})

    def table(self, frame: pd.DataFrame, digits: int | None = None, **names: str) -> pd.DataFrame:
        """A table in a reader's words: the chapter's own names of columns, then ``names``."""
        return readable(frame, self.declared.columns | names, digits)

    def results(self, **numbers: object) -> None:
        """Keep numbers for the text in the chapter's results file; by hand, show them here.

        A notebook may call it once a section: what it told before stays.
        """
        self.numbers.update(preset=self.preset, seed=self.seed)
        self.numbers.update(numbers)
        main = self.notebook.name == self.name
        name = "results" if main else self.notebook.name.partition("_")[2]
        self.run.write_results(self.name, self.numbers, name)
        if self.alone:
            texts = (f"{html.escape(key)}: {html.escape(spoken(v))}" for key, v in numbers.items())
            display(HTML(f'<p class="numbers">{" · ".join(texts)}</p>'))


def open_chapter(notebook: str, names: dict) -> OpenChapter:
    """Check a notebook's variables against its chapter's parameters and open the chapter.

    Args:
        notebook: its name, as in the chapter's declaration.
        names: the notebook's ``globals()``. Every plain value in it must be a parameter of the
            chapter, ``run``, ``seed``, ``preset``, or what distinguishes its executions.

    Raises:
        Sim2RealError: for an unknown or impossible parameter, for one that differs from that of the
            run whose folder is named, and, by hand, where chapters that it reads were not executed.
    """
    chapter, declared = chapter_with(notebook)
    given = {
        key: value
        for key, value in names.items()
        if not key.startswith("_") and not key.isupper() and key not in ("In", "Out")
        if isinstance(value, _PLAIN)
    }
    common = {key: given.pop(key) for key in ("run", "seed", "preset") if key in given}
    if declared.variants is not None:
        for key in next(iter(declared.variants(Parameters()))):
            given.pop(key, None)
    run = RunFolder(repository() / at_home(common.get("run", "runs/notebook")))
    alone = "SIM2REAL_WORKFLOW" not in os.environ
    if alone and declared.alone and not (run.path / "parameters.yaml").is_file():
        given = _few(chapter, given)
    parameters = check(chapter.parameters, given, chapter.section)
    others = _parameters_around(run, chapter, parameters, common)
    if alone:
        _require_inputs(declared, run)
    use_style()
    if get_ipython() is not None:
        set_matplotlib_formats("png")
    return OpenChapter(chapter, declared, run, parameters, others, alone)


def _few(chapter: Chapter, given: dict) -> dict:
    """A notebook's values with those that make it quick in the place of the defaults."""
    defaults = chapter.parameters().model_dump()
    few = {name: value for name, value in chapter.few.items() if given.get(name) == defaults[name]}
    for name, value in few.items():
        print(f"by itself, this notebook has {name}={value}; a run has {defaults[name]}")
    return given | few


def _parameters_around(
    run: RunFolder, chapter: Chapter, parameters: ParameterModel, common: dict
) -> Parameters:
    """All parameters of the run, this chapter's as the notebook has them.

    A folder that ``sim2real run`` made keeps its parameters: others are refused.
    """
    seed = int(common.get("seed", 0))
    if not (run.path / "parameters.yaml").is_file():
        known = load_parameters(str(common.get("preset", "quick")))
    else:
        known = run_parameters(run.path)
        of_run, of_notebook = (
            values.model_dump(mode="json")
            for values in (getattr(known, chapter.section), parameters)
        )
        pairs = [("seed", known.seed, seed)]
        pairs += [(f"{chapter.section}.{key}", of_run[key], of_notebook[key]) for key in of_run]
        for name, run_value, value in pairs:
            refuse(
                run_value != value,
                f"{run.path.name} was made with {name}={run_value}, and the notebook has "
                f"{value}; give it the run's value, or name another folder in run",
            )
    return known.model_copy(update={chapter.section: parameters, "seed": seed})


def _require_inputs(notebook: Notebook, run: RunFolder) -> None:
    """Raise Sim2RealError, by hand, unless the notebooks that this one reads have been executed."""
    if notebook.alone:
        return
    for name in notebook.reads:
        refuse(
            not any((run.path / "chapters").glob(f"{name}*.ipynb")),
            f"{notebook.name} reads what {name} makes, which is not in runs/{run.path.name};"
            f" run 'sim2real run --until {name[:2]}' first and give its folder: run ="
            " 'runs/quick'",
        )


def _display(bundle: dict, name: str, pictures: tuple[str, ...], mark: dict) -> None:
    """Display a bundle of MIME types with a mark of what it shows and where it comes from."""
    if unknown := set(pictures) - set(KINDS):
        raise Sim2RealError(
            f"figure {name}: pictures of {unknown.pop()}; expected some of {', '.join(KINDS)}"
        )
    mark = {"name": name, **({"pictures": list(pictures)} if pictures else {}), **mark}
    display(bundle | {"text/plain": name}, raw=True, metadata={"sim2real": mark})


def _small_png(figure: Figure) -> str:
    """A figure as a small PNG, in base64."""
    whole = io.BytesIO()
    figure.savefig(whole, format="png", dpi=figure.dpi)
    return base64.b64encode(small_png(whole.getvalue())).decode("ascii")
