"""Where the project lies."""

from pathlib import Path

from .errors import Sim2RealError


def repository() -> Path:
    """The folder that holds ``notebooks`` and ``_toc.yml``: the working folder or one above it."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "_toc.yml").is_file():
            return folder
    raise Sim2RealError(
        f"{here}: not inside the project's folder; start from where README.md and notebooks/ lie"
    )
