"""A table out of a file that people filled in: .xlsx or .csv, as Excel or WPS writes it.

What the file claims to be is not believed: it is looked into before it is opened. Every cell comes
as the text that was meant; what a spreadsheet has already spoilt is said and not guessed.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from gateway.archives import FORMULA, SPOILT, UNREADABLE, BadSheet, looked_into
from triage.household_lines import encoding_of

__all__ = ["FORMULA", "LOST", "SPOILT", "BadSheet", "Line", "Table", "read_table", "title"]

MOST_ROWS = 1_000_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_HEADER_WITHIN = 10  # lines at the top of which one names the columns
_NAMED = 20  # formulas or merged cells that one sentence names
_LONGEST = 20_000
_SHORTENED = re.compile(r"\d(?:\.\d+)?[eE]\+\d{2}")
LOST = "\x00lost"
"""Stands before a number of which the spreadsheet has already dropped digits."""
Line = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """The sheet that was read: its name, its header as written and as the columns it means, and
    its filled rows by number from 1; they may be gone through again and again."""

    sheet: str
    titles: Sequence[str]
    header: Sequence[str]
    header_row: int
    rows: Iterable[Line]


def read_table(name: str, body: bytes, known: Mapping[str, str], sheet: str = "") -> Table:
    """Read a file. ``known`` are header words and the column they mean, by which the header row is
    found. Raises ``BadSheet``."""
    if not body:
        raise BadSheet("sheet.empty", name=name)
    if body.startswith(_OLD_EXCEL):
        raise BadSheet("sheet.old", name=name)
    if body.startswith(_ZIP):
        return _spreadsheet(name, body, known, sheet)
    first = body[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if name.lower().endswith((".xlsx", ".xlsm", ".xls", ".et")) or first in (b"<", b"{", b"%"):
        raise BadSheet("sheet.not_that", name=name)
    return _text(name, body, known)


def _spreadsheet(name: str, body: bytes, known: Mapping[str, str], sheet: str) -> Table:
    try:
        looked = looked_into(name, body)
        book = CalamineWorkbook.from_object(io.BytesIO(body))
        chosen = _chosen(name, book, known, sheet)
        marked, merged = looked.get(chosen, ({}, []))
        if merged:
            raise BadSheet("sheet.merged", name=name, places="、".join(merged[:_NAMED]))
        opened = book.get_sheet_by_name(chosen)
        if opened.total_height > MOST_ROWS + 100:
            raise BadSheet(
                "sheet.too_many", name=name, rows=f"{opened.total_height:,}", most=f"{MOST_ROWS:,}"
            )
        cells = opened.to_python(skip_empty_area=False)
    except (CalamineError, *UNREADABLE):
        raise BadSheet("sheet.damaged", name=name) from None
    rows = [(at, [_word(cell) for cell in row]) for at, row in enumerate(cells, start=1)]
    for (at, column), mark in marked.items():
        if at <= len(rows) and column < len(rows[at - 1][1]):
            rows[at - 1][1][column] = mark
    return _table(name, chosen, rows, known)


def _chosen(name: str, book: CalamineWorkbook, known: Mapping[str, str], sheet: str) -> str:
    """The sheet that holds the rows. Where several do, none is taken and the others forgotten."""
    seen = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
    names = seen or book.sheet_names
    if not names:
        raise BadSheet("sheet.empty", name=name)
    filled = [one for one in names if _holds_rows(book, one, known)] if len(names) > 1 else []
    if len(filled) > 1:
        raise BadSheet("sheet.several", name=name, sheets="、".join(filled[:_NAMED]))
    return sheet if sheet in names and sheet in (filled or names) else (filled or names)[0]


def _holds_rows(book: CalamineWorkbook, sheet: str, known: Mapping[str, str]) -> bool:
    """Whether a sheet has a row that names the columns, and something below it."""
    rows = book.get_sheet_by_name(sheet).to_python(nrows=_HEADER_WITHIN + 2)
    for at, row in enumerate(rows):
        if sum(title(_word(cell)) in known for cell in row) >= 2:
            return any(_word(cell) for below in rows[at + 1 :] for cell in below)
    return False


def _text(name: str, body: bytes, known: Mapping[str, str]) -> Table:
    try:
        marked = body.startswith((b"\xff\xfe", b"\xfe\xff"))
        text = body.decode("utf-16" if marked else encoding_of(io.BytesIO(body), name))
    except ValueError:
        raise BadSheet("sheet.not_that", name=name) from None
    if "\0" in text[:4096]:
        raise BadSheet("sheet.not_that", name=name)
    comma = max(",\t;", key=text.partition("\n")[0].count)
    return _table(name, "CSV", _Lines(name, text, comma), known)


class _Lines:
    """The lines of a CSV text, read anew each time, so that a million need no room."""

    def __init__(self, name: str, text: str, comma: str) -> None:
        self._name, self._text, self._comma = name, text, comma

    def __iter__(self) -> Iterator[Line]:
        lines = io.StringIO(self._text, newline="")
        reader, begun = csv.reader(lines, delimiter=self._comma, strict=True), 0
        try:
            for row in reader:
                yield reader.line_num, [_plain(cell) for cell in row]
                begun = reader.line_num
        except csv.Error:
            raise BadSheet("sheet.quotes", name=self._name, line=str(begun + 1)) from None


@dataclass(frozen=True, slots=True)
class _Filled:
    """The lines below the header that hold a value, no more than a file may have."""

    name: str
    lines: Iterable[Line]
    header_row: int

    def __iter__(self) -> Iterator[Line]:
        count = 0
        for number, cells in self.lines:
            if number > self.header_row and any(cells):
                count += 1
                if count > MOST_ROWS:
                    raise BadSheet(
                        "sheet.too_many",
                        name=self.name,
                        rows=f"{count:,}",
                        most=f"{MOST_ROWS:,}",
                    )
                yield number, cells


def _table(name: str, sheet: str, rows: Iterable[Line], known: Mapping[str, str]) -> Table:
    for at, (number, row) in enumerate(rows):
        if at >= _HEADER_WITHIN:
            break
        header = [title(cell) for cell in row]
        if sum(one in known for one in header) >= 2:
            columns = [known.get(one, "") for one in header]
            if twice := {one for one in columns if one and columns.count(one) > 1}:
                raise BadSheet("sheet.twice", name=name, column=min(twice))
            return Table(sheet, row, columns, number, _Filled(name, rows, number))
    raise BadSheet("sheet.no_header", name=name, sheet=sheet)


def title(cell: str) -> str:
    """A heading without its star, brackets and blanks."""
    return re.sub(r"[\s*＊]|[（(].*?[)）]", "", cell).lower()


def _word(cell: Any) -> str:
    if isinstance(cell, str):
        text = cell.strip()[:_LONGEST].replace("\0", "")
        return f"{LOST}{text}" if _SHORTENED.fullmatch(text) else text
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, datetime):
        midnight = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
        return (cell.date() if midnight else cell).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float | int):
        if abs(cell) >= 1e15:  # a spreadsheet keeps fifteen digits
            return f"{LOST}{cell:.0f}"
        return f"{cell:.0f}" if float(cell).is_integer() else repr(cell)
    return "" if cell is None else str(cell)


def _plain(cell: str) -> str:
    text = cell.strip()[:_LONGEST].replace("\0", "")
    if text.startswith(("=", "＝")):
        number = re.fullmatch(r'="(.*)"', text)  # how some programs keep a number as text
        return number[1] if number else FORMULA
    return f"{LOST}{text}" if _SHORTENED.fullmatch(text) else text
