"""``huiyin export``"""

import csv
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import xlsxwriter

from gateway.exporting import EXPORTS, Row, local
from gateway.settings import load
from gateway.state import open_current

FORMATS = ("jsonl", "csv", "xlsx")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def run(*, what: str, fmt: str, since: str, until: str, output: Path) -> int:
    """Write the rows in order; ValueError for an unknown export, format or time."""
    if what not in EXPORTS:
        raise ValueError(f"there is no export {what!r}; there are {', '.join(EXPORTS)}")
    if fmt not in FORMATS:
        raise ValueError(f"--format {fmt!r} is unknown; there are {', '.join(FORMATS)}")
    span = (time_of("--since", since), time_of("--until", until))
    if fmt == "xlsx" and str(output) == "-":
        raise ValueError("a spreadsheet needs a file: add -o FILE.xlsx")
    database = open_current(load())
    with database.read() as session, _sink(output) as sink:
        rows = ({k: local(v) for k, v in row.items()} for row in EXPORTS[what](session, span))
        {"jsonl": _jsonl, "csv": _csv, "xlsx": _xlsx}[fmt](rows, sink)
    database.close()
    return 0


@contextmanager
def _sink(output: Path) -> Iterator[BinaryIO]:
    if str(output) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with output.open("wb") as file:
        output.chmod(0o600)
        yield file


def _jsonl(rows: Iterator[Row], sink: BinaryIO) -> None:
    sink.writelines(orjson.dumps(row) + b"\n" for row in rows)


def _csv(rows: Iterator[Row], sink: BinaryIO) -> None:
    text = io.TextIOWrapper(sink, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    for number, row in enumerate(rows):
        if not number:
            writer.writerow(row)
        writer.writerow([harmless(value) for value in row.values()])
    text.flush()
    text.detach()


def _xlsx(rows: Iterator[Row], sink: BinaryIO) -> None:
    book = xlsxwriter.Workbook(sink, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        if not number:
            for column, name in enumerate(row):
                sheet.write_string(0, column, name)
        for column, value in enumerate(row.values()):
            if value is not None:
                sheet.write_string(number + 1, column, _plain(value)[:32767])
    book.close()


def harmless(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = _plain(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def time_of(option: str, value: str) -> datetime | None:
    """The time an option names, None for "". Raises ValueError in one sentence."""
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(
            f"{option} {value!r} is no time; write 2026-11-22T08:00:00+08:00"
        ) from None
    if at.tzinfo is None:
        raise ValueError(f"{option} {value!r} has no offset; write 2026-11-22T08:00:00+08:00")
    return at
