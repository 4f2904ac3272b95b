"""Folders of finished pieces that belong to one set of parameters and one state of the code."""

import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from .errors import Sim2RealError
from .files import _plain, write_text


def fingerprint_of(*content: object) -> str:
    """A short hash of parameters, names and other plain content."""
    return hashlib.sha256(json.dumps(_plain(list(content)), sort_keys=True).encode()).hexdigest()[:32]


def resumable_folder(folder: Path | str, fingerprint: str, shared: bool = False) -> Path:
    """``folder``, emptied first if what lies there was made with another fingerprint.

    Work killed half way finds its finished pieces again; work with other parameters or other code starts afresh.
    shared: others may be at work in it, so nothing is emptied: Sim2RealError if it was made with something else.
    """
    folder = Path(folder)
    mark = folder / ".made_with"
    begun = any(folder.glob("[!.]*"))  # looked at before the mark, which another shard may write at this moment
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == fingerprint):
        if shared and (begun or mark.is_file()):
            raise Sim2RealError(f"{folder}: made with other parameters or other code; remove the folder, then start the shards")
        if not shared:
            shutil.rmtree(folder, ignore_errors=True)
        write_text(mark, fingerprint)
    return folder


def shard_of(items: Sequence | pd.DataFrame, shard: str) -> Sequence | pd.DataFrame:
    """Every n-th of ``items`` (or rows) from the i-th on, for a shard ``i/n`` with i from 1 to n.

    Raises Sim2RealError for anything else.
    """
    found = re.fullmatch(r"([1-9]\d*)/([1-9]\d*)", shard)
    if not found or int(found[1]) > int(found[2]):
        raise Sim2RealError(f"shard '{shard}': expected i/n with i from 1 to n, such as 3/16")
    return items[int(found[1]) - 1 :: int(found[2])]
