"""A table as people keep it: CSV or Excel, columns by name, whatever Excel made of it."""

import csv
import re
from datetime import date, datetime, time
from io import StringIO
from pathlib import Path

from openpyxl import load_workbook

from ..data import Sim2RealError, refuse


def read_sheet(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows of a ``.csv`` (comma, semicolon or tab; UTF-8 with or without a mark, UTF-16, Windows'
    own) or ``.xlsx`` as text by column.

    Empty rows are passed over.

    Args:
        path: of the table.
        columns: names that must be there, once; others are taken along.

    Returns:
        A row each, with ``line``: its number as a person counts it.

    Raises:
        Sim2RealError: for anything else.
    """
    try:
        rows = _excel(path) if path.suffix == ".xlsx" else _csv(path, columns)
    except Exception as error:
        raise Sim2RealError(
            f"{path}: cannot be read as a table ({error}); export it again"
        ) from None
    rows = [
        (line, [value.strip() for value in values])
        for line, values in rows
        if any(value.strip() for value in values)
    ]
    refuse(
        not rows,
        f"{path}: is empty; expected a line of column names and a line a subject",
    )
    (_, names), *rows = rows
    missing = [column for column in columns if column not in names]
    if missing:
        raise Sim2RealError(
            f"{path}: has no column {', '.join(map(repr, missing))}; expected {', '.join(columns)}"
        )
    twice = [column for column in columns if names.count(column) > 1]
    if twice:
        raise Sim2RealError(f"{path}: has two columns '{twice[0]}'; keep one")
    refuse(
        not rows,
        f"{path}: has column names and no row; expected a line a subject",
    )
    for line, values in rows:
        refuse(
            len(values) < len(names) and path.suffix != ".xlsx" or any(values[len(names) :]),
            f"{path}: line {line} has {len(values)} values for {len(names)} columns; a"
            " separator too many or too few",
        )
    return [dict(zip(names, values, strict=False)) | {"line": str(line)} for line, values in rows]


def whole_number(text: str) -> int:
    """``3``, ``3.0`` or, with Excel's decimal comma, ``3,0``. Raises ValueError for anything
    else."""
    if not re.fullmatch(r"[+-]?\d{1,15}([.,]0*)?", text):
        raise ValueError(text)
    return int(re.split("[.,]", text)[0])


def _csv(path: Path, columns: tuple[str, ...]) -> list[tuple[int, list[str]]]:
    text = _decoded(path.read_bytes())
    head = text.lstrip().split("\n")[0]
    separator = max(
        ",;\t",
        key=lambda mark: len({name.strip(' \r"') for name in head.split(mark)} & set(columns)),
    )
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    return [(reader.line_num, values) for values in reader]


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _excel(path: Path) -> list[tuple[int, list[str]]]:
    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return [
            (line, [_text(value) for value in values])
            for line, values in enumerate(book.worksheets[0].iter_rows(values_only=True), 1)
        ]
    finally:
        book.close()


def _text(value: object) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return "" if value is None else str(value)
