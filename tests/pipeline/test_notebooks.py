"""House rules of the source notebooks."""

import ast
import importlib
import inspect
import json
import re
from pathlib import Path

import nbformat
import pytest

from sim2real.paper.parameters import Parameters

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
SECTIONS = {
    "01": "population",
    "02": "simulation",
    "03": "cohort",
    "04": "translation",
    "05": "realism",
    "06": "segmentation",
    "07": "verdict",
    "A1": "translators",
    "A2": "scarcity",
}
PACKAGES = {**SECTIONS, "A1": "translation", "A2": "segmentation"}
EXTRA = {"run", "preset", "seed", "vendor", "regime", "training_seed", "size"}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param, nbformat.read(request.param, as_version=4)


def code_of(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_parameters_cell_shows_the_model_as_it_is(notebook):
    path, content = notebook
    cells = [cell for cell in code_of(content) if "parameters" in cell.metadata.get("tags", [])]
    assert len(cells) == 1
    shown = {
        node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cells[0].source).body
    }
    model = Parameters.model_fields[SECTIONS[path.name[:2]]].annotation
    assert {
        name: value for name, value in shown.items() if name not in EXTRA - set(model.model_fields)
    } == json.loads(model().model_dump_json())
    for name, field in model.model_fields.items():
        assert f"# {field.description}" in next(
            line for line in cells[0].source.splitlines() if line.startswith(f"{name} = ")
        )


def test_notebooks_hold_no_output_few_short_cells_and_no_function(notebook):
    _, content = notebook
    cells = code_of(content)
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    assert len(cells) <= 12
    for cell in cells:
        assert "parameters" in cell.metadata.get("tags", []) or len(cell.source.splitlines()) <= 10
        assert not re.search(r"^\s*(def|class) ", cell.source, flags=re.MULTILINE)


def test_every_figure_on_the_page_has_a_description(notebook):
    _, content = notebook
    for cell in content.cells:
        if cell.cell_type == "markdown":
            for directive in re.findall(r"```\{glue:figure\}.*?```", cell.source, flags=re.DOTALL):
                assert ":alt:" in directive, directive


def test_every_figure_with_pictures_says_of_what(notebook):
    """A licence may keep pictures out of a book, so each figure function that draws one must be
    called with ``pictures``."""
    path, content = notebook
    for cell in code_of(content):
        if "figures." in cell.source:
            figures = importlib.import_module(f"sim2real.{PACKAGES[path.name[:2]]}.figures")
        for name in re.findall(r"figures\.(\w+_figure)\(", cell.source):
            drawn = inspect.getsource(getattr(figures, name))
            helpers = [
                getattr(figures, word)
                for word in re.findall(r"\b(_\w+)\(", drawn)
                if hasattr(figures, word)
            ]
            if "imshow(" in drawn + "".join(
                inspect.getsource(helper) for helper in helpers if inspect.isfunction(helper)
            ):
                call = cell.source[cell.source.index(f"figures.{name}(") :].split("chapter.show")[0]
                assert "pictures=" in call, f"{path.name}: {name}"


def unmarked(source: str, package: str) -> list[str]:
    """Calls of ``chapter.moving`` whose HTML comes from a module that draws slices and that name no
    kind of picture."""
    found = []
    for call in re.findall(r"chapter\.moving\((.*?pictures=\([^)]*\))", source, flags=re.DOTALL):
        module = importlib.import_module(f"sim2real.{package}.{re.match(r'[a-z]+', call)[0]}")
        if "mosaic_html(" in inspect.getsource(module) and call.endswith("pictures=()"):
            found.append(call)
    return found


def test_every_picture_that_moves_says_of_what(notebook):
    path, content = notebook
    for cell in code_of(content):
        assert unmarked(cell.source, PACKAGES[path.name[:2]]) == []


def test_a_moving_picture_without_its_mark_is_seen():
    marked = 'chapter.moving(stack.stack_html(whole, outlined, "a"), "a", pictures=("anatomy",))'
    assert (
        unmarked(marked, "simulation") == []
        and len(unmarked(marked.replace('("anatomy",)', "()"), "simulation")) == 1
    )
