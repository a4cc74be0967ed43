"""``huiyin import warnings FILE``: a list of another body from .csv or .xlsx.

Read row by row with the sheet's own column names, Chinese or ours. Nothing of a bad row is taken;
every bad cell is named on its own line and, with ``errors``, in a file of the same columns.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from gateway.warning_leads import COLUMNS, BadRow, Result, read, take_in
from models.db import Database
from referral.leads import Lead
from referral.office import Office
from referral.visiting import today

MOST_ROWS = 1_000_000
SHEETS = (".xlsx", ".xls", ".ods")
SAID_AT_MOST = 20


class BadFile(ValueError):
    """The file cannot be used at all; the message says why and how to mend it."""


@dataclass(slots=True)
class Bad:
    """One bad row of a file."""

    line: int
    column: str
    message: str
    cells: Sequence[Any] = ()


@dataclass(slots=True)
class Report:
    """What an import came to."""

    rows: int = 0
    result: Result = field(default_factory=Result)
    bad: list[Bad] = field(default_factory=list)
    columns: Sequence[str] = ()


def run(
    path: Path,
    *,
    database: Database,
    mint: Callable[[], int],
    office: Office,
    by: str,
    now: datetime,
    dry_run: bool = False,
    errors: Path | None = None,
) -> int:
    """Import a file and say what became of it: 0, or 1 when some rows were bad. Raises
    ``BadFile`` in one sentence, ``Busy``."""
    report = load(path, database=database, mint=mint, office=office, by=by, now=now, dry=dry_run)
    for bad in report.bad[:SAID_AT_MOST]:
        print(f"{path}:{bad.line}: {bad.column}: {bad.message}", file=sys.stderr)
    if len(report.bad) > SAID_AT_MOST:
        print(f"{path}: and {len(report.bad) - SAID_AT_MOST} more bad rows", file=sys.stderr)
    if errors is not None and report.bad:
        write_errors(errors, report)
    done = report.result
    if dry_run:
        print(f"{report.rows} rows read, {len(report.bad)} bad; nothing was written (--dry-run)")
    else:
        print(
            f"{report.rows} rows: {done.new} to be visited, {done.joined} joined, {done.noted} "
            f"below every threshold, {done.repeated} here before, {len(report.bad)} bad"
        )
    return 1 if report.bad else 0


def load(
    path: Path,
    *,
    database: Database,
    mint: Callable[[], int],
    office: Office,
    by: str,
    now: datetime,
    dry: bool = False,
) -> Report:
    """Read the file and take in its good rows. Raises ``BadFile``, ``Busy``."""
    report = Report()
    found = _leads(path, office, report, now)
    if dry:
        for _ in found:
            pass
    else:
        report.result = take_in(database, mint, office, found, by, now=now)
    return report


def _leads(path: Path, office: Office, report: Report, now: datetime) -> Iterator[Lead]:
    rows = _rows(path)
    head = next(rows, None)
    if head is None:
        raise BadFile(f"{path} is empty; the first row names the columns")
    names = _named(path, head[1])
    report.columns = [str(cell) for cell in head[1]]
    for line, cells in rows:
        if not any(str(cell).strip() for cell in cells if cell is not None):
            continue
        report.rows += 1
        if report.rows > MOST_ROWS:
            raise BadFile(f"{path} has more than {MOST_ROWS} rows; divide it")
        row = {name: cells[at] for at, name in names.items() if at < len(cells)}
        try:
            yield read(row, office, today(now))
        except BadRow as bad:
            shown = next((str(head[1][at]) for at, name in names.items() if name == bad.column), "")
            report.bad.append(Bad(line, shown or bad.column, str(bad), cells))


def _named(path: Path, head: Sequence[Any]) -> Mapping[int, str]:
    known = {alias: name for name, aliases in COLUMNS.items() for alias in aliases}
    found: dict[int, str] = {}
    for at, cell in enumerate(head):
        said = str(cell or "").strip().lstrip("\ufeff").lower()
        name = known.get(said)
        if name is not None and name in found.values():
            raise BadFile(f"{path}: two columns are called {cell}; keep one")
        if name is not None:
            found[at] = name
    if "kind" not in found.values() or "source" not in found.values():
        raise BadFile(
            f"{path}: the first row must name the columns 类型 (kind) and 来源 (source); it names "
            + ", ".join(str(cell) for cell in head if cell)
        )
    return found


def _rows(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    """Every row with its line number, the head first. Raises ``BadFile``."""
    if not path.is_file():
        raise BadFile(f"{path} is no file; name the list to import")
    with path.open("rb") as file:
        begins = file.read(4)
    if begins[:2] == b"PK" or path.suffix.lower() in SHEETS:
        yield from _sheet(path)
        return
    yield from _text(path)


def _sheet(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheet = book.get_sheet_by_index(0)
        yield from enumerate(sheet.iter_rows(), sheet.start[0] + 1 if sheet.start else 1)
    except (CalamineError, OSError, IndexError) as error:
        raise BadFile(f"{path} cannot be read as a workbook ({error}); save it as .xlsx") from None


def _text(path: Path) -> Iterator[tuple[int, Sequence[Any]]]:
    body = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = body.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise BadFile(f"{path} is neither UTF-8 nor GB 18030 text; save it as CSV UTF-8")
    if "\0" in text:
        raise BadFile(f"{path} is no text; save the list as .csv or .xlsx")
    reader = csv.reader(text.splitlines(keepends=True))
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise BadFile(f"{path}:{reader.line_num}: {error}; save it as CSV again") from None


def write_errors(path: Path, report: Report) -> None:
    """The bad rows with what is wrong, to be mended and imported again."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*report.columns, "错误 error"])
        for bad in report.bad:
            cells = ["" if cell is None else _harmless(str(cell)) for cell in bad.cells]
            writer.writerow([*cells, f"{bad.column}: {bad.message}"])


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula is written as text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell
