"""AS-12: the shift ends, and no matter is left without hands."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from sqlalchemy import event, select, update
from sqlmodel import col

from gateway import accounts
from gateway.offices import changed
from gateway.progress import find
from gateway.recorded import Recorded, call_of
from gateway.state import State
from gateway.ticks import Ticks
from models.events import Event
from models.handovers import Handover
from models.places import Staff
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Role, TaskKind
from tests.conftest import Clock
from tests.gateway.people import FOOD, JUMP, QUESTION, Caller, application, signed_in

FIVE_TO_SIX = datetime(2026, 11, 25, 9, 55, tzinfo=UTC)  # 17:55 in China, a Wednesday


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def phoned(state: State, mark: str, text: str, by: str) -> str:
    record = Recorded(
        channel="phone", external_id=mark, sender=f"+86199000011{mark}", text=text, taken_by=by
    )
    return state.intake.submit(call_of(record, b"{}", state.now())).result(20).number


def relieve(state: State) -> None:
    ticks = Ticks(
        state.database,
        state.mint,
        channels=state.channels,
        offices=state.offices,
        intake=state.intake,
        now=state.now,
    )
    asyncio.run(ticks.relieve())


def rows(state: State, table: type) -> list:
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def events(state: State, kind: str) -> list[dict]:
    return [
        {"number": event.number, "by": event.by, **json.loads(event.detail)}
        for event in rows(state, Event)
        if event.kind == kind
    ]


@pytest.fixture
def three(state: State, now: Clock) -> tuple[str, ...]:
    """Three matters in the hands of op01, five minutes before six."""
    now.at = FIVE_TO_SIX
    told = (("1", JUMP), ("2", FOOD), ("3", QUESTION))
    return tuple(phoned(state, mark, text, "op01") for mark, text in told)


def shift(caller: Caller) -> dict:
    answer = caller.get("/api/v1/handovers")
    assert answer.status_code == 200, answer.text
    return answer.json()


def lead_of_shift(state: State) -> str:
    return next(
        row.login for row in rows(state, Staff) if row.role == "duty_lead" and row.unit == "hotline"
    )


def test_nobody_leaves_before_each_matter_is_in_somebodys_hands(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = FIVE_TO_SIX
    numbers = [
        phoned(state, mark, text, "op01")
        for mark, text in (("1", JUMP), ("2", FOOD), ("3", QUESTION))
    ]
    leaving, taking = signed_in(state, app, "op01"), signed_in(state, app, "op02")
    assert {item["number"] for item in shift(leaving)["mine"]} == set(numbers)
    refused = leaving.form("/sign-out")
    assert refused.status_code == 409
    assert "3 件" in refused.text
    for number in numbers:
        assert (
            leaving.act(number, "offer_handover", to="op02", note="家属在等电话").status_code == 200
        )
    assert leaving.form("/sign-out").status_code == 409, "an offer is not yet a taker"
    assert next(item["number"] for item in shift(taking)["offered"]) == numbers[0], "danger first"
    page = taking.get("/desk").text
    assert "accept_handover" in page
    assert "家属在等电话" in page
    for number in numbers[:2]:
        assert taking.act(number, "accept_handover").status_code == 200
    now.forward(minutes=4, seconds=59)
    relieve(state)
    assert events(state, "handover_to_lead") == []
    now.forward(seconds=1)  # 18:00 and nobody took the third
    assert leaving.form("/sign-out").status_code == 409
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: relieve(state), range(3)))
    passed = events(state, "handover_to_lead")
    assert [(e["number"], e["was"], e["because"]) for e in passed] == [
        (numbers[2], "op01", "unaccepted")
    ]
    lead = passed[0]["to"]
    assert next(row for row in rows(state, Staff) if row.login == lead).role == "duty_lead"
    tasks = [task for task in rows(state, Task) if task.kind == TaskKind.TAKEN_OVER]
    assert [task.number for task in tasks] == [numbers[2]]
    assert taking.act(numbers[2], "accept_handover").status_code == 409, (
        "too late: it is the lead's"
    )
    assert leaving.form("/sign-out").status_code == 303
    assert {row.first_responder for row in rows(state, HelpRequest)} == {"op01"}
    with state.database.read() as session:
        for row in rows(state, HelpRequest):
            assert find(session.connection(), row.number, row.code)["number"] == row.number
    assert {item["number"] for item in shift(taking)["mine"]} == set(numbers[:2])
    assert taking.get(f"/api/v1/requests/{numbers[0]}").json()["said"][0]["text"] == JUMP


def test_an_offer_goes_to_a_named_colleague_at_the_desk_and_from_whoever_has_it(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = FIVE_TO_SIX
    number = phoned(state, "1", FOOD, "op01")
    leaving, other = signed_in(state, app, "op01"), signed_in(state, app, "op03")
    for to in ("op01", "nobody", "ca01", ""):
        assert leaving.act(number, "offer_handover", to=to).status_code == 422, to
    assert other.act(number, "offer_handover", to="op02").status_code == 403
    assert other.act(number, "accept_handover").status_code == 409
    assert leaving.act(number, "offer_handover", to="op02").status_code == 200
    assert leaving.act(number, "offer_handover", to="op03").status_code == 200, "another instead"
    assert other.act(number, "decline_handover", reason="").status_code == 422
    assert other.act(number, "decline_handover", reason="我在处理火警").status_code == 200
    assert [row.outcome for row in rows(state, Handover)] == ["withdrawn", "declined"]
    assert shift(leaving)["mine"][0]["offered_to"] is None
    assert leaving.form("/sign-out").status_code == 409


def test_what_is_confirmed_needs_no_other_hands(state: State, app: FastAPI, now: Clock) -> None:
    now.at = FIVE_TO_SIX
    number = phoned(state, "1", FOOD, "op01")
    leaving = signed_in(state, app, "op01")
    assert leaving.act(number, "offer_handover", to="op02").status_code == 200
    assert leaving.act(number, "confirm").status_code == 200
    assert shift(leaving)["mine"] == []
    assert leaving.form("/sign-out").status_code == 303
    now.forward(minutes=6)
    relieve(state)
    assert events(state, "handover_to_lead") == []
    assert [row.outcome for row in rows(state, Handover)] == ["done"]


def test_what_somebody_left_behind_without_a_word_is_the_head_of_shifts(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = FIVE_TO_SIX
    numbers = [phoned(state, mark, FOOD, "op01") for mark in ("1", "2")]
    signed_in(state, app, "op01")
    relieve(state)
    assert events(state, "handover_to_lead") == [], "she is at work"
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Staff).where(col(Staff.login) == "op01").values(disabled_at=now()))
        changed(tx)
    state.offices.refresh()
    for _ in range(2):
        relieve(state)
    passed = events(state, "handover_to_lead")
    assert sorted(e["number"] for e in passed) == sorted(numbers)
    assert {(e["was"], e["because"]) for e in passed} == {("op01", "absent")}
    tasks = [task for task in rows(state, Task) if task.kind == TaskKind.TAKEN_OVER]
    assert len(tasks) == 1, "one alarm for one person who is gone"
    assert {row.first_responder for row in rows(state, HelpRequest)} == {"op01"}


def looks_through_the_desk(state: State) -> int:
    """How many queries of one look read more than one request at the desk."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_more: object) -> None:
        if "handover" in sql and "request.closed_at IS NULL" in sql and "request.id = " not in sql:
            found.append(sql)

    event.listen(state.database.engine, "before_cursor_execute", note)
    relieve(state)
    event.remove(state.database.engine, "before_cursor_execute", note)
    return len(found)


@pytest.mark.parametrize("offered", [False, True])
def test_the_desk_is_looked_through_once_however_many_matters_a_shift_leaves(
    state: State, app: FastAPI, now: Clock, offered: bool
) -> None:
    now.at = FIVE_TO_SIX
    looks = []
    for marks in ("1", "234"):
        caller = signed_in(state, app, "op01")
        for mark in marks:
            number = phoned(state, mark, FOOD, "op01")
            if offered:
                assert caller.act(number, "offer_handover", to="op02").status_code == 200
        now.forward(hours=9)
        looks.append(looks_through_the_desk(state))
    assert len({one["number"] for one in events(state, "handover_to_lead")}) == 4
    assert looks[0] == looks[1]


def transferred(state: State, login: str, unit: str) -> None:
    with acting(state.database, state.mint) as tx:
        place = {"unit": unit, "role": "bureau_officer"}
        tx.execute(update(Staff).where(col(Staff.login) == login).values(**place))
        changed(tx)
    state.offices.refresh()


def test_what_an_operator_kept_who_was_transferred_is_the_head_of_shifts(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = FIVE_TO_SIX
    first = phoned(state, "1", FOOD, "op01")
    taken = phoned(state, "2", QUESTION, "op02")
    old, colleague = signed_in(state, app, "op02"), signed_in(state, app, "op01")
    assert old.act(taken, "offer_handover", to="op01", note="请接").status_code == 200
    assert colleague.act(taken, "accept_handover").status_code == 200
    transferred(state, "op01", "housing")
    signed_in(state, app, "op01")  # at work, but no longer at the desk
    relieve(state)
    passed = events(state, "handover_to_lead")
    assert sorted(e["number"] for e in passed) == sorted([first, taken])
    assert {(e["was"], e["because"]) for e in passed} == {("op01", "absent")}
    relieve(state)
    assert len(events(state, "handover_to_lead")) == 2, "once"


def test_what_was_reported_to_somebody_of_another_unit_stays_theirs(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = FIVE_TO_SIX
    number = phoned(state, "1", FOOD, "civil_affairs.1")
    assert [row.first_unit for row in rows(state, HelpRequest) if row.number == number] == [
        "civil_affairs"
    ]
    relieve(state)
    assert events(state, "handover_to_lead") == []


def test_who_may_not_leave_yet_is_led_to_the_hand_over(
    state: State, three: tuple[str, ...]
) -> None:
    leaving = signed_in(state, application(state), "op01")
    refused = leaving.form("/sign-out")
    assert refused.status_code == 409
    assert 'href="/desk?handover=1#shift"' in refused.text
    assert '<details class="shift" id="shift" open>' in leaving.get("/desk?handover=1").text


def test_a_matter_is_offered_to_nobody_who_was_never_let_in(
    state: State, three: tuple[str, ...]
) -> None:
    with acting(state.database, state.mint) as tx:
        accounts.add_staff(
            tx, login="op98", name="新人", role=Role.OPERATOR, unit="hotline", area=None,
            now=state.now(),
        )  # fmt: skip
    leaving = signed_in(state, application(state), "op01")
    page = leaving.get("/desk").text
    assert '<option value="op02">' in page
    assert '<option value="op98">' not in page
    assert leaving.act(three[0], "offer_handover", to="op98").status_code == 422


def test_who_takes_over_is_named_and_led_to_what_is_theirs_now(
    state: State, three: tuple[str, ...]
) -> None:
    with acting(state.database, state.mint) as tx:
        accounts.disable(tx, "op01", state.now(), by="admin01")
    relieve(state)
    lead = events(state, "handover_to_lead")[0]["to"]
    strip = signed_in(state, application(state), lead).get("/desk").text
    assert re.search(rf"op01 手上的转给了 \S+ {lead}", strip)
    assert 'href="/desk?tab=mine"' in strip.split("手上的转给了")[1].split("</li>")[0]
    others = signed_in(state, application(state), "dispatch01").get("/desk").text
    assert re.search(rf"op01 手上的转给了 \S+ {lead}", others)
    assert 'href="/desk?tab=mine"' not in others.split("手上的转给了")[1].split("</li>")[0]


def held_by_another(state: State) -> tuple[str, str, str]:
    """A question for the desk that one operator wrote down and another holds; its number, who wrote
    it down, who holds it."""
    for mark, first in (("1", "op01"), ("2", "op02")):
        number = phoned(state, mark, "请问你们几点上班", first)
        request = next(one for one in rows(state, HelpRequest) if one.number == number)
        assert (request.holder_unit, request.first_responder) == ("hotline", first)
        if request.holder_person != first:
            return number, first, request.holder_person
    raise AssertionError("one of the two is not on duty")


def test_who_holds_what_another_was_asked_first_hands_it_over_too(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = FIVE_TO_SIX
    number, other, holder = held_by_another(state)
    leaving, first = signed_in(state, app, holder), signed_in(state, app, other)
    assert number in {item["number"] for item in shift(leaving)["mine"]}
    assert number in {item["number"] for item in shift(first)["mine"]}, "asked first, and there"
    assert leaving.form("/sign-out").status_code == 409
    assert leaving.act(number, "offer_handover", to=other).status_code == 200
    assert first.act(number, "accept_handover").status_code == 200
    request = next(one for one in rows(state, HelpRequest) if one.number == number)
    assert (request.holder_person, request.first_responder) == (other, other)
    assert number not in {item["number"] for item in shift(leaving)["mine"]}


def test_what_a_holder_offers_and_nobody_accepts_is_the_head_of_shifts(
    state: State, app: FastAPI, now: Clock
) -> None:
    now.at = FIVE_TO_SIX
    number, other, holder = held_by_another(state)
    to = next(one for one in ("op01", "op02", "op03") if one not in (holder, other))
    leaving, _ = signed_in(state, app, holder), signed_in(state, app, to)
    assert leaving.act(number, "offer_handover", to=to).status_code == 200
    now.forward(minutes=30)
    relieve(state)
    request = next(one for one in rows(state, HelpRequest) if one.number == number)
    head = state.offices.current().directory.head_of_shift(now()).officer.login
    assert request.holder_person == head
    assert leaving.form("/sign-out").status_code == 303
