"""Who was spoken with is not rung back: also where the talk was over a line that is not ours, told
by the switchboard or entered at the desk."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from gateway.clock_audit import audit
from gateway.entering import Entry, enter
from gateway.state import State
from gateway.web.entry_words import EntryWords
from models.clocks import Clock as ClockRow
from models.events import Event
from models.notes import opened
from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Role, TaskKind
from referral.casework import Actor
from tests.conftest import Clock
from tests.gateway.people import Caller, application, partner, signed_in
from tests.gateway.test_sealed_fields import ticks_of

CALLER, OTHER = "+8613812345678", "+8613900000009"
RINGS_BACK = "CLK-MISSED-CALL"
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


WAITS = "正在与吕贵通话，先不要回拨"


def told_to_ring(state: State, app: FastAPI, login: str = "op02") -> list[str | None]:
    """Of each call-back in a colleague's list: who is on the line with them, None for nobody."""
    found = signed_in(state, app, login).get("/api/v1/tasks").json()["tasks"]
    return [one["on_the_line"] for one in found if one["kind"] == "call_back"]


def test_while_somebody_speaks_with_them_nobody_else_is_told_to_ring(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    number, _other = missed(switchboard, "1"), missed(switchboard, "9", OTHER)
    assert told_to_ring(state, app) == [None, None]
    now.forward(minutes=1)
    answered_at_the_desk(state, app, switchboard)
    assert told_to_ring(state, app) == [None, "吕贵"], "who can be rung comes first"
    assert len(rung_back(state)) == 2, "nothing is ended by the press of a button"
    page = signed_in(state, app, "lead01").get("/desk?tab=missed").text
    assert page.count(WAITS) == 1
    row = page.partition(f'id="row-{number}"')[2].partition("</tr>")[0]
    assert "通话中" in row


def test_a_talk_that_nobody_entered_leaves_the_call_back_as_it_was(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    number = missed(switchboard, "1")
    now.forward(minutes=1)
    answered_at_the_desk(state, app, switchboard)
    now.forward(minutes=2)
    told(switchboard, "hangup", "2")
    assert told_to_ring(state, app) == [None]
    assert rung_back(state) == [number]


def test_a_talk_of_which_no_end_is_told_holds_a_call_back_for_half_an_hour(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    missed(switchboard, "1")
    answered_at_the_desk(state, app, switchboard)
    now.forward(minutes=29)
    assert told_to_ring(state, app) == ["吕贵"]
    now.forward(minutes=2)
    assert told_to_ring(state, app) == [None]


def test_who_answers_the_next_call_speaks_with_the_first_no_more(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    missed(switchboard, "1")
    mine, _ = answered_at_the_desk(state, app, switchboard)
    now.forward(minutes=2)
    told(switchboard, "newCall", "4", OTHER)
    (ringing,) = re.findall(r"/desk/calls/(\d+)/answer", mine.get("/desk/calls").text)
    mine.form(f"/desk/calls/{ringing}/answer")
    assert told_to_ring(state, app) == [None]


def test_a_talk_of_which_no_end_is_told_begins_no_more_when_the_next_one_ends(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    """The hang-up of the first was lost; the second was answered and is over: nobody speaks."""
    missed(switchboard, "1")
    mine, _ = answered_at_the_desk(state, app, switchboard)
    now.forward(minutes=2)
    told(switchboard, "newCall", "4", OTHER)
    (ringing,) = re.findall(r"/desk/calls/(\d+)/answer", mine.get("/desk/calls").text)
    mine.form(f"/desk/calls/{ringing}/answer")
    now.forward(minutes=1)
    told(switchboard, "hangup", "4", OTHER)
    assert told_to_ring(state, app) == [None]


def reminded(state: State) -> tuple[int, list[int]]:
    """After what is due now: how often the desk was told that they are on the line, and the steps
    that the time to ring back has taken."""
    asyncio.run(ticks_of(state).sweep())
    with state.database.read() as session:
        told = select(Outgoing).where(col(Outgoing.phrase) == "staff_on_the_line")
        said = session.scalars(told).all()
        taken = session.scalars(
            select(Event.detail)
            .where(col(Event.kind).in_(["reminder", "breach"]))
            .order_by(col(Event.seq))
        ).all()
    steps = [one["steps"] for one in map(json.loads, taken) if one["clock"] == RINGS_BACK]
    return len(said), [step for some in steps for step in some]


def test_the_reminder_to_ring_back_says_that_they_are_on_the_line(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    missed(switchboard, "1")
    now.forward(minutes=1)
    answered_at_the_desk(state, app, switchboard)
    now.forward(minutes=11)
    assert reminded(state) == (1, [0])
    told(switchboard, "hangup", "2")
    now.forward(minutes=4)
    assert reminded(state) == (1, [0, 1]), "every step is taken, once, and then they can be rung"
    with state.database.read() as session:
        assert audit(session, state.offices.current(), now(), timedelta(minutes=1)).faults == []


def test_who_wrote_down_that_they_reached_them_ends_the_call_back(
    state: State, app: FastAPI, switchboard: Caller, now: Clock
) -> None:
    number = missed(switchboard, "1")
    now.forward(minutes=2)
    mine = signed_in(state, app, "op01")
    tried = mine.act(number, "record_contact", who="本人", outcome="no_answer", by="phone")
    assert tried.status_code == 200
    assert told_to_ring(state, app) == [None], "nobody spoke with them"
    mine.act(number, "record_contact", who="本人", outcome="reached", by="phone")
    assert told_to_ring(state, app) == []
