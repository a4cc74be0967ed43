"""Rows of a city's own closed orders, from CSV or JSON Lines, with the line where each stands."""

import csv
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_LONGEST = 50_000_000  # characters of one cell; more is no order
_JSON_LINES = (".jsonl", ".ndjson", ".json")


class BadRows(ValueError):
    """A file that cannot be read as rows; the message names file, line and how to mend it."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One row: ``number`` counts rows from 1, ``where`` names the file and the line."""

    number: int
    where: str
    values: Mapping[str, Any]

    @property
    def id(self) -> Any:
        """Its own id, else its number."""
        given = self.values.get("id")
        return given if given not in (None, "") else str(self.number)

    def text(self, column: str) -> str:
        """What stands in a column; "" when nothing does. Raises ``BadRows`` for an object."""
        value = self.values.get(column)
        if value is None:
            return ""
        if isinstance(value, str):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
        raise BadRows(f'{self.where}: "{column}" is not text; write it in quotes')


def rows(file: Path) -> Iterator[OrderRow]:
    """The rows of a file, or of standard input for "-", one after the other.

    JSON Lines by the name of the file or the first character, else CSV with a heading.
    """
    source = "standard input" if str(file) == "-" else str(file)
    with ExitStack() as stack:
        stream = sys.stdin.buffer if str(file) == "-" else stack.enter_context(file.open("rb"))
        lines = _decoded(stream, source)
        first = next(((number, line) for number, line in lines if line.strip()), None)
        if first is None:
            raise BadRows(f"{source}: the file is empty; give CSV with a heading or JSON Lines")
        known = file.suffix.lower()
        objects = known in _JSON_LINES or (known != ".csv" and first[1].lstrip().startswith("{"))
        yield from (_objects if objects else _cells)(first, lines, source)


def require(row: OrderRow, columns: Sequence[str]) -> None:
    """Raise ``BadRows`` unless the row has all of these columns."""
    missing = [column for column in columns if column not in row.values]
    if missing:
        there = ", ".join(map(str, row.values)) or "none"
        raise BadRows(f'{row.where}: there is no column "{missing[0]}"; there are {there}')


def _decoded(stream: Iterable[bytes], source: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(stream, 1):
        try:
            yield number, line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadRows(
                f"{source}:{number}:{error.start + 1}: these bytes are not UTF-8; "
                "save the file as UTF-8 (in a spreadsheet: CSV UTF-8)"
            ) from None


def _objects(
    first: tuple[int, str], lines: Iterator[tuple[int, str]], source: str
) -> Iterator[OrderRow]:
    counted = 0
    for number, line in _with(first, lines):
        if not line.strip():
            continue
        counted += 1
        where = f"{source}:{number}"
        try:
            values = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise BadRows(
                f"{where}:{error.colno}: not JSON ({error.msg}); write one object a line"
            ) from None
        if not isinstance(values, dict):
            raise BadRows(f"{where}:1: not an object; write one object a line")
        yield OrderRow(counted, where, values)


def _cells(
    first: tuple[int, str], lines: Iterator[tuple[int, str]], source: str
) -> Iterator[OrderRow]:
    csv.field_size_limit(_LONGEST)
    before = first[0] - 1
    reader = csv.reader(line for _, line in _with(first, lines))
    try:
        heading = next(reader)
        if len(set(heading)) < len(heading):
            twice = next(name for name in heading if heading.count(name) > 1)
            raise BadRows(f'{source}:{first[0]}: the column "{twice}" stands there twice')
        counted, line = 0, reader.line_num
        for cells in reader:
            where, line = f"{source}:{before + line + 1}", reader.line_num
            if not cells:
                continue
            counted += 1
            if len(cells) > len(heading):
                raise BadRows(
                    f"{where}: {len(cells)} cells under {len(heading)} headings; "
                    "put text with commas in quotes"
                )
            yield OrderRow(counted, where, dict(zip(heading, cells, strict=False)))
    except csv.Error as error:
        raise BadRows(f"{source}:{before + reader.line_num}: not CSV ({error})") from None


def _with(first: tuple[int, str], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest
