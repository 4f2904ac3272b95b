"""Whether the code has changed since the record was made, page by page and by name: a record is of the code it was executed with."""

import hashlib
import re
import subprocess
from functools import cache
from pathlib import Path

from .code import SOURCE, modules_used, notebook_source, path_of
from .files import read_json, write_json

FILE = "code.json"
"""In a record: git's name (SHA-1) of every file that chapters are executed with, by its path in the project."""
_ROOT = SOURCE.parents[1]
_PARTS = ("src/sim2real", "notebooks")
_TRAINING = re.compile(r"(0\d_train_[a-z]+)_.+")


def write_code(folder: Path, root: Path, commit: str) -> None:
    """Name the files of ``commit`` in ``folder/code.json``; those that lie in ``root`` now if the commit is not known there."""
    write_json(folder / FILE, _committed(root, commit) or {path: blob_name(root / path) for path in _here(root)})


def changed_since(folder: Path, page: str) -> list[str]:
    """What a record's page rests on and has changed, as names of modules, notebooks and tables beside the modules; nothing without ``code.json``.

    page: name of an executed notebook. Only what the notebook imports counts, directly or not, as the code stands now.
    """
    training = _TRAINING.fullmatch(page)  # of one vendor, or of one regime and seed
    notebook = _ROOT / "notebooks" / f"{training[1] if training else page}.ipynb"
    if not (folder / FILE).is_file() or not notebook.is_file():
        return []
    known, found, folders = read_json(folder / FILE), [], set()
    if known.get(f"notebooks/{notebook.name}") != blob_name(notebook):
        found.append(f"notebook {notebook.stem}")
    for module in sorted(modules_used(notebook_source(notebook))):
        path = path_of(module)
        folders.add(path.parent)
        if known.get(path.relative_to(_ROOT).as_posix()) != blob_name(path):
            found.append(module.removeprefix("sim2real."))
    tables = sorted(path for folder in folders for path in folder.glob("*.csv"))
    return found + [f"table {path.name}" for path in tables if known.get(path.relative_to(_ROOT).as_posix()) != blob_name(path)]


@cache
def blob_name(path: Path) -> str:
    """The name under which git keeps the file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _here(root: Path) -> list[str]:
    paths = (path for part in _PARTS for ending in ("py", "csv", "yaml", "ipynb") for path in (root / part).rglob(f"*.{ending}"))
    return sorted(path.relative_to(root).as_posix() for path in paths)


def _committed(root: Path, commit: str) -> dict[str, str]:
    if not re.fullmatch(r"[0-9a-f]{7,40}", commit):  # "unknown", or with changes that are in no commit
        return {}
    listed = subprocess.run(["git", "ls-tree", "-r", commit, "--", *_PARTS], cwd=root, capture_output=True, text=True)
    lines = (line.split("\t") for line in listed.stdout.splitlines())
    return {path: told.split()[2] for told, path in lines} if listed.returncode == 0 else {}
