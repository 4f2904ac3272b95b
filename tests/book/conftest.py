"""The book of record, built once, and Chromium to look at its pages with the network blocked."""

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sim2real.paper.book import JUPYTER_BOOK

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "book" / "chapters"
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_COLOURS = """
html { background: #fff; color: var(--pst-color-text-base); --pst-color-text-base: #222;
  --pst-color-background: #fff; --pst-color-surface: #f3f4f5; --pst-color-text-muted: #555;
  --pst-color-accent: #a0a }
html[data-theme=dark] { background: #121212; --pst-color-text-base: #eee;
  --pst-color-background: #121212; --pst-color-surface: #29313d; --pst-color-text-muted: #aaa }
html[data-theme=dark] .question img { background: #fff }
"""


@dataclass(frozen=True)
class BuiltBook:
    html: Path
    output: str
    returncode: int


@pytest.fixture(scope="session")
def record(tmp_path_factory, build_bare) -> BuiltBook:
    """What `jupyter-book build .` makes of the record in a bare checkout, warnings being errors."""
    if not (RECORD / "07_verdict.ipynb").is_file():
        pytest.skip("no run of record in this checkout")
    return build_bare(tmp_path_factory.mktemp("record"))


@pytest.fixture(scope="session")
def build_bare():
    """``build_bare(folder)``: `jupyter-book build .` in a copy of the book and its
    configuration."""
    return _build_bare


def _build_bare(folder: Path) -> BuiltBook:
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("book", "notebooks"):
        shutil.copytree(ROOT / name, folder / name)
    command = [*JUPYTER_BOOK, "build", ".", "--warningiserror", "--keep-going"]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return BuiltBook(folder / "_build" / "html", result.stderr[-2000:], result.returncode)


@pytest.fixture(scope="module")
def browser():
    """Chromium, driven by Playwright; for a module only, since Playwright leaves an event loop
    running."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed here")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed here: pip install -e '.[test]'"
    )
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def tab(browser):
    """A function that opens a file in a tab of its own, the network blocked: ``tab(path, width,
    dark=False, scripts=True)``.

    The page has two lists, ``asked`` (addresses other than files) and ``faults`` (what the console
    complains of).
    """
    contexts = {}

    def opened(
        path: Path, width: int = 1600, dark: bool = False, scripts: bool = True, query: str = ""
    ):
        key = (width, dark, scripts)
        if key not in contexts:
            scheme = "dark" if dark else "light"
            contexts[key] = browser.new_context(
                viewport={"width": width, "height": 900},
                color_scheme=scheme,
                java_script_enabled=scripts,
                offline=True,
            )
            contexts[key].set_default_timeout(120_000)  # a slow machine is no fault of the page
        page = contexts[key].new_page()
        page.asked, page.faults = [], []
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("file:", "data:"))
                else page.asked.append(request.url)
            ),
        )
        page.on("requestfailed", lambda request: page.faults.append(f"not loaded: {request.url}"))
        page.on(
            "console",
            lambda message: page.faults.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.goto(f"file://{path}{query}")
        return page

    yield opened
    for context in contexts.values():
        context.close()


@pytest.fixture
def page(tab, folder):
    """``page.html`` of the module's ``folder``, which asks for no address and has no fault."""
    opened = tab(folder / "page.html")
    yield opened
    assert opened.faults == [] and opened.asked == []
    opened.close()


@pytest.fixture(scope="module")
def bare_page():
    """A function that wraps parts of the book into a page: ``bare_page(title, body, *scripts,
    styles=("moving.css",))``, with the colours of the book's theme. scripts: their texts."""
    static = ROOT / "book" / "_static"

    def html(title: str, body: str, *scripts: str, styles: tuple[str, ...] = ("moving.css",)):
        links = "".join(f'<link rel="stylesheet" href="{static}/{name}">' for name in styles)
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<meta name="viewport" content="width=device-width">{links}'
            + "".join(f"<script>{script}</script>" for script in scripts)
            + f"<style>{_COLOURS}</style></head><body>"
            f'<main class="bd-main bd-article"><h1>{title}</h1>{body}</main></body></html>'
        )

    return html


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    package = pytest.importorskip(
        "axe_playwright_python", reason="axe-core is not installed here: pip install -e '.[test]'"
    )
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def looking():
    """The module beside this one: what is found out about a page."""
    spec = importlib.util.spec_from_file_location("looking", Path(__file__).with_name("looking.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["looking"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
