"""A run from the command line: parameters on disk, then Snakemake, then the book."""

import fcntl
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import yaml

from .errors import Sim2RealError
from .files import clear_temporaries, write_text
from .jobs import jobs
from .parameters import Parameters
from .presets import check, parse_yaml
from .processes import call_back, end, named_to_children, stoppable
from .run import APPENDIX, CHAPTERS
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
    return check(Parameters, parse_yaml(path.read_text(encoding="utf-8", errors="replace"), str(path)), "")


def resolve_appendix(texts: list[str]) -> list[str]:
    """Full names of the appendix's chapters from their names or beginnings (``A1``); ``all`` stands for every one."""
    found = [name for name in APPENDIX for text in texts if text == "all" or (len(text) > 1 and name.lower().startswith(text.lower()))]
    for text in texts:
        if text != "all" and (len(text) < 2 or not any(name.lower().startswith(text.lower()) for name in APPENDIX)):
            raise Sim2RealError(f"--appendix {text}: no such study; there are {', '.join(APPENDIX)}, and all")
    return list(dict.fromkeys(found))


def start(
    parameters: Parameters,
    run: str,
    root: Path,
    until: str = "07_verdict",
    cores: int | None = None,
    appendix: list[str] | None = None,
    profile: Path | None = None,
) -> int:
    """Execute what is stale of ``run`` (a path relative to ``root``) up to a chapter, and the studies of ``appendix``.

    profile: folder of a Snakemake profile, which says where jobs run; none: here. Returns the number of executed notebooks.

    Raises Sim2RealError naming the first notebook that failed; what is finished stays.
    """
    folder = root / run
    with alone(folder) as lock, stoppable():
        clear_temporaries(folder)
        write_parameters(folder, parameters)
        return _snakemake(_targets(parameters, until, appendix or []), run, root, cores, profile, lock)


def stale(parameters: Parameters, run: str, root: Path, until: str = "07_verdict") -> set[str]:
    """Names of the executions that ``start`` would make, nothing being executed."""
    folder = root / run
    with alone(folder):
        before = (folder / "parameters.yaml").read_text(encoding="utf-8") if (folder / "parameters.yaml").is_file() else None
        write_parameters(folder, parameters)
        try:
            command = [*_command(_targets(parameters, until, []), run, root, 1, None), "--dry-run"]
            text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        finally:
            if before is not None:
                write_text(folder / "parameters.yaml", before)
    return set(re.findall(r"^ +output: chapters/(\w+)\.ipynb", text, flags=re.MULTILINE))


def find_profile(root: Path, text: str | None) -> Path | None:
    """The folder of a Snakemake profile from its name under ``workflow/profiles`` or from its path."""
    if text is None:
        return None
    shipped = root / "workflow" / "profiles"
    for folder in (shipped / text, Path(text).absolute()):
        if (folder / "config.yaml").is_file():
            return folder
    names = sorted(path.parent.name for path in shipped.glob("*/config.yaml"))
    raise Sim2RealError(f"--profile {text}: no such profile; there are {', '.join(names)}, or give a folder that holds config.yaml")


def write_parameters(folder: Path, parameters: Parameters) -> None:
    path = folder / "parameters.yaml"
    text = yaml.safe_dump(json.loads(parameters.model_dump_json()), sort_keys=False)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)


def _targets(parameters: Parameters, until: str, appendix: list[str]) -> list[str]:
    wanted = [name for name in CHAPTERS if name <= until] + appendix
    return [name for name, job in jobs(parameters).items() if job["chapter"] in wanted]


def _command(targets: list[str], run: str, root: Path, cores: int | None, profile: Path | None) -> list[str]:
    config = {"root": str(root), "run": run, "cores": cores or available_cores(), "targets": ",".join(targets)}
    where = ["--profile", profile, *(["--cores", cores] if cores else [])] if profile else ["--cores", cores or available_cores()]
    words = ["--snakefile", root / "workflow" / "Snakefile", "--directory", root / run, *where, "--rerun-triggers", "mtime", "params", "input",
             "--rerun-incomplete", "--nolock", "--nocolor", "--config", *(f"{key}={value}" for key, value in config.items())]  # fmt: skip
    return [sys.executable, "-m", "snakemake", *map(str, words)]


def _snakemake(targets: list[str], run: str, root: Path, cores: int | None, profile: Path | None, lock) -> int:
    """Run Snakemake, pass on our own lines and the count of finished notebooks, keep the rest for the case of a fault.

    With a profile, jobs may be elsewhere: Snakemake is given time to call them back when it is stopped. Should this process be killed,
    Snakemake goes on to their end, and holds ``lock`` so long.
    """
    environment = os.environ if profile else {**os.environ, **named_to_children()}
    process = subprocess.Popen(
        _command(targets, run, root, cores, profile), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        env=environment, pass_fds=[lock.fileno()] if profile else [],
    )  # fmt: skip
    lines, executed, fault = [], 0, None
    own = re.compile(r"^([0-9A]\d_\w+): (.*)$")
    elsewhere = re.compile(
        r"^Job \d+ has been submitted with (.*) \(log: (.*)\)\.$|^ +log: (.*) \(check log file\(s\) for error details\)$"
    )
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            match = own.match(line)
            done = re.match(r"^(\d+) of (\d+) steps \((\d+)%\) done", line)
            if match:
                print(f"  {match[1]:<34} {match[2]}", flush=True)
            elif line.startswith("sim2real: "):
                fault = fault or line.removeprefix("sim2real: ").strip()
            elif at := elsewhere.match(line):
                if at[1]:
                    print(f"  {Path(at[2]).parent.name:<34} submitted, {at[1]}", flush=True)
                else:
                    fault = fault or _fault_in(Path(at[3]))
            elif done and int(done[1]) < int(done[2]):  # the last step is the target that only collects
                executed = int(done[1])
                print(f"[{executed} of {int(done[2]) - 1} notebooks done]", flush=True)
        code = process.wait()
    except KeyboardInterrupt:
        if profile:
            call_back(process)
        end(process.pid)
        raise
    if code:
        raise Sim2RealError(fault or f"the workflow failed: {_last_words(lines)}")
    return executed


def _fault_in(log: Path) -> str | None:
    """Our own line in the log of a job that failed on another machine; where there is none, the log's place."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    found = re.search(r"^sim2real: (.*)$", text, flags=re.MULTILINE)
    return found[1] if found else f"a job failed; see {log}"


def _last_words(lines: list[str]) -> str:
    words = [line.strip() for line in lines if "Error" in line or "error" in line]
    return words[-1] if words else (lines[-1].strip() if lines else "no output")


@contextmanager
def alone(folder: Path):
    """Refuse a second run in the same folder; the lock goes with the process that holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Sim2RealError(
                f"{folder.name}: another run is at work in this folder; wait for it or choose another name with --run"
            ) from None
        yield file
