"""Numbers on the built pages are those of the run's results."""

import html as escapes
import json
import re
from pathlib import Path

from sim2real.data.numbers import spoken

ROOT = Path(__file__).resolve().parents[2]
QUOTED = re.compile(r'<span class="pasted-text">(.*?)</span>', re.DOTALL)


def known(chapters: Path) -> set[str]:
    """Everything that the results of a run can be quoted as."""
    values = [
        value
        for path in chapters.glob("0*/*.json")
        for value in json.loads(path.read_text(encoding="utf-8")).values()
    ]
    return {spoken(value).strip() for value in values}


def strangers(page: str, values: set[str]) -> list[str]:
    """What a page quotes that no result is."""
    quoted = [
        escapes.unescape(re.sub("<.*?>", "", text)).strip().strip("'")
        for text in QUOTED.findall(page)
    ]
    flat = {re.sub("[’'“”\"]", "'", value) for value in values}
    return [text for text in quoted if re.sub("[’'“”\"]", "'", text) not in flat]


def test_every_quoted_number_is_a_result_of_the_run(record):
    values, counted = known(ROOT / "book" / "chapters"), 0
    for path in [
        record.html / "book" / "index.html",
        *sorted((record.html / "book" / "chapters").glob("0[1-7]_*.html")),
    ]:
        page = path.read_text(encoding="utf-8")
        counted += len(QUOTED.findall(page))
        assert strangers(page, values) == [], path.name
    assert counted > 200


def test_a_number_that_no_result_is_is_seen(record):
    page = (record.html / "book" / "chapters" / "05_realism.html").read_text(encoding="utf-8")
    number = next(text for text in QUOTED.findall(page) if re.fullmatch(r"[\d.]+", text.strip()))
    assert (
        strangers(page.replace(f">{number}<", ">0.123454321<"), known(ROOT / "book" / "chapters"))
        != []
    )
