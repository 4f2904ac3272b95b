"""One whole tiny run in a copy of the project, shared by the tests of the pipeline and of the
book."""

import contextlib
import csv
import hashlib
import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim2real.paper.cli import main

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("_config.yml", "_toc.yml", "book", "notebooks", "workflow")


@dataclass
class Project:
    """A copy of the project without the package itself, in which runs may be made and files
    changed."""

    path: Path

    def sim2real(self, *words: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "sim2real.paper.cli", *map(str, words)],
            cwd=self.path,
            capture_output=True,
            text=True,
        )

    def here(self, *words: object) -> tuple[int, str, str]:
        """The command in this process, whose own start takes seconds: exit status, standard output
        and error."""
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.path),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main([str(word) for word in words])
        return code, out.getvalue(), err.getvalue()


def copy_project(target: Path) -> Project:
    target.mkdir(exist_ok=True)
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy(source, target / name)
    return Project(target)


@pytest.fixture(scope="session")
def note():
    """``note(question, measured, made_by)``: a row of the book's table of what was tried; for long
    trials only."""
    spec = importlib.util.spec_from_file_location("measured", ROOT / "benchmarks" / "measured.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.note


@pytest.fixture(scope="session")
def artefacts():
    """``artefacts(run)``: hashes of all that a run's chapters have made, by path; of a training's
    log all but the seconds it took."""
    return lambda run: {
        path.relative_to(run).as_posix(): hashlib.sha256(_without_times(path)).hexdigest()
        for path in sorted(run.glob("0*/**/*"))
        if path.is_file() and path.suffix in (".csv", ".json", ".gz", ".pt", ".png")
    }


def _without_times(path: Path) -> bytes:
    content = path.read_bytes()
    if path.suffix == ".csv" and b"seconds" in content:
        header, *rows = csv.reader(content.decode().splitlines())
        kept = [k for k, name in enumerate(header) if name != "seconds"]
        return repr([[row[k] for k in kept] for row in (header, *rows)]).encode()
    if path.suffix == ".json" and path.parent.name == "figures":
        origin = json.loads(content)
        del origin["files_sha256"]["csv"]  # the table stands here itself
        return repr(origin).encode()
    return content


@pytest.fixture
def fresh_project(tmp_path) -> Project:
    """A copy that a test may break."""
    return copy_project(tmp_path / "project")


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Project:
    return copy_project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def tiny_run(project) -> Path:
    """The folder of a finished run of all seven chapters on the tiny preset."""
    result = project.sim2real("run", "--preset", "tiny")
    assert result.returncode == 0, result.stderr + result.stdout
    return project.path / "runs" / "tiny"


GROUPS = (("run", r"\btiny_run\b"), ("book", r"\brecord\b"))
"""Files that share what takes minutes to make, by a word in them: the tiny run, the built
record."""


SLOW = {"tiny_run", "record", "surrogate", "uninterrupted", "judged", "processes", "walked"}
"""Fixtures that take long to make."""


def group_of(nodeid: str) -> str:
    """What must stay in one process: a group, or the file."""
    file = nodeid.split("::")[0]
    text = (ROOT / file).read_text(encoding="utf-8") if (ROOT / file).is_file() else ""
    return next((group for group, word in GROUPS if re.search(word, text)), file)


def pytest_collection_modifyitems(items):
    """The longest chains first, so that no process is left with one of them at the end."""
    places = {file: group_of(file) for file in {item.nodeid.split("::")[0] for item in items}}
    first = {group: k for k, (group, _) in enumerate(GROUPS)}
    for item in items:
        if SLOW & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")
    items.sort(key=lambda item: first.get(places[item.nodeid.split("::")[0]], len(first)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Where tests are spread over processes: see ``group_of``."""
    from xdist.scheduler import LoadFileScheduling

    class Grouped(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Grouped(config, log)
