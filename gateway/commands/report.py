"""``huiyin report quarter``"""

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import orjson
import xlsxwriter

from gateway.cells import harmless
from gateway.exporting import local
from gateway.offices import Offices, Rules
from gateway.quarter import Quarter, Report, report
from gateway.settings import load, utc_now
from gateway.state import open_current
from referral.rates import Matter

SUMMARY = ("指标", "达到", "计入", "比例", "件数少", "口径", "出处", "没有达到的")


def run(*, unit: str, quarter: str, output: Path) -> int:
    """Write the report: a spreadsheet where the file's name ends so, else JSON."""
    settings = load()
    span = Quarter.parse(quarter)
    rules = Rules.load(settings.profile, settings.profile_dir)
    database = open_current(settings)
    office = Offices(database, settings, rules, {}).current()
    with database.read() as session:
        found = report(session, office, unit, span, now=utc_now())
    database.close()
    if output.suffix == ".xlsx":
        _spreadsheet(found, output)
        return 0
    text = orjson.dumps(
        {**found.as_json(), "as_of": local(found.as_of)}, option=orjson.OPT_INDENT_2
    )
    if str(output) == "-":
        sys.stdout.buffer.write(text + b"\n")
        return 0
    output.write_bytes(text + b"\n")
    output.chmod(0o600)
    return 0


def _spreadsheet(found: Report, output: Path) -> None:
    """The figures on one sheet, every order behind them on the other."""
    book = xlsxwriter.Workbook(str(output), {"strings_to_formulas": False})
    sheet = book.add_worksheet("季度报告")
    waited = found.median_dispute
    lines: list[list[Any]] = [
        [f"{found.unit_name} {found.quarter}", f"截至 {local(found.as_of)}"],
        ["工单", len(found.matters), "求助", len({one.number for one in found.matters})],
        ["来路", "、".join(f"{door} {count}" for door, count in found.doors.items())],
        ["退单裁定用时中位数（分钟）", waited.total_seconds() / 60 if waited else ""],
        [],
        list(SUMMARY),
    ]
    for one in found.rates:
        share = "" if one.share is None else f"{one.share:.1%}"
        small = f"少于{found.small}件，不排名" if one.small else ""
        lines.append(
            [one.rule.name_zh, len(one.met), len(one.counted), share, small,
             one.rule.definition_zh, one.rule.source, "、".join(one.missed)]
        )  # fmt: skip
    _write(sheet, lines)
    names = [field.name for field in fields(Matter)]
    rows = [names, *([getattr(one, name) for name in names] for one in found.matters)]
    _write(book.add_worksheet("明细"), rows)
    book.close()
    output.chmod(0o600)


def _write(sheet: Any, rows: list[list[Any]]) -> None:
    for number, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, int | float) and not isinstance(value, bool):
                sheet.write_number(number, column, value)
            elif value not in (None, ""):
                sheet.write_string(number, column, harmless(_plain(value))[:32767])


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return " ".join(str(one) for one in value)
    return str(value) if not isinstance(value, str | bool) and value is not None else value
