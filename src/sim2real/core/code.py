"""What code a notebook or module rests on: the project's own modules it imports, directly or not."""

import ast
import hashlib
import json
from functools import cache
from pathlib import Path

PACKAGE = "sim2real"
SOURCE = Path(__file__).resolve().parents[1]


def notebook_source(path: Path | str) -> str:
    """The code cells of a notebook as one text, without magics."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    lines = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith(("%", "!")))


def modules_used(source: str, module: str = "") -> set[str]:
    """Names of the project's modules that ``source`` imports, transitively; ``module`` is the importing one's own name."""
    found: set[str] = set()
    waiting = list(_imports(source, module))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(_imports_of(name))
    return found


def code_fingerprint(*modules: str, source: str = "") -> str:
    """SHA-256 over ``source``, the named modules, all they import of the project, and the tables that lie beside them."""
    names = set(modules) | modules_used(source)
    for name in modules:
        names |= modules_used(path_of(name).read_text(encoding="utf-8"), name)
    digest = hashlib.sha256(source.encode())
    folders = set()
    for name in sorted(names):
        path = path_of(name)
        folders.add(path.parent)
        digest.update(name.encode() + path.read_bytes())
    for folder in sorted(folders):
        for table in sorted(folder.glob("*.csv")):
            digest.update(table.name.encode() + table.read_bytes())
    return digest.hexdigest()


def path_of(module: str) -> Path | None:
    """The file of one of the project's modules, by its dotted name; none where there is no such module."""
    base = SOURCE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _imports_of(module: str) -> frozenset[str]:
    return frozenset(_imports(path_of(module).read_text(encoding="utf-8"), module))


def _imports(source: str, module: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                is_package = bool(module) and path_of(module).name == "__init__.py"
                parent = module.split(".")[: len(module.split(".")) - node.level + is_package]
                base = ".".join([*parent, *filter(None, [node.module])])
            names |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.split(".")[0] == PACKAGE and path_of(name)}
