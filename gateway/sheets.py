"""A table out of a file that people filled in: .xlsx or .csv, as Excel or WPS writes it.

What the file claims to be is not believed: it is looked into before it is opened. Every cell comes
as the text that was meant; what a spreadsheet has already spoilt is said and not guessed.
"""

import csv
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from html import unescape
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from triage.household_lines import encoding_of

MOST_ROWS = 1_000_000
_MOST_PARTS = 2_000
_MOST_BYTES = 800_000_000
_MOST_RATIO = 300
_SMALL = 1_000_000  # below this a part may be packed as tightly as it likes
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_PIECE = 1 << 20
_FORMULA = re.compile(rb"<c r=\"([A-Z]{1,3}[0-9]{1,7})\"[^>]*>\s*<f[ >/]")
_MERGED = re.compile(rb"<mergeCell ref=\"([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})\"")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_HEADER_WITHIN = 10  # lines at the top of which one names the columns
_NAMED = 20  # formulas or merged cells that one sentence names
_LONGEST = 20_000
LOST = "\x00lost"
"""Stands before a number of which the spreadsheet has already dropped digits."""
FORMULA = "\x00formula"
"""Stands for a cell that holds a formula."""


class BadSheet(Exception):
    """A file that cannot be used as a whole. ``key`` is the phrase that says what, where and how to
    mend it."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


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
    if name.lower().endswith((".xlsx", ".xlsm", ".et")):
        raise BadSheet("sheet.not_that", name=name)
    return _text(name, body, known)


_SPOILED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
)
"""What reading an archive raises that is none any more."""


def _spreadsheet(name: str, body: bytes, known: Mapping[str, str], sheet: str) -> Table:
    try:
        looked = _looked_into(name, body)
        book = CalamineWorkbook.from_object(io.BytesIO(body))
        names = book.sheet_names
        if not names:
            raise BadSheet("sheet.empty", name=name)
        chosen = sheet if sheet in names else names[0]
        formulas, merged = looked.get(chosen, (set(), []))
        if merged:
            raise BadSheet("sheet.merged", name=name, places="、".join(merged[:_NAMED]))
        opened = book.get_sheet_by_name(chosen)
        if opened.total_height > MOST_ROWS + 100:
            raise BadSheet(
                "sheet.too_many", name=name, rows=f"{opened.total_height:,}", most=f"{MOST_ROWS:,}"
            )
        cells = opened.to_python(skip_empty_area=False)
    except (CalamineError, *_SPOILED):
        raise BadSheet("sheet.damaged", name=name) from None
    rows = [(at, [_word(cell) for cell in row]) for at, row in enumerate(cells, start=1)]
    for at, row in rows:
        for column in range(len(row)):
            if (at, column) in formulas:
                row[column] = FORMULA
    return _table(name, chosen, rows, known)


def _looked_into(name: str, body: bytes) -> dict[str, tuple[set[tuple[int, int]], list[str]]]:
    """The cells with formulas and the merged cells of each sheet. Refuses bombs, macros and
    entities before anything unpacks them."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        parts = archive.infolist()
    except zipfile.BadZipFile:
        raise BadSheet("sheet.damaged", name=name) from None
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise BadSheet("sheet.not_that", name=name)
    if any(one.endswith(("vbaProject.bin", ".bin")) and "vba" in one.lower() for one in names):
        raise BadSheet("sheet.macros", name=name)
    total = sum(part.file_size for part in parts)
    tight = any(
        part.file_size > _SMALL and part.file_size > _MOST_RATIO * max(part.compress_size, 1)
        for part in parts
    )
    if len(parts) > _MOST_PARTS or total > _MOST_BYTES or tight:
        raise BadSheet("sheet.bomb", name=name, size=f"{total / 1e6:,.0f}", parts=f"{len(parts):,}")
    seen = {
        part.filename: _scan(name, archive, part)
        for part in parts
        if part.filename.endswith((".xml", ".rels"))
    }
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    links = "xl/_rels/workbook.xml.rels"
    rels = archive.read(links).decode("utf-8", "replace") if links in names else ""
    target = {
        key[1]: "xl/" + path[1].removeprefix("/xl/")
        for one in re.findall(r"<Relationship [^>]*>", rels)
        if (key := re.search(r'Id="([^"]+)"', one))
        and (path := re.search(r'Target="([^"]+)"', one))
    }
    return {
        unescape(sheet["name"]): seen[target[sheet["id"]]]
        for sheet in re.finditer(
            r'<sheet [^>]*?name="(?P<name>[^"]*)"[^>]*?r:id="(?P<id>[^"]+)"', book
        )
        if target.get(sheet["id"]) in seen
    }


def _scan(
    name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo
) -> tuple[set[tuple[int, int]], list[str]]:
    """Formulas and merged cells of one part, read piece by piece; no more than it claims."""
    formulas: set[tuple[int, int]] = set()
    merged: list[str] = []
    rest, read = b"", 0
    try:
        with archive.open(part) as stream:
            while piece := stream.read(_PIECE):
                read += len(piece)
                if read > part.file_size:
                    raise BadSheet("sheet.damaged", name=name)
                window = rest + piece
                if read == len(piece) and _ENTITY.search(window[:4096]):
                    raise BadSheet("sheet.entities", name=name)
                if part.filename.startswith("xl/worksheets/"):
                    formulas.update(_place(found[1]) for found in _FORMULA.finditer(window))
                    merged += [found[1].decode() for found in _MERGED.finditer(window)]
                    rest = window[-400:]
    except _SPOILED:
        raise BadSheet("sheet.damaged", name=name) from None
    return formulas, list(dict.fromkeys(merged))


def _place(reference: bytes) -> tuple[int, int]:
    """B3 as row 3, column 1 (from 0)."""
    letters = reference.rstrip(b"0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(reference[len(letters) :]), column - 1


def _text(name: str, body: bytes, known: Mapping[str, str]) -> Table:
    try:
        encoding = encoding_of(io.BytesIO(body), name)
    except ValueError:
        raise BadSheet("sheet.not_that", name=name) from None
    text = body.decode(encoding)
    if "\0" in text[:4096]:
        raise BadSheet("sheet.not_that", name=name)
    comma = max(",\t;", key=text.partition("\n")[0].count)
    return _table(name, "CSV", _Lines(name, text, comma), known)


class _Lines:
    """The lines of a CSV text, read anew each time, so that a million need no room."""

    def __init__(self, name: str, text: str, comma: str) -> None:
        self._name, self._text, self._comma = name, text, comma

    def __iter__(self) -> Iterator[Line]:
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self._comma)
        try:
            for row in reader:
                yield reader.line_num, [_plain(cell) for cell in row]
        except csv.Error:
            raise BadSheet("sheet.quotes", name=self._name, line=str(reader.line_num)) from None


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
        return cell.strip()[:_LONGEST].replace("\0", "")
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
    if re.fullmatch(r"\d(?:\.\d+)?[eE]\+\d{2}", text):
        return f"{LOST}{text}"
    return text
