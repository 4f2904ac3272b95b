"""Files whose name is there and whose content is not: a tool that keeps large files elsewhere has
yet to fetch it."""

from pathlib import Path

_POINTERS = {
    b"version https://git-lfs.github.com/spec/": ("a git-LFS pointer", "git lfs pull"),
    b"/annex/objects/": ("a git-annex pointer", "datalad get or git annex get"),
}


def unfetched(path: Path) -> str:
    """Why the content of ``path`` is not there and what brings it, in words; "" where it is."""
    if path.name.startswith(".") and path.suffix == ".icloud":
        return "is a placeholder of iCloud's, its content was not fetched: download it in Finder"
    if path.is_symlink() and not path.exists():
        target = path.readlink()
        if ".git/annex/" in target.as_posix():
            return (
                "is a git-annex link, its content was not fetched: fetch it with datalad get or"
                " git annex get"
            )
        return f"is a link to {target}, where there is nothing: mend the link, or copy the file"
    for start, (kind, tool) in _POINTERS.items():
        if beginning(path, len(start)) == start:
            return f"is {kind}, its content was not fetched: fetch it with {tool}"
    return ""


def beginning(path: Path, length: int) -> bytes:
    """The first bytes of a file; none of what cannot be opened."""
    try:
        with open(path, "rb") as file:
            return file.read(length)
    except OSError:
        return b""
