"""A run from the command line: parameters on disk, then Snakemake."""

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from ..data import Sim2RealError, at_home, available_cores, clear_temporaries
from .chapters import LAST
from .executing import fault_file
from .jobs import targets
from .parameters import Parameters, write_parameters
from .processes import call_back, end, named_to_children


def start(
    parameters: Parameters,
    run: str,
    root: Path,
    until: str = LAST,
    studies: list[str] | None = None,
    cores: int | None = None,
    profile: Path | None = None,
) -> int:
    """Execute what is stale of a run up to a chapter, and of the named studies.

    Args:
        parameters: of the run; written to its folder.
        run: the run's folder, relative to ``root``.
        root: the project's folder.
        until: name of the last chapter.
        studies: names of studies of the appendix.
        cores: to use; all by default.
        profile: folder of a Snakemake profile, which says where jobs run; none: here.

    Returns:
        How many notebooks were executed.

    Raises:
        Sim2RealError: with the fault of the first notebook that failed; what is finished stays.
    """
    folder = root / run
    wanted = targets(parameters, until, studies or [])
    notebooks = [folder / "chapters" / f"{name}.ipynb" for name in wanted]
    with alone(folder) as lock:
        clear_temporaries(folder)
        write_parameters(folder, parameters)
        for name in wanted:
            fault_file(folder, name).unlink(missing_ok=True)
        before = [_age(path) for path in notebooks]
        if _snakemake(snakemake_command(wanted, run, root, cores, profile), profile, lock):
            raise Sim2RealError(_fault(folder, wanted))
        return sum(old != _age(path) for old, path in zip(before, notebooks, strict=True))


def find_profile(root: Path, text: str | None) -> Path | None:
    """The folder of a Snakemake profile by its name under ``workflow/profiles`` or its path."""
    if text is None:
        return None
    shipped = root / "workflow" / "profiles"
    for folder in (shipped / text, at_home(text).absolute()):
        if (folder / "config.yaml").is_file():
            return folder
    names = sorted(path.parent.name for path in shipped.glob("*/config.yaml"))
    raise Sim2RealError(
        f"--profile {text}: no such profile; there are {', '.join(names)}, "
        "or give a folder that holds config.yaml"
    )


def snakemake_command(
    names: list[str], run: str, root: Path, cores: int | None = None, profile: Path | None = None
) -> list[str]:
    """The command that executes what is stale of the named jobs. Digests decide, not times."""
    n_cores = str(cores or available_cores())
    where = ["--cores", n_cores]
    if profile:
        where = ["--profile", str(profile), *(where if cores else [])]
    config = {"root": root, "run": run, "cores": n_cores, "targets": ",".join(names)}
    options = "--rerun-triggers params --rerun-incomplete --nolock --nocolor".split()
    if profile is None:  # the jobs speak for themselves; on a cluster Snakemake tells of them
        options += ["--quiet", "all"]
    return [
        *(sys.executable, "-m", "snakemake"),
        *("--snakefile", str(root / "workflow" / "Snakefile"), "--directory", str(root / run)),
        *where,
        *options,
        *("--config", *(f"{key}={value}" for key, value in config.items())),
    ]


def _snakemake(command: list[str], profile: Path | None, lock) -> int:
    """Run Snakemake to its end and return its exit status.

    With a profile jobs may be elsewhere: Snakemake is given time to call them back when it is
    stopped. Should this process be killed, Snakemake goes on, and holds ``lock`` so long.
    """
    environment = os.environ if profile else {**os.environ, **named_to_children()}
    keep = [lock.fileno()] if profile else []
    process = subprocess.Popen(
        command, stderr=subprocess.STDOUT, start_new_session=True, env=environment, pass_fds=keep
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        if profile:
            call_back(process)
        end(process.pid)
        raise


def _fault(folder: Path, names: list[str]) -> str:
    paths = [fault_file(folder, name) for name in names]
    lines = [path.read_text(encoding="utf-8").strip() for path in paths if path.is_file()]
    return lines[0] if lines else f"the workflow failed; see {folder.name}/.snakemake/log"


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


@contextmanager
def alone(folder: Path):
    """Refuse a second run in the same folder; the lock goes with the process that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Sim2RealError(
                f"{folder.name}: another run is at work in this folder; wait for it or choose "
                "another name with --run"
            ) from None
        yield file
