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
from gateway.quarter_closing import Kept, as_json, differences, kept
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
        told = kept(session, unit, span)
    database.close()
    if output.suffix == ".xlsx":
        _spreadsheet(found, told, output)
        return 0
    closed = as_json(told, found) if told else None
    text = orjson.dumps(
        {**found.as_json(), "as_of": local(found.as_of), "closed": closed},
        option=orjson.OPT_INDENT_2,
    )
    if str(output) == "-":
        sys.stdout.buffer.write(text + b"\n")
        return 0
    output.write_bytes(text + b"\n")
    output.chmod(0o600)
    return 0


def _spreadsheet(found: Report, told: Kept | None, output: Path) -> None:
    """The figures on one sheet, every order behind them on another, and what was told of a quarter
    that is closed with what differs now."""
    book = xlsxwriter.Workbook(str(output), {"strings_to_formulas": False})
    sheet = book.add_worksheet("季度报告")
    waited = found.median_dispute
    lines: list[list[Any]] = [
        [f"{found.unit_name} {found.quarter}", f"截至 {local(found.as_of)}"],
        ["工单", len(found.orders), "求助", len({one.number for one in found.orders})],
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
    if told:
        _write(book.add_worksheet("定稿"), _as_told(told, found))
    book.close()
    output.chmod(0o600)


def _as_told(told: Kept, found: Report) -> list[list[Any]]:
    changed = {one.code: one for one in differences(told, found)}
    lines: list[list[Any]] = [
        ["定稿", told.closed_by, local(told.closed_at), told.policy],
        [] if told.intact else ["定稿数字与台账记录不符"],
        ["指标", "定稿时达到", "定稿时计入", "现在达到", "现在计入", "增加的", "减少的"],
    ]
    for one in told.figures["rates"]:
        row: list[Any] = [one["name_zh"], one["met"], one["counted"]]
        if (later := changed.get(one["code"])) is not None:
            row += [*later.now, "、".join(later.more), "、".join(later.fewer)]
        lines.append(row)
    return lines


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
