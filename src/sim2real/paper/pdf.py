"""The paper as one PDF: front page and chapters of the rendered book, printed by headless
Chromium."""

import posixpath
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..data import Sim2RealError, refuse
from .book import build_book, render
from .chapters import CHAPTERS
from .provenance import is_whole

PAGES = ("book/index", *(f"book/chapters/{chapter.name}" for chapter in CHAPTERS))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PLACE = "book/chapters"  # where the page that is printed lies, among the pages it is made of
# of the page's own clock, for formulas to be set; it does not run while the page is at work
_TIME_MS = 10_000
_LONGEST_S = 1800


def build_pdf(root: Path, run: str, output: Path, licensed_pictures: bool = False) -> Path:
    """Print ``runs/<run>``, or the record for ``record``, to ``output``.

    Raises Sim2RealError without Chromium, and for whatever ``build_book`` refuses. Pictures of
    licensed data are treated as there.
    """
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    refuse(
        browser is None,
        "no Chromium on this machine, which prints the PDF; install it (Debian: apt-get install"
        " chromium)",
    )
    with tempfile.TemporaryDirectory() as folder:
        html = (
            _record(root, Path(folder))
            if run == "record"
            else build_book(root, run, licensed_pictures).parent
        )
        page = html / _PLACE / "printed.html"
        page.write_text(joined(html), encoding="utf-8")
        try:
            _print(browser, page, output, Path(folder) / "profile")
        finally:
            page.unlink()
    return output


def joined(html: Path) -> str:
    """One page with the articles of ``PAGES`` under the head of the first chapter, their links
    turned into links within it."""
    sources = {name: (html / f"{name}.html").read_text(encoding="utf-8") for name in PAGES}
    head = re.search(r"<head>.*?</head>", sources[PAGES[1]], re.DOTALL)[0]
    title = re.search(r"<title>(.*?)( &#8212;.*)?</title>", sources[PAGES[0]])[
        1
    ]  # the page's own, before the book's
    head = re.sub(
        r"<title>.*?</title>", lambda _: f"<title>{title}</title>", head, count=1, flags=re.DOTALL
    )
    articles = "".join(
        f'<section id="{_mark(name)}">{_article(name, source)}</section>'
        for name, source in sources.items()
    )
    return (
        f'<!DOCTYPE html><html lang="en" data-theme="light">{head}<body'
        ' class="sim2real-printed"><main class="bd-main"><div class="bd-content"><div'
        f' class="bd-article-container">{articles}</div></div></main></body></html>'
    )


def _article(name: str, source: str) -> str:
    """A page's article with names of its own in every ``id``, its addresses counted from the
    printed page."""
    article = re.search(r'<article class="bd-article.*?</article>', source, re.DOTALL)[0]
    article = re.sub(
        r'\b(id|for)="([^"]*)"', lambda found: f'{found[1]}="{_mark(name)}{found[2]}"', article
    )
    return re.sub(
        r'\b(href|src)="([^"]*)"', lambda found: f'{found[1]}="{_address(found[2], name)}"', article
    )


def _address(address: str, page: str) -> str:
    if re.match(r"\w+:", address):
        return address
    place, _, anchor = address.partition("#")
    target = (
        posixpath.normpath(posixpath.join(posixpath.dirname(page), place))
        if place
        else f"{page}.html"
    )
    name = target.removesuffix(".html")
    return (
        f"#{_mark(name)}{anchor}"
        if name in PAGES
        else posixpath.relpath(target, _PLACE) + (f"#{anchor}" if anchor else "")
    )


def _mark(page: str) -> str:
    return f"{page.rpartition('/')[2]}--"


def _record(root: Path, folder: Path) -> Path:
    refuse(
        not is_whole(root / "book" / "chapters"),
        "book/chapters: no run of record in this checkout; name a run with --run",
    )
    stage = folder / "stage"
    stage.mkdir()
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(root / name, stage / name)
    shutil.copytree(root / "book", stage / "book")
    render(stage, folder / "rendered")
    return folder / "rendered" / "_build" / "html"


def _print(browser: str, page: Path, output: Path, profile: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    output.unlink(missing_ok=True)
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        f"--user-data-dir={profile}",
        f"--virtual-time-budget={_TIME_MS}",
        "--no-pdf-header-footer",
        f"--print-to-pdf={output.resolve()}",
        f"file://{page.resolve()}",
    ]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S)
    except subprocess.TimeoutExpired:
        raise Sim2RealError(
            f"{output}: Chromium did not print it within {_LONGEST_S // 60} minutes; try again on a"
            " machine less busy"
        ) from None
    if not output.is_file():
        said = [line for line in result.stderr.splitlines() if line.strip()]
        raise Sim2RealError(
            f"{output}: Chromium did not print it:"
            f" {said[-1] if said else f'exit status {result.returncode}'}"
        )
