"""Lists of other bodies: messy rows, the same fact twice, what comes of them at the door."""

import csv
import json
import zipfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import update
from sqlmodel import col

from gateway import (
    discovery,
    import_files,
    import_undo,
    import_warnings,
    importing,
    registry,
    warning_leads,
)
from gateway.commands.imports import sayer
from gateway.sheets import BadSheet
from models.clocks import Clock
from models.discovery import Warned
from models.households import Household, HouseholdCategory
from models.outbox import Outgoing
from models.transaction import acting
from referral.casework import Refusal
from referral.visiting import today
from tests.gateway.people import application, partner, signed_in
from tests.journeys.walkers import Walkers

HEAD = ["类型", "来源", "姓名", "身份证号", "电话", "地址", "数值", "期间", "日期"]
GOOD_ID = "11010519491231002X"


@pytest.fixture
def county(state, now):
    return Walkers(state, now)


def written(path: Path, rows, head=HEAD) -> Path:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


@dataclass
class Imported:
    """What an import came to: its faults by line and heading, and how many lines became what."""

    batch: int
    looked: importing.Looked
    became: Counter[str]

    @property
    def bad(self) -> list[tuple[int, str]]:
        return [(one.line, one.column) for one in self.looked.faults]

    def said(self, county: Walkers) -> list[str]:
        return [sayer(county.state.offices.current().phrases)(one) for one in self.looked.faults]


def looked_at(county: Walkers, path: Path):
    codes = importing.codes_of(county.state.offices.current(), on=today(county.now()))
    return importing.look("warnings", path.name, path.read_bytes(), codes), codes


def imported(county: Walkers, path: Path) -> Imported:
    state = county.state
    looked, codes = looked_at(county, path)
    batch, _, _ = importing.write(
        state.database, state.mint, looked, codes, by="super01", now=county.now,
        office=state.offices.current(),
    )  # fmt: skip
    return Imported(batch, looked, import_warnings.became(state.database, batch))


def row(
    kind="水电气暖连续欠费", name="", phone="", value="2", *, number="", period="2026-08", day=""
):
    return [kind, "供电公司", name, number, phone, "滨河街道临江社区", value, period, day]


def household(county: Walkers, category: str):
    return next(home for home in county.homes().values() if category in home.categories)


def test_a_list_becomes_doors_with_a_person_and_a_time(county, tmp_path):
    home = household(county, "elderly_alone")
    rows = [row(name=home.head_name, phone=home.phones[0], value="1"), row(name="甲某", phone="1")]
    done = imported(county, written(tmp_path / "list.csv", rows)).became
    assert (done["new"], done["noted"]) == (2, 0)
    red, yellow = sorted(county.warnings(), key=lambda one: one.colour)
    assert (red.colour, red.household_id, red.known_by) == ("red", home.id, "phone")
    assert red.due_at == county.now() + timedelta(hours=24)
    assert (yellow.colour, yellow.household_id) == ("yellow", None)
    officers = county.state.offices.current().directory.officer
    assert {officers[one.holder].role for one in (red, yellow)} == {"grid_worker"}
    assert red.rule_source
    assert red.rule_tag == "P"


def test_the_same_fact_twice_is_one_warning(county, tmp_path):
    path = written(tmp_path / "list.csv", [row(name="甲某", phone="19900007777")] * 3)
    first = imported(county, path).became
    again = written(tmp_path / "again.csv", [row(name="甲某", phone="19900007777")])
    second = imported(county, again).became
    assert (first["new"], first["repeated"]) == (1, 2)
    assert (second["new"], second["repeated"]) == (0, 1)
    assert imported(county, path).became == first, "the same file writes nothing"
    assert len(county.warnings()) == 1


def test_a_later_fact_joins_what_waits_and_only_raises_it(county, tmp_path):
    costs = [
        ["medical_self_pay", "医保局", "甲某", GOOD_ID, "", "", value, period, ""]
        for value, period in (("12000", "2026-07"), ("25000", "2026-08"), ("10", "2026-09"))
    ]
    for number, one in enumerate(costs):
        imported(county, written(tmp_path / f"{number}.csv", [one]))
    first, second, third = county.warnings()
    assert (first.state, first.colour) == ("open", "orange"), "12,000 and 25,000 together"
    assert (second.state, second.joined_to) == ("joined", first.id)
    assert third.state == "joined"


def test_below_every_threshold_a_row_is_kept_to_be_added_up_and_nobody_knocks(county, tmp_path):
    cheap = [["medical_self_pay", "医保局", "甲某", GOOD_ID, "", "", "6000", "2026-07", ""]]
    assert imported(county, written(tmp_path / "a.csv", cheap)).became["noted"] == 1
    assert county.warnings()[0].holder == ""
    more = [["medical_self_pay", "医保局", "甲某", GOOD_ID, "", "", "6000", "2026-08", ""]]
    assert imported(county, written(tmp_path / "b.csv", more)).became["new"] == 1


MESSY = {
    "no list": (["天气", "气象局", "甲", "", "1", "", "1", "", ""], "类型"),
    "no such list": (["死亡", "公安", "甲", "", "1", "", "1", "", ""], "类型"),
    "source": (["death", "", "甲", "", "1", "", "1", "", ""], "来源"),
    "digits lost": (["death", "公安", "甲", "1.10105E+17", "", "", "1", "", ""], "身份证号"),
    "noughts": (["death", "公安", "甲", "110105194912310000", "", "", "1", "", ""], "身份证号"),
    "false": (["death", "公安", "甲", "110105194912310021", "", "", "1", "", ""], "身份证号"),
    "nobody": (["death", "公安", "", "", "1", "", "1", "", ""], "姓名"),
    "words": (["utility_arrears", "电力", "甲", "", "1", "", "两个月", "", ""], "数值"),
    "less than nothing": (["utility_arrears", "电力", "甲", "", "1", "", "-2", "", ""], "数值"),
    "no day": (["death", "公安", "甲", "", "1", "", "1", "", "二月三十"], "日期"),
    "no such day": (["death", "公安", "甲", "", "1", "", "1", "", "2026-02-30"], "日期"),
    "tomorrow": (["death", "公安", "甲", "", "1", "", "1", "", "2027-01-01"], "日期"),
}  # fmt: skip


@pytest.mark.parametrize(("cells", "column"), MESSY.values(), ids=MESSY)
def test_a_bad_cell_is_named_and_its_row_is_left_out_whole(county, tmp_path, cells, column):
    good = row(name="乙某", phone="19900007777")
    errors = tmp_path / "errors.csv"
    path = written(tmp_path / "list.csv", [cells, good])
    report = imported(county, path)
    assert report.bad == [(2, column)]
    assert report.became["new"] == 1, "the good row beside it is taken"
    import_files.faulty(report.looked, sayer(county.state.offices.current().phrases), errors)
    mended = list(csv.reader(errors.read_text("utf-8-sig").splitlines()))
    assert mended[0][:-1] == HEAD
    assert mended[1][:3] == cells[:3]
    assert len(county.warnings()) == 1


def test_days_as_a_spreadsheet_writes_them_are_read(county, tmp_path):
    path = tmp_path / "list.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for at, name in enumerate(HEAD):
        sheet.write(0, at, name)
    for line, (said, form) in enumerate([(46231, day), (46231, None), ("2026年7月28日", None)], 1):
        cells = ["death", "公安局", f"甲{line}", "", "19900007777", "", 1, f"{line}"]
        for at, cell in enumerate(cells):
            sheet.write(line, at, cell)
        sheet.write(line, 8, said, form)
    book.close()
    assert imported(county, path).bad == []
    assert {str(one.happened_on) for one in county.warnings()} == {"2026-07-28"}


@pytest.mark.parametrize(
    "day", ["99999999999999999999-01-01", "2026-99999999999999999999-1", f"{'9' * 30}/1"]
)
def test_a_day_of_too_many_digits_is_named(county, tmp_path, day):
    path = written(tmp_path / "list.csv", [row(name="甲某", phone="1", day=day)])
    (fault,) = looked_at(county, path)[0].faults
    assert fault.key == "import.fault.day"


def test_looking_at_a_list_writes_nothing(county, tmp_path):
    path = written(tmp_path / "list.csv", [row(name="甲某", phone="1"), MESSY["words"][0]])
    looked, _ = looked_at(county, path)
    assert (looked.lines, len(looked.bad)) == (2, 1)
    assert county.warnings() == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("empty.csv", b""),
        ("columns.csv", "甲,乙\n1,2\n".encode()),
        ("twice.csv", "类型,来源,类型\n1,2,3\n".encode()),
        ("false.xlsx", b"PK\x03\x04 and nothing"),
        ("noise.csv", bytes(range(256)) * 4),
    ],
)
def test_a_file_that_is_no_list_is_refused_in_one_sentence(county, tmp_path, name, body):
    path = tmp_path / name
    path.write_bytes(body)
    with pytest.raises(BadSheet) as refused:
        imported(county, path)
    assert refused.value.params["name"] == path.name
    assert county.warnings() == []


def test_a_list_in_the_old_chinese_encoding_is_read(county, tmp_path):
    path = tmp_path / "old.csv"
    path.write_bytes(
        "类型,来源,姓名,电话\n家中有人去世,公安局,甲某,19900007777\n".encode("gb18030")
    )
    assert imported(county, path).became["new"] == 1


def listed(county: Walkers, **row):
    """The household that a row finds, as the import does it."""
    office = county.state.offices.current()
    with county.state.database.read() as session:
        lead = warning_leads.read(
            {"kind": "death", "source": "公安局", **row}, office, county.now().date()
        )
        return warning_leads.at_home(session.connection(), office, lead, county.now().date())


def test_a_row_finds_its_household_as_a_caller_does(county):
    home = household(county, "dibao")
    whole = listed(county, name=home.head_name, address=home.address)
    assert (whole.household_id, whole.known_by) == (home.id, "name_and_place")
    untidy = home.address.replace("号楼", "栋").replace("单元", "-")
    assert listed(county, name=home.head_name, address=untidy).household_id == home.id
    rare = next(one for one in county.homes().values() if len(one.head_name) == 3)
    village = county.state.offices.current().directory.place[rare.area].name
    by_village = listed(county, name=rare.head_name, address=village, area=rare.area)
    assert by_village.household_id == rare.id
    stranger = listed(county, name="欧阳无名", address=home.address)
    assert stranger.household_id is None, "who lives at the door but has another name is not sought"


def test_two_of_one_name_at_one_place_find_no_household(county):
    home = household(county, "dibao")
    with acting(county.state.database, county.state.mint) as tx:
        registry.enrol(
            tx, household_id="HH-TWIN", head_name=home.head_name, members=(), phones=(),
            address=home.address, area=home.area, categories=(),
        )  # fmt: skip
    assert listed(county, name=home.head_name, address=home.address).household_id is None


def test_a_household_that_moved_away_is_no_longer_knocked_at(county):
    home = household(county, "dibao")
    with acting(county.state.database, county.state.mint) as tx:
        tx.execute(
            update(Household)
            .where(col(Household.id) == home.id)
            .values(ended_at=county.now().date(), ended_why="moved", moved_to="外省")
        )
    assert listed(county, name=home.head_name, address=home.address).household_id is None
    assert listed(county, household_id=home.id, name=home.head_name).household_id is None


def test_a_category_that_has_run_out_makes_no_door_more_pressing(county):
    home = household(county, "elderly_alone")
    day = county.now().date()
    with acting(county.state.database, county.state.mint) as tx:
        tx.execute(
            update(HouseholdCategory)
            .where(col(HouseholdCategory.household_id) == home.id)
            .values(valid_until=day - timedelta(days=1))
        )
    assert listed(county, household_id=home.id, name=home.head_name).groups == ()


def test_what_a_spreadsheet_hides_is_named_and_not_opened(county, tmp_path):
    path = tmp_path / "list.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    sheet.write_row(1, 0, ["death", "公安局", "甲某", 110105194912310021, "", "", 1, "2026-01", ""])
    sheet.write_row(2, 0, ["death", "公安局", "", "", "19900007777", "", 1, "2026-02", ""])
    sheet.write_formula(2, 2, '=HYPERLINK("http://a")')
    sheet.write_row(3, 0, ["death", "公安局", "丙某", "", "19900007777", "", 1, "2026-03", ""])
    book.close()
    report = imported(county, path)
    assert report.bad == [(2, "身份证号"), (3, "姓名")]
    assert "末几位已经丢了" in report.said(county)[0]
    assert "公式" in report.said(county)[1]
    assert report.became["new"] == 1


@pytest.mark.thorough
def test_a_packed_bomb_and_macros_are_refused_before_they_are_opened(county, tmp_path):
    for name, part, size in (
        ("bomb", "xl/media/a.xml", 400_000_000),
        ("m", "xl/vbaProject.bin", 9),
    ):
        path = tmp_path / f"{name}.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", "<workbook/>")
            with archive.open(part, "w", force_zip64=True) as packed:
                for _ in range(0, size, 1_000_000):
                    packed.write(bytes(min(size, 1_000_000)))
        with pytest.raises(BadSheet, match=r"bomb|macros"):
            imported(county, path)


def red_door(county, tmp_path):
    home = household(county, "elderly_alone")
    path = written(tmp_path / "x.csv", [row(name=home.head_name, phone=home.phones[0])])
    imported(county, path)
    return next(one for one in county.warnings() if one.state == "open")


def undone(county: Walkers, batch: int) -> int:
    state = county.state
    return import_undo.undo(state.database, state.mint, batch, "super01", county.now())


def test_a_list_read_in_by_mistake_is_taken_back_while_nobody_was_at_a_door(county, tmp_path):
    costs = [["medical_self_pay", "医保局", "甲某", GOOD_ID, "", "", "12000", "2026-07", ""]]
    imported(county, written(tmp_path / "first.csv", costs))
    (stood,) = county.warnings()
    more = [
        ["medical_self_pay", "医保局", "甲某", GOOD_ID, "", "", "25000", "2026-08", ""],
        row(name="乙某", phone="19900007777"),
        row(name="乙某", phone="19900007777", period="2026-09"),
        ["medical_self_pay", "医保局", "丙某", "", "19900008888", "", "10", "2026-07", ""],
    ]
    path = written(tmp_path / "second.csv", more)
    done = imported(county, path)
    assert done.became == {"joined": 2, "new": 1, "noted": 1}
    raised = next(one for one in county.warnings() if one.id == stood.id)
    assert (stood.colour, raised.colour) == ("yellow", "orange")
    assert undone(county, done.batch) == 4
    assert county.warnings() == [stood]
    assert imported(county, path).became == done.became, "it can be read in again"


def test_a_list_is_not_taken_back_after_somebody_was_at_a_door_or_a_later_list_leans_on_it(
    county, tmp_path
):
    first = imported(county, written(tmp_path / "a.csv", [row(name="甲某", phone="19900007777")]))
    later = row(name="甲某", phone="19900007777", period="2026-09")
    second = imported(county, written(tmp_path / "b.csv", [later]))
    with pytest.raises(Refusal, match="import_acted_on"):
        undone(county, first.batch)
    undone(county, second.batch)
    one = county.warnings()[0]
    county.door(one.holder, one, "nobody", "warning")
    with pytest.raises(Refusal, match="import_acted_on"):
        undone(county, first.batch)
    assert len(county.warnings()) == 1


def test_an_outcome_has_a_reason_and_settles_the_warning(county, tmp_path):
    one = red_door(county, tmp_path)
    with pytest.raises(Refusal):
        county.door(one.holder, one, "gets_by", "warning")
    county.door(one.holder, one, "gets_by", "warning", note="女儿按月寄钱，已告知怎么求助")
    settled = county.warnings()[0]
    assert (settled.state, settled.outcome, settled.next_at) == ("settled", "gets_by", None)
    with county.state.database.read() as session:
        office = county.state.offices.current()
        tally = discovery.warnings(session, county.actor("super01"), office, county.now())[0]
    assert (tally.warned, tally.waiting, tally.outcomes) == (1, 0, {"gets_by": 1})


def test_who_needs_help_becomes_a_request_like_any_other(county, tmp_path):
    one = red_door(county, tmp_path)
    kept = county.door(one.holder, one, "needs_help", "warning", note="电费交不起，断粮两天")
    assert county.request(kept.number).level in ("urgent", "life_threat")
    assert county.warnings()[0].number == kept.number
    assert any(c.name == "CLK-DISCOVERY-FEEDBACK" for c in county.rows(Clock, kept.number))


def test_a_warning_that_nobody_sees_to_is_late_and_said_so_upwards(county, tmp_path):
    red_door(county, tmp_path)
    assert [m.phrase for m in county.every(Outgoing)] == ["staff_warning"], "red: told at once"
    county.now.forward(hours=30)
    county.reach_out()
    one = county.warnings()[0]
    assert one.breached_at == one.due_at
    assert "staff_outreach_late" in [m.phrase for m in county.every(Outgoing)]


def test_nobody_opens_at_a_red_warning_and_the_neighbours_are_asked_at_once(county, tmp_path):
    one = red_door(county, tmp_path)
    county.door(one.holder, one, "nobody", "warning")
    after = county.warnings()[0]
    assert (after.door, after.due_at) == ("neighbour", county.now() + timedelta(hours=2))


def test_partners_post_their_lists_and_may_do_so_again(state, now):
    app = application(state)
    power = partner(state, app, "power", "warnings:write")
    listed = {"source": "供电公司", "name": "甲某", "phone": "1"}
    rows = [
        {**listed, "kind": "no_power_used", "value": 4},
        {**listed, "kind": "utility_arrears", "value": 3},
        {**listed, "kind": "utility_arrears", "colour": "red"},
    ]
    first = power.post("/api/v1/warnings", {"rows": rows}).json()
    assert (first["new"], first["noted"]) == (1, 1), "nobody known to be frail: no alarm"
    assert [(one["row"], one["column"]) for one in first["bad"]] == [(2, "colour")]
    assert first["bad"][0]["what"] == "没有这一列"
    lost = {**listed, "kind": "no_power_used", "value": "两个月"}
    for language, said in (("en", "only a number here"), ("zh-CN", "这里只填数字")):
        spoken = {"accept-language": language}
        bad = power.post("/api/v1/warnings", {"rows": [lost]}, headers=spoken).json()["bad"]
        assert said in bad[0]["what"], language
    long = {**listed, "kind": "utility_arrears", "period": "2026-08"}
    mixed = [{**long, "note": "长" * 9000}, {**long, "x" * 9000: 1}, {**long, "note": "短"}]
    answer = power.post("/api/v1/warnings", {"rows": mixed}).json()
    assert answer["noted"] == 1, "the good row is taken in"
    assert [(one["row"], one["column"][:4]) for one in answer["bad"]] == [(0, "note"), (1, "xxxx")]
    assert answer["bad"][0]["what"] == "太长了，最多 1000 个字"
    again = power.post("/api/v1/warnings", {"rows": rows}).json()
    assert (again["new"], again["repeated"]) == (0, 2)
    assert power.post("/api/v1/warnings", {"rows": []}).status_code == 422
    for half in ({"\ud800": 1}, {**listed, "name": "\ud800"}):
        body = json.dumps({"rows": [half]})
        typed = {"content-type": "application/json"}
        assert power.http.post("/api/v1/warnings", content=body, headers=typed).status_code == 422
    stranger = partner(state, app, "hospital", "contacts:write")
    assert stranger.post("/api/v1/warnings", {"rows": rows}).status_code == 403
    assert signed_in(state, app, "op01").post("/api/v1/warnings", {"rows": rows}).status_code == 403
    with state.database.read() as session:
        assert (
            session.connection().execute(Warned.__table__.select()).first().received_by == "power"
        )


def test_no_word_of_these_pages_accuses_anybody(state):
    words = state.offices.current().phrases
    for key in sorted(words.keys()):
        if key.startswith(("field.", "discovery.", "staff_warning")):
            said = words.say(key, dict.fromkeys(words.parameters(key), ""), "full", "zh-CN")
            assert not any(bad in said for bad in ("骗保", "违规", "嫌疑", "可疑", "查处")), key
