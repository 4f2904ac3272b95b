"""What code a notebook rests on, as a digest of its syntax.

Comments, docstrings and descriptions of parameters do not count, nor does anything of the press.
"""

import ast
import hashlib
import json
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

PACKAGE = "sim2real"
PRESS = f"{PACKAGE}.paper"
_TABLES = ("*.csv", "*.npz")
SOURCE = Path(__file__).resolve().parents[1]


def notebook_source(path: Path | str) -> str:
    """The code cells of a notebook as one text, without magics."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return "\n".join(line for line in code.splitlines() if not line.startswith(("%", "!")))


def science_digest(*modules: str, source: str = "") -> str:
    """SHA-256 over the syntax of ``source``, of the modules, and of all they import of the science.

    Args:
        modules: dotted names of modules of the project.
        source: Python code, a notebook's for example.

    Returns:
        A hexadecimal digest. Tables (CSV) and weights (NPZ) beside the modules count with their
        content; the ``card.json`` of a trained network counts where the module named as its
        folder is used.
    """
    digest = hashlib.sha256(_syntax(source).encode())
    names = modules_used(source, *modules)
    for name in sorted(names):
        digest.update(f"{name} {_module_digest(name)}".encode())
    for folder in sorted({path_of(name).parent for name in names}):
        for table in sorted(p for kind in _TABLES for p in folder.glob(kind)):
            digest.update(table.name.encode() + table.read_bytes())
    for card in (path_of(name).with_suffix("") / "card.json" for name in sorted(names)):
        if card.is_file():
            digest.update(card.read_bytes())
    return digest.hexdigest()


def module_digests(source: str) -> dict[str, str]:
    """Each module of the science that ``source`` rests on, to a short digest of its syntax."""
    return {name: _module_digest(name)[:12] for name in sorted(modules_used(source))}


def modules_used(source: str, *modules: str) -> set[str]:
    """The named modules and all that they and ``source`` import of the science, transitively."""
    waiting = [*modules, *_imports(source, "")]
    names: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting.extend(_imports_of(name))
    return names


def path_of(module: str) -> Path | None:
    """The file of one of the project's modules; none where there is no such module."""
    base = SOURCE.joinpath(*module.split(".")[1:])
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def _module_digest(module: str) -> str:
    text = path_of(module).read_text(encoding="utf-8")
    return hashlib.sha256(_syntax(text).encode()).hexdigest()


@cache
def _imports_of(module: str) -> frozenset[str]:
    return frozenset(_imports(path_of(module).read_text(encoding="utf-8"), module))


def _imports(source: str, module: str) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, module)
            places = _exports(base)
            imported = (places.get(alias.name, alias.name) for alias in node.names)
            names |= {base, *(f"{base}.{name}" for name in imported)}
    return {
        name
        for name in names
        if name.split(".")[0] == PACKAGE and path_of(name) and not _is_no_science(name)
    }


@cache
def _exports(package: str) -> dict[str, str]:
    """Names that a package's ``__init__`` exports, to the modules within it that define them."""
    path = path_of(package) if package.startswith(PACKAGE) else None
    if path is None or path.name != "__init__.py":
        return {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.keyword) and node.arg == "submod_attrs":
            table = ast.literal_eval(node.value)
            return {name: module for module, names in table.items() for name in names}
    return {}


def _is_no_science(module: str) -> bool:
    """Whether a module is of the press, a chapter's declaration, or a package's list of names."""
    is_list = path_of(module).name == "__init__.py"
    return module.startswith(PRESS) or module.endswith(".chapter") or is_list


def _absolute(node: ast.ImportFrom, module: str) -> str:
    is_package = bool(module) and path_of(module).name == "__init__.py"
    package = module if is_package else module.rpartition(".")[0]
    return resolve_name("." * node.level + (node.module or ""), package)


def _syntax(source: str) -> str:
    """The abstract syntax as text, without what only people read."""
    return ast.dump(_WithoutWords().visit(ast.parse(source)))


class _WithoutWords(ast.NodeTransformer):
    """Removes docstrings, texts that stand alone, and ``description=`` of parameters."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.Call:
        if getattr(node.func, "id", "") == "Field":
            node.keywords = [word for word in node.keywords if word.arg != "description"]
        return self.generic_visit(node)
