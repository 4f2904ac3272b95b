"""Files whose name is there and whose content is not: a tool that keeps large files elsewhere has
yet to fetch it."""

import os
from pathlib import Path

from .errors import refuse

_POINTERS = {
    b"version https://git-lfs.github.com/spec/": ("Git LFS", "git lfs pull"),
    b"/annex/objects/": ("git-annex", "git annex get"),
}
"""How files begin that stand in the place of another."""
_CLOUD = ".icloud"


def unfetched(path: Path) -> str:
    """What stands in the place of a file that is kept elsewhere, and how to fetch it, in words; ""
    where there is no such thing."""
    placeholder = path if path.suffix == _CLOUD else path.parent / f".{path.name}{_CLOUD}"
    there = os.path.exists(placeholder)  # False for a name too long for the disk, unlike a Path's
    if there and (placeholder == path or not path.exists()):
        return "is in iCloud and not on this machine; download it in the Finder"
    for link in (path, path.parent):
        if link.is_symlink() and not link.exists():
            target = os.readlink(link)
            fetch = "fetch it with 'git annex get'" if ".git/annex" in target else "restore that"
            which = "is" if link == path else "lies in"
            return f"{which} a link to {target}, which is not there; {fetch} or put the file here"
    start = beginning(path, max(map(len, _POINTERS)))
    for mark, (tool, command) in _POINTERS.items():
        if start.startswith(mark):
            return f"is a pointer of {tool} and not the file itself; fetch it with '{command}'"
    return ""


def require_fetched(path: Path) -> None:
    """Raise Sim2RealError where something stands in the place of a file, as ``unfetched`` tells."""
    refuse(words := unfetched(path), f"{path}: {words}")


def beginning(path: Path, length: int) -> bytes:
    """The first bytes of a file; none of what cannot be opened."""
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except OSError:
        return b""
