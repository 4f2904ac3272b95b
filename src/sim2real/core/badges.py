"""The line of badges at the head of a page: which run it shows, and a warning where the run is no more than a trial."""

import html

NOTES = {
    "quick": "a quick run: it shows that every part works, not what the paper found",
    "tiny": "a test run: its numbers mean nothing",
}
"""What a preset's results must not be taken for."""


def spans_html(texts: list[str]) -> str:
    return "".join(f'<span class="badge-run">{html.escape(text)}</span>' for text in texts)


def line_html(preset: str, texts: list[str]) -> str:
    spans = spans_html(texts)
    warning = f'<span class="badge-note">{NOTES[preset]}</span>' if preset in NOTES else ""
    return f'<p class="badges">{spans}{warning}</p>'


def note_html(changed: list[str]) -> str:
    """That the run is older than the code, the changed modules named in a box that unfolds; empty if none has changed."""
    if not changed:
        return ""
    names = ", ".join(f"<code>{html.escape(name)}</code>" for name in changed)
    title = (
        "made with older code: 1 part has changed since"
        if len(changed) == 1
        else f"made with older code: {len(changed)} parts have changed since"
    )
    return f'<details class="badge-older"><summary>{title}</summary><p>{names}</p></details>'
