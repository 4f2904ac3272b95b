"""A published run brought from where it lies, every file held against its checksum."""

import ftplib
import shutil
from pathlib import Path, PurePosixPath
from urllib.parse import quote, unquote

import pooch

from .errors import Sim2RealError
from .files import sha256, write_text

REGISTRY = "registry.txt"
"""Beside a record's files: a line ``path sha256`` each, the paths percent-encoded, as pooch reads it."""


def write_registry(folder: Path) -> Path:
    """Name every file below ``folder`` with its SHA-256, in ``folder/registry.txt``."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != REGISTRY)
    lines = [f"{quote(path.relative_to(folder).as_posix())} {sha256(path)}" for path in paths]
    write_text(folder / REGISTRY, "\n".join(lines) + "\n")
    return folder / REGISTRY


def read_registry(path: Path) -> dict[str, str]:
    """SHA-256 by path relative to the record. Raises Sim2RealError for a line that is none and for a path that leads elsewhere."""
    if not path.is_file():
        raise Sim2RealError(f"{path}: no such registry; expected lines of a path and its SHA-256, as 'sim2real publish' writes them")
    found = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        name, _, digest = line.strip().partition(" ")
        name = unquote(name)
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise Sim2RealError(f"{path}: line {number} is '{line[:80]}'; expected a path and its SHA-256")
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name:
            raise Sim2RealError(f"{path}: line {number} names {name}, which leads out of the record; do not use this registry")
        found[name] = digest
    if not found:
        raise Sim2RealError(f"{path}: names no file; expected lines of a path and its SHA-256")
    return found


def registry_faults(folder: Path) -> tuple[int, list[str]]:
    """(number of files that ``folder/registry.txt`` names, a line for each that is missing or another)."""
    named = read_registry(folder / REGISTRY)
    return len(named), [
        f"{name}: {f'is not the one that {REGISTRY} names' if (folder / name).is_file() else 'missing'}"
        for name, digest in named.items()
        if not (folder / name).is_file() or sha256(folder / name) != digest
    ]


def fetch(source: str, registry: Path, target: Path) -> int:
    """Bring every file that ``registry`` names from ``source`` into ``target``, and return their number.

    source: an address to which the paths are appended (http, https, ftp), or a folder. ``target`` appears when all files are there
    and right, not before; an interrupted fetch goes on where it was. Raises Sim2RealError, in one line, for a file that cannot
    be had or is not the one that the registry names, and if ``target`` is there already.
    """
    if target.exists():
        raise Sim2RealError(f"{target}: is there already; choose another name with --run, or remove it")
    files = read_registry(registry)
    remote = "://" in source
    if not remote and not Path(source).is_dir():
        raise Sim2RealError(f"{source}: no such folder; expected one that holds a record, or an address that begins with https://")
    waiting = target.with_name(f".{target.name}.fetching")
    base = source.rstrip("/") + "/" if remote else Path(source).resolve().as_uri() + "/"
    store = pooch.create(path=waiting, base_url=base, registry=files, urls={name: base + quote(name) for name in files}, retry_if_failed=1)
    pooch.get_logger().setLevel("ERROR")
    for name in files:
        try:
            store.fetch(name, downloader=None if remote else _copy)
        except ValueError as error:
            if "hash" not in str(error):
                raise Sim2RealError(f"{source}: {error}") from None
            raise Sim2RealError(
                f"{base}{name}: its SHA-256 is not the one that {registry} names; the file was changed or cut short, fetch it from its publisher"
            ) from None
        except (OSError, EOFError, ftplib.Error) as error:  # of requests, too
            raise Sim2RealError(f"{base}{name}: cannot be had ({error.__class__.__name__}); the same command goes on from here") from None
    shutil.copy(registry, waiting / REGISTRY)
    waiting.rename(target)
    return len(files)


def _copy(address: str, output, pooch: object) -> None:
    """pooch's downloader for a folder on this machine."""
    shutil.copyfile(unquote(address.removeprefix("file://")), output)
