"""The notebooks that the page "Try it in the browser" opens are here and need no more than the
light environment in ``.binder``."""

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from sim2real.data import notebook_source
from sim2real.data.code import modules_used, path_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "book" / "launch.md").read_text(encoding="utf-8")
NOTEBOOKS = re.findall(r"labpath=notebooks%2F(\w+)\.ipynb", PAGE)
HEAVY = {"torch", "torchvision", "nnunetv2", "monai", "pytorch_fid"}


def modules() -> set[str]:
    """The project's modules that the notebooks and the run of their chapters rest on."""
    press = {"sim2real.paper.notebook", "sim2real.paper.executing", "sim2real.paper.workflow"}
    sources = [notebook_source(ROOT / "notebooks" / f"{name}.ipynb") for name in NOTEBOOKS]
    return press.union(*map(modules_used, sources))


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


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_pages_links_lead_to_notebooks_that_are_here():
    assert len(NOTEBOOKS) == 4 and NOTEBOOKS == re.findall(
        r"blob/main/notebooks/(\w+)\.ipynb", PAGE
    )
    assert all((ROOT / "notebooks" / f"{name}.ipynb").is_file() for name in NOTEBOOKS)


def test_the_light_environment_names_every_package_that_they_import_at_the_locks_version():
    text = (ROOT / ".binder" / "requirements.txt").read_text(encoding="utf-8")
    light = {plain(line) for line in text.splitlines() if line[:1].isalnum()}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    owners = packages_distributions()
    assert {plain(owners[name][0]) for name in imported()} <= light
    assert "-c ../requirements.lock" in text and light <= {
        plain(line.split("==")[0]) for line in lock.splitlines()
    }


def test_their_modules_load_without_pytorch():
    lines = [
        "import sys",
        *(f"import {module}" for module in sorted(modules())),
        f"assert not {HEAVY} & sys.modules.keys()",
    ]
    result = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr[-500:]
