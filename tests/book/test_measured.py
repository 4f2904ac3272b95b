"""The table of what was tried and measured: one row a question, made by something that is here."""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rows(table: Path) -> list[dict[str, str]]:
    with open(table, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_question_measured_again_has_one_row_and_others_keep_theirs(tmp_path, note):
    table = tmp_path / "measured.csv"
    for question, measured in (
        ("kills", "3 of 3, none lost"),
        ("bytes", "9"),
        ("kills", '50 of 50, "none" lost'),
    ):
        note(question, measured, "tests/x.py", table)
    assert [(row["question"], row["measured"]) for row in rows(table)] == [
        ("bytes", "9"),
        ("kills", '50 of 50, "none" lost'),
    ]
    assert all(row["machine"] and row["date"] for row in rows(table))


def test_every_row_in_the_book_is_whole_and_names_what_made_it():
    for row in rows(ROOT / "book" / "measured.csv"):
        assert len(row) == 5 and all(row.values()), row
        made_by = re.findall(r"[\w/]+\.py", row["made by"])
        assert made_by and all((ROOT / name).is_file() for name in made_by), row
