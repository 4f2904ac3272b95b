"""Data run down the paper's order and never back up: who may import whom."""

import ast
from pathlib import Path

import pytest

import sim2real
from sim2real.data.run import CHAPTERS

PACKAGE = Path(sim2real.__file__).parent
ORDER = list(CHAPTERS.values())
LAST = "course"  # may import from every chapter; no chapter from it


def imported_packages(path: Path, depth: int = 1) -> set[str]:
    """Sub-packages of sim2real that a module imports which lies ``depth`` folders below it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth + 1:
            found.add(node.module.split(".")[0] if node.module else node.names[0].name)
        elif (
            isinstance(node, ast.ImportFrom)
            and node.level == 0
            and (node.module or "").startswith("sim2real.")
        ):
            found.add(node.module.split(".")[1])
    return found


@pytest.mark.parametrize("package", [*ORDER, LAST, "core", "metrics"])
def test_a_package_imports_only_from_above(package):
    allowed = {"core", "metrics", "presets", package}
    if package in ORDER:
        allowed |= set(ORDER[: ORDER.index(package)])
    if package == LAST:
        allowed |= set(ORDER)
    if package == "core":
        allowed -= {"metrics"}
    for path in sorted((PACKAGE / package).rglob("*.py")):
        assert imported_packages(path, len(path.relative_to(PACKAGE).parts) - 1) <= allowed, (
            path.name
        )


def test_the_rule_catches_an_import_from_below(tmp_path):
    (tmp_path / "wrong.py").write_text("from ..segmentation.predict import predict_slices\n")
    assert imported_packages(tmp_path / "wrong.py") == {"segmentation"}


def test_the_rule_catches_a_chapter_that_imports_the_course(tmp_path):
    (tmp_path / "wrong.py").write_text("from ..course.answers import NotYet\n")
    assert LAST in imported_packages(tmp_path / "wrong.py") and LAST not in ORDER


def test_files_stay_small():
    for path in PACKAGE.rglob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 300, path
