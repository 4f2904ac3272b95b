"""One whole tiny run in a copy of the project, shared by the tests of the pipeline and of the book."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ("_config.yml", "_toc.yml", "book", "notebooks", "workflow")


@dataclass
class Project:
    """A copy of the project without the package itself, in which runs may be made and files changed."""

    path: Path

    def sim2real(self, *words: object) -> subprocess.CompletedProcess:
        return subprocess.run([sys.executable, "-m", "sim2real.cli", *map(str, words)], cwd=self.path, capture_output=True, text=True)


def copy_project(target: Path) -> Project:
    target.mkdir(exist_ok=True)
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy(source, target / name)
    return Project(target)


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


@pytest.hookimpl(tryfirst=True)  # before xdist looks for the groups
def pytest_collection_modifyitems(items) -> None:
    """Where tests are spread over processes, those that share the tiny run or the built record stay in one, and those of a file, too."""
    for item in items:
        group = item.nodeid.split("::")[0]
        for name, fixtures in (("book", {"record"}), ("run", {"project", "tiny_run"})):
            group = name if fixtures & set(item.fixturenames) else group
        item.add_marker(pytest.mark.xdist_group(group))
