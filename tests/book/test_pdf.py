"""The paper as one PDF."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from sim2real.data import Sim2RealError
from sim2real.paper import pdf
from sim2real.paper.chapters import CHAPTERS

ROOT = Path(__file__).resolve().parents[2]
TITLES = [
    "Virtual population",
    "MR simulation",
    "Real cohort",
    "Translation",
    "Realism",
    "Segmentation",
    "Verdict",
]


def cells_of(table: pd.DataFrame) -> list[str]:
    """Table 1's cells as the page has them: Dice, HD."""
    return [f"{row.dice_mean:.3f}, {row.hd_mm_mean:.2f}" for row in table.itertuples()]


def missing(text: str, cells: list[str]) -> list[str]:
    flat = re.sub(r"\s+", " ", text)
    return [cell for cell in cells if cell not in flat]


@pytest.fixture(scope="module")
def printed(record, tmp_path_factory):
    """The record's pages as text, and how many pictures they hold."""
    if not any(map(shutil.which, pdf.BROWSERS)):
        pytest.skip("Chromium is not installed here")
    reader = pytest.importorskip(
        "pypdf", reason="pypdf is not installed here: pip install -e '.[test]'"
    )
    patch = pytest.MonkeyPatch()
    patch.setattr(pdf, "_record", lambda root, folder: record.html)  # built already
    path = pdf.build_pdf(ROOT, "record", tmp_path_factory.mktemp("pdf") / "paper.pdf")
    patch.undo()
    pages = reader.PdfReader(path).pages
    return (
        [page.extract_text() for page in pages],
        sum(len(page["/Resources"].get("/XObject", {})) for page in pages),
        path.stat().st_size,
    )


def test_the_paper_has_its_chapters_figures_and_table(printed):
    pages, pictures, size = printed
    text = "\n".join(pages)
    assert 25 <= len(pages) <= 90 and pictures >= 20 and size < 25_000_000
    places = [
        re.search(rf"{number}\s*{title}", text) for number, title in enumerate(TITLES, start=1)
    ]
    assert all(places) and [place.start() for place in places] == sorted(
        place.start() for place in places
    )
    cells = cells_of(pd.read_csv(ROOT / "book" / "chapters" / "06_segmentation" / "table1.csv"))
    assert missing(text, [*cells, "0.915, 7.85", "0.851, 10.21"]) == []
    assert missing(text, ["0.123, 45.67"]) == ["0.123, 45.67"]


def test_what_is_folded_away_or_moved_by_hand_is_not_printed(printed):
    text = "\n".join(printed[0])
    assert (
        "Show all parameters" not in text
        and "open_chapter(" not in text
        and "hold still" not in text
    )


def test_links_lead_within_the_printed_page_and_pictures_are_found(record):
    page = pdf.joined(record.html)
    assert page.count("<title>sim2real: an executable paper</title>") == 1
    names = re.findall(r'\bid="([^"]*)"', page)
    assert len(names) == len(set(names))
    within = re.findall(r'\bhref="#([^"]+)"', page[page.index("<body") :])
    assert len(within) > 50 and set(within) <= set(names)
    for address in re.findall(r'<img[^>]*\bsrc="([^"]+)"', page):
        assert (
            address.startswith("data:") or (record.html / "book" / "chapters" / address).is_file()
        ), address


@pytest.mark.parametrize(
    ("address", "page", "wanted"),
    [
        ("#fig-1", "book/index", "#index--fig-1"),
        ("chapters/05_realism.html#fig-3", "book/index", "#05_realism--fig-3"),
        ("../guide.html#words", "book/chapters/05_realism", "../guide.html#words"),
        ("../_images/a.png", "book/index", "../../_images/a.png"),
        ("../index.html", "book/chapters/07_verdict", "#index--"),
        ("https://arxiv.org/abs/2208.04874", "book/index", "https://arxiv.org/abs/2208.04874"),
    ],
)
def test_an_address_is_counted_from_the_printed_page(address, page, wanted):
    assert pdf._address(address, page) == wanted


def test_without_chromium_one_line_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Sim2RealError, match="apt-get install chromium") as told:
        pdf.build_pdf(ROOT, "record", tmp_path / "paper.pdf")
    assert "\n" not in str(told.value) and not (tmp_path / "paper.pdf").exists()


def test_all_chapters_are_printed():
    assert [page.rpartition("/")[2] for page in pdf.PAGES] == [
        "index",
        *(chapter.name for chapter in CHAPTERS),
    ]
