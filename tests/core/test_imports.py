"""Which part of the package may import which, and that what is imported is there, in functions that
no other test calls, too."""

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "sim2real"
ORDER = (
    "core",
    "metrics",
    "population",
    "simulation",
    "cohort",
    "translation",
    "realism",
    "segmentation",
    "verdict",
    "course",
    "commands",
    "cli",
)
"""Each may import from those before it."""


def imports(text: str, place: tuple[str, ...]) -> list[tuple[tuple[str, ...], str]]:
    """(module, name) of each relative import in the source of the module at ``place``, in functions
    too."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level:
            module = (
                *place[: len(place) - node.level],
                *(node.module.split(".") if node.module else ()),
            )
            found += [(module, alias.name) for alias in node.names]
    return found


def place_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(SOURCE).with_suffix("").parts


def names_in(path: Path) -> set[str]:
    """What a module binds at its top level."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case (
                ast.FunctionDef(name=name)
                | ast.ClassDef(name=name)
                | ast.Name(id=name, ctx=ast.Store())
            ):
                names.add(name)
            case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
    return names


def upward(place: tuple[str, ...], module: tuple[str, ...], name: str) -> bool:
    """Whether an import leads against the order."""
    target = module[0] if module else name
    return ORDER.index(target) > ORDER.index(place[0])


MODULES = sorted(path for path in SOURCE.rglob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("part", ORDER)
def test_imports_go_one_way(part):
    modules = [path for path in MODULES if place_of(path)[0] == part]
    assert modules
    wrong = {
        (place_of(path), module, name)
        for path in modules
        for module, name in imports(path.read_text(encoding="utf-8"), place_of(path))
        if upward(place_of(path), module, name)
    }
    assert wrong == set()


def test_whatever_is_imported_exists():
    missing = set()
    for path in MODULES:
        for module, name in imports(path.read_text(encoding="utf-8"), place_of(path)):
            folder = SOURCE.joinpath(*module)
            file = folder.with_suffix(".py")
            if not (
                (file.is_file() and name in names_in(file))
                or (folder / f"{name}.py").is_file()
                or (folder / name).is_dir()
            ):
                missing.add((path.name, module, name))
    assert missing == set()


def test_planted_faults_are_seen():
    assert imports("def f():\n    from ..cli import main", ("core", "files")) == [
        (("cli",), "main")
    ]
    assert upward(("core", "files"), ("cli",), "main") and upward(("metrics", "kid"), (), "cohort")
    assert not upward(("cohort", "grid"), ("cohort", "cases"), "read") and not upward(
        ("cli",), ("commands",), "course"
    )
    assert "folder_of" not in names_in(SOURCE / "cli.py") and "main" in names_in(SOURCE / "cli.py")
