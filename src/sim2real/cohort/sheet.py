"""A table as people keep it: CSV or Excel, columns by name, whatever Excel made of it."""

import csv
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from io import StringIO
from pathlib import Path

from openpyxl import load_workbook

from ..data import Sim2RealError, refuse, require_fetched


def read_sheet(
    path: Path, columns: tuple[str, ...], more: tuple[str, ...] = ()
) -> list[dict[str, str]]:
    """Rows of a ``.csv`` (comma, semicolon or tab; UTF-8 with or without a mark, UTF-16, Windows'
    own) or ``.xlsx`` as text by column.

    Empty rows are passed over.

    Args:
        path: of the table.
        columns: names that must be there, once, in any case.
        more: names that are known in any case where they are there; all others are taken along.

    Returns:
        A row each, by the names as they stand here, with ``line``: its number as a person counts.

    Raises:
        Sim2RealError: for anything else.
    """
    require_fetched(path)
    try:
        rows = list(_rows(path, columns))
    except OSError as error:
        raise Sim2RealError(
            f"{path}: cannot be read ({error.strerror or error}); expected a table that may be"
            " opened"
        ) from None
    except Exception as error:
        raise Sim2RealError(
            f"{path}: cannot be read as a table ({error}); export it again"
        ) from None
    refuse(
        not rows,
        f"{path}: is empty; expected a line of column names and a line a subject",
    )
    (_, names), *rows = rows
    known = {_plain(name): name for name in (*columns, *more)}
    names = [known.get(_plain(name), name) for name in names]
    missing = [column for column in columns if column not in names]
    refuse(
        missing,
        f"{path}: has no column {', '.join(map(repr, missing))}; expected {', '.join(columns)}",
    )
    twice = [column for column in columns if names.count(column) > 1]
    if twice:
        raise Sim2RealError(f"{path}: has two columns '{twice[0]}'; keep one")
    refuse(
        not rows,
        f"{path}: has column names and no row; expected a line a subject",
    )
    for line, values in rows:
        if _is_excel(path):  # empty cells at the end of a row need not be in the file
            values += [""] * (len(names) - len(values))
        refuse(
            len(values) < len(names) or any(values[len(names) :]),
            f"{path}: line {line} has {len(values)} values for {len(names)} columns; a"
            " separator too many or too few",
        )
    return [dict(zip(names, values, strict=False)) | {"line": str(line)} for line, values in rows]


def has_columns(path: Path, columns: tuple[str, ...]) -> bool:
    """Whether a file is a table whose first row has all of these names, in any case."""
    try:
        _, names = next(_rows(path, columns))
    except Exception:  # whatever it is, it is not the table that is looked for
        return False
    return {*map(_plain, columns)} <= {*map(_plain, names)}


def whole_number(text: str) -> int:
    """``3``, ``3.0`` or, with Excel's decimal comma, ``3,0``. Raises ValueError for anything
    else."""
    if not re.fullmatch(r"[+-]?\d{1,15}([.,]0*)?", text):
        raise ValueError(text)
    return int(re.split("[.,]", text)[0])


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    """Number and stripped values of each row that holds anything."""
    for line, values in _excel(path) if _is_excel(path) else _csv(path, columns):
        stripped = [value.strip() for value in values]
        if any(stripped):
            yield line, stripped


def _is_excel(path: Path) -> bool:
    return path.suffix.lower() == ".xlsx"


def _plain(name: str) -> str:
    return " ".join(name.strip(' \r"').split()).casefold()  # of whatever spaces, non-breaking too


def _csv(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, list[str]]]:
    text, wanted = decoded(path.read_bytes()), set(map(_plain, columns))
    head = text.lstrip().split("\n")[0]
    separator = max(",;\t", key=lambda mark: len(wanted & {*map(_plain, head.split(mark))}))
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    for values in reader:
        yield reader.line_num, values


def decoded(content: bytes) -> str:
    """Text of UTF-8 with or without a mark, of UTF-16, or in Windows' own signs."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def _excel(path: Path) -> list[tuple[int, list[str]]]:
    book = load_workbook(path, read_only=True, data_only=True)
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # some programs write another size than the table has
    try:
        return [
            (line, [_text(value) for value in values])
            for line, values in enumerate(sheet.iter_rows(values_only=True), 1)
        ]
    finally:
        book.close()


def _text(value: object) -> str:
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return "" if value is None else str(value)
