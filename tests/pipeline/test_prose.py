"""No number of a result is typed into prose: where results are quoted, digits come from glue roles
alone."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
    ROOT / "book" / "index.md",
    ROOT / "book" / "trainings.md",
]
NO_RESULTS = [
    r"\b([Cc]hapters?|[Tt]able|[Ff]igure|[Aa]ppendix) \[?\d\]?",
    r"\band \[\d\]?",  # places in the book
    r"\b(95|5) %",
    r"± 2 SD",
    r"\b\d+th( to the \d+th)? percentile",  # levels of intervals, tests and ranges
    r"\bHD95\b",
    r"\bDice is 0\b",
    r"\bsim2real\b",  # names and definitions
    r'"150"',
    r"\bN=160\b",  # the paper's own sizes, as printed
]
_ROLE = r"\{[\w:]+\}`[^`]*`"
_NO_PROSE = r"```\{math\}.*?```|\$\$.*?\$\$|^:\w+:.*?$"
_NO_WORDS = r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|^\s*\d+\. "


def texts(path: Path) -> list[str]:
    if path.suffix == ".md":
        return [path.read_text(encoding="utf-8")]
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]


def typed(text: str) -> list[str]:
    """Paragraphs of a page's text that quote a result, or stand under "What this run says", and
    hold a digit of their own."""
    found, section = [], ""
    for line in re.sub(_NO_PROSE, "", text, flags=re.DOTALL | re.MULTILINE).splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        elif "{glue:text}" in line or section == "What this run says":
            bare = re.sub(_NO_WORDS, "", re.sub(_ROLE, "", line))
            for pattern in NO_RESULTS:
                bare = re.sub(pattern, "", bare)
            if re.search(r"\d", bare):
                found.append(line)
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_quoted_result_is_never_typed(path):
    assert [line for text in texts(path) for line in typed(text)] == []


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if path.stem[:2] in ("04", "05", "06", "in")],
    ids=lambda path: path.stem,
)
def test_a_typed_number_is_seen(path):
    """One role of each kind of page in turn gives way to a number."""
    for text in texts(path):
        roles = re.findall(
            r"\{glue:text\}`[^`]*`", re.sub(_NO_PROSE, "", text, flags=re.DOTALL | re.MULTILINE)
        )
        for role in roles[1:]:  # the paragraph that loses its only role quotes nothing any more
            before = next(line for line in text.splitlines() if role in line)
            if before.count("{glue:text}") > 1 and not re.match(r":\w+:", before):
                assert typed(text.replace(role, "0.87", 1)), role


def test_a_number_under_the_run_s_own_heading_is_seen_without_any_role_beside_it():
    assert typed("## What this run says\n\nDice is 0.91.") and not typed(
        "## What this run says\n\nAs chapter 5 has it, at 95 %."
    )
