"""Spreadsheets read in: each bad cell named, no line by half, the same file once, and undone."""

import io
import re
import zipfile
from datetime import date, timedelta
from itertools import islice

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from sqlmodel import col

from gateway import import_files, import_notices, import_undo, importing, registry, retention
from gateway.import_kinds import KINDS, known_titles
from gateway.sheets import BadSheet, read_table
from models.households import (
    Household,
    HouseholdCategory,
    HouseholdKey,
    HouseholdPhone,
    Resident,
)
from models.imports import ImportBatch
from models.places import AreaRow, UnitRow
from referral.casework import Refusal
from tests.conftest import process
from triage.household_matching import read_home

HEAD = "户编号,户主姓名,家庭成员,联系电话,详细地址,区划,救助类别,去世成员,状态\n"
GOOD = "N1,甘小霖,甘小霖；甘雨,13900001234,柳湾镇柳湾村9组88号,W0101,低保,,在住\n"


def book(rows, *, merged="", formula="", name="填报", more=(), far=None):
    sink = io.BytesIO()
    made = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False})
    made.add_worksheet("说明").write(0, 0, "请看")
    sheet = made.add_worksheet(name)
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    if merged:
        sheet.merge_range(merged, "并")
    if formula:
        sheet.write_formula(formula, "=1+1", None, 2)
    if far:
        sheet.write_string(*far, "x")
    if more:
        second = made.add_worksheet("数据")
        for at, row in enumerate(more):
            second.write_row(at, 0, row)
    made.close()
    return sink.getvalue()


def with_part(body, name, content):
    sink = io.BytesIO(body)
    with zipfile.ZipFile(sink, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return sink.getvalue()


def with_cell_error(body):
    """The name in the first row as a spreadsheet writes what it could not work out."""
    sink = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(sink, "w") as new:
        for part in old.namelist():
            raw = old.read(part)
            if part.endswith("sheet2.xml"):
                raw = re.sub(
                    rb'<c r="B2" t="s"><v>\d+</v></c>', b'<c r="B2" t="e"><v>#N/A</v></c>', raw
                )
                assert b"#N/A" in raw
            new.writestr(part, raw)
    return sink.getvalue()


def codes(state):
    return importing.codes_of(state.offices.current())


def look(state, body, name="h.csv", kind="households"):
    raw = body.encode() if isinstance(body, str) else body
    return importing.look(kind, name, raw, codes(state))


def read_in(state, body, name="h.csv", kind="households"):
    looked = look(state, body, name, kind)
    return importing.write(
        state.database, state.mint, looked, codes(state), by="op01", now=state.now
    )


def faults(state, body, **more):
    return [
        (one.line, one.column, one.key.rpartition(".")[2])
        for one in look(state, body, **more).faults
    ]


def exported(state):
    with state.database.read() as session:
        return {row["household_id"]: row for row in registry.rows(session.connection())}


def test_a_household_of_a_file_is_entered_and_found(state):
    _batch, written, stood = read_in(state, HEAD + GOOD)
    assert (written, stood) == (1, 0)
    row = exported(state)["N1"]
    assert (row["members"], row["phones"], row["categories"], row["area"]) == (
        "甘小霖;甘雨", "13900001234", "dibao", "W0101",
    )  # fmt: skip
    with state.database.read() as session:
        query = read_home(names=("甘小林",), phones=(), address="柳湾村九组88号")
        (match,) = registry.search(session.connection(), query)
    assert match.household_id == "N1"


def test_the_same_file_again_writes_nothing_and_a_broken_run_goes_on(state, monkeypatch):
    many = HEAD + "".join(GOOD.replace("N1", f"N{at}") for at in range(7))
    monkeypatch.setattr(importing, "TOGETHER", 3)
    looked = look(state, many)

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.write(
            state.database, state.mint, looked, codes(state), by="op01", now=state.now, advance=stop
        )
    assert len([one for one in exported(state) if one.startswith("N")]) == 3
    batch, written, stood = read_in(state, many)
    assert (written, stood) == (4, 3)
    assert read_in(state, many) == (batch, 0, 7)


@pytest.mark.parametrize(("ahead", "refuses"), [(1, 1), (2, 1), (3, 0)])
def test_of_two_who_read_the_same_file_in_at_once_one_goes_on_and_nothing_is_doubled(
    state, now, monkeypatch, ahead, refuses
):
    many = HEAD + "".join(GOOD.replace("N1", f"N{at}") for at in range(9))
    monkeypatch.setattr(importing, "TOGETHER", 3)
    refused, ended = [], []

    def other():
        with process(state.settings, now, {}) as second:
            try:
                ended.append(read_in(second, many))
            except Refusal as refusal:
                refused.append(refusal)

    chunks = iter(range(1, 10))

    def meanwhile(_done):
        if next(chunks) == ahead:
            other()

    looked = look(state, many)
    try:
        ended.append(
            importing.write(
                state.database, state.mint, looked, codes(state), by="op01", now=state.now,
                advance=meanwhile,
            )
        )  # fmt: skip
    except Refusal as refusal:
        refused.append(refusal)
    assert [one.key for one in refused] == ["refusal.import_meanwhile"] * refuses
    assert len(ended) == 2 - refuses
    new = [row["id"] for row in rows(state, Household) if row["id"].startswith("N")]
    assert sorted(new) == [f"N{at}" for at in range(9)]
    (batch,) = rows(state, ImportBatch)
    assert (batch["state"], batch["written"]) == ("done", 9)


def test_undoing_within_a_day_gives_back_exactly_what_was(state, now):
    before, keys = exported(state), rows(state, HouseholdKey)
    people = rows(state, Resident)
    changed = "HH00001,贺芳,贺小雨,13900009999,滨江路18号院2号楼3单元301,W0101,残疾,贺小满,在住\n"
    batch, _, _ = read_in(state, HEAD + GOOD + changed)
    after = exported(state)["HH00001"]
    assert (after["members"], after["phones"]) == ("贺芳;贺小雨", "19900000535;13900009999")
    assert after["version"] == 2
    with state.database.read() as session:
        query = read_home(names=(), phones=("13900009999",), address="")
        assert registry.search(session.connection(), query)[0].household_id == "HH00001"
    now.forward(hours=23)
    assert import_undo.undo(state.database, state.mint, batch, "op01", state.now()) == 2
    assert exported(state) == before
    assert rows(state, HouseholdKey) == keys
    assert rows(state, Resident) == people
    with pytest.raises(Refusal, match="import_not_done"):
        import_undo.undo(state.database, state.mint, batch, "op01", state.now())


def rows(state, table):
    with state.database.read() as session:
        found = session.scalars(select(table).order_by(*table.__table__.primary_key)).all()
    return [one.model_dump() for one in found]


def test_what_somebody_acted_on_since_or_a_day_ago_is_not_undone(state, now):
    batch, _, _ = read_in(state, HEAD + GOOD)
    read_in(state, HEAD + GOOD.replace("13900001234", "13900007777"))
    with pytest.raises(Refusal, match="import_acted_on"):
        import_undo.undo(state.database, state.mint, batch, "op01", state.now())
    assert exported(state)["N1"]["phones"] == "13900001234;13900007777"
    later, _, _ = read_in(state, HEAD + GOOD.replace("N1", "N2"))
    now.at += timedelta(hours=25)
    with pytest.raises(Refusal, match="import_too_late"):
        import_undo.undo(state.database, state.mint, later, "op01", state.now())


ABOUT = "户编号,户主姓名,家庭成员,详细地址,户主身份证号,户主出生日期,听力情况\n"
SAID = "11010519491231002X,1949-12-31,听力差"


@pytest.mark.parametrize("head", ["王桂花", "王小二"], ids=["new", "member"])
def test_another_head_of_a_household_is_said_has_what_is_told_of_the_head_and_is_the_only_one(
    state, head
):
    read_in(state, f"{ABOUT}N1,王桂华,王小二,临江社区滨江路9号,,,\n")
    before = rows(state, Resident)
    corrected = f"{ABOUT}N1,{head},王小二,临江社区滨江路9号,{SAID}\n"
    looked = look(state, corrected)
    (notice,) = import_notices.of(state.database, looked, codes(state))
    assert (notice.line, notice.value, notice.params) == (2, head, {"head": "王**"})
    batch, _, _ = read_in(state, corrected)
    people = {one["name"]: one for one in rows(state, Resident) if one["household_id"] == "N1"}
    relations = {"王桂华": None, "王小二": None, head: "head"}
    assert {name: one["relation"] for name, one in people.items()} == relations
    assert (people[head]["identity"], people[head]["birth"], people[head]["hearing"]) == (
        "11010519491231002X", date(1949, 12, 31), "听力差",
    )  # fmt: skip
    assert import_notices.of(state.database, look(state, corrected), codes(state)) == []
    import_undo.undo(state.database, state.mint, batch, "op01", state.now())
    assert rows(state, Resident) == before


AREAS = "区划代码,级别,名称,上级代码,别名\n"
REGISTRY = {"areas": AreaRow, "households": Household}


def test_the_same_file_again_does_not_open_undo_again_and_nothing_of_it_is_deleted(state, now):
    village = next(one for one in rows(state, AreaRow) if one["kind"] == "village")
    files = {
        "areas": f"{AREAS}{village['code']},村,{village['name']},{village['parent']},新别名\n",
        "households": HEAD + "HH00001,贺芳,,,滨江路18号院2号楼3单元301,,,,\n",
    }
    batches = {kind: read_in(state, body, kind=kind)[0] for kind, body in files.items()}
    stand = {kind: rows(state, table) for kind, table in REGISTRY.items()}
    now.forward(days=40)
    assert retention.purge(state.database, state.mint, state.now)["import_files"] == 2
    for kind, body in files.items():
        assert read_in(state, body, kind=kind) == (batches[kind], 0, 1)
        with pytest.raises(Refusal, match="import_too_late"):
            import_undo.undo(state.database, state.mint, batches[kind], "op01", state.now())
    assert {kind: rows(state, table) for kind, table in REGISTRY.items()} == stand


def test_the_same_file_again_within_the_day_leaves_the_day_as_long_as_it_was(state, now):
    batch, _, _ = read_in(state, HEAD + GOOD)
    now.forward(hours=23)
    assert read_in(state, HEAD + GOOD) == (batch, 0, 1)
    now.forward(hours=2)
    with pytest.raises(Refusal, match="import_too_late"):
        import_undo.undo(state.database, state.mint, batch, "op01", state.now())


def test_a_run_ended_when_what_stood_before_is_forgotten_is_not_undone(state, now, monkeypatch):
    monkeypatch.setattr(importing, "TOGETHER", 1)
    changed = "HH00001,贺芳,,13900009999,滨江路18号院2号楼3单元301,,,,\n"
    looked = look(state, HEAD + changed + GOOD)

    def stop(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.write(
            state.database, state.mint, looked, codes(state), by="op01", now=state.now, advance=stop
        )
    now.forward(days=40)
    retention.purge(state.database, state.mint, state.now)
    batch, written, stood = read_in(state, HEAD + changed + GOOD)
    assert (written, stood) == (1, 1)
    with pytest.raises(Refusal, match="import_too_late"):
        import_undo.undo(state.database, state.mint, batch, "op01", state.now())
    assert {"HH00001", "N1"} <= exported(state).keys()


def test_a_household_that_moved_and_a_person_who_died_stay_findable_and_are_said(state):
    moved = "HH00001,贺芳,,,滨江路18号院2号楼3单元301,,,贺小满,迁走\n"
    read_in(state, HEAD + moved)
    row = exported(state)["HH00001"]
    assert (row["ended_why"], row["ended_at"], row["members"]) == ("moved", "2026-09-30", "贺芳")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (GOOD.replace("N1,", ","), (2, "户编号", "missing")),
        (GOOD.replace("13900001234", "1390000123"), (2, "联系电话", "phone")),
        (GOOD.replace("13900001234", "1.39E+10"), (2, "联系电话", "lost")),
        (GOOD.replace("W0101", "蓬莱"), (2, "区划", "area")),
        (GOOD.replace("低保", "富户"), (2, "救助类别", "category")),
        (GOOD.replace("在住", "不知道"), (2, "状态", "choice")),
        (GOOD.replace("甘小霖,", "=A1&A2,"), (2, "户主姓名", "formula")),
        (GOOD + GOOD, (3, "户编号", "twice")),
    ],
)
def test_each_bad_cell_is_named_and_its_line_is_not_written(state, line, fault):
    assert faults(state, HEAD + line) == [fault]
    _, written, _ = read_in(state, HEAD + line + GOOD.replace("N1", "N9"))
    assert "N9" in exported(state)
    assert written == line.count("\n")


def test_numbers_of_a_spreadsheet_are_read_and_lost_digits_are_said(state):
    head = ["户编号*", "户主姓名*", "联系电话", "详细地址*", "户主身份证号", "户主出生日期"]
    good = ["N1", "甘小霖", 13900001234, "柳湾村9组88号", "11010519491231002X", "1949年12月31日"]
    lost = ["N2", "甘雨", 13900001235, "柳湾村9组89号", 110105194912310021, "1949/13/1"]
    looked = look(state, book([head, good, lost]), name="h.xlsx")
    assert [(one.line, one.column, one.key) for one in looked.faults] == [
        (3, "户主身份证号", "import.fault.lost"),
        (3, "户主出生日期", "import.fault.day"),
    ]
    (first, _) = importing.lines(looked, codes(state))
    assert first.values["phones"] == ("13900001234",)
    assert (first.values["birth"].isoformat(), first.values["identity"]) == (
        "1949-12-31", "11010519491231002X",
    )  # fmt: skip


HEADING = ["户编号", "户主姓名", "详细地址"]
ROW = ["N1", "甘小霖", "柳湾村9组88号"]


@pytest.mark.parametrize(
    ("written", "name", "key"),
    [
        (lambda: b"", "a.xlsx", "empty"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"0" * 99, "a.xls", "old"),
        (lambda: b"PK\x03\x04" + b"x" * 50, "a.xlsx", "damaged"),
        (lambda: b"hello", "a.xlsx", "not_that"),
        (lambda: b"\xff\xfe\x00\x01\xff", "a.csv", "not_that"),
        (lambda: book([HEADING, ROW], merged="A3:B4"), "a.xlsx", "merged"),
        (lambda: with_part(book([HEADING, ROW]), "xl/vbaProject.bin", b"x"), "a.xlsx", "macros"),
        (lambda: with_part(book([HEADING]), "xl/big.xml", b" " * 90_000_000), "a.xlsx", "bomb"),
        (
            lambda: with_part(book([HEADING, ROW]), "xl/x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]>'),
            "a.xlsx",
            "entities",
        ),
        (lambda: book([["甲", "乙"], ["1", "2"]]), "a.xlsx", "no_header"),
        ("户编号,户编号,户主姓名\n1,2,3\n".encode, "a.csv", "twice"),
        (lambda: b"%PDF-1.7\n1 0 obj\n", "a.csv", "not_that"),
        (lambda: b"<html><table></table></html>", "a.xls", "not_that"),
        ("户编号,户主姓名,详细地址\nN1,\"甘,柳湾村\nN2,贺,柳湾村\n".encode, "a.csv", "quotes"),
        (lambda: book([HEADING, ROW], more=[HEADING, ["N2", *ROW[1:]]]), "a.xlsx", "several"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)  # fmt: skip
def test_a_file_that_is_not_what_it_says_is_refused_as_a_whole(written, name, key):
    with pytest.raises(BadSheet) as found:
        list(read_table(name, written(), known_titles("households"), "填报").rows)
    assert found.value.key == f"sheet.{key}"


def test_a_file_without_a_column_that_is_needed_is_refused_with_its_name(state):
    with pytest.raises(BadSheet) as found:
        look(state, "户编号,户主姓名,住哪里\nN1,甘小霖,柳湾村\n")
    assert (found.value.key, found.value.params["columns"]) == ("sheet.no_column", "详细地址")


def test_rows_on_a_second_sheet_are_found_when_the_first_has_none():
    body = book([["请看第二页"]], more=[HEADING, ROW])
    assert [cells for _, cells in read_table("a.xlsx", body, known_titles("households")).rows] == [
        ROW
    ]


def test_unicode_text_of_a_spreadsheet_program_is_read(state):
    body = "\t".join(HEADING) + "\r\n" + "\t".join(ROW) + "\r\n"
    assert look(state, body.encode("utf-16")).lines == 1


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({"户主出生日期": "2031-01-01"}, ("户主出生日期", "not_born")),
        ({"户主出生日期": "1858-01-01"}, ("户主出生日期", "not_born")),
        (
            {"户主出生日期": "1958-03-02", "户主身份证号": "11010519491231002X"},
            ("户主出生日期", "not_of_identity"),
        ),
        (
            {"类别起始日期": "2026-12-31", "类别到期日期": "2026-01-01"},
            ("类别到期日期", "ends_before"),
        ),
        ({"类别起始日期": "2026-01-01", "类别到期日期": "长期"}, None),
        ({"联系电话": "无", "户主身份证号": "暂无", "户主性别": "—"}, None),
    ],
)
def test_a_line_that_contradicts_itself_is_named_and_nothing_said_is_nothing(state, cells, fault):
    columns = [*HEADING, *cells]
    text = ",".join(columns) + "\n" + ",".join([*ROW, *cells.values()]) + "\n"
    codes = importing.codes_of(state.offices.current(), on=date(2026, 9, 30))
    found = importing.look("households", "h.csv", text.encode(), codes).faults
    assert [(one.column, one.key.rpartition(".")[2]) for one in found] == [fault] * bool(fault)


def test_a_value_that_a_spreadsheet_could_not_work_out_is_named(state):
    body = with_cell_error(book([HEADING, ROW]))
    assert faults(state, body, name="h.xlsx") == [(2, "户主姓名", "spoilt")]


@pytest.mark.parametrize("again", ["n1", "Ｎ１", " N1 "])
def test_a_key_in_another_writing_is_the_same_key(state, again):
    assert faults(state, HEAD + GOOD + GOOD.replace("N1", again)) == [(3, "户编号", "twice")]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("N1,胡大山,,,青山镇鹰嘴村3组7号,,,,在住\n", ["another"]),
        ("N1,胡大山,甘雨,,青山镇鹰嘴村3组7号,,,,在住\n", []),  # somebody of it moved
        ("N1,甘小霖,,,青山镇鹰嘴村3组7号,,,,在住\n", []),
        ("N1,胡大山,,,柳湾镇柳湾村9组88号,,,,在住\n", []),  # another head at the same door
        ("N1,胡大山,,13900001234,青山镇鹰嘴村3组7号,,,,在住\n", []),
    ],
)
def test_a_number_that_is_another_households_overwrites_nobody(state, line, named):
    read_in(state, HEAD + GOOD)
    before = exported(state)["N1"]
    looked = look(state, HEAD + line)
    importing.compare(state.database, looked, codes(state), "op01")
    assert [one.key.rpartition(".")[2] for one in looked.faults] == named
    importing.write(state.database, state.mint, looked, codes(state), by="op01", now=state.now)
    assert (exported(state)["N1"] == before) is bool(named)


@pytest.mark.parametrize("version", ["inf", "-inf", "1e999", "nan", "一"])
def test_a_version_that_is_no_number_is_named(state, version):
    text = f"户编号,户主姓名,详细地址,版本\nN1,甘小霖,柳湾村9组88号,{version}\n"
    assert faults(state, text) == [(2, "版本", "number")]


def test_a_category_that_is_granted_anew_has_its_new_days_and_undoing_gives_back_the_old(state):
    heading = "户编号,户主姓名,详细地址,救助类别,类别起始日期,类别到期日期\n"
    line = "N1,甘小霖,柳湾村9组88号,低保,2025-01-01,2025-12-31\n"

    def days():
        with state.database.read() as session:
            (row,) = session.connection().execute(
                select(HouseholdCategory.valid_from, HouseholdCategory.valid_until).where(
                    HouseholdCategory.household_id == "N1"
                )
            )
        return row.valid_from.year, row.valid_until.year

    read_in(state, heading + line)
    later, _, _ = read_in(state, heading + line.replace("2025", "2026"))
    assert days() == (2026, 2026)
    import_undo.undo(state.database, state.mint, later, "op01", state.now())
    assert days() == (2025, 2025)


def test_a_zip_with_thousands_of_parts_is_refused():
    sink = io.BytesIO(book([HEADING, ROW]))
    with zipfile.ZipFile(sink, "a") as archive:
        for at in range(2_100):
            archive.writestr(f"xl/p{at}.xml", b"")
    with pytest.raises(BadSheet, match=r"sheet\.bomb"):
        read_table("a.xlsx", sink.getvalue(), known_titles("households"))


@pytest.mark.thorough
def test_a_million_rows_are_read_and_one_more_is_refused_in_one_sentence():
    table = read_table("a.csv", (HEAD + "N1,甘\n" * 1_000_001).encode(), known_titles("households"))
    rows = iter(table.rows)
    assert sum(1 for _ in islice(rows, 1_000_000)) == 1_000_000
    with pytest.raises(BadSheet) as found:
        next(rows)
    assert (found.value.key, found.value.params["rows"]) == ("sheet.too_many", "1,000,001")


def test_a_formula_in_a_spreadsheet_is_named_with_its_cell(state):
    body = book([HEADING, ROW, ["N2", "甘雨", "x"]], formula="C3")
    assert faults(state, body, name="h.xlsx") == [(3, "详细地址", "formula")]


def test_files_of_the_region_s_programs_are_read(state):
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        looked = look(state, (HEAD + GOOD).encode(encoding))
        assert (looked.lines, looked.faults) == (1, [])
    assert look(state, (HEAD + GOOD).replace(",", "\t")).lines == 1


def test_a_template_filled_in_is_read_and_its_sample_row_is_not(state, tmp_path):
    made = import_files.template("households", {"categories": ["最低生活保障对象"]}, ["说明"])
    opened = CalamineWorkbook.from_object(io.BytesIO(made))
    header, sample, *_ = opened.get_sheet_by_name("填报").to_python()
    assert header[0] == "户编号*"
    assert (
        look(
            state, book([header, sample, ["N1", "甘小霖", "", "", "柳湾村9组88号"]]), "t.xlsx"
        ).lines
        == 1
    )
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "dataValidation" in sheet


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_table_of_faults_is_mended_and_read_in_again(state, tmp_path, suffix):
    looked = look(state, HEAD + GOOD + GOOD.replace("N1", "N2").replace("13900001234", "139"))
    path = tmp_path / f"faults{suffix}"
    import_files.faulty(looked, lambda one: one.key, path)
    table = read_table(path.name, path.read_bytes(), known_titles("households"), "填报")
    (_number, cells), *more = table.rows
    assert (table.titles[-1], cells[-1], more) == ("错误原因", "import.fault.phone", [])
    assert cells[0] == "N2"


def test_areas_units_and_staff_are_read_in_and_undone(state):
    before = rows(state, UnitRow)
    area = "区划代码,级别,名称,上级代码\nW99,街道,新湖街道,W\n"
    batch, written, _ = read_in(state, area, kind="areas")
    assert written == 1
    state.offices.refresh()
    assert state.offices.current().directory.place["W99"].kind == "township"
    units = "单位代码,单位名称,职能,区划\nhousing,望河县住房局,housing,W\n"
    units += "new_unit,新湖街道办,township,W99\n"
    unit_batch, written, _ = read_in(state, units, kind="units")
    assert written == 2
    staff = "登录名,姓名,角色,单位代码,区划\nnew01,文一,乡镇经办人,new_unit,W99\n"
    staff += "bad,文二,国王,new_unit,W99\n"
    assert faults(state, staff, kind="staff") == [(3, "角色", "choice")]
    staff_batch, written, _ = read_in(state, staff, kind="staff")
    for one in (staff_batch, unit_batch, batch):
        import_undo.undo(state.database, state.mint, one, "op01", state.now())
    assert rows(state, UnitRow) == before


def test_every_kind_has_headings_that_mean_one_column():
    for kind in KINDS:
        titles = known_titles(kind)
        assert len(set(titles.values())) == len(KINDS[kind])


def test_a_phone_of_a_file_is_kept_and_the_batch_says_who_and_how_much(state):
    batch, _, _ = read_in(state, HEAD + GOOD + GOOD.replace("N1", ""))
    (kept,) = rows(state, ImportBatch)
    assert (kept["id"], kept["state"], kept["lines"], kept["written"], kept["faulty"]) == (
        batch, "done", 2, 1, 1,
    )  # fmt: skip
    with state.database.read() as session:
        query = select(col(HouseholdPhone.number)).where(col(HouseholdPhone.household_id) == "N1")
        assert session.scalars(query).all() == ["13900001234"]
        assert session.get(Household, "N1").version == 1


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("+86 139 0000 1234", ("13900001234",)),
        ("139-0000-1234", ("13900001234",)),
        ("0312 8765432", ("03128765432",)),
        ("13900001234 13900005678", ("13900001234", "13900005678")),
        ("13900001234、0312 8765432", ("13900001234", "03128765432")),
        ("13900001234 1390000", "phone"),
    ],
)
def test_blanks_stand_within_a_number_or_between_two(state, cell, read):
    looked = look(state, HEAD + GOOD.replace("13900001234", cell))
    if read == "phone":
        assert [one.key for one in looked.faults] == ["import.fault.phone"]
        return
    (line,) = importing.lines(looked, codes(state))
    assert line.values["phones"] == read
