"""A run from the command line: parameters on disk, then Snakemake, then the book."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import yaml

from .errors import Sim2RealError
from .execute import jobs
from .files import write_text
from .parameters import Parameters
from .presets import check, parse_yaml
from .run import CHAPTERS
from .workers import available_cores


def resolve_chapter(text: str) -> str:
    """A chapter's full name from its name, its number or its beginning (``5``, ``05``, ``05_realism``)."""
    for name in CHAPTERS:
        if text == name or text.lstrip("0") == name[1] or (len(text) > 2 and (name.startswith(text) or CHAPTERS[name] == text)):
            return name
    raise Sim2RealError(f"--until {text}: no such chapter; there are {', '.join(CHAPTERS)}")


def run_parameters(run: Path) -> Parameters:
    """The parameters a run was started with."""
    path = run / "parameters.yaml"
    if not path.is_file():
        raise Sim2RealError(f"{path}: missing; expected a run made by 'sim2real run'")
    return check(Parameters, parse_yaml(path.read_text(encoding="utf-8"), str(path)), "")


def start(parameters: Parameters, run: str, root: Path, until: str = "07_verdict", cores: int | None = None, dry: bool = False) -> int:
    """Execute what is stale of ``run`` (a path relative to ``root``) up to a chapter; return the number of executed notebooks.

    Raises Sim2RealError naming the first notebook that failed; what is finished stays.
    """
    folder = root / run
    folder.mkdir(parents=True, exist_ok=True)
    cores = cores or available_cores()
    with _alone(folder):
        text = yaml.safe_dump(json.loads(parameters.model_dump_json()), sort_keys=False)
        if not (folder / "parameters.yaml").is_file() or (folder / "parameters.yaml").read_text(encoding="utf-8") != text:
            write_text(folder / "parameters.yaml", text)
        names = [name for name, job in jobs(parameters).items() if job["chapter"] <= until]
        config = {"root": str(root), "run": run, "cores": cores, "targets": ",".join(names)}
        command = [sys.executable, "-m", "snakemake", "--snakefile", str(root / "workflow" / "Snakefile"), "--directory", str(folder),
                   "--cores", str(cores), "--rerun-triggers", "mtime", "params", "input", "--rerun-incomplete", "--nolock", "--nocolor",
                   "--config", *(f"{key}={value}" for key, value in config.items())]  # fmt: skip
        return _snakemake(command + (["--dry-run"] if dry else []), len(names))


def _snakemake(command: list[str], total: int) -> int:
    """Run Snakemake, pass on our own lines and the count of finished notebooks, keep the rest for the case of a fault."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    lines, executed, fault = [], 0, None
    own = re.compile(r"^(\d\d_\w+): (.*)$")
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            match = own.match(line)
            done = re.match(r"^(\d+) of (\d+) steps \((\d+)%\) done", line)
            if match:
                print(f"  {match[1]:<34} {match[2]}", flush=True)
                executed += match[2].startswith("done in")
            elif line.startswith("sim2real: "):
                fault = fault or line.removeprefix("sim2real: ").strip()
            elif done:
                print(f"[{done[1]} of {done[2]} steps of this run done]", flush=True)
        code = process.wait()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    if code:
        raise Sim2RealError(fault or f"the workflow failed: {_last_words(lines)}")
    return executed


def _last_words(lines: list[str]) -> str:
    words = [line.strip() for line in lines if "Error" in line or "error" in line]
    return words[-1] if words else (lines[-1].strip() if lines else "no output")


@contextmanager
def _alone(folder: Path):
    """Refuse a second run in the same folder; the lock goes with the process that holds it."""
    with open(folder / ".lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Sim2RealError(
                f"{folder.name}: another run is at work in this folder; wait for it or choose another name with --run"
            ) from None
        yield
