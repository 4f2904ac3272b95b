"""Every page of the book of record in real Chromium, the network blocked."""

import re
from pathlib import Path

import pytest

PLANTED = """
<img src="https://sim2real.invalid/picture.png" alt="A picture that lies on a server">
<img src="nowhere.png" alt="A picture that is not there">
<img src="_static/file.png" alt="../_images/3f2a9c0d1e5b7a88.png">
<p style="width: 1700px">Too wide for any screen</p>
<p style="color: #bbb; background: #fff">Too pale to be read</p>
<p style="color: #444">Too dark on a dark page</p>
<div style="position: fixed; left: 0; top: 300px; width: 900px; height: 20px"
  class="bd-sidebar-primary">Over the text</div>
<button></button>
<img src="chapters/figures/planted.png" alt="A figure on a dark ground"
  style="background: transparent !important">
<script>console.error("a complaint")</script><script>missing()</script>
"""


def pages(html: Path) -> list[Path]:
    return [path for path in sorted(html.rglob("*.html")) if "_static" not in path.parts]


@pytest.fixture(scope="module")
def survey(record, tab, axe, looking) -> dict:
    """Facts of every page by its name; the index, which sends on to the first page, is left out."""
    assert record.returncode == 0, record.output
    found, kinds, paths = (
        {},
        set(),
        [path for path in pages(record.html) if path != record.html / "index.html"],
    )
    page = tab(paths[0])  # one tab for all: a new one for each costs more than the looking
    for path in paths:
        page.asked, page.faults = [], []
        page.goto(f"file://{path}")
        name = str(path.relative_to(record.html))
        kind = re.sub("(_train_[a-z]+).*", r"\1", name)
        # executions of one notebook are alike: axe-core looks at the first
        found[name] = looking.look(page, "" if kind in kinds else axe)
        kinds.add(kind)
    page.close()
    return found


@pytest.fixture(scope="module")
def planted(record, tab, axe, looking):
    """Facts of the reading guide with faults of every kind in it."""
    source = (record.html / "book" / "guide.html").read_text(encoding="utf-8")
    path = record.html / "book" / "planted.html"
    path.write_text(
        re.sub(
            '<article class="bd-article[^>]*>', lambda start: start[0] + PLANTED, source, count=1
        ),
        encoding="utf-8",
    )
    page = tab(path)
    path.unlink()
    facts = looking.look(page, axe)
    page.close()
    return facts


def told(survey: dict, kind: str) -> dict:
    return {name: getattr(facts, kind) for name, facts in survey.items() if getattr(facts, kind)}


def undescribed(pictures: list) -> list[str]:
    """Pictures whose description is missing, shorter than three words, or the name of a file."""
    named = re.compile(r"\.(png|svg|jpe?g|webp|gif)\b|[0-9a-f]{12}")
    return [
        f"{source}: '{alt}'"
        for source, alt, _ in pictures
        if len(alt.split()) < 3 or named.search(alt)
    ]


def test_no_page_asks_the_network_for_anything(survey, planted):
    assert told(survey, "asked") == {}
    assert "https://sim2real.invalid/picture.png" in planted.asked


def test_no_page_makes_the_console_complain(survey, planted):
    assert told(survey, "faults") == {}
    assert all(
        any(word in fault for fault in planted.faults)
        for word in ("a complaint", "missing is not defined", "nowhere.png")
    )


def test_every_picture_is_there_and_described(survey, planted):
    for name, facts in survey.items():
        assert undescribed(facts.pictures) == [] and all(
            width > 0 for *_, width in facts.pictures
        ), name
    assert any("nowhere.png" in source and width == 0 for source, _, width in planted.pictures)
    assert any("3f2a9c0d1e5b7a88" in line for line in undescribed(planted.pictures))


def test_pages_are_open_to_all_readers_in_light_and_dark(survey, planted):
    """By axe-core: nothing serious or critical."""
    assert told(survey, "light") == {} and told(survey, "dark") == {}
    assert {"button-name", "color-contrast"} <= {line.split(":")[0] for line in planted.light}
    assert any("Too dark" in line for line in planted.dark)


def test_the_table_of_contents_and_the_head_are_open_to_all_readers(record, tab, axe, looking):
    page = tab(record.html / "book" / "chapters" / "06_segmentation.html")
    facts = looking.look(page, axe, within="body")
    assert facts.light == facts.dark == []
    page.set_viewport_size({"width": 1600, "height": 900})
    page.evaluate(
        "() => document.querySelectorAll('summary').forEach((fold) =>"
        " fold.removeAttribute('aria-label'))"
    )
    assert any("summary-name" in line for line in looking.look(page, axe, within="body").light)
    page.close()


def test_no_page_moves_sideways_and_wide_pages_keep_their_places(survey, planted):
    assert told(survey, "sideways") == {} and told(survey, "overlaps") == {}
    assert planted.sideways == [1600, 360] and planted.overlaps


def test_figures_keep_a_light_ground_on_a_dark_page(survey, planted):
    assert told(survey, "unbacked") == {}
    assert planted.unbacked == ["A figure on a dark ground"]


def broken(html: Path, only: str = "") -> list[str]:
    """Addresses of the pages that lead nowhere, anchors included; only: of this page."""
    anchors, found = {}, []
    for path in pages(html):
        text = re.sub(
            r"<script\b.*?</script>", "", path.read_text(encoding="utf-8"), flags=re.DOTALL
        )
        anchors[path.resolve()] = (
            set(re.findall(r'\bid="([^"]+)"', text)),
            re.findall(r'\s(?:href|src)="([^"]*)"', text),
        )
    for path, (_, addresses) in anchors.items():
        for address in addresses:
            if (
                re.match(r"(https?|data|mailto|javascript):", address)
                or address == "#"
                or (only and path.name != only)
            ):
                continue
            place, _, anchor = address.partition("#")
            target = (path.parent / place.partition("?")[0]).resolve() if place else path
            if not target.is_file() or (
                anchor and target in anchors and anchor not in anchors[target][0]
            ):
                found.append(f"{path.name}: {address}")
    return found


def test_every_link_leads_somewhere(record):
    assert broken(record.html) == []


def test_a_link_that_leads_nowhere_is_seen(record, planted):
    path = record.html / "book" / "links.html"
    path.write_text(
        '<a href="gone.html">1</a> <a href="guide.html#gone">2</a> <a href="guide.html#words">3</a>'
        ' <img src="gone.png">'
    )
    try:
        assert broken(record.html, "links.html") == [
            "links.html: gone.html",
            "links.html: guide.html#gone",
            "links.html: gone.png",
        ]
    finally:
        path.unlink()


def test_search_finds_what_is_there_and_nothing_else(record, tab):
    page = tab(record.html / "search.html", query="?q=flip+angle")
    page.wait_for_selector("#search-results li a", timeout=20_000)
    assert any(
        "MR simulation" in text for text in page.locator("#search-results li a").all_inner_texts()
    )
    page.close()
    page = tab(record.html / "search.html", query="?q=xylophone")
    page.wait_for_function(
        "() => /did not match|not match"
        " any/i.test(document.querySelector('#search-results').textContent)",
        timeout=20_000,
    )
    assert page.locator("#search-results li a").count() == 0
    page.close()


def test_a_narrow_screen_alone_offers_each_figure_in_its_own_size(record, tab):
    page = tab(record.html / "book" / "chapters" / "01_virtual_population.html")
    page.set_viewport_size({"width": 360, "height": 900})
    figures = page.locator("figure").all()
    assert len(figures) >= 3
    for figure in figures:
        link = figure.locator("a.sim2real-enlarge")
        assert link.is_visible() and link.get_attribute("href") == figure.locator(
            "img"
        ).get_attribute("src")
    page.set_viewport_size({"width": 1600, "height": 900})
    assert not any(link.is_visible() for link in page.locator("a.sim2real-enlarge").all())
    page.close()
