"""Where a figure comes from: the cell and function that drew it, and what they were given. Kept beside the figure and in the notebook."""

import html
import re
import subprocess
from functools import cache
from pathlib import Path

from nbformat import NotebookNode

from .files import sha256

SUFFIXES = ("png", "svg", "csv")
LARGEST_BYTES = 400_000
"""A file of a figure above this is not offered on the page; it lies in the run's folder."""
_CODE = re.compile("`(.+?)`")
_DIRECTIVE = re.compile(r"^```\{glue:figure\} (\S+)\n.*?^```$", re.DOTALL | re.MULTILINE)


def drawn_by(cell: str, name: str, names: dict) -> str:
    """The full name of the function that a cell calls for the figure ``name``, as in ``chapter.show(figures.some_figure(...), "name", ...)``.

    cell: source. names: the notebook's ``globals()``. Empty if the cell does not say.
    """
    calls = re.split(r"chapter\.show\(", cell)[1:]
    mine = [call for call in calls if f'"{name}"' in call] or calls
    found = re.match(r"\s*(\w+)\.(\w+)\(", mine[0]) if mine else None
    module = names.get(found[1]) if found else None
    return f"{module.__name__}.{found[2]}" if hasattr(module, "__name__") else ""


def figure_files(folder: Path, name: str) -> dict[str, str]:
    """SHA-256 of each file of a figure, by suffix."""
    return {suffix: sha256(folder / f"{name}.{suffix}") for suffix in SUFFIXES if (folder / f"{name}.{suffix}").is_file()}


@cache
def commit(root: Path) -> str:
    """The commit the code lies at, "+ changes" if it was changed since; "unknown" outside git."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, timeout=20).stdout.strip()

    try:
        head = git("rev-parse", "--short=10", "HEAD")
        changed = git("status", "--porcelain", "--untracked-files=no", "--", "src", "notebooks", "workflow")
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return f"{head} + changes" if changed and head else head or "unknown"


def origins(notebook: NotebookNode) -> dict[str, dict]:
    """The origin of every figure of an executed notebook, by the figure's name."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    marks = [
        (output.get("metadata", {}).get("scrapbook", {}).get("name"), output.get("metadata", {}).get("sim2real", {})) for output in outputs
    ]
    return {name: dict(mark["origin"]) for name, mark in marks if name and "origin" in mark}


def with_boxes(notebook: NotebookNode, folder: Path, withheld: set[str]) -> bool:
    """Put a foldable box with its origin under each figure of the pages; returns whether any was put.

    folder: of the page, in which the files on offer lie as ``<chapter>/figures/<name>.<suffix>``. withheld: figures whose
    pictures are kept back, of which only the table is offered.
    """
    found, put = origins(notebook), False

    def boxed(match: re.Match) -> str:
        nonlocal put
        if match[1] not in found:
            return match[0]
        put = True
        return f"{match[0]}\n\n{_box(found[match[1]], folder, withheld)}"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _DIRECTIVE.sub(boxed, cell.source)
    return put


def offered(origin: dict, folder: Path, withheld: set[str]) -> list[Path]:
    """The figure's files, below ``folder``, that a page may offer."""
    base = folder / origin["chapter"] / "figures"
    paths = [base / f"{origin['figure']}.{suffix}" for suffix in SUFFIXES if suffix == "csv" or origin["figure"] not in withheld]
    return [path for path in paths if path.is_file() and path.stat().st_size <= LARGEST_BYTES]


def lines(origin: dict) -> list[tuple[str, str]]:
    """What is told of a figure: (what, value)."""
    told = {
        "drawn by": f"`{origin['function']}`" if origin["function"] else "", "cell": f"{origin['cell']} of `{origin['notebook']}`",
        "code": f"commit {origin['commit']}", "preset and seed": f"{origin['preset']}, {origin['seed']}",
        "parameters": f"SHA-256 {origin['parameters_sha256'][:16]}", "cohort": origin["cohort"],
        "its table": f"SHA-256 {origin['files_sha256'].get('csv', '')[:16]}",
    }  # fmt: skip
    return [(what, value) for what, value in told.items() if value]


def box_html(origin: dict) -> str:
    """The same box for a figure that stands where its cell is."""
    told = [(what, _CODE.sub(r"<code>\1</code>", html.escape(value))) for what, value in lines(origin)]
    rows = "".join(f"<li>{what}: {value}</li>" for what, value in told)
    return f'<details class="origin"><summary>Where this figure comes from</summary><ul>{rows}</ul></details>'


def _box(origin: dict, folder: Path, withheld: set[str]) -> str:
    rows = [f"- {what}: {value}" for what, value in lines(origin)]
    links = [f"{{download}}`{path.suffix[1:].upper()} <{path.relative_to(folder)}>`" for path in offered(origin, folder, withheld)]
    if links:
        rows.append(f"- files: {', '.join(links)}")
    return "\n".join(["```{dropdown} Where this figure comes from", *rows, "```"])
