"""Imports run one way, and science knows nothing of the press: ``pyproject.toml`` says which."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]


def lint(folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(LINT, cwd=folder, capture_output=True, text=True)


def test_the_contracts_are_kept():
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("metrics/wrong.py", "from ..paper import cli\n"),
        ("data/wrong.py", "import IPython\n"),
        ("simulation/wrong.py", "from ..cohort import grid\n"),
    ],
)
def test_a_planted_import_is_seen(tmp_path, module, line):
    """A small package with the project's contracts, one module of which imports what it may not."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(text[text.index("[tool.importlinter]") :])
    source = tmp_path / "sim2real"
    for path in (ROOT / "src" / "sim2real").iterdir():
        if path.is_dir() and path.name != "__pycache__":
            (source / path.name).mkdir(parents=True)
            (source / path.name / "__init__.py").touch()
    (source / "__init__.py").touch()
    for name in ("paper/cli.py", "cohort/grid.py"):
        (source / name).touch()
    assert planted(tmp_path).returncode == 0
    (source / module).write_text(line)
    assert planted(tmp_path).returncode == 1


def planted(folder: Path) -> subprocess.CompletedProcess:
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); {LINT[2]}"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True)
