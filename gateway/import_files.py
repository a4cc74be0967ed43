"""The files that go with reading spreadsheets in: the empty template, and the table of what is
wrong, whose rows can be mended and read in again."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gateway import warning_leads
from gateway.cells import harmless
from gateway.import_kinds import KINDS, SAMPLE, WARNINGS, Column, Fault, shown
from gateway.importing import Looked
from referral.policy import Policy

VERSION = "1"
WHY = "错误原因"
_ROOM = 20_000
"""Rows for which the template has drop-downs."""
_TEXTUAL = ("phone", "phones", "identity", "day", "clock")
_NUMBERS = ("phone", "id_number")
"""Columns of long numbers whose cells may hold anything else as well."""
Say = Callable[[Fault], str]


def choices(policy: Policy, kind: str) -> dict[str, list[str]]:
    """The words of the drop-downs that come from the rules."""
    if kind == WARNINGS:
        return {"kind": list(warning_leads.lists(policy.outreach))}
    return {
        "categories": [one.name_zh for one in policy.categories.values()],
        "authority": [one.name_zh for one in policy.authorities.values()],
    }


def template(kind: str, choices: Mapping[str, Sequence[str]], about: Sequence[str]) -> bytes:
    """An empty table: headings shaded, telephone and card columns as text, drop-downs, one grey row
    as an example, a sheet that explains. ``choices`` are the words of a column's drop-down."""
    import xlsxwriter  # seldom asked for

    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False})
    needed = book.add_format({"bold": True, "bg_color": "#F4CCCC", "border": 1})
    free = book.add_format({"bold": True, "bg_color": "#EEEEEE", "border": 1})
    text, grey = book.add_format({"num_format": "@"}), book.add_format({"font_color": "#808080"})
    sheet, help_sheet = book.add_worksheet("填报"), book.add_worksheet("说明")
    hidden = book.add_worksheet("版本")
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(KINDS[kind]):
        heading = column.heading + ("*" if column.required else "")
        sheet.write_string(0, at, heading, needed if column.required else free)
        textual = column.form in _TEXTUAL or column.key in _NUMBERS
        sheet.set_column(at, at, _width(column), text if textual else None)
        sample = column.sample if at else f"{SAMPLE}{column.sample}"
        sheet.write_string(1, at, sample, grey)
        words = list(choices.get(column.key) or column.choices)
        if words:
            hidden.write_column(0, at + 1, words)
            letter = xlsxwriter.utility.xl_col_to_name(at + 1)
            source = f"=版本!${letter}$1:${letter}${len(words)}"
            sheet.data_validation(
                2, at, _ROOM, at, {"validate": "list", "source": source, "error_type": "warning"}
            )
    help_sheet.set_column(0, 0, 100)
    help_sheet.write_column(0, 0, list(about))
    hidden.write_column(0, 0, [kind, VERSION])
    hidden.hide()
    book.close()
    return sink.getvalue()


def _width(column: Column) -> int:
    return 40 if column.key in ("address", "text", "note", "members") else 18


def faulty(looked: Looked, say: Say, path: Path) -> None:
    """Write the lines with faults as they came, with a last column that says what is wrong; the
    cells at fault are red in a spreadsheet."""
    by_line: dict[int, list[Fault]] = {}
    for one in looked.faults:
        by_line.setdefault(one.line, []).append(one)
    titles = [*looked.table.titles, WHY]
    rows = [(cells, by_line[line]) for line, cells in looked.table.rows if line in by_line]
    if path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(titles)
            for cells, faults in rows:
                why = "；".join(say(one) for one in faults)
                writer.writerow([*(harmless(shown(cell)) for cell in cells), why])
        return
    import xlsxwriter

    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "constant_memory": True})
    sheet = book.add_worksheet("填报")
    text = book.add_format({"num_format": "@"})
    red = book.add_format({"bg_color": "#F4CCCC", "num_format": "@"})
    sheet.write_row(0, 0, titles)
    headings = {column.key: column.heading for column in KINDS[looked.kind]}
    for number, (cells, faults) in enumerate(rows, start=1):
        wrong = {one.column for one in faults}
        for at, cell in enumerate(cells):
            heading = headings.get(looked.table.header[at], "")
            sheet.write_string(number, at, shown(cell), red if heading in wrong else text)
        sheet.write_string(number, len(titles) - 1, "；".join(say(one) for one in faults))
    book.close()
