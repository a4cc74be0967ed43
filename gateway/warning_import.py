"""``huiyin import warnings FILE``: a list of another body from .csv or .xlsx.

The file is looked into as every spreadsheet is (``gateway.sheets``) and read row by row with its
own column names, Chinese or ours. Nothing of a bad row is taken; every bad cell is named on its own
line and, with ``errors``, in a file of the same columns.
"""

import csv
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from gateway.cells import harmless
from gateway.importing import shown
from gateway.sheets import FORMULA, LOST, BadSheet, Table, read_table, title
from gateway.warning_leads import COLUMNS, BadRow, Result, read, take_in
from models.db import Database
from models.vocabulary import Form
from referral.leads import Lead
from referral.office import Office
from referral.visiting import today

SAID_AT_MOST = 20
_KNOWN = {title(alias): name for name, aliases in COLUMNS.items() for alias in aliases}


class BadFile(ValueError):
    """The file cannot be used at all; the message says why and how to mend it."""


@dataclass(slots=True)
class Bad:
    """One bad row of a file."""

    line: int
    column: str
    message: str
    cells: Sequence[str] = ()


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
    table = _table(path, office)
    report.columns = table.titles
    day = today(now)
    try:
        for line, cells in table.rows:
            report.rows += 1
            row = {name: cell for name, cell in zip(table.header, cells, strict=False) if name}
            try:
                yield read(_plain(row), office, day)
            except BadRow as bad:
                said = dict(zip(table.header, table.titles, strict=True)).get(bad.column)
                report.bad.append(Bad(line, said or bad.column, str(bad), cells))
    except BadSheet as bad_sheet:  # what only shows further down: quotes, too many rows
        raise _bad_file(path, office, bad_sheet) from None


def _table(path: Path, office: Office) -> Table:
    """The list as a table with the columns kind and source. Raises ``BadFile``."""
    if not path.is_file():
        raise BadFile(f"{path} is no file; name the list to import")
    try:
        table = read_table(path.name, path.read_bytes(), _KNOWN)
    except BadSheet as bad:
        raise _bad_file(path, office, bad) from None
    if not {"kind", "source"} <= set(table.header):
        raise BadFile(
            f"{path}: the first row must name the columns 类型 (kind) and 来源 (source); it names "
            + ", ".join(cell for cell in table.titles if cell)
        )
    return table


def _bad_file(path: Path, office: Office, bad: BadSheet) -> BadFile:
    params = {**bad.params, "name": str(path)}
    return BadFile(office.phrases.say(bad.key, params, Form.FULL, "en"))


def _plain(row: Mapping[str, str]) -> Mapping[str, str]:
    """The row as it was meant. Raises ``BadRow`` where a cell no longer holds what was."""
    for name, cell in row.items():
        if cell == FORMULA:
            raise BadRow(name, "the cell is a formula; put the value itself")
        if cell.startswith(LOST):
            raise BadRow(
                name, "a spreadsheet has cut off its last digits; format the column as text"
            )
    return row


def write_errors(path: Path, report: Report) -> None:
    """The bad rows with what is wrong, to be mended and imported again."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*report.columns, "错误 error"])
        for bad in report.bad:
            cells = [harmless(shown(cell)) for cell in bad.cells]
            writer.writerow([*cells, f"{bad.column}: {bad.message}"])
