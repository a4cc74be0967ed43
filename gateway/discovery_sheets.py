"""Visit coverage and warnings by outcome as a workbook."""

from collections.abc import Iterable, Sequence
from io import BytesIO

from gateway.discovery import Progress
from gateway.tallies import Tally
from referral.office import Office

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Line = Sequence[str | int]


def workbook(title: str, head: Sequence[str], lines: Iterable[Line]) -> bytes:
    """One sheet. Texts are written as texts, so that no cell is ever a formula."""
    import xlsxwriter  # seldom asked for

    made = BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True})
    for at, words in enumerate(head):
        sheet.write_string(0, at, words, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 24)
    for number, line in enumerate(lines, 1):
        for at, value in enumerate(line):
            if isinstance(value, str):
                sheet.write_string(number, at, value)
            else:
                sheet.write_number(number, at, value)
    book.close()
    return made.getvalue()


def coverage_lines(office: Office, found: dict[str, list[Progress]]) -> Iterable[Line]:
    """A township and below it its places."""
    place = office.directory.place
    for township, rows in found.items():
        for row in rows:
            name = place[row.code].name if row.code in place else row.code
            above = place[township].name if township in place else township
            yield (above, name, row.planned, row.done, row.seen, row.late, row.share)


def warning_lines(office: Office, found: Iterable[Tally], names: dict[str, str]) -> Iterable[Line]:
    """A list and what was found, in the order of the closed list of findings."""
    findings = office.policy.outreach.listed("warning")
    for one in found:
        yield (
            names.get(one.kind, one.kind),
            one.noted,
            one.warned,
            one.waiting,
            one.late,
            *(one.outcomes.get(each.code, 0) for each in findings),
        )
