"""The Sphinx extension of the book: badges, numbers in its pages, pictures of its first page."""

import base64
import re
from functools import cache
from pathlib import Path

import nbformat

from ..data import RunFolder, module_digests, notebook_source, repository
from .badges import line_html, older_html, spans_html
from .book import copy_files
from .chapters import ALL, COHORT, REALISM, chapter_of_page
from .front import PREFIX, front_block
from .origin import mark_of, outputs_of
from .parameters import FILE
from .prose import filled
from .provenance import is_whole, read_provenance

_LINE = re.compile(r'<p class="badges">(.*?)</p>', re.DOTALL)
_PICTURES = "_build/pictures"
_OF_A_RUN = ("book/chapters/", "book/index", "book/trainings")
"""How the names of pages begin that show a run and so have its badges."""


def setup(app) -> dict:
    """Of a Sphinx extension."""
    app.connect("source-read", _fill)
    app.connect("html-page-context", _complete)
    app.connect("build-finished", _copy_tables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def chapters_of(app) -> Path:
    """The folder of executed chapters that the book shows."""
    return Path(app.srcdir) / "book" / "chapters"


def _fill(app, page: str, source: list[str]) -> None:
    """Numbers, tables and pictures of the run in a page of the book's own."""
    chapters = chapters_of(app)
    if page.startswith("book/chapters/") or not (chapters / FILE).is_file():
        return
    source[0] = filled(source[0], lambda name: value_on_page(chapters, name, app.srcdir), page)


def value_on_page(chapters: Path, name: str, source: Path | str) -> str:
    """A number of a chapter's results, or what its notebook shows under that name.

    Args:
        chapters: folder of executed chapters.
        name: ``05_realism.n_images``, ``06_segmentation.table1`` for an output, or
            ``front.verdict`` for a block that is composed.
        source: folder of the book's sources, in which a picture is put.

    Returns:
        The number; Markdown of a block; raw HTML for a table; the path of a picture from the
        sources of the book.
    """
    chapter, _, last = name.rpartition(".")
    if chapter == PREFIX:
        return front_block(chapters, last)
    numbers = RunFolder(chapters).numbers(chapter)
    if last in numbers:
        return numbers[last]
    output = _outputs(chapters / f"{chapter}.ipynb")[last]
    if "image/png" not in output.data:
        table = f'<div class="pst-scrollable-table-container">{output.data["text/html"]}</div>'
        return f"```{{raw}} html\n{table}\n```"
    picture = Path(source) / _PICTURES / f"{last}.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_bytes(base64.b64decode(output.data["image/png"]))
    return f"/{_PICTURES}/{last}.png"


@cache
def _outputs(path: Path) -> dict:
    return outputs_of(nbformat.read(path, as_version=4)) if path.is_file() else {}


def _complete(app, page: str, template: str, context: dict, doctree) -> None:
    context["default_mode"] = "auto"  # light or dark; left out, the theme complains
    scripts = context["script_files"]
    context["script_files"] = [script for script in scripts if not _starts_thebe(script)]
    if context.get("body"):
        body = context["body"]
        if page.startswith(_OF_A_RUN):
            body = with_badges(body, chapters_of(app), page.rpartition("/")[2])
        # its entries are no items of a list
        context["body"] = body.replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def _starts_thebe(script) -> bool:
    """Live code from a server, which Jupyter Book prepares although the book has it off."""
    attributes = getattr(script, "attributes", {}).values()
    texts = [str(getattr(script, "filename", "")), *map(str, attributes)]
    return any("thebe" in text.lower() for text in texts)


def _copy_tables(app, error) -> None:
    """The tables behind the figures, to which their boxes lead."""
    if error is None:
        tables = chapters_of(app).glob("*/figures/*.csv")
        copy_files(tables, Path(app.srcdir), Path(app.outdir))


def run_badges(chapters: Path) -> tuple[str, list[str]]:
    """(preset, texts of the badges) of the run in ``chapters``; ("", []) without a provenance."""
    if not is_whole(chapters):
        return "", []
    made, run = read_provenance(chapters), RunFolder(chapters)
    cohort = run.numbers(COHORT.name).get("cohort_phrase")
    features = run.numbers(REALISM.name).get("features", "")
    texts = [f"preset {made['preset']}", f"seed {made['seed']}"]
    texts += [f"cohort: {cohort}"] if cohort else []
    no_fid = "" if "inception" in features else " (no FID)"
    texts += [f"features: {features}{no_fid}"] if features else []
    return made["preset"], [*texts, f"commit {made['commit']}", f"executed {made['date']}"]


def with_badges(body: str, chapters: Path, page: str = "") -> str:
    """A page's HTML with all badges of the run, and a note where its code has changed since."""
    preset, texts = run_badges(chapters)
    if not texts:
        return body
    line = _LINE.search(body)
    if line is None:
        body = body.replace("</h1>", f"</h1>\n{line_html(preset, texts)}", 1)
    else:
        missing = [text for text in texts if f">{text.split()[0]} " not in line[1]]
        spans, note, rest = line[1].partition('<span class="badge-note">')
        complete = f'<p class="badges">{spans}{spans_html(missing)}{note}{rest}</p>'
        body = body[: line.start()] + complete + body[line.end() :]
    older = older_html(changed_since(chapters / f"{page}.ipynb"))
    return _LINE.sub(lambda line: line[0] + older, body, count=1) if older else body


def changed_since(executed: Path) -> list[str]:
    """Modules that an executed notebook rests on whose syntax has changed since."""
    if not executed.is_file() or chapter_of_page(executed.stem) is None:
        return []
    known = mark_of(executed).get("code", {})
    names = [notebook.name for chapter in ALL for notebook in chapter.notebooks]
    source = max((n for n in names if executed.stem.startswith(n)), key=len)
    now = module_digests(notebook_source(repository() / "notebooks" / f"{source}.ipynb"))
    changed = [name for name in now if known and known.get(name) != now[name]]
    return [name.removeprefix("sim2real.") for name in changed]
