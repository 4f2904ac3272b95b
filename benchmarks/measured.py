"""What was tried and measured, in the book's table: a row a question, written by the command that
measured it."""

import csv
import platform
from datetime import date
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "book" / "measured.csv"
COLUMNS = ("question", "measured", "made by", "machine", "date")


def note(question: str, measured: str, made_by: str, table: Path = TABLE) -> None:
    """Write the row of ``question``, in the place of an earlier one. Rows stand in the order of
    their questions."""
    rows = {}
    if table.is_file():
        with open(table, newline="", encoding="utf-8") as file:
            rows = {row["question"]: row for row in csv.DictReader(file)}
    values = (question, measured, made_by, _machine(), date.today().isoformat())
    rows[question] = dict(zip(COLUMNS, values, strict=True))
    with open(table, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[name] for name in sorted(rows))


def _machine() -> str:
    names = Path("/proc/cpuinfo")
    lines = names.read_text(encoding="utf-8").splitlines() if names.is_file() else []
    model = next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )
    count = sum(line.startswith("processor") for line in lines)
    return f"{model}, {count} processors" if count else model
