"""The book: executed chapters of a run, or of the record, rendered by Jupyter Book with execution off."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

from .age import write_code
from .errors import Sim2RealError
from .files import read_json
from .jobs import jobs
from .licence import licensed, placeholder, reason, withhold
from .origin import LARGEST_BYTES, origins, with_boxes
from .resumable import fingerprint_of
from .run import APPENDIX, CHAPTERS, RunFolder
from .workflow import run_parameters

# jupyter-book 1.x cannot be started with -m
JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
FRONT = {  # figures that the first page shows
    "01_virtual_population": ("fig2_volumes",),
    "02_mr_simulation": ("fig2_examples",),
    "04_translation": ("fig1",),
    "05_realism": ("fig3",),
}
_PAGES = ("_config.yml", "_toc.yml")
_TRAINING = "06_train_segmentation_"
_WITHOUT_PAGE = "A2_train_"
"""The many trainings of the second study: they stay in the run's folder, notebooks and curves."""
_NOT_EXECUTED = """# {title}

This study of the appendix was not executed in this run. It is executed by `sim2real run --appendix {study}`; what it does and
shows stands in `notebooks/{study}.ipynb`.
"""


def build_book(root: Path, run: str, licensed_pictures: bool = False) -> Path:
    """Render ``runs/<run>`` into ``_build/html`` and return its first page. Nothing is done when nothing has changed.

    Pictures of data that may not be passed on are left out unless ``licensed_pictures``. Every build is a clean one, warnings are errors: an incremental build can keep a number that has since changed.
    Raises Sim2RealError for a notebook that holds an error and for what Sphinx complains of.
    """
    chapters = root / "runs" / run / "chapters"
    missing = [name for name in CHAPTERS if not (chapters / f"{name}.ipynb").is_file()]
    if missing:
        raise Sim2RealError(f"runs/{run}: chapter {missing[0]} has not been executed; run 'sim2real run --run {run}' first")
    target = root / "_build" / "html"
    kept_back = {} if licensed_pictures else licensed(run_parameters(root / "runs" / run))
    stamp = _stamp(root, chapters, kept_back)
    mark = target / ".made_from"
    if mark.is_file() and mark.read_text(encoding="utf-8") == stamp:
        return target / "index.html"
    stage, rendered = (root / "_build" / name for name in ("stage", "rendered"))
    for folder in (stage, rendered):
        shutil.rmtree(folder, ignore_errors=True)
    stage.mkdir(parents=True)
    shutil.copy(root / "_config.yml", stage)
    shutil.copytree(root / "book", stage / "book", ignore=shutil.ignore_patterns("chapters"))
    _copy_chapters(root / "runs" / run, stage / "book" / "chapters", kept_back)
    _copy_numbers(root / "runs" / run, stage / "book" / "chapters")
    made = {path.stem for path in (stage / "book" / "chapters").glob("*.ipynb")}
    contents = contents_with((root / "_toc.yml").read_text(encoding="utf-8"), made)
    (stage / "_toc.yml").write_text(contents, encoding="utf-8")
    render(stage, rendered)
    shutil.rmtree(target, ignore_errors=True)  # not before: a build that fails leaves the last book where it is
    shutil.move(str(rendered / "_build" / "html"), target)
    for folder in (stage, rendered):
        shutil.rmtree(folder)
    mark.write_text(stamp, encoding="utf-8")
    return target / "index.html"


def contents_with(contents: str, notebooks: set[str]) -> str:
    """The table of contents (YAML) with the trainings that ``notebooks`` names: of other seeds, or of more than one."""
    tree = yaml.safe_load(contents)
    entries = next(page for part in tree["parts"] for page in part["chapters"] if page["file"] == "book/trainings")["sections"]
    titles = {entry["file"].removesuffix("_0"): entry["title"] for entry in entries if _TRAINING in entry["file"]}
    found = [(f"book/chapters/{name}", name.rpartition("_")[2]) for name in sorted(notebooks) if name.startswith(_TRAINING)]
    trained = [
        {"file": file, "title": title + (f", seed {seed}" if seed != "0" else "")}
        for start, title in titles.items() for file, seed in found if file.removesuffix(f"_{seed}") == start
    ]  # fmt: skip
    entries[:] = [entry for entry in entries if _TRAINING not in entry["file"]] + trained
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


def render(source: Path, output: Path) -> None:
    """``jupyter-book build`` with warnings as errors; Sim2RealError with its last warning if it fails."""
    command = [
        *JUPYTER_BOOK,
        "build",
        str(source),
        "--path-output",
        str(output),
        "--all",
        "--warningiserror",
        "--keep-going",
    ]
    environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1", "SOURCE_DATE_EPOCH": "0"}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    if result.returncode:
        text = re.sub(r"\x1b\[[0-9;]*m", "", result.stderr + result.stdout)
        told = [line for line in text.splitlines() if "WARNING" in line or "ERROR" in line]
        raise Sim2RealError(f"the book could not be built: {told[0] if told else text[-500:]}")


def check_outputs(notebook: Path) -> None:
    """Raise Sim2RealError if an output of an executed notebook is an error, or a code cell was not executed."""
    for number, cell in enumerate(nbformat.read(notebook, as_version=4).cells, start=1):
        if cell.cell_type != "code":
            continue
        if any(output.output_type == "error" for output in cell.outputs):
            raise Sim2RealError(f"{notebook.name}, cell {number}: holds an error; execute the chapter again")
        if cell.source.strip() and cell.execution_count is None:
            raise Sim2RealError(f"{notebook.name}, cell {number}: was not executed; execute the chapter again")


def publish(root: Path, run: str, licensed_pictures: bool = False) -> None:
    """Make a run the record: copy its executed notebooks, results and provenance to ``book/chapters``, whole or not at all.

    Pictures of data that may not be passed on are left out unless ``licensed_pictures``.
    """
    folder = root / "runs" / run
    target, fresh = root / "book" / "chapters", root / "book" / ".chapters"
    shutil.rmtree(fresh, ignore_errors=True)
    for name in CHAPTERS:
        if not (folder / "chapters" / f"{name}.ipynb").is_file():
            raise Sim2RealError(f"runs/{run}: chapter {name} has not been executed; only a whole run can be the record")
    try:
        _copy_chapters(folder, fresh, {} if licensed_pictures else licensed(run_parameters(folder)))
        _copy_numbers(folder, fresh)
        write_code(fresh, root, read_json(folder / "provenance.json")["commit"])
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    print(f"runs/{run} is now the record in book/chapters; commit it")


def _copy_chapters(run: Path, target: Path, kept_back: dict[str, str]) -> None:
    """Executed notebooks, each checked, and the figures of the first page; placeholders where a picture is ``kept_back``."""
    (target / "figures").mkdir(parents=True)
    absent = [study for study in APPENDIX if not RunFolder(run).has_study(study)]
    asked = jobs(run_parameters(run))  # a training of a seed that is no longer asked for may still lie there
    for figures in sorted(run.glob("*/figures")):
        if figures.parent.name not in absent:
            shutil.copytree(figures, target / figures.parent.name / "figures", ignore=_not_offered)
    withheld, drawn = set(), set()
    for study in absent:
        (target / f"{study}.md").write_text(_NOT_EXECUTED.format(title=_title(study), study=study), encoding="utf-8")
    for path in sorted((run / "chapters").glob("*.ipynb")):
        if path.stem in absent or path.stem not in asked or path.stem.startswith(_WITHOUT_PAGE):
            continue
        check_outputs(path)
        notebook = nbformat.read(path, as_version=4)
        names = withhold(notebook, kept_back)
        with_boxes(notebook, target, names)
        nbformat.write(notebook, target / path.name)
        withheld |= names
        drawn |= {(origin["chapter"], origin["figure"]) for origin in origins(notebook).values()}
    for path in target.glob("*/figures/*"):
        if (path.parts[-3], path.stem) not in drawn:
            path.unlink()
    for name in withheld:
        for path in target.glob(f"*/figures/{name}.*"):
            if path.suffix in (".png", ".svg"):
                path.unlink()
    for chapter, names in FRONT.items():
        for name in names:
            if name in withheld:
                (target / "figures" / f"{name}.png").write_bytes(placeholder(reason(list(kept_back.values()))))
            else:
                shutil.copy(run / chapter / "figures" / f"{name}.png", target / "figures" / f"{name}.png")


def _copy_numbers(run: Path, target: Path) -> None:
    """Results, tables, parameters and provenance: of the chapters, and of the studies that were executed."""
    for name in [*CHAPTERS, *(study for study in APPENDIX if RunFolder(run).has_study(study))]:
        for path in sorted((run / name).glob("*.*")):
            if path.suffix in (".json", ".csv") and path.name != "manifest.csv":
                (target / name).mkdir(exist_ok=True)
                shutil.copy(path, target / name / path.name)
    for name in ("parameters.yaml", "provenance.json"):
        shutil.copy(run / name, target / name)


def _not_offered(folder: str, names: list[str]) -> list[str]:
    """Of a chapter's figures what a page neither offers nor needs: descriptions, and pictures that are too large."""
    too_large = {name for name in names if (Path(folder) / name).stat().st_size > LARGEST_BYTES}
    return [name for name in names if name.endswith(".txt") or name in too_large]


def _title(study: str) -> str:
    number, _, name = study.partition("_")
    return f"{number} {name.replace('_', ' ').capitalize()}"


def _stamp(root: Path, chapters: Path, kept_back: dict[str, str]) -> str:
    files = [root / name for name in _PAGES] + sorted((root / "book").rglob("*")) + sorted(chapters.glob("*.ipynb"))
    record = root / "book" / "chapters"
    entries = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file() and record not in path.parents]
    return fingerprint_of(json.dumps(entries), sorted(kept_back))
