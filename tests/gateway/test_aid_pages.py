"""The pages and the JSON of aid: what is shown to whom, and what a partner files once."""

import io
import re

import pytest
from fastapi import FastAPI
from python_calamine import CalamineWorkbook

from gateway.commands.export import FORMATS
from gateway.exporting import EXPORTS
from gateway.state import State
from models.access import Look
from models.relief import COLUMNS, Relief, of_household
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, application, partner, signed_in
from tests.journeys.aid import TOWN, Aid

ITEM = {
    "kind": "item", "service": "medical", "need": "medical", "cause": "illness",
    "amount": "1200.50", "standard": "住院自付部分60%", "given_at": "2026-09-28T10:00:00+08:00",
    "recipient": "贺芳", "household_id": "HH00001", "area": "W0101",
}  # fmt: skip


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    return Aid(state, now)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def case(county: Aid) -> str:
    return county.call("food", FOOD)


def test_the_block_on_the_case_page_leads_through_in_three_presses(
    state: State, app: FastAPI, county: Aid, case: str
) -> None:
    town = signed_in(state, app, TOWN)
    back = f"/inbox/{case}"
    page = town.get(back).text
    assert 'action="/relief/propose"' in page
    told = {"back": back, "request": case, "urgent": "true", "small": "true", "immediate": "true",
            "need": "food", "cause": "income_lost", "form": "goods", "goods": "米面油"}  # fmt: skip
    first = town.form("/relief/propose", **told)
    assert first.status_code == 303
    assert first.headers["location"].startswith(back)
    number = first.headers["location"].split("aid=")[1].split("#")[0]
    second = town.form(f"/relief/{number}/authorise", back=back)
    third = town.form(f"/relief/{number}/deliver", back=back, received_by="本人")
    assert (second.status_code, third.status_code) == (303, 303)
    assert county.aid(number).state == "delivered"
    assert number in town.get(back).text


def test_a_form_that_lacks_a_judgement_comes_back_with_what_was_typed(
    state: State, app: FastAPI, case: str
) -> None:
    town = signed_in(state, app, TOWN)
    answer = town.form("/relief/propose", request=case, urgent="true", need="food",
                       cause="fire", goods="棉被两床")  # fmt: skip
    assert answer.status_code == 422
    assert "棉被两床" in answer.text
    assert "金额较小" in answer.text


@pytest.mark.parametrize(("language", "called"), [("zh-CN", "金额（元）"), ("en", "Sum (yuan)")])
def test_a_sum_that_is_no_number_is_called_a_sum(
    state: State, app: FastAPI, case: str, language: str, called: str
) -> None:
    town = signed_in(state, app, TOWN)
    town.get(f"/relief?lang={language}")
    told = {"request": case, "urgent": "true", "small": "true", "immediate": "true",
            "need": "food", "cause": "income_lost", "form": "money"}  # fmt: skip
    answer = town.form("/relief/propose", **told, amount="一百二")
    assert answer.status_code == 422
    [said] = re.findall(r'notice bad" role="alert".*?<p>(.*?)</p>', answer.text, re.DOTALL)
    assert called in said


@pytest.mark.parametrize(
    "path",
    ["/relief", "/relief?owed=1&kin=1&need=food&since=2026-01-01&until=2026-12-31&print=1",
     "/relief/new", "/relief/reserves", "/relief/reserves/township_w01", "/events",
     "/relief/report?year=2026&quarter=3", "/relief?lang=en"],
)  # fmt: skip
def test_every_page_of_aid_opens(
    state: State, app: FastAPI, county: Aid, case: str, path: str
) -> None:
    county.given(TOWN, case, amount=300, fund="reserve", recipient="贺芳", received_by="本人")
    found = signed_in(state, app, "civil_affairs.1").get(path)
    assert found.status_code == 200, found.text[:500]


def test_the_ledger_has_the_year_of_its_dates_where_it_is_printed(
    state: State, app: FastAPI, county: Aid, case: str
) -> None:
    county.given(TOWN, case, recipient="贺芳", proof="照片")
    officer = signed_in(state, app, "civil_affairs.1")
    dates = [
        re.findall(r"(?:\d{4}年)?\d{1,2}月\d{1,2}日", officer.get(path).text)
        for path in ("/relief?print=1", "/relief")
    ]
    assert [bool(found) for found in dates] == [True, True]
    assert [one for one in dates[0] if "年" not in one] == []
    assert [one for one in dates[1] if "年" in one] == [], "on the screen it is this year's"


def test_lists_mask_names_and_the_auditor_never_sees_one(
    state: State, app: FastAPI, county: Aid, case: str
) -> None:
    number = county.given(TOWN, case, recipient="欧阳小红", proof="照片")
    for login in (TOWN, "civil_affairs.1", "audit01"):
        page = signed_in(state, app, login).get("/relief").text
        assert "欧***" in page
        assert "欧阳小红" not in page
    assert "欧阳小红" not in signed_in(state, app, "audit01").get(f"/relief/{number}").text
    assert "欧阳小红" in signed_in(state, app, TOWN).get(f"/relief/{number}").text
    looks = [row for row in county.every(Look) if row.act == "see_relief"]
    assert {(look.login, look.purpose) for look in looks} == {("audit01", number), (TOWN, number)}


def test_who_has_nothing_to_do_with_it_sees_nothing_of_it(
    state: State, app: FastAPI, county: Aid, case: str
) -> None:
    number = county.given(TOWN, case, recipient="贺芳", proof="照片")
    for login in ("township_w03.1", "education.1", "village_w0301.1"):
        caller = signed_in(state, app, login)
        assert caller.get(f"/relief/{number}").status_code == 404
        assert caller.get(f"/api/v1/relief/{number}").status_code == 404
        assert number not in caller.get("/relief").text


def test_the_ledger_as_a_spreadsheet_adds_up_and_holds_no_formula(
    state: State, app: FastAPI, county: Aid, case: str
) -> None:
    county.given(TOWN, case, amount=300.5, fund="temp_aid", recipient="贺芳", received_by="本人")
    county.given(TOWN, case, need="clothing", goods="=1+1 棉被", recipient="贺芳", proof="照片")
    answer = signed_in(state, app, "super01").get("/relief/ledger.xlsx")
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
    rows = book.get_sheet_by_name("救助台账").to_python()
    assert [row[9] for row in rows[1:]] == [0.0, 300.5]
    assert rows[1][10] == "=1+1 棉被"
    assert rows[2][4] == "贺*"
    totals = book.get_sheet_by_name("按用途合计").to_python()
    assert [row[3] for row in totals[1:]] == [0.0, 300.5]
    quarter = signed_in(state, app, "super01").get("/relief/report.xlsx?year=2026&quarter=3")
    assert "备用金收支" in CalamineWorkbook.from_filelike(io.BytesIO(quarter.content)).sheet_names


def test_a_partner_files_once_whatever_is_repeated(state: State, app: FastAPI, county: Aid) -> None:
    bureau = partner(state, app, "医保系统", "relief:write")
    key = {"idempotency-key": "order-7"}
    first = bureau.post("/api/v1/relief", ITEM, headers=key)
    assert first.status_code == 201, first.text
    again = bureau.post("/api/v1/relief", ITEM, headers=key)
    assert (again.status_code, again.json()["number"]) == (200, first.json()["number"])
    other = bureau.post("/api/v1/relief", {**ITEM, "amount": "9"}, headers=key)
    assert (other.status_code, other.json()["key"]) == (409, "refusal.key_reused")
    row = county.aid(first.json()["number"])
    assert (row.amount_fen, row.giver, row.state) == (120_050, "医保系统", "explained")
    assert (row.standard, row.filed_with) == ("住院自付部分60%", "civil_affairs")
    assert county.entries(row.number) == [("grant", -120_050)]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"amount": "0"}, "relief_amount"), ({"amount": "1.234"}, "field"),
     ({"need": "gold"}, "field"), ({"standard": " "}, "standard_missing"),
     ({"given_at": "2099-01-01T00:00:00Z"}, "relief_time"), ({"unknown": 1}, "field"),
     ({"amount": "-5"}, "field")],
)  # fmt: skip
def test_a_bad_item_is_refused_in_one_sentence_and_nothing_is_kept(
    state: State, app: FastAPI, county: Aid, change: dict, says: str
) -> None:
    bureau = partner(state, app, "charity", "relief:write")
    answer = bureau.post("/api/v1/relief", {**ITEM, **change}, headers={"idempotency-key": "k"})
    assert answer.status_code == 422
    assert answer.json()["key"] == f"refusal.{says}"
    assert county.every(Relief) == []


def test_a_partner_without_the_scope_or_the_key_files_nothing(state: State, app: FastAPI) -> None:
    reader = partner(state, app, "reader", "requests:read")
    assert reader.post("/api/v1/relief", ITEM, headers={"idempotency-key": "k"}).status_code == 403
    writer = partner(state, app, "writer", "relief:write")
    assert writer.post("/api/v1/relief", ITEM).status_code == 422
    assert signed_in(state, app, TOWN).post("/api/v1/relief", ITEM).status_code == 401


def test_the_acts_are_the_same_as_json(state: State, app: FastAPI, case: str) -> None:
    town = signed_in(state, app, TOWN)
    body = {"urgent": True, "small": True, "immediate": True, "need": "food", "cause": "fire",
            "goods": "方便面", "request": case}  # fmt: skip
    number = town.post("/api/v1/relief/propose", body).json()["number"]
    assert town.get(f"/api/v1/relief/{number}").json()["acts"][0] == "authorise"
    assert town.post(f"/api/v1/relief/{number}/authorise", {}).json()["state"] == "authorized"
    done = town.post(f"/api/v1/relief/{number}/deliver", {"witness": "邻居"}).json()
    assert (done["state"], done["amount"]) == ("delivered", "0")
    wrong = town.post(f"/api/v1/relief/{number}/deliver", {"witness": "邻居"})
    assert (wrong.status_code, wrong.json()["key"]) == (409, "impossible.relief_state")


def test_a_households_year_is_one_list_over_all_who_gave(
    state: State, app: FastAPI, county: Aid
) -> None:
    home = {"household_id": "HH00001", "recipient": "贺芳"}
    county.given(TOWN, amount=300, fund="temp_aid", received_by="本人", **home)
    county.file("medical_insurance.1", amount=1200, recipient="贺芳", household_id="HH00001")
    bureau = partner(state, app, "红十字会", "relief:write")
    filed = bureau.post("/api/v1/relief", {**ITEM, "kind": "social", "fund": "donation"},
                        headers={"idempotency-key": "k"})  # fmt: skip
    others = bureau.get(f"/api/v1/relief/{filed.json()['number']}").json()["year"]
    assert others == [], "what others gave is not for a partner"
    mine = county.propose(TOWN, amount=100, need="living", fund="temp_aid", **home)
    year = signed_in(state, app, TOWN).get(f"/api/v1/relief/{mine}").json()["year"]
    givers = {one["giver"] or one["unit"] for one in year}
    assert givers == {TOWN[:12], "medical_insurance", "红十字会"}
    with state.database.read() as session:
        rows = of_household(session.connection(), "HH00001")
    assert len(rows) == 4
    assert rows[0]["proposed_at"] >= rows[-1]["proposed_at"]


def test_every_field_of_aid_is_exported(state: State, county: Aid, case: str) -> None:
    number = county.given(TOWN, case, amount=300, fund="reserve", recipient="贺芳",
                          received_by="本人")  # fmt: skip
    with state.database.read() as session:
        (row,) = list(EXPORTS["relief"](session, (None, None)))
        (entry,) = list(EXPORTS["aid_entries"](session, (None, None)))
    assert (row["relief"], row["number"], row["amount"]) == (number, case, "300")
    kept = {column.name for column in COLUMNS}
    named_otherwise = {
        "id", "number", "request_id", "amount_fen", "reserve_id", "decision_id", "follows_id",
        "explain_clock_id", "once", "digest",
    }  # fmt: skip
    assert kept - named_otherwise <= set(row)
    assert (entry["amount"], entry["reserve"], entry["relief"]) == ("-300", "township_w01", number)
    assert FORMATS == ("jsonl", "csv", "xlsx")


def test_a_relative_of_staff_is_marked_and_helped_all_the_same(
    state: State, app: FastAPI, county: Aid, case: str
) -> None:
    number = county.propose(TOWN, case, kin_of="village_w0101.1", recipient="姚某")
    county.on(TOWN, "authorise", number)
    row = county.aid(number)
    assert (row.kin, row.kin_of, row.state) == ("declared", "village_w0101.1", "authorized")
    assert county.warned(number) == {"near_relative"}
    assert number in signed_in(state, app, "super01").get("/relief?kin=1").text
