"""Numbers in the text: placeholders in the sources, filled in the executed copy."""

import json
import re
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from sim2real.data import Sim2RealError, spoken, spoken_interval, told_apart
from sim2real.paper.prose import filled, lookup, with_prose

ROOT = Path(__file__).resolve().parents[2]
RESULTS = {
    "05_realism": {"ratio": 0.4567, "features": "texture"},
    "03_real_cohort": {"cohort_phrase": "the surrogate cohort, standing in for M&Ms"},
}
VALUE_OF = lookup(RESULTS.__getitem__, "05_realism", {"vendor": "A"})
CAPTION = "Distances to {{ 03_real_cohort.cohort_phrase }}."


@pytest.mark.parametrize(
    "value, text",
    [
        (None, "not available"),
        (float("nan"), "not available"),
        (0.8684, "0.868"),
        (0.9, "0.9"),
        (-0.0011, "-0.0011"),
        (-0.0000183, "-0.000018"),
        (1.25, "1.25"),
        (60.0, "60"),
        (17.14, "17.1"),
        (7322.3, "7,322"),
        (1500, "1,500"),
        (0.0, "0"),
        (True, "True"),
        ("surrogate", "surrogate"),
    ],
)
def test_a_number_is_quoted_with_the_digits_that_matter(value, text):
    assert spoken(value) == text


def test_an_interval_reads_as_one_number_only_where_it_is_one():
    assert spoken_interval(0.51512, 0.51534) == "0.5151 to 0.5153"
    assert spoken_interval(0.25, 1234.6) == "0.250 to 1,235"
    assert spoken_interval(0.0, 0.0) == "0 to 0" and told_apart(0.0, 0.0, 2) == ("0.00", "0.00")
    assert spoken_interval(float("nan"), 1.0) == "not available"


@pytest.mark.parametrize(
    "value, text",
    [
        (1.0, "100 %"),
        (0.0034, "0.34 %"),
        ("0.631 to 1", "63.1 to 100 %"),
        (None, "not available"),
        ("not available", "not available"),
    ],
)
def test_a_share_is_quoted_in_per_cent(value, text):
    assert filled("{{ share % }}", {"share": value}.__getitem__, "page") == text


def source():
    figure = {"mystnb": {"figure": {"name": "fig-3", "caption": CAPTION}}}
    return new_notebook(
        cells=[
            new_markdown_cell("# 5, vendor {{ vendor }}\n\nOf {{ features }}: {{ ratio }}."),
            new_code_cell(
                'run = "runs/notebook"  # folder\nseed = 0  # of all',
                metadata={"tags": ["parameters"]},
            ),
            new_code_cell("show()", metadata=figure),
            new_markdown_cell(r"$\frac{{a}}{b}$ and no number"),
        ]
    )


def executed():
    content = source()
    content.cells.insert(
        2,
        new_code_cell(
            '# Parameters\nrun = "runs/quick"\nseed = 3\n',
            metadata={"tags": ["injected-parameters"]},
            execution_count=2,
        ),
    )
    content.cells[3].outputs = [new_output("display_data", {"text/plain": "a figure"})]
    return content


def test_text_caption_and_parameters_of_the_executed_copy_are_this_run_s():
    page = with_prose(executed(), source(), VALUE_OF, "05_realism.ipynb")
    text, parameters, figure, formula = page.cells
    assert text.source == "# 5, vendor A\n\nOf texture: 0.457."
    assert parameters.source == 'run = "runs/quick"  # folder\nseed = 3  # of all'
    options = figure.metadata["mystnb"]["figure"]
    assert options["caption"] == "Distances to the surrogate cohort, standing in for M&Ms."
    assert options["caption_template"] == CAPTION and "{{ ratio }}" in text.metadata["template"]
    assert figure.outputs == executed().cells[3].outputs
    assert formula.source == r"$\frac{{a}}{b}$ and no number"


def test_a_caption_names_the_cohort_that_the_run_has():
    acdc = {**RESULTS, "03_real_cohort": {"cohort_phrase": "ACDC"}}
    value_of = lookup(acdc.__getitem__, "05_realism", {"vendor": "B"})
    page = with_prose(executed(), source(), value_of, "x")
    assert page.cells[2].metadata["mystnb"]["figure"]["caption"] == "Distances to ACDC."


def test_new_words_need_no_new_execution_and_new_code_does():
    words, code = source(), source()
    words.cells[0].source = "Other words, {{ ratio }}."
    page = with_prose(executed(), words, VALUE_OF, "05_realism.ipynb")
    assert page.cells[0].source == "Other words, 0.457."
    assert with_prose(page, words, VALUE_OF, "x").cells[1].source == page.cells[1].source
    code.cells[2].source = "show(1)"
    with pytest.raises(Sim2RealError, match="its code has changed since it was executed"):
        with_prose(executed(), code, VALUE_OF, "05_realism.ipynb")


def test_a_name_that_no_results_hold_is_refused():
    with pytest.raises(Sim2RealError, match="page: the text quotes ratoi, which no results hold"):
        filled("{{ ratoi }}", VALUE_OF, "page")


def test_what_a_run_lacks_is_not_told():
    text = (
        "A {{ ratio }}{{ if n_b }}, B {{ of_b }}{{ end }}.{{ if not n_b }} There is no B.{{ end }}"
    )
    alone = {"ratio": 0.5, "n_b": 0}.__getitem__
    assert filled(text, alone, "page") == "A 0.5. There is no B."
    assert filled(text, {"ratio": 0.5, "n_b": 3, "of_b": 2}.__getitem__, "p") == "A 0.5, B 2."
    with pytest.raises(Sim2RealError, match="the text quotes n_c, which no results hold"):
        filled("{{ if n_c }}C{{ end }}", alone, "page")


SOURCES = [*sorted((ROOT / "notebooks").glob("*.ipynb")), ROOT / "book" / "index.md"]
NO_RESULTS = [
    r"\b([Cc]hapters?|[Tt]able|[Ff]igure|[Aa]ppendix) \[?\d\]?",
    r"\band \[\d\]?",  # places in the book
    r"\b(95|5) %",
    r"± 2 SD",
    r"\b\d+th( to the \d+th)? percentile",  # levels of intervals, tests and ranges
    r"\bHD95\b",
    r"\bDice is 0\b",
    r"\bsim2real\b",
    r"\bA[123]\b",  # names and definitions
    r'"150"',
    r"\bN=160\b",  # the paper's own sizes, as printed
]
_NO_PROSE = r"```\{math\}.*?```|\$\$.*?\$\$|^:\w+:.*?$"
_NO_WORDS = r"\{\{[^}]*\}\}|`[^`]*`|\$[^$]*\$|\]\([^)]*\)|^\s*\d+\. "


def texts(path: Path) -> list[str]:
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    captions = [
        cell["metadata"].get("mystnb", {}).get("figure", {}).get("caption", "") for cell in cells
    ]
    return captions + ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]


def typed(text: str) -> list[str]:
    """Paragraphs that quote a result, or stand under "What this run says", and hold a digit."""
    lines, section = [], ""
    for line in re.sub(_NO_PROSE, "", text, flags=re.DOTALL | re.MULTILINE).splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif "{{" in line or section == "What this run says":
            bare = line
            for pattern in [_NO_WORDS, *NO_RESULTS]:
                bare = re.sub(pattern, "", bare)
            if re.search(r"\d", bare):
                lines.append(line)
    return lines


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_quoted_result_is_never_typed(path):
    assert [line for text in texts(path) for line in typed(text)] == []
    assert "{glue:" not in path.read_text(encoding="utf-8")


def test_a_typed_number_is_seen():
    assert typed("It is {{ ratio }}, of 0.87.") and typed("## What this run says\n\nIt is 0.91.")
    assert not typed("## What this run says\n\nAs chapter 5 has it, at 95 %.")
