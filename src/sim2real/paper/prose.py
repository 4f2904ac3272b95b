"""Numbers in the text: placeholders ``{{ name }}`` in a notebook's source, filled from results.

``{{ name }}`` is a number of the chapter's own, ``{{ 03_real_cohort.name }}`` one of another
chapter; ``{{ name % }}`` is a share, or the interval of one, in per cent.
``{{ if name }}text{{ end }}`` is that text where the result is not 0, and
``{{ if not name }}text{{ end }}`` where it is.
Placeholders stand in cells of text and in captions and descriptions of figures.
"""

import copy
import re
from collections.abc import Callable

from nbformat import NotebookNode

from ..data import Sim2RealError, spoken, spoken_share

PLACEHOLDER = re.compile(r"\{\{ ([\w.]+)( %)? \}\}")  # with blanks, which LaTeX has not
CONDITION = re.compile(r"\{\{ if (not )?([\w.]+) \}\}(.*?)\{\{ end \}\}", re.DOTALL)


def filled(text: str, value_of: Callable[[str], object], place: str) -> str:
    """``text`` with every condition decided and every placeholder replaced.

    Args:
        text: Markdown.
        value_of: from the placeholder's name to its value; KeyError for a name without one.
        place: named in the error.

    Raises:
        Sim2RealError: for a name that no results hold.
    """

    def value(name: str) -> object:
        try:
            return value_of(name)
        except KeyError:
            raise Sim2RealError(
                f"{place}: the text quotes {name}, which no results hold; "
                "expected a name from a results file of the run: correct the notebook"
            ) from None

    text = CONDITION.sub(
        lambda match: match[3] if bool(value(match[2])) != bool(match[1]) else "", text
    )
    spoken_as = {None: spoken, " %": spoken_share}
    return PLACEHOLDER.sub(lambda match: spoken_as[match[2]](value(match[1])), text)


def lookup(numbers: Callable[[str], dict], chapter: str, extra: dict) -> Callable[[str], object]:
    """``value_of`` for a page.

    Args:
        numbers: from a chapter's name to its results.
        chapter: the page's own.
        extra: what distinguishes this execution of the notebook from its others.
    """

    def value_of(name: str) -> object:
        other, _, last = name.rpartition(".")
        if not other and last in extra:
            return extra[last]
        return numbers(other or chapter)[last]

    return value_of


def with_prose(
    executed: NotebookNode, source: NotebookNode, value_of: Callable[[str], object], place: str
) -> NotebookNode:
    """The executed notebook with the text of its source, every placeholder filled.

    Outputs stay. Text, captions and descriptions are taken from ``source``, so that a page whose
    words alone have changed need not be executed again; the unfilled text is kept in the cells'
    metadata for whoever checks it.

    Raises:
        Sim2RealError: where the code cells of the two are not the same.
    """
    ran = [cell for cell in executed.cells if cell.cell_type == "code"]
    injected = [cell for cell in ran if _tagged(cell, "injected-parameters")]
    ran = iter([cell for cell in ran if cell not in injected])
    page = copy.copy(executed)
    page.cells = copy.deepcopy(source.cells)
    for cell in page.cells:
        if cell.cell_type != "code":
            _fill_text(cell, value_of, place)
            continue
        made = next(ran, None)
        if _tagged(cell, "parameters"):
            cell.source = made.source if not injected else _given(cell.source, injected[0].source)
        elif made is None or made.source != cell.source:
            raise Sim2RealError(
                f"{place}: its code has changed since it was executed; execute it again"
            )
        cell.outputs, cell.execution_count = made.outputs, made.execution_count
        _fill_metadata(cell, value_of, place)
    return page


def _tagged(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", [])


def _given(parameters: str, injected: str) -> str:
    """The cell of parameters with the values that papermill passed in the place of its defaults."""
    values = dict(re.findall(r"^(\w+) = (.*)$", injected, re.MULTILINE))
    line = re.compile(r"^(\w+) = (.*?)(  # .*)?$", re.MULTILINE)
    return line.sub(lambda m: f"{m[1]} = {values.get(m[1], m[2])}{m[3] or ''}", parameters)


def _fill_text(cell: NotebookNode, value_of: Callable, place: str) -> None:
    if "{{ " in cell.source:
        cell.metadata["template"] = cell.source
        cell.source = filled(cell.source, value_of, place)


def _fill_metadata(cell: NotebookNode, value_of: Callable, place: str) -> None:
    for part, key in (("figure", "caption"), ("image", "alt")):
        options = cell.metadata.get("mystnb", {}).get(part, {})
        if "{{ " in options.get(key, ""):
            options[f"{key}_template"] = options[key]
            options[key] = filled(options[key], value_of, place)
