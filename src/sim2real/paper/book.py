"""The book: executed chapters of a run, or of the record, rendered by Jupyter Book.

Nothing is executed here.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import nbformat
import yaml
from nbformat.v4 import new_markdown_cell

from ..data import RunFolder, Sim2RealError, fingerprint_of, refuse
from .chapters import CHAPTERS, COHORT, SEGMENTATION, STUDIES
from .crate import write_crate
from .jobs import Job, jobs
from .licence import licensed, withhold
from .origin import box_html, mark_of, origins
from .parameters import FILE, run_parameters
from .prose import lookup, with_prose
from .provenance import FILE as PROVENANCE
from .provenance import read_provenance

# jupyter-book 1.x cannot be started with -m
JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
LARGEST_BYTES = 200_000
"""A table behind a figure above this is not offered on the page; it lies in the run's folder."""
TRAININGS = "book/trainings"
_NOT_EXECUTED = """# {title}

This study of the appendix was not executed in this run. `sim2real run --appendix {study}` executes
it; what it does and shows stands in `notebooks/{study}.ipynb`.
"""


def build_book(root: Path, run: str, licensed_pictures: bool = False) -> Path:
    """Render ``runs/<run>`` into ``_build/html``; nothing is done when nothing has changed.

    Every build is a clean one, since an incremental one can keep a number that has changed, and
    warnings are errors.

    Args:
        root: the project's folder.
        run: name of the run.
        licensed_pictures: whether pictures of data that may not be passed on are shown.

    Returns:
        The book's first page.

    Raises:
        Sim2RealError: for a notebook that holds an error and for what Sphinx complains of.
    """
    folder, target = root / "runs" / run, root / "_build" / "html"
    _require_chapters(folder)
    stamp, mark = _stamp(root, folder, licensed_pictures), target / ".made_from"
    if mark.is_file() and mark.read_text(encoding="utf-8") == stamp:
        return target / "index.html"
    stage, rendered = (root / "_build" / name for name in ("stage", "rendered"))
    for leftover in (stage, rendered):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(root / "book", stage / "book", ignore=shutil.ignore_patterns("chapters"))
    shutil.copy(root / "_config.yml", stage)
    pages = copy_chapters(root, folder, stage / "book" / "chapters", licensed_pictures)
    contents = contents_with((root / "_toc.yml").read_text(encoding="utf-8"), pages)
    (stage / "_toc.yml").write_text(contents, encoding="utf-8")
    render(stage, rendered)
    shutil.rmtree(target, ignore_errors=True)  # a build that fails leaves the last book
    shutil.move(str(rendered / "_build" / "html"), target)
    for leftover in (stage, rendered):
        shutil.rmtree(leftover)
    mark.write_text(stamp, encoding="utf-8")
    return target / "index.html"


def publish(root: Path, run: str, licensed_pictures: bool = False) -> None:
    """Make a run the record in ``book/chapters``, whole or not at all; arguments as above."""
    folder = root / "runs" / run
    target, fresh = root / "book" / "chapters", root / "book" / ".chapters"
    _require_chapters(folder)
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        copy_chapters(root, folder, fresh, licensed_pictures)
        made = read_provenance(fresh)
        (fresh / PROVENANCE).unlink()  # the crate holds the same
        write_crate(fresh, root / "workflow" / "Snakefile", made)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    print(f"runs/{run} is now the record in book/chapters; commit it")


def copy_chapters(root: Path, folder: Path, target: Path, licensed_pictures: bool) -> list[str]:
    """Copy what the pages show of a run: executed notebooks, results, tables, provenance.

    The notebooks take the present text of their sources, with the run's numbers in it.

    Returns:
        Names of the executed notebooks that have a page.
    """
    run, parameters = RunFolder(folder), run_parameters(folder)
    kept_back = {} if licensed_pictures else licensed(parameters)
    absent = [study.name for study in STUDIES if not has_study(folder, study.name)]
    target.mkdir(parents=True)
    pages = []
    for job in jobs(parameters).values():
        path = folder / "chapters" / f"{job.name}.ipynb"
        if job.chapter.name in absent or not path.is_file() or not job.notebook.on_page:
            continue
        notebook = page_of(root, run, job, path)
        withhold(notebook, kept_back)
        nbformat.write(_with_boxes(notebook, run), target / path.name)
        pages.append(job.name)
    for study in STUDIES:
        if study.name in absent:
            text = _NOT_EXECUTED.format(title=_heading(root, study.name), study=study.name)
            (target / f"{study.name}.md").write_text(text, encoding="utf-8")
    for chapter in (*CHAPTERS, *STUDIES):
        if chapter.name not in absent:
            _copy_tables(run.chapter(chapter.name), target / chapter.name)
    for name in (FILE, PROVENANCE):
        shutil.copy(folder / name, target / name)
    if not licensed(parameters):
        _copy_labels(run, target)
    return pages


def _heading(root: Path, notebook: str) -> str:
    source = nbformat.read(root / "notebooks" / f"{notebook}.ipynb", as_version=4)
    return source.cells[0].source.splitlines()[0].lstrip("# ")


def page_of(root: Path, run: RunFolder, job: Job, path: Path) -> nbformat.NotebookNode:
    """An executed notebook, checked, with the present text of its source and the run's numbers."""
    check_outputs(path)
    executed = nbformat.read(path, as_version=4)
    source = root / "notebooks" / f"{job.notebook.name}.ipynb"
    numbers = lookup(run.numbers, job.chapter.name, job.extra)
    return with_prose(executed, nbformat.read(source, as_version=4), numbers, source.name)


def has_study(folder: Path, name: str) -> bool:
    """Whether a run holds a study of the appendix that rests on its chapters as they are now."""
    paths = [folder / place / f"{name}.ipynb" for place in ("chapters", ".")]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        return False
    reads = mark_of(path).get("reads", {})
    sources = {path.with_name(f"{name}.ipynb"): digest for name, digest in reads.items()}
    return all(mark_of(p).get("makes") == sources[p] for p in sources if p.is_file())


def check_outputs(notebook: Path) -> None:
    """Raise Sim2RealError if an output is an error or a code cell was not executed."""
    for number, cell in enumerate(nbformat.read(notebook, as_version=4).cells, start=1):
        if cell.cell_type != "code":
            continue
        place = f"{notebook.name}, cell {number}"
        refuse(
            any(output.output_type == "error" for output in cell.outputs),
            f"{place}: holds an error; execute the chapter again",
        )
        refuse(
            cell.source.strip() and cell.execution_count is None,
            f"{place}: was not executed; execute the chapter again",
        )


def contents_with(contents: str, pages: list[str]) -> str:
    """The table of contents (YAML) with the trainings among ``pages``, of however many seeds."""
    tree = yaml.safe_load(contents)
    entries = [page for part in tree["parts"] for page in part["chapters"]]
    listed = {page["file"] for entry in entries for page in (entry, *entry.get("sections", ()))}
    trainings = next(entry for entry in entries if entry["file"] == TRAININGS)["sections"]
    files = [f"book/chapters/{name}" for name in pages]
    trainings[:] = [entry for entry in trainings if entry["file"] in files]
    trainings += [{"file": file} for file in files if file not in listed]
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)


def render(source: Path, output: Path) -> None:
    """``jupyter-book build`` with warnings as errors; Sim2RealError with the first if it fails."""
    options = ["--all", "--warningiserror", "--keep-going"]
    command = [*JUPYTER_BOOK, "build", str(source), "--path-output", str(output), *options]
    quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "SOURCE_DATE_EPOCH": "0"}
    result = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **quiet})
    if result.returncode:
        text = re.sub(r"\x1b\[[0-9;]*m", "", result.stderr + result.stdout)
        marks = ("WARNING", "ERROR", "Sim2RealError: ")
        faults = [line for line in text.splitlines() if any(mark in line for mark in marks)]
        raise Sim2RealError(f"the book could not be built: {faults[0] if faults else text[-500:]}")


def _require_chapters(folder: Path) -> None:
    for chapter in CHAPTERS:
        refuse(
            not (folder / "chapters" / f"{chapter.name}.ipynb").is_file(),
            f"runs/{folder.name}: chapter {chapter.name} has not been executed; "
            f"run 'sim2real run --run {folder.name}' first",
        )


def _with_boxes(notebook: nbformat.NotebookNode, run: RunFolder) -> nbformat.NotebookNode:
    """Put a box with its origin below each figure."""
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        shown = nbformat.NotebookNode(cells=[cell])
        for name, origin in origins(shown).items():
            place = Path(origin["chapter"]) / "figures" / f"{name}.csv"
            offered = (run.path / place).stat().st_size <= LARGEST_BYTES
            box = box_html(origin, place.as_posix() if offered else None)
            cells.append(new_markdown_cell(box, id=f"origin-{name}"[:64].replace("_", "-")))
    notebook.cells = cells
    return notebook


def _copy_tables(folder: Path, target: Path) -> None:
    """Copy a chapter's results and tables, and the tables behind its figures."""
    of_figures = [p for p in folder.glob("figures/*.csv") if p.stat().st_size <= LARGEST_BYTES]
    tables = [path for path in folder.glob("*.csv") if path.name != "manifest.csv"]
    copy_files([*folder.glob("*.json"), *tables, *of_figures], folder, target)


def _copy_labels(run: RunFolder, target: Path) -> None:
    """Copy the test images' labels, predicted and for reference, from which scores are repeated."""
    slices = run.manifest(COHORT.name, "slices.csv")
    tests = slices[(slices["domain"] == "real") & (slices["split"] == "test")]
    predicted = sorted((run.chapter(SEGMENTATION.name) / "predictions").rglob("*.nii.gz"))
    paths = [run.path / label for label in tests["label"]] + predicted
    copy_files(filter(Path.is_file, paths), run.path, target)


def copy_files(paths: Iterable[Path], folder: Path, target: Path) -> None:
    """Copy files to the places below ``target`` that they have below ``folder``."""
    for path in paths:
        copy = target / path.relative_to(folder)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def _stamp(root: Path, folder: Path, licensed_pictures: bool) -> str:
    pages = [root / name for name in ("_config.yml", "_toc.yml")]
    pages += sorted((root / "book").rglob("*")) + sorted((root / "notebooks").glob("*.ipynb"))
    pages += sorted((folder / "chapters").glob("*.ipynb"))
    record = root / "book" / "chapters"
    entries = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for path in pages
        if path.is_file() and record not in path.parents
    ]
    return fingerprint_of(json.dumps(entries), licensed_pictures)
