"""One notebook executed by papermill, with progress in the terminal and faults in one line."""

import os
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from ..data import RunFolder, Sim2RealError, atomic, module_digests, notebook_source, write_text
from .jobs import Digests, Job, jobs, notebook_parameters
from .parameters import Parameters
from .processes import follow
from .prose import lookup, with_prose

_EVERY_S = 8.0
_AT_THE_START = "Kernel died before replying"  # nbclient's words, of kernels that ran no cell yet
_WARNED_BY_CELL = re.compile(r"^\S*ipykernel_\d+/\d+\.py:\d+: \w+: (.*)\n(?:  .*\n)?", re.MULTILINE)


def fault_file(run: Path, job: str) -> Path:
    """Where a job that failed leaves its one line for ``sim2real run``."""
    return run / "logs" / f"{job}.fault"


def execute(name: str, parameters: Parameters, root: Path, run: str, cores: int) -> None:
    """Execute a job's notebook into ``<run>/chapters/<name>.ipynb``, whole or not at all.

    Args:
        name: of the job.
        parameters: of the run.
        root: the project's folder.
        run: the run's folder, relative to ``root``.
        cores: that the job may use.

    Raises:
        Sim2RealError: with notebook, cell and error; the half-executed notebook is kept under
            ``<run>/logs`` for reading, and the line itself beside it.
    """
    table = jobs(parameters)
    job, logs = table[name], root / run / "logs"
    target = root / run / "chapters" / f"{name}.ipynb"
    for folder in (logs, target.parent):
        folder.mkdir(parents=True, exist_ok=True)
    _set_environment(job, logs / f"{name}.progress", cores, parameters.device)
    say = _terminal(name, logs / f"{name}.log")
    follow()
    started, done = time.monotonic(), threading.Event()
    reporter = threading.Thread(
        target=_report, args=(logs / f"{name}.progress", done, started, say), daemon=True
    )
    reporter.start()
    say("started")
    try:
        with atomic(target) as temporary:
            _run_notebook(job, parameters, root, run, temporary)
            _finish(temporary, table, job, parameters, root, run)
    except Sim2RealError as error:
        advice = _remake(str(error), run, job.chapter.name)
        write_text(fault_file(root / run, name), f"{error}{advice}\n")
        raise Sim2RealError(f"{error}{advice}") from None
    finally:
        done.set()
        reporter.join(timeout=2)
        (logs / f"{name}.progress").unlink(missing_ok=True)
    say(f"done in {_clock(time.monotonic() - started)}")


def _set_environment(job: Job, progress: Path, cores: int, device: str) -> None:
    for path in (progress, fault_file(progress.parents[1], job.name)):
        path.unlink(missing_ok=True)
    os.environ.update(
        SIM2REAL_WORKFLOW="1",
        SIM2REAL_PROGRESS=str(progress),
        SIM2REAL_CORES=str(cores),
        SIM2REAL_DEVICE=device,
        OMP_NUM_THREADS=str(cores),
        MPLBACKEND="module://matplotlib_inline.backend_inline",
        PYTHONHASHSEED="0",
    )


def _run_notebook(job: Job, parameters: Parameters, root: Path, run: str, output: Path) -> None:
    source = root / "notebooks" / f"{job.notebook.name}.ipynb"
    given = notebook_parameters(job, parameters, run)
    try:
        try:
            _execute(source, output, given, root)
        except RuntimeError as error:
            # kernels that start at once may be given one port: papermill does not prevent it
            if _AT_THE_START not in str(error):
                raise
            _execute(source, output, given, root)
    except PapermillExecutionError as error:
        if output.exists():
            os.replace(output, root / run / "logs" / f"{job.name}.failed.ipynb")
        said = re.sub(r"\x1b\[[0-9;]*m", "", error.evalue)
        said = said if error.ename == "Sim2RealError" else f"{error.ename}: {said}"
        raise Sim2RealError(f"notebook {source.name}, cell {error.exec_count}: {said}") from None
    except (DeadKernelError, RuntimeError) as error:  # the latter if it dies as it starts
        raise Sim2RealError(
            f"notebook {source.name}: its kernel is gone ({str(error).splitlines()[0]}), most "
            "likely for want of memory; use fewer --cores or a smaller preset"
        ) from None


def _execute(source: Path, output: Path, parameters: dict, root: Path) -> None:
    papermill.execute_notebook(
        source,
        output,
        parameters,
        kernel_name="python3",
        cwd=root,
        progress_bar=False,
        request_save_on_cell_execute=False,
        start_timeout=180,
    )


def _finish(
    path: Path, table: dict[str, Job], job: Job, parameters: Parameters, root: Path, run: str
) -> None:
    """Fill in the text's numbers, take out this machine's paths, name the code it rests on."""
    source = root / "notebooks" / f"{job.notebook.name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    value_of = lookup(RunFolder(root / run).numbers, job.chapter.name, job.extra)
    notebook = with_prose(notebook, nbformat.read(source, as_version=4), value_of, source.name)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream":
                output.text = without_paths(output.text, root)
    notebook.metadata["papermill"].update(
        input_path=f"notebooks/{source.name}", output_path=f"{run}/chapters/{job.name}.ipynb"
    )
    notebook.metadata["papermill"].pop("environment_variables", None)
    digests = Digests(table, parameters, root)
    notebook.metadata["sim2real"] = {
        "code": module_digests(notebook_source(source)),
        "makes": digests.makes(job.name),
        "reads": {name: digests.makes(name) for name in job.reads},
    }
    nbformat.write(notebook, path)


def without_paths(text: str, root: Path) -> str:
    """What a cell printed, without this machine's folders: warnings name the file that warns, be it
    a library's or the cell's own, which lies in a temporary folder."""
    text = _WARNED_BY_CELL.sub(r"\1\n", text)
    return text.replace(f"{root}/", "").replace(f"{sys.prefix}/", "")


def _remake(fault: str, run: str, chapter: str) -> str:
    """How to have a file made again that an earlier chapter made and that is gone or damaged."""
    match = re.search(rf"(?:^|: )(?:\S*/)?{re.escape(run)}/((?:\d\d|A\d)_\w+)/\S+: ", fault)
    if not match or match[1] == chapter:
        return ""
    made_by = match[1]
    return (
        f"; {made_by} made it: remove what is left of it and {run}/chapters/{made_by}.ipynb, "
        "then run again"
    )


def _report(
    progress: Path, done: threading.Event, started: float, say: Callable[[str], None]
) -> None:
    last = ""
    while not done.wait(_EVERY_S):
        try:
            line = progress.read_text(encoding="utf-8").strip()
        except OSError:
            line = ""
        at_work = f"at work for {_clock(time.monotonic() - started)}"
        say(line if line and line != last else at_work)
        last = line or last


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def _terminal(name: str, log: Path) -> Callable[[str], None]:
    """A function that prints to the terminal; what else is written there goes into ``log``.

    Kernels and libraries have much to say that is of no use to who waits for a run.
    """
    terminal = os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8")
    with open(log, "w", encoding="utf-8") as file:
        os.dup2(file.fileno(), sys.stderr.fileno())

    def say(text: str) -> None:
        print(f"  {name:<34} {text}", file=terminal, flush=True)

    return say
