"""Who was spoken with is not rung back: also where the talk was over a line that is not ours, told
by the switchboard or entered at the desk."""

import re
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from gateway.entering import Entry, enter
from gateway.state import State
from gateway.web.entry_words import EntryWords
from models.clocks import Clock as ClockRow
from models.events import Event
from models.notes import opened
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Role, TaskKind
from referral.casework import Actor
from tests.conftest import Clock
from tests.gateway.people import Caller, application, partner, signed_in

CALLER, OTHER = "+8613812345678", "+8613900000009"
OP = Actor(login="op01", role=Role.OPERATOR, unit="hotline")
WORDS = "我家申请低保，交了材料没消息"


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def switchboard(state: State, app: FastAPI) -> Caller:
    return partner(state, app, "pbx", "calls:write")


def told(switchboard: Caller, event: str, call_id: str, caller: str = CALLER) -> dict[str, Any]:
    body = {"event": event, "call_id": call_id, "from": caller, "to": "12345"}
    answer = switchboard.post("/api/v1/calls", body)
    assert answer.status_code == 200
    return dict(answer.json())


def missed(switchboard: Caller, call_id: str, caller: str = CALLER) -> str:
    told(switchboard, "newCall", call_id, caller)
    return str(told(switchboard, "hangup", call_id, caller)["number"])


def answered_at_the_desk(state: State, app: FastAPI, switchboard: Caller) -> tuple[Caller, str]:
    """Somebody of the desk takes a second call: who, and its id there."""
    told(switchboard, "newCall", "2")
    mine = signed_in(state, app, "op01")
    (call_id,) = re.findall(r"/desk/calls/(\d+)/answer", mine.get("/desk/calls").text)
    mine.form(f"/desk/calls/{call_id}/answer")
    return mine, str(call_id)


def rung_back(state: State) -> list[str | None]:
    """The requests whose caller waits to be rung back; their clocks run as long."""
    with state.database.read() as session:
        tasks = session.scalars(
            select(Task).where(col(Task.kind) == TaskKind.CALL_BACK, col(Task.done_at).is_(None))
        ).all()
        clocks = session.scalars(
            select(ClockRow).where(
                col(ClockRow.name) == "CLK-MISSED-CALL", col(ClockRow.stopped_at).is_(None)
            )
        ).all()
    assert {one.request_id for one in tasks} == {one.request_id for one in clocks}
    return sorted(str(one.number) for one in tasks)


def entries(state: State) -> list[tuple[str, str, dict[str, Any]]]:
    with acting(state.database, state.mint) as tx:
        rows = tx.execute(select(Event).where(col(Event.kind) == "got_through")).all()
        details = opened(tx, [row.detail for row in rows])
    return [(row.by, row.number, dict(one)) for row, one in zip(rows, details, strict=True)]


def test_a_call_that_the_switchboard_says_was_answered_ends_what_waits_to_ring_back(
    state: State, switchboard: Caller, now: Clock
) -> None:
    number, other = missed(switchboard, "1"), missed(switchboard, "2", OTHER)
    now.forward(minutes=2)
    told(switchboard, "newCall", "3")
    assert rung_back(state) == sorted([number, other])
    told(switchboard, "answer", "3")
    assert rung_back(state) == [other], "of the number that rang, and of no other"
    told(switchboard, "answer", "3")
    ((by, of, detail),) = entries(state)
    assert (by, of) == ("system", number)
    assert (detail["because"], detail["source"]) == ("switchboard", "pbx")


def test_an_answer_that_does_not_name_the_number_again_counts_for_who_rang(
    state: State, switchboard: Caller
) -> None:
    missed(switchboard, "1")
    told(switchboard, "newCall", "3")
    told(switchboard, "answer", "3", "")
    assert rung_back(state) == []


def test_an_answer_told_after_the_hang_up_ends_nothing(state: State, switchboard: Caller) -> None:
    number = missed(switchboard, "1")
    told(switchboard, "answer", "1")
    assert rung_back(state) == [number], "a call that is over is answered no more"


def test_who_answers_for_a_withheld_number_ends_nobodys_call_back(
    state: State, switchboard: Caller
) -> None:
    number = missed(switchboard, "1")
    told(switchboard, "answer", "3", "")
    assert rung_back(state) == [number]


def test_a_call_entered_at_the_desk_ends_what_waits_to_ring_back(
    state: State, switchboard: Caller, now: Clock
) -> None:
    number, other = missed(switchboard, "1"), missed(switchboard, "2", OTHER)
    now.forward(minutes=2)
    enter(state, OP, Entry(text=WORDS, sender="13812345678"), now=now())
    assert rung_back(state) == [other]
    ((by, of, detail),) = entries(state)
    assert (by, of, detail["because"]) == ("op01", number, "entered_call")
    with state.database.read() as session:
        done = session.scalars(select(Task).where(col(Task.done_at).is_not(None))).one()
    assert (done.done_by, done.done_at) == ("op01", now())
    for language, words in (("zh-CN", "接听并录入"), ("en", "took the call")):
        assert words in EntryWords(state.offices.current(), language).line(detail)


def test_a_visitor_or_a_report_of_the_field_is_no_telephone_call(
    state: State, switchboard: Caller, now: Clock
) -> None:
    number = missed(switchboard, "1")
    enter(state, OP, Entry(text=WORDS, sender=CALLER, channel="walk_in"), now=now())
    worker = Actor(login="grid_w0101.1", role=Role.GRID_WORKER, unit="township_w01", area="W0101")
    enter(state, worker, Entry(text=WORDS, sender=CALLER), now=now())
    assert rung_back(state) == [number]


def test_who_rings_again_while_the_talk_is_being_entered_is_rung_back(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    number = missed(switchboard, "1")
    now.forward(minutes=1)
    mine, call_id = answered_at_the_desk(state, app, switchboard)
    now.forward(minutes=4)
    assert missed(switchboard, "3") == number, "something is worse"
    now.forward(minutes=1)
    mine.form("/desk/enter", text=WORDS, sender=CALLER, channel="phone", call=call_id)
    assert rung_back(state) == [number]


def test_a_call_answered_at_the_desk_and_entered_ends_what_waited_before(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    missed(switchboard, "1")
    now.forward(minutes=1)
    mine, call_id = answered_at_the_desk(state, app, switchboard)
    now.forward(minutes=4)
    mine.form("/desk/enter", text=WORDS, sender=CALLER, channel="phone", call=call_id)
    assert rung_back(state) == []
