"""The folds of code on the pages of the record."""

from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

RECORD = Path(__file__).resolve().parents[2] / "book" / "chapters"
NOTEBOOKS = sorted(RECORD.glob("*.ipynb"))


@pytest.fixture(scope="module")
def page(record):
    return lambda name: BeautifulSoup(
        (record.html / "book" / "chapters" / f"{name}.html").read_text(encoding="utf-8"),
        "html.parser",
    )


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
def test_every_line_of_code_is_in_a_fold_and_no_fold_stands_by_another(page, name):
    cells = page(name).select("div.cell")
    folds = [cell.find("details", recursive=False) for cell in cells]
    assert all(fold is not None for fold in folds)
    code = "\n".join(source.get_text() for fold in folds for source in fold.select("pre"))
    sources = [
        cell.source
        for cell in nbformat.read(RECORD / f"{name}.ipynb", as_version=4).cells
        if cell.cell_type == "code"
    ]
    assert [line for line in code.splitlines() if line.strip()] == [
        line for text in sources for line in text.splitlines() if line.strip()
    ]
    for cell in cells:
        following = cell.find_next_sibling()
        if following is not None and "cell" in following.get("class", []):
            assert cell.select("div.cell_output *"), (
                f"a fold that shows nothing stands before another: {cell.get_text()[:80]}"
            )


def test_a_fold_says_what_its_code_makes(page):
    told = [
        summary.get_text(" ", strip=True)
        for summary in page("06_segmentation").select("div.cell > details > summary")
    ]
    assert told[0].startswith("Show parameters and preparation")
    assert sum(text.startswith("Show the code of this figure") for text in told) >= 3
    assert told[1].startswith(
        "Show the code of this table"
    )  # Table 1, which a later cell hands over
    assert not any("cell source" in text for text in told)
