"""The ledger and the report of aid as spreadsheets: text as text, sums as sums."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from referral.directory import ZONE

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | int | Decimal | datetime | None
_WIDTH, _SHEET_NAME = 16, 31


def money(amount_fen: int) -> Decimal:
    """A sum as a cell that a spreadsheet can add up."""
    return Decimal(amount_fen) / 100


def book(sheets: Iterable[tuple[str, Sequence[str], Iterable[Sequence[Cell]]]]) -> bytes:
    """A workbook of tables: name, heads, rows. Nothing in it is a formula."""
    import xlsxwriter  # seldom asked for

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    workbook = xlsxwriter.Workbook(out, options)
    head = workbook.add_format({"bold": True, "text_wrap": True, "border": 1})
    yuan = workbook.add_format({"num_format": "#,##0.00"})
    for name, heads, rows in sheets:
        sheet = workbook.add_worksheet(name[:_SHEET_NAME])
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, max(len(heads) - 1, 0), _WIDTH)
        for column, text in enumerate(heads):
            sheet.write_string(0, column, text, head)
        for place, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                _write(sheet, place, column, value, yuan)
    workbook.close()
    return out.getvalue()


def _write(sheet: Any, row: int, column: int, value: Cell, yuan: Any) -> None:
    match value:
        case None:
            return
        case Decimal():
            sheet.write_number(row, column, value, yuan)
        case int():
            sheet.write_number(row, column, value)
        case datetime():
            sheet.write_string(row, column, f"{value.astimezone(ZONE):%Y-%m-%d %H:%M}")
        case _:
            sheet.write_string(row, column, str(value)[:32_767])
