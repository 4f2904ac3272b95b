"""Where a figure comes from: the function that drew it and what it rests on.

Kept in the metadata of the figure's output, and beside its files in the run's folder.
"""

import html
import subprocess
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from ..data import sha256

SUFFIXES = ("png", "svg", "csv")


def figure_files(folder: Path, name: str) -> dict[str, str]:
    """SHA-256 of each file of a figure, by suffix."""
    paths = {suffix: folder / f"{name}.{suffix}" for suffix in SUFFIXES}
    return {suffix: sha256(path) for suffix, path in paths.items() if path.is_file()}


@cache
def commit(root: Path) -> str:
    """The commit the code lies at, "+ changes" if changed since; "unknown" outside git."""

    def git(*words: str) -> str:
        command = ["git", *words]
        return subprocess.run(
            command, cwd=root, capture_output=True, text=True, timeout=20
        ).stdout.strip()

    try:
        head = git("rev-parse", "--short=10", "HEAD")
        tracked = ("--untracked-files=no", "--", "src", "notebooks", "workflow")
        changed = git("status", "--porcelain", *tracked)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return f"{head} + changes" if changed and head else head or "unknown"


def mark_of(path: Path) -> dict:
    """What an executed notebook says of itself: the code it rests on, what it reads and makes."""
    return nbformat.read(path, as_version=4).metadata.get("sim2real", {})


def outputs_of(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The named outputs of an executed notebook: figures, and HTML shown under a name."""
    return {
        output.metadata["sim2real"]["name"]: output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "sim2real" in output.get("metadata", {})
    }


def origins(notebook: NotebookNode) -> dict[str, dict]:
    """The origin of every figure of an executed notebook, by the figure's name."""
    marks = {name: output.metadata["sim2real"] for name, output in outputs_of(notebook).items()}
    return {name: dict(mark["origin"]) for name, mark in marks.items() if "origin" in mark}


def box_html(origin: dict, table: str | None) -> str:
    """A foldable box with a figure's origin; table: address of the CSV behind it, if offered."""
    rows = {
        "drawn by": f"<code>{html.escape(origin['function'])}</code>",
        "in": f"<code>{html.escape(origin['notebook'])}.ipynb</code>",
        "code": f"commit {html.escape(origin['commit'])}",
        "preset and seed": f"{html.escape(origin['preset'])}, {origin['seed']}",
        "parameters": f"SHA-256 {origin['parameters_sha256'][:16]}",
        "its table": f"SHA-256 {origin['files_sha256'].get('csv', '')[:16]}",
    }
    items = "".join(f"<li>{what}: {value}</li>" for what, value in rows.items())
    if table:
        items += f'<li><a href="{html.escape(table)}" download>the table as CSV</a></li>'
    return (
        '<details class="origin"><summary>Where this figure comes from</summary>'
        f"<ul>{items}</ul></details>"
    )
