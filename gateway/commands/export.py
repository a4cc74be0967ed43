"""``huiyin export``"""

import csv
import getpass
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import xlsxwriter

from gateway import days, masking
from gateway.cells import harmless, plain
from gateway.export_fields import FIELDS
from gateway.export_heads import HEADS
from gateway.exporting import EXPORTS, Row, local
from gateway.revealing import LONGEST, masked
from gateway.settings import load, utc_now
from gateway.state import open_current
from models.db import Database
from models.processes import enlist
from models.transaction import acting
from referral.directory import ZONE

_DAY, _MONTH = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d{4}-\d\d")
FORMATS = ("jsonl", "csv", "xlsx")


def run(
    *,
    what: str,
    fmt: str,
    since: str,
    until: str,
    output: Path,
    mask: bool = False,
    is_open: bool = False,
    purpose: str = "",
) -> int:
    """Write the rows in order, with ``mask`` so that nobody can be recognised; the export is in the
    ledger before the first row, with what it is for. ValueError for an unknown export, format or
    time, and for an export said to be open without a purpose."""
    why = purpose.strip()[:LONGEST]
    if is_open and (mask or not why):
        raise ValueError('--open goes without --masked and needs --purpose "WHAT FOR"')
    if what not in EXPORTS:
        raise ValueError(f"there is no export {what!r}; there are {', '.join(EXPORTS)}")
    if fmt not in FORMATS:
        raise ValueError(f"--format {fmt!r} is unknown; there are {', '.join(FORMATS)}")
    span = first, last = time_of("--since", since), time_of("--until", until, end=True)
    if first is not None and last is not None and first >= last:
        raise ValueError(f"--since {since} is not before --until {until}")
    if fmt == "xlsx" and str(output) == "-":
        raise ValueError("a spreadsheet needs a file: add -o FILE.xlsx")
    database = open_current(load())
    said = {"purpose": why} if why else {}
    _record(database, what=what, format=fmt, since=since, until=until, masked=mask, **said)
    with database.read() as session, _sink(output) as sink:
        kept = EXPORTS[what](session, span)
        chosen = (masking.row(row, masked, FIELDS[what]) for row in kept) if mask else kept
        rows = ({k: local(v) for k, v in row.items()} for row in chosen)
        some = next(rows, None)
        every = rows if some is None else chain([some], rows)
        {"jsonl": _jsonl, "csv": _csv, "xlsx": _xlsx}[fmt](every, HEADS[what], sink)
    database.close()
    if some is None:
        print(f"huiyin: there are no {what} of this time", file=sys.stderr)
    return 0


def _record(database: Database, **how: Any) -> None:
    now = utc_now()
    with acting(database, enlist(database, "export", now)) as tx:
        tx.event("exported", at=now, by="console", user=_user(), **how)


def _user() -> str:
    """Who this is to the operating system."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@contextmanager
def _sink(output: Path) -> Iterator[BinaryIO]:
    if str(output) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with output.open("wb") as file:
        output.chmod(0o600)
        yield file


def _jsonl(rows: Iterator[Row], _head: Sequence[str], sink: BinaryIO) -> None:
    sink.writelines(orjson.dumps(row) + b"\n" for row in rows)


def _csv(rows: Iterator[Row], head: Sequence[str], sink: BinaryIO) -> None:
    text = io.TextIOWrapper(sink, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([harmless(value) for value in row.values()])
    text.flush()
    text.detach()


def _xlsx(rows: Iterator[Row], head: Sequence[str], sink: BinaryIO) -> None:
    book = xlsxwriter.Workbook(sink, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    for column, name in enumerate(head):
        sheet.write_string(0, column, name)
    for number, row in enumerate(rows):
        for column, value in enumerate(row.values()):
            if value is not None:
                sheet.write_string(number + 1, column, plain(value)[:32767])
    book.close()


def time_of(option: str, value: str, *, end: bool = False) -> datetime | None:
    """The time an option names, None for "". A day or a month is the whole of it, in China time:
    its beginning, or with ``end`` that of the next one. Raises ValueError in one sentence."""
    if not value:
        return None
    try:
        at = _begins(value, end) or days.moment(value)
    except ValueError:
        raise ValueError(
            f"{option} {value!r} is no time; write 2026-11-22T08:00:00+08:00, a day such as "
            "2026-11-22 or a month such as 2026-11"
        ) from None
    if at.tzinfo is None:
        raise ValueError(f"{option} {value!r} has no offset; write 2026-11-22T08:00:00+08:00")
    return at


def _begins(value: str, end: bool) -> datetime | None:
    """When a day or a month, or the next one, begins; None for what is neither."""
    if _DAY.fullmatch(value):
        first = days.day(value)
        first += timedelta(days=1) if end else timedelta()
    elif _MONTH.fullmatch(value):
        first = days.day(f"{value}-01")
        first = (first + timedelta(days=31)).replace(day=1) if end else first
    else:
        return None
    return datetime.combine(first, time(), ZONE)
