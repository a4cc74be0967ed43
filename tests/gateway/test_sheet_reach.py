"""How far the cells of a spreadsheet reach is known before anything makes room for them."""

import io
import random
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from gateway import sheet_reach
from gateway.archives import looked_into
from gateway.import_kinds import known_titles
from gateway.sheet_reach import Reach
from gateway.sheets import BadSheet, read_table
from tests.gateway.test_importing import HEADING, ROW, book

HERE = '<c r="A1" t="str"><v>x</v></c>'
LOOSE = '<c t="str"><v>x</v></c>'


def repacked(body, change):
    """The book with parts as ``change`` (name, content) gives them, or None as they are."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(sink, "w") as new:
        for part in old.namelist():
            raw = old.read(part)
            new.writestr(*(change(part, raw) or (part, raw)))
    return sink.getvalue()


def sheet(inner):
    return f'<?xml version="1.0"?><worksheet>{inner}</worksheet>'.encode()


def holding(inner, named="xl/worksheets/sheet2.xml"):
    """A book whose second sheet is this, called so."""

    def change(part, raw):
        if part == "xl/worksheets/sheet2.xml":
            return named, sheet(inner)
        if part == "xl/_rels/workbook.xml.rels":
            return part, raw.replace(b"worksheets/sheet2.xml", named.removeprefix("xl/").encode())
        return None

    return repacked(book([HEADING, ROW]), change)


def rows(inner):
    return f"<sheetData>{inner}</sheetData>"


def refused(body):
    with pytest.raises(BadSheet) as found:
        looked_into("a.xlsx", body)
    return found.value.key.removeprefix("sheet."), found.value.params.get("cell")


@pytest.mark.parametrize(
    ("row", "column", "named"),
    [(2, 299, "KN3"), (999_000, 27, "AB999001"), (999_000, 16_383, "XFD999001")],
)
def test_one_stray_cell_far_away_is_refused_by_its_name_before_room_is_made(row, column, named):
    table = [HEADING, ROW]
    body = book(table, far=(row, column))
    assert refused(body) == ("far", named)
    with pytest.raises(BadSheet, match=r"sheet\.far"):
        read_table("a.xlsx", body, known_titles("households"), "填报")


@pytest.mark.parametrize(
    "inner",
    [
        rows(f'<row r="1">{HERE}<c r="XFD1" s="1"/><c r = "ZZ1" s="2" /></row>'),  # only coloured
        '<dimension ref="A1:XFD1048576"/>' + rows(f'<row r="1">{HERE}</row>'),
        rows(f'<row r="1">{HERE}</row><row r="1000000"><c r="U1000000"><v>1</v></c></row>'),
        rows(f"<row>{LOOSE * 21}</row>" * 900),
        rows("".join(f'<row r="{at}">{LOOSE * 21}</row>' for at in range(1, 90_000, 100))),
    ],
    ids=["coloured", "dimension", "million", "no_place", "rows_have_a_place"],
)
def test_a_table_that_is_large_or_says_more_than_it_holds_is_not_refused(inner):
    looked_into("a.xlsx", holding(inner))


@pytest.mark.parametrize(
    ("inner", "key"),
    [
        (rows(f"<row>{LOOSE * 300}</row>"), "far"),
        (rows(f'<row r="1">{HERE}<c r="XFD1"/>{LOOSE}</row>'), "far"),
        (rows(f'<row r="9000000"/><row>{LOOSE * 4}</row>'), "far"),
        (rows(f'<row><c q=">" r="XFD9"><v>1</v></c>{HERE}</row>'), "far"),
        (rows("<row><c r\n =\n 'xfd9' ><v>1</v></c></row>"), "far"),
        (rows('<row><x:c x:r="A1" r="XFD9"><v>1</v></x:c></row>'), "far"),
        (rows(f'<row>{HERE}<c r="B99999999999999999999"><v>1</v></c></row>'), "far"),
        (rows('<row><c r="ZZZZZZZZZZZZ3"><v>1</v></c></row>'), "far"),
        (rows(f"<row>{(LOOSE + '<!-- <row> -->') * 300}</row>"), "damaged"),
        (rows("<row>" + "<c q='<row>'><v>1</v></c>" * 300 + "</row>"), "damaged"),
        (rows(f'<row><c r{" " * 1_100_000}="XFD9"><v>1</v></c></row>'), "far"),
    ],
)
def test_a_cell_cannot_hide_how_far_away_it_is(inner, key):
    assert refused(holding(inner))[0] == key


def test_a_sheet_is_looked_at_whatever_its_part_is_called():
    far = rows('<row><c r="XFD9"><v>1</v></c></row>')
    assert refused(holding(far, named="xl/other/rows.dat")) == ("far", "XFD9")


def test_sheets_that_are_large_only_together_are_refused():
    far = rows(f'<row>{HERE}</row><row r="900000"><c r="T900000"><v>1</v></c></row>')
    looked_into("a.xlsx", holding(far))
    with zipfile.ZipFile(sink := io.BytesIO(holding(far)), "a") as archive:
        archive.writestr("xl/worksheets/sheet9.xml", sheet(far))
    assert refused(sink.getvalue()) == ("far", "T900000")


def test_a_part_that_holds_more_than_it_claims_is_refused():
    said = sheet(rows(f"<row>{HERE}</row>" + " " * 50))
    hidden = said.replace(b"</row>" + b" " * 50, b'</row><row><c r="XFD9"><v>1</v></c></row>')
    sink = io.BytesIO(holding(rows(f"<row>{HERE}</row>")))
    with zipfile.ZipFile(sink, "a") as archive:
        archive.writestr("xl/worksheets/sheet9.xml", hidden)
        part = archive.getinfo("xl/worksheets/sheet9.xml")
        part.file_size = 80  # the list of parts, which a reader believes, is written at the end
    assert refused(sink.getvalue())[0] == "damaged"


NAMES = (' r="B{n}"', " r = 'ac{n}'", ' r="D{n}" s="1"', ' s="1" r="A{n}"', ' s="1"', "")


@pytest.mark.parametrize("seed", range(60))
def test_no_cell_is_farther_than_it_is_said_to_be(seed):
    luck = random.Random(seed)

    def cell():
        name = luck.choice(NAMES).format(n=luck.randint(1, 40))
        return luck.choice((f"<c{name}><v>1</v></c>", f"<c{name}/>"))

    def row():
        at = luck.choice(("", f' r="{luck.randint(1, 40)}"'))
        return f"<row{at}>{''.join(cell() for _ in range(luck.randint(0, 6)))}</row>"

    content = sheet(rows("".join(row() for _ in range(luck.randint(1, 6)))))
    found = Reach()
    for tag in content.replace(b"<", b"\n<").split(b"\n"):
        found.see(tag)
    body = repacked(
        book([HEADING]), lambda part, _raw: (part, content) if "sheet2" in part else None
    )
    end = CalamineWorkbook.from_object(io.BytesIO(body)).get_sheet_by_name("填报").end
    row, column = end or (-1, -1)
    assert (found.rows > row, found.columns > column, found.odd) == (True, True, False)


def test_the_names_of_cells_are_those_of_a_spreadsheet():
    for name in ("A1", "Z9", "AA10", "IV256", "XFD1048576"):
        found = Reach()
        found.see(f'<c r="{name}"><v>1</v></c>'.encode())
        assert found.corner == name
    assert sheet_reach.Reach().corner == "0", "no cell at all"


@pytest.mark.parametrize("tag", [b"a", b"a ", b'a="b" ', b"a=", b'"', b"/", b" "])
def test_a_tag_that_never_ends_is_looked_at_once(tag):
    """Looked at again from each of its characters, this would take hours."""
    found = Reach()
    found.see(b"<c><" + tag * 300_000)
    found.see(b'<c r="AA1" ' + tag * 300_000)
