"""A unit's inbox and its order: lamps and tabs agree, several are signed, answers are checked."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import event, insert, update
from sqlmodel import col

from gateway import inboxes
from gateway.lamps import lamp
from gateway.state import State
from models.access import Look
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from models.transaction import acting
from models.vocabulary import Status
from tests.conftest import Clock as Watch
from tests.gateway.people import QUESTION, Caller, application, said, signed_in
from tests.journeys.county import County
from tests.journeys.same_matter import told

OFFICER = "civil_affairs.1"
TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
PARTS = {
    "found": "十一月三日到镇里核对了家庭情况",
    "result": "已受理低保申请，十日内入户",
    "basis": "《社会救助法》第十一条",
    "contacted": "reached",
}


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def officer(county: County, state: State, app: FastAPI) -> Caller:
    return signed_in(state, app, OFFICER)


def ask(county: County, mark: str, phone: int = 1) -> str:
    """A question for civil affairs, confirmed."""
    number = said(county.state, mark, QUESTION, f"+86138000{phone:05}").number or ""
    county.do("dispatch01", "confirm", number)
    return number


@pytest.fixture
def signed(county: County) -> str:
    number = ask(county, "signed", 7)
    county.do(OFFICER, "sign", number)
    return number


def events(county: County, number: str, kind: str) -> list[Any]:
    return [row for row in county.rows(Event, number) if row.kind == kind]


def alerts(page: str) -> str:
    """What stands in the summary on top."""
    found = re.search(r'<div class="notice bad" role="alert".*?</div>', page, re.DOTALL)
    assert found
    return found[0]


# The list.


@pytest.mark.thorough
def test_a_row_stands_under_yellow_or_red_exactly_when_its_lamp_says_so(
    county: County, state: State
) -> None:
    dice = random.Random(20261103)
    actor, office = county.actor(OFFICER), state.offices.current()
    numbers = [ask(county, f"lamp{i}", i) for i in range(24)]
    ids = {county.request(number).id for number in numbers}
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Clock).values(stopped_at=TUESDAY))
        rows = []
        for request_id in ids:
            for _ in range(dice.randint(1, 3)):
                begin = TUESDAY - timedelta(minutes=dice.randint(0, 6000))
                length = timedelta(minutes=dice.choice([30, 600, 3000, 9000, 20000]))
                rows.append({
                    "id": state.mint(), "request_id": request_id, "name": "CLK-HANDLE",
                    "case": "", "unit": dice.choice(["calendar", "working_day"]),
                    "measure": "hour", "amount": 1.0, "urgent": dice.random() < 0.4,
                    "started_at": begin, "due_at": begin + length, "paused": [],
                    "provisional": False, "source": "", "tag": "P", "policy": "", "ladder": "",
                    "step": 0,
                })  # fmt: skip
        tx.execute(insert(Clock), rows)

    def under(tab: str) -> set[str]:
        with state.database.read() as session:
            found = inboxes.page(session, actor, office, tab, limit=100, now=county.now())
            counted = inboxes.counts(session, actor, office, county.now())
        assert counted[tab] == len(found.entries)
        assert all(one.lamp.kind == {"yellow": "soon", "inbox_late": "over"}[tab]
                   for one in found.entries)  # fmt: skip
        return {one.line.number for one in found.entries}

    kinds: dict[str, set[str]] = {"soon": set(), "over": set(), "fine": set()}
    calendar = office.policy.calendar
    for number in numbers:
        running = [row for row in county.rows(Clock, number) if row.stopped_at is None]
        first = min(running, key=lambda row: (row.due_at, row.id))
        kinds[lamp(first, county.now(), calendar).kind].add(number)
    assert all(kinds.values()), "the dice must show every lamp"
    assert under("yellow") == kinds["soon"]
    assert under("inbox_late") == kinds["over"]


def test_the_desks_own_clock_lights_no_lamp_of_a_bureau(county: County, officer: Caller) -> None:
    number = ask(county, "desk")
    with acting(county.state.database, county.state.mint) as tx:
        tx.execute(update(Clock).values(stopped_at=TUESDAY))
        tx.execute(
            update(Clock)
            .where(col(Clock.name) == "CLK-FIRST-REPLY")
            .values(stopped_at=None, due_at=TUESDAY)
        )
    county.now.forward(minutes=5)
    assert number not in officer.get("/inbox?tab=inbox_late").text
    assert "没有在走的时限" in officer.get("/inbox").text


def test_the_inbox_costs_the_same_number_of_queries_however_long_it_is(
    county: County, state: State, officer: Caller
) -> None:
    def queries() -> int:
        counted: list[str] = []

        def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            counted.append(statement)

        state.offices.refresh()  # what a process asks every two seconds costs no request anything
        event.listen(state.database.engine, "before_cursor_execute", count)
        assert officer.get("/inbox").status_code == 200
        event.remove(state.database.engine, "before_cursor_execute", count)
        return len(counted)

    ask(county, "one", 1)
    few = queries()
    for i in range(8):
        ask(county, f"more{i}", 10 + i)
    assert queries() == few


def test_several_are_signed_with_one_entry_each_and_what_was_not_signed_is_named(
    county: County, officer: Caller
) -> None:
    numbers = [ask(county, f"s{i}", 20 + i) for i in range(3)]
    picked = {f"pick-{number}": "1" for number in numbers}
    for _ in range(2):  # a double click, or the back button
        answer = officer.form("/inbox", **picked)
        assert answer.headers["location"] == "/inbox?tab=to_sign&signed=3"
    assert "已签收 3 件" in officer.get("/inbox?tab=to_sign&signed=3").text
    for number in numbers:
        assert [one.by for one in events(county, number, "signed")] == [OFFICER]
    other, late = ask(county, "s8", 28), ask(county, "s9", 29)
    county.do("civil_affairs.2", "sign", late)
    mixed = officer.form("/inbox", **{f"pick-{other}": "1", f"pick-{late}": "1"})
    assert mixed.status_code == 409
    assert late in alerts(mixed.text)
    assert other not in alerts(mixed.text)
    assert "签收了 1 件" in mixed.text
    assert [one.by for one in events(county, late, "signed")] == ["civil_affairs.2"]
    nothing = officer.form("/inbox")
    assert (nothing.status_code, "请先勾选" in nothing.text) == (422, True)


def test_nobody_signs_for_what_is_not_in_their_inbox(
    county: County, state: State, app: FastAPI
) -> None:
    number = ask(county, "foreign")
    foreign = signed_in(state, app, "education.1")
    answer = foreign.form("/inbox", **{f"pick-{number}": "1"})
    assert answer.status_code == 409
    assert events(county, number, "signed") == []
    assert foreign.form(f"/paper/{number}", paper="transfer").status_code == 404


def test_an_empty_inbox_shows_the_months_rates_as_counts(
    county: County, officer: Caller, signed: str
) -> None:
    page = officer.get("/inbox?tab=sent_back").text
    assert "及时签收率" in page
    assert "1/1 件" in page
    assert "按时办结率" not in page, "nothing was due yet"


# The answer in its parts.


def test_every_part_that_is_missing_is_named_at_once_and_nothing_typed_is_lost(
    county: County, officer: Caller, signed: str
) -> None:
    typed = {"found": "去看过", "result": PARTS["result"] + "，有事打 138 0013 8000",
             "basis": "", "contacted": "reached"}  # fmt: skip
    answer = officer.form(f"/inbox/{signed}/feedback", **typed)
    assert answer.status_code == 422
    for field in ("found", "result", "basis", "contacted"):
        assert f'href="#feedback-{field}"' in alerts(answer.text)
        assert f'id="feedback-{field}-error"' in answer.text
    assert "（13800138000）" in answer.text
    assert "138 0013 8000</textarea>" in answer.text
    assert "去看过</textarea>" in answer.text
    assert county.request(signed).status == Status.IN_PROGRESS
    assert not events(county, signed, "replied")


@pytest.mark.parametrize(
    ("contacted", "recorded", "fits"),
    [
        ("reached", "reached", True),
        ("reached", "no_answer", False),
        ("not_reached", "no_answer", True),
        ("not_reached", "", False),
        ("no_way", "", False),
        ("", "reached", False),
    ],
)
def test_a_contact_is_claimed_only_where_the_record_says_so(
    county: County, officer: Caller, signed: str, contacted: str, recorded: str, fits: bool
) -> None:
    if recorded:
        county.do(OFFICER, "record_contact", signed, who="本人", outcome=recorded)
    answer = officer.form(f"/inbox/{signed}/feedback", **{**PARTS, "contacted": contacted})
    assert answer.status_code == (303 if fits else 422)
    assert bool(events(county, signed, "result_reported")) is fits


def test_one_press_answers_the_requester_and_hands_in_the_result(
    county: County, officer: Caller, signed: str
) -> None:
    county.do(OFFICER, "record_contact", signed, who="本人", outcome="reached")
    public = county.state.offices.current().directory.unit["civil_affairs"].public_phone
    parts = {**PARTS, "result": f"{PARTS['result']}，咨询电话 {public}"}
    page = officer.get(f"/inbox/{signed}").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    for _ in range(2):  # a double click from one page
        sent = officer.form(f"/inbox/{signed}/feedback", **parts, seen=seen[1])
        assert sent.status_code == 303
    assert county.request(signed).status == Status.RESULT_REPORTED
    assert len(events(county, signed, "replied")) == 1
    said_to = [row for row in county.rows(Outgoing, signed) if row.phrase == "reply_to_citizen"]
    assert [PARTS["basis"] in row.params["answer"] for row in said_to] == [True]
    assert "已联系诉求人" in county.orders(signed)["civil_affairs"].result


def test_the_same_contact_sent_twice_from_one_page_is_recorded_once_and_another_one_too(
    county: County, officer: Caller, signed: str
) -> None:
    page = officer.get(f"/inbox/{signed}").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    fields = {"who": "诉求人本人", "outcome": "no_answer", "note": "上午", "seen": seen[1]}
    for note in ("上午", "上午", "下午"):
        sent = officer.form(f"/inbox/{signed}/record_contact", **{**fields, "note": note})
        assert sent.status_code == 303
    assert len(events(county, signed, "contacted")) == 2


# More time, back, print.


def test_the_preview_says_word_for_word_what_the_requester_reads_after_the_grant(
    county: County, officer: Caller, signed: str
) -> None:
    asked = {"workdays": "3", "reason": "要等县医院的复查结果"}
    before = len(county.rows(Event, signed))
    shown = officer.form(f"/inbox/{signed}/preview", **asked)
    assert shown.status_code == 200
    assert len(county.rows(Event, signed)) == before, "nothing was asked for yet"
    said_there = re.search(r'<blockquote class="pre">(.*?)</blockquote>', shown.text, re.DOTALL)
    assert said_there
    assert 'formaction="/inbox/' in shown.text
    assert officer.form(f"/inbox/{signed}/extend", **asked).status_code == 303
    county.do("super01", "extend", signed)
    told = [row.text for row in county.rows(Outgoing, signed) if row.phrase == "extended"]
    assert told == [said_there[1]]


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"workdays": "3", "reason": ""}, "reason"),
        ({"workdays": "400", "reason": "等结果"}, "workdays"),
        ({"workdays": "三", "reason": "等结果"}, "workdays"),
    ],
)
def test_a_preview_that_cannot_be_says_at_which_field(
    county: County, officer: Caller, signed: str, asked: dict[str, str], field: str
) -> None:
    shown = officer.form(f"/inbox/{signed}/preview", **asked)
    assert shown.status_code == 422
    assert f'href="#extend-{field}"' in alerts(shown.text)
    assert "formaction" not in shown.text, "it cannot be asked for like this"
    assert asked["reason"] in shown.text


def test_a_return_says_at_its_field_what_is_missing(
    county: County, officer: Caller, signed: str
) -> None:
    fields = {"rule": "三", "right_unit": "education", "reason": "属于教育救助"}
    answer = officer.form(f"/inbox/{signed}/request_return", **fields)
    assert answer.status_code == 422
    assert 'href="#request_return-rule"' in alerts(answer.text)
    assert 'value="三"' in answer.text
    assert "属于教育救助" in answer.text


def test_every_print_is_counted_and_names_nobody_unless_the_unit_must_call(
    county: County, officer: Caller, signed: str
) -> None:
    first = officer.form(f"/paper/{signed}", paper="transfer")
    assert "第 1 次打印" in first.text
    assert "138****0007" in first.text
    assert "13800000007" not in first.text
    call = {"paper": "transfer", "call": "1", "ground": "call_back"}
    second = officer.form(f"/paper/{signed}", **call)
    assert "第 2 次打印" in second.text
    assert "13800000007" in second.text
    looks = [row.ground for row in county.rows(Look, signed) if row.act == "reveal"]
    assert looks == ["call_back"]
    printed = [row.detail for row in events(county, signed, "printed")]
    assert ['"copy":1' in printed[0], '"copy":2' in printed[1], len(printed)] == [True, True, 2]
    closing = officer.form(f"/paper/{signed}", paper="closing")
    assert closing.status_code == 409


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_date_on_a_paper_has_its_year(
    county: County, officer: Caller, signed: str, language: str
) -> None:
    year = "2026年" if language == "zh-CN" else " 2026, "
    sheet = officer.form(f"/paper/{signed}?lang={language}", paper="transfer").text
    cells = re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", sheet, re.DOTALL)
    timed = [cell for cell in cells if re.search(r"\d\d:\d\d", cell)]
    assert len(timed) >= 4, "when it came, sign by, end by, proposed"
    assert [cell for cell in timed if year not in cell] == []
    footer = sheet.partition("<footer>")[2]
    assert year in footer, "when it was printed"
    assert year not in officer.get(f"/inbox/{signed}?lang={language}").text.partition("<main")[2]


def test_the_code_on_a_paper_opens_the_request_for_staff_and_for_nobody_else(
    county: County, state: State, app: FastAPI, officer: Caller, signed: str
) -> None:
    drawn = officer.get(f"/paper/{signed}/code.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.text.startswith("<svg")
    assert officer.get(f"/paper/{signed}").headers["location"] == f"/inbox/{signed}"
    desk = signed_in(state, app, "op01")
    assert desk.get(f"/paper/{signed}").headers["location"] == f"/desk/{signed}"
    assert "/sign-in" in Caller(app).get(f"/paper/{signed}").headers["location"]


def test_what_was_given_back_stands_under_its_own_tab(
    county: County, officer: Caller, signed: str
) -> None:
    assert signed not in officer.get("/inbox?tab=sent_back").text
    county.do(OFFICER, "record_contact", signed, who="本人", outcome="reached")
    county.do(OFFICER, "feedback", signed, **PARTS)
    county.do("op01", "rehandle", signed, reason="答非所问")
    assert signed in officer.get("/inbox?tab=sent_back").text
    assert county.request(signed).status == Status.IN_PROGRESS


def test_the_preview_says_that_whoever_sent_it_in_reports_somebody_else(
    county: County, officer: Caller
) -> None:
    report = told(county.state, "grid_app", "grid_w010401", QUESTION, reporter="grid_w010401")
    number = report.number or ""
    county.do("dispatch01", "confirm", number)
    if county.lead(number).bureau != "civil_affairs":
        county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason="民政职责")
    county.do(OFFICER, "sign", number)
    page = officer.form(f"/inbox/{number}/preview", workdays="3", reason="等材料").text
    assert "来件的是替别人报告的人" in page
    assert "求助的是报告人" not in page


def test_that_somebody_in_danger_fell_silent_is_no_time_of_the_bureau(county: County) -> None:
    number = said(county.state, "danger", "房子塌了，人压在下面，在滨河街道临江社区").number or ""
    lead = county.lead(number).bureau
    running = [one.name for one in county.rows(Clock, number) if one.stopped_at is None]
    assert "CLK-SILENCE" in running
    state = county.state
    with state.database.read() as session:
        office, request = state.offices.current(), county.request(number)._mapping
        actor = county.actor(f"{lead}.1")
        shown = inboxes.countdown(session, actor, office, request, county.now())
    assert shown.clock != "CLK-SILENCE", "the desk calls them"
