"""Buttons lead to the notebooks that need no PyTorch, which the light environment can execute."""

import ast
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sim2real.core.code import modules_used, notebook_source, path_of
from sim2real.core.errors import Sim2RealError
from sim2real.core.launch import NOTEBOOKS, launch_page

ROOT = Path(__file__).resolve().parents[2]
HEAVY = {"torch", "torchvision", "nnunetv2", "monai", "pytorch_fid"}
LIGHT = [line for line in (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8").splitlines() if line[:1].isalnum()]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def modules() -> set[str]:
    """The project's modules that the notebooks and the run of their chapters rest on."""
    found = set().union(*(modules_used(notebook_source(ROOT / "notebooks" / f"{name}.ipynb")) for name in NOTEBOOKS))
    return found | modules_used("import sim2real.core.execute, sim2real.core.workflow, sim2real.core.presets")


def imported() -> set[str]:
    """Top-level packages of others that these modules import, at the head or within a function."""
    names = set()
    for module in modules():
        for node in ast.walk(ast.parse(path_of(module).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.split(".")[0])
    return {name for name in names if name not in sys.stdlib_module_names and name != "sim2real"}


def closure(names: list[str]) -> set[str]:
    """Distributions that ``names`` bring with them, as far as they are installed here."""
    found, waiting = set(), [plain(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        try:
            needed = [Requirement(text) for text in requires(name) or []]
        except PackageNotFoundError:
            continue
        waiting += [plain(need.name) for need in needed if need.marker is None or need.marker.evaluate({"extra": ""})]
    return found


def test_the_notebooks_rest_on_nothing_heavy():
    assert not imported() & HEAVY


def test_the_light_environment_holds_what_they_import_and_nothing_heavy():
    owners = packages_distributions()
    needed = {plain(owners[name][0]) for name in imported()}
    assert needed <= closure(LIGHT)
    assert not closure(LIGHT) & {plain(name) for name in HEAVY}


def test_its_versions_are_the_locks():
    text = (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8")
    locked = {plain(line.split("==")[0]) for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines() if "==" in line}
    assert "-c ../requirements.lock" in text and {plain(name) for name in LIGHT} <= locked


def test_the_modules_load_where_pytorch_is_not():
    block = "\n".join([
        "import sys", "class Missing:", "    def find_spec(self, name, path=None, target=None):",
        f"        if name.split('.')[0] in {sorted(HEAVY)!r}: raise ImportError(name)", "sys.meta_path.insert(0, Missing())",
        *(f"import {module}" for module in sorted(modules())),
    ])  # fmt: skip
    result = subprocess.run([sys.executable, "-c", block], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-500:]


def test_buttons_lead_to_notebooks_that_are_there():
    page = launch_page("owner/name", "v1.0")
    found = re.findall(r"labpath=notebooks%2F([\w]+)\.ipynb", page)
    assert found == list(NOTEBOOKS) == re.findall(r"blob/v1\.0/notebooks/(\w+)\.ipynb", page)
    assert all((ROOT / "notebooks" / f"{name}.ipynb").is_file() for name in found)
    assert "/gh/owner/name/v1.0?" in page and "--branch v1.0 https://github.com/owner/name" in page


def test_the_books_page_is_the_generated_one_and_a_repository_that_is_no_name_is_refused():
    assert (ROOT / "book" / "launch.md").read_text(encoding="utf-8") == launch_page(None)
    for repository in ("https://github.com/owner/name", "owner", "owner/name?x=1"):
        with pytest.raises(Sim2RealError, match="expected OWNER/NAME"):
            launch_page(repository)
