"""Folders of finished pieces that belong to one set of parameters and one state of the code."""

import hashlib
import json
import shutil
from pathlib import Path

from .files import plain, write_text


def fingerprint_of(*content: object) -> str:
    """A short hash of parameters, names and other plain content."""
    return hashlib.sha256(json.dumps(plain(list(content)), sort_keys=True).encode()).hexdigest()[
        :32
    ]


def resumable_folder(folder: Path | str, fingerprint: str) -> Path:
    """``folder``, emptied first if what lies there was made with another fingerprint.

    Work killed half way finds its finished pieces again; work with other parameters or other code
    starts afresh.
    """
    folder = Path(folder)
    mark = folder / ".made_with"
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == fingerprint):
        shutil.rmtree(folder, ignore_errors=True)
        write_text(mark, fingerprint)
    return folder
