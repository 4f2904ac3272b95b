"""House rules of the source notebooks."""

import ast
import importlib
import inspect
import json
import re
from pathlib import Path

import nbformat
import pytest

from sim2real.paper.chapters import chapter_with
from sim2real.paper.parameters import Parameters

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param, nbformat.read(request.param, as_version=4)


def code_of(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_parameters_cell_shows_the_model_as_it_is(notebook):
    path, content = notebook
    cells = [cell for cell in code_of(content) if "parameters" in cell.metadata.get("tags", [])]
    assert len(cells) == 1
    chapter, declared = chapter_with(path.stem)
    shown = {
        node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cells[0].source).body
    }
    extra = next(iter(declared.executions(Parameters()).values()))
    own = {k: v for k, v in shown.items() if k not in {"run", "preset", "seed", *extra}}
    assert own == json.loads(chapter.parameters().model_dump_json())
    for name, field in chapter.parameters.model_fields.items():
        line = next(x for x in cells[0].source.splitlines() if x.startswith(f"{name} = "))
        assert line.endswith(f"# {field.description}")


def test_set_up_and_parameters_alone_are_folded(notebook):
    _, content = notebook
    folded = [cell for cell in code_of(content) if "hide-input" in cell.metadata.get("tags", [])]
    assert folded == code_of(content)[:2] and "open_chapter(" in folded[1].source


def test_every_figure_has_a_caption_and_a_description_in_its_cell(notebook):
    _, content = notebook
    for cell in code_of(content):
        n_figures = cell.source.count("chapter.show(")
        assert n_figures <= 1
        if n_figures:
            options = cell.metadata["mystnb"]
            assert options["figure"]["caption"] and len(options["image"]["alt"].split()) >= 3


def test_notebooks_hold_no_output_few_short_cells_and_no_function(notebook):
    _, content = notebook
    cells = code_of(content)
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    assert len(cells) <= 12
    for cell in cells:
        assert "parameters" in cell.metadata.get("tags", []) or len(cell.source.splitlines()) <= 10
        assert not re.search(r"^\s*(def|class) ", cell.source, flags=re.MULTILINE)


def unmarked(source: str, figures) -> list[str]:
    """Calls that show slices without saying of what; a licence may keep those out of a book."""
    calls = []
    for call in re.findall(r"chapter\.(?:show|html)\(.*?\)$", source, flags=re.DOTALL | re.M):
        drawn = re.search(r"figures\.(\w+_figure)", call)
        text = inspect.getsource(getattr(figures, drawn[1])) if drawn else ""
        helpers = {word for word in re.findall(r"\b(_\w+)\(", text) if hasattr(figures, word)}
        text += "".join(inspect.getsource(getattr(figures, word)) for word in helpers)
        shows = "imshow(" in text or re.search(r"(stack|wipe|cine|picture|question)_html\(", call)
        if shows and "pictures=" not in call:
            calls.append(call)
    return calls


def figures_of(notebook: str):
    package = chapter_with(notebook)[0].parameters.__module__.split(".")[1]
    return importlib.import_module(f"sim2real.{package}.figures")


def test_every_picture_says_of_what(notebook):
    path, content = notebook
    if "figures" in "".join(cell.source for cell in code_of(content)):
        for cell in code_of(content):
            assert unmarked(cell.source, figures_of(path.stem)) == []


def test_a_picture_without_its_mark_is_seen():
    marked = 'chapter.html("a", stack.stack_html(whole, "a"), pictures=("anatomy",))'
    assert unmarked(marked, None) == []
    assert len(unmarked(marked.replace(', pictures=("anatomy",)', ""), None)) == 1
    shown = 'chapter.show("contrast_grid", figures.grid_figure, images, data=table)'
    assert len(unmarked(shown, figures_of("02_contrast"))) == 1
