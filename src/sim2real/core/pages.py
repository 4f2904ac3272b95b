"""The book's pages as Sphinx writes them: the badges of the run at the head of each, and nothing that a reader's browser stumbles on."""

import re
from pathlib import Path

from .age import changed_since
from .badges import line_html, note_html, spans_html
from .files import read_json
from .folds import JoinFolds

_LINE = re.compile(r'<p class="badges">(.*?)</p>', re.DOTALL)


def setup(app) -> dict:
    """Of a Sphinx extension."""
    app.connect("html-page-context", _complete)
    app.add_post_transform(JoinFolds)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _complete(app, page: str, template: str, context: dict, doctree) -> None:
    context["default_mode"] = "auto"  # light or dark as the reader's system has it; left out, the theme complains in the console
    context["script_files"] = [script for script in context["script_files"] if not _starts_thebe(script)]
    if context.get("body"):
        body = with_badges(context["body"], Path(app.srcdir) / "book" / "chapters", page.rpartition("/")[2])
        context["body"] = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')  # its entries are no items


def _starts_thebe(script) -> bool:
    """Live code from a server, which Jupyter Book prepares on every page although the book has switched it off."""
    told = [str(getattr(script, "filename", "")), *map(str, getattr(script, "attributes", {}).values())]
    return any("thebe" in text.lower() for text in told)


def run_badges(chapters: Path) -> tuple[str, list[str]]:
    """(preset, what the badges say) of the run whose provenance and results lie in ``chapters``; ("", []) without a provenance.

    The cohort and the feature space are told as chapters 3 and 5 tell them.
    """
    if not (chapters / "provenance.json").is_file():
        return "", []
    made, cohort, realism = (
        _read(chapters / name) for name in ("provenance.json", "03_real_cohort/results.json", "05_realism/results.json")
    )
    features = realism.get("features", "")
    texts = [f"preset {made['preset']}", f"seed {made['seed']}"]
    texts += [f"cohort: {cohort['cohort_phrase']}"] if cohort else []
    texts += [f"features: {features}{'' if 'inception' in features else ' (no FID)'}"] if features else []
    return made["preset"], [*texts, f"commit {made['commit']}", f"executed {made['date']}"]


def with_badges(body: str, chapters: Path, page: str = "") -> str:
    """A page's HTML whose line of badges says all that ``run_badges`` has; a line is put below the title where there is none.

    page: name of the executed notebook; where its code has changed since, a note below the badges names what.
    """
    preset, texts = run_badges(chapters)
    if not texts:
        return body
    body = _with_run(body, preset, texts)
    older = note_html(changed_since(chapters, page))
    return _LINE.sub(lambda line: line[0] + older, body, count=1) if older else body


def _with_run(body: str, preset: str, texts: list[str]) -> str:
    line = _LINE.search(body)
    if line is None:
        return body.replace("</h1>", f"</h1>\n{line_html(preset, texts)}", 1)
    missing = [text for text in texts if f">{text.split()[0]} " not in line[1]]
    spans, note, rest = line[1].partition('<span class="badge-note">')
    return f'{body[: line.start()]}<p class="badges">{spans}{spans_html(missing)}{note}{rest}</p>{body[line.end() :]}'


def _read(path: Path) -> dict:
    return read_json(path) if path.is_file() else {}
