"""Files that are either whole or absent."""

import errno
import hashlib
import json
import os
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path

import pandas as pd

from .errors import Sim2RealError, refuse
from .names import left_behind


@contextmanager
def atomic(path: Path | str):
    """Give a temporary path beside ``path``; rename it there if the block ends well, delete it if
    not.

    The temporary name keeps the suffixes, since libraries choose the format by them.
    Raises Sim2RealError, in one line, when the disk is full or the folder cannot be written.
    """
    path = Path(path)
    temporary = path.parent / f".{os.getpid()}.{path.name}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Sim2RealError(
                f"{path}: the disk is full; free some space and run again, finished work is kept"
            ) from None
        if error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
            raise Sim2RealError(
                f"{path}: cannot be written ({error.strerror}); choose another run folder"
            ) from None
        if error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ELOOP):
            raise Sim2RealError(
                f"{path}: cannot be written ({error.strerror}); something else stands in its place"
                " or in that of its folder: remove it, or choose another folder"
            ) from None
        raise
    finally:
        with suppress(OSError):  # the fault itself is what is told
            temporary.unlink()


def clear_temporaries(folder: Path | str) -> None:
    """Remove what ``atomic`` was writing under ``folder`` when its process was killed: no process
    may be at work there."""
    for path in Path(folder).rglob(".[0-9]*.*"):
        path.unlink(missing_ok=True)


def write_text(path: Path | str, text: str) -> None:
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path | str, content: dict) -> None:
    """JSON with sorted keys, so that equal content gives equal bytes. NaN becomes null."""
    text = json.dumps(plain(content), indent=1, sort_keys=True, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path | str) -> dict:
    """What ``write_json`` wrote. Raises Sim2RealError for a file that is absent, cut short or holds
    anything but names and values."""
    path = Path(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Sim2RealError(f"{path}: no such file; run the chapter that makes it first") from None
    except (ValueError, RecursionError) as error:
        raise Sim2RealError(
            f"{path}: cut short or damaged ({error}); run the chapter that makes it again"
        ) from None
    refuse(
        not isinstance(content, dict),
        f"{path}: holds {type(content).__name__}; expected names and values: run the chapter"
        " that makes it again",
    )
    return content


def write_table(path: Path | str, table: pd.DataFrame) -> None:
    """CSV without the index; floats with ten significant digits; what is no text, as the name of a
    folder may be, with its bytes spelled out."""
    with atomic(path) as temporary:
        table.to_csv(temporary, index=False, float_format="%.10g", errors="backslashreplace")


def read_table(path: Path | str) -> pd.DataFrame:
    """A table of ours: names stay text (subject "007" too), an empty text is "", an empty number
    NaN."""
    path = Path(path)
    refuse(
        not path.is_file(),
        f"{path}: no such table; run the chapter that makes it first",
    )
    try:
        table = pd.read_csv(
            path,
            dtype=dict.fromkeys(("subject", "name", "vendor"), str),
            keep_default_na=False,
            na_values=[""],
        )
    except (ValueError, OverflowError) as error:  # pandas' own errors are of the first kind
        raise Sim2RealError(
            f"{path}: cannot be read as a table ({error}); run the chapter that makes it again"
        ) from None
    texts = table.select_dtypes("object").columns
    return table.fillna(dict.fromkeys(texts, ""))


def sha256(path: Path | str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def folder_stamp(folder: Path | str, times: bool = True) -> str:
    """A hash of the names, sizes and times of all files that people put under ``folder``: changes
    when its content does, and not when a system leaves a file there. Without times it is a copy's,
    too."""
    found = ((path, path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())
    files = [(name, path.stat()) for path, name in found if not any(map(left_behind, name.parts))]
    entries = sorted(
        (name.as_posix(), about.st_size, about.st_mtime_ns if times else 0) for name, about in files
    )
    return hashlib.sha256(json.dumps(entries).encode()).hexdigest()


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and value != value:
        return None
    return str(value) if isinstance(value, Path) else value


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
