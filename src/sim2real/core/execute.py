"""One notebook executed by papermill, with progress in the terminal and faults in one line."""

import os
import re
import sys
import threading
import time
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import DeadKernelError
from papermill.exceptions import PapermillExecutionError

from .errors import Sim2RealError
from .files import atomic
from .jobs import notebook_parameters
from .parameters import Parameters
from .processes import follow

_EVERY_S = 8.0


def execute(name: str, job: dict, parameters: Parameters, root: Path, run: str, cores: int, device: str) -> None:
    """Execute a job's notebook into ``<run>/chapters/<name>.ipynb``, whole or not at all.

    Raises Sim2RealError naming notebook, cell and error; the half-executed notebook is kept under ``<run>/logs`` for reading.
    """
    source = root / "notebooks" / f"{job['notebook']}.ipynb"
    target = root / run / "chapters" / f"{name}.ipynb"
    progress_file = root / run / "logs" / f"{name}.progress"
    failed = root / run / "logs" / f"{name}.failed.ipynb"
    for path in (progress_file, target):
        path.parent.mkdir(parents=True, exist_ok=True)
    for path in (progress_file, failed):
        path.unlink(missing_ok=True)
    os.environ.update(SIM2REAL_WORKFLOW="1", SIM2REAL_NOTEBOOK=job["notebook"], SIM2REAL_PROGRESS=str(progress_file), SIM2REAL_CORES=str(cores), SIM2REAL_DEVICE=device,
                      OMP_NUM_THREADS=str(cores), MPLBACKEND="module://matplotlib_inline.backend_inline", PYTHONHASHSEED="0")  # fmt: skip
    follow()
    started = time.monotonic()
    done = threading.Event()
    reporter = threading.Thread(target=_report, args=(name, progress_file, done, started), daemon=True)
    reporter.start()
    _say(f"{name}: started")
    try:
        with atomic(target) as temporary:
            try:
                papermill.execute_notebook(source, temporary, notebook_parameters(job, parameters, run), kernel_name="python3", cwd=root,
                                           progress_bar=False, request_save_on_cell_execute=False, start_timeout=180)  # fmt: skip
            except PapermillExecutionError as error:
                if temporary.exists():
                    os.replace(temporary, failed)
                raise Sim2RealError(f"notebook {source.name}, cell {error.exec_count}: {_told(error)}") from None
            except (DeadKernelError, RuntimeError) as error:  # the latter for a kernel that dies as it starts
                raise Sim2RealError(f"notebook {source.name}: its kernel is gone ({str(error).splitlines()[0]}), most likely for want of memory; "
                                    "use fewer --cores or a smaller preset") from None  # fmt: skip
            _tidy(temporary, root, source, target)
    finally:
        done.set()
        reporter.join(timeout=2)
        progress_file.unlink(missing_ok=True)
    _say(f"{name}: done in {_clock(time.monotonic() - started)}")


def _told(error: PapermillExecutionError) -> str:
    value = re.sub(r"\x1b\[[0-9;]*m", "", error.evalue)
    return value if error.ename == "Sim2RealError" else f"{error.ename}: {value}"


def _tidy(path: Path, root: Path, source: Path, target: Path) -> None:
    """Take this machine's paths out of the executed notebook; fold the cell of passed parameters like its neighbours."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.metadata.tags.append("hide-input")
        for output in cell.get("outputs", []):
            if output.output_type == "stream":  # a library's warning names the file it comes from
                output.text = output.text.replace(f"{root}/", "").replace(f"{sys.prefix}/", "")
    notebook.metadata["papermill"].update(input_path=str(source.relative_to(root)), output_path=str(target.relative_to(root)))
    notebook.metadata["papermill"].pop("environment_variables", None)
    nbformat.write(notebook, path)


def _report(name: str, progress_file: Path, done: threading.Event, started: float) -> None:
    last = ""
    while not done.wait(_EVERY_S):
        try:
            line = progress_file.read_text(encoding="utf-8").strip()
        except OSError:
            line = ""
        if line and line != last:
            _say(f"{name}: {line}")
            last = line
        else:
            _say(f"{name}: at work for {_clock(time.monotonic() - started)}")


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
