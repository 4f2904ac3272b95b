"""The line of badges at the head of a page: which run it shows, and what it rests on."""

import html

NOTES = {
    "quick": "a quick run: it shows that every part works, not what the paper found",
    "tiny": "a test run: its numbers mean nothing",
}
"""What a preset's results must not be taken for."""


_APART = '<span class="badge-apart">, </span>'  # hidden by the style of the book


def spans_html(texts: list[str]) -> str:
    return _APART.join(f'<span class="badge-run">{html.escape(text)}</span>' for text in texts)


def line_html(preset: str, texts: list[str]) -> str:
    note = f'<span class="badge-note">{NOTES[preset]}</span>' if preset in NOTES else ""
    return f'<p class="badges">{spans_html(texts)}{_APART if note else ""}{note}</p>'


def older_html(changed: list[str]) -> str:
    """A box that names the parts of the code that have changed since; empty if none has."""
    if not changed:
        return ""
    count = "1 part has" if len(changed) == 1 else f"{len(changed)} parts have"
    names = ", ".join(f"<code>{html.escape(name)}</code>" for name in changed)
    return (
        f'<details class="badge-older"><summary>made with older code: {count} changed since'
        f"</summary><p>{names}</p></details>"
    )
