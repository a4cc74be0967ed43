"""The supervisor's figures: each opens the list it was counted from, and nobody's else."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from gateway import board, overdue
from gateway.access import Actor
from gateway.state import State
from models.clocks import Clock as Promise
from models.events import Event
from models.outbox import Outgoing
from models.vocabulary import Role
from referral.casework import Refusal
from tests.conftest import Clock
from tests.gateway.people import COMPLAINT, FOOD, QUESTION, application, said, signed_in
from tests.journeys.county import County


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def actor(state: State, role: Role) -> Any:
    officer = next(o for o in state.offices.current().directory.officers if o.role == role)
    return Actor(officer.login, role, officer.unit, officer.area, name=officer.name)


def test_a_figure_and_its_list_say_the_same(state: State, app: FastAPI, now: Clock) -> None:
    for mark, text in (("a", FOOD), ("b", QUESTION), ("c", "我想问一下低保怎么申请")):
        said(state, mark, text, f"+86138000000{ord(mark):02d}")
    supervisor = actor(state, Role.SUPERVISOR)
    with state.database.read() as session:
        found = board.read(session, supervisor, state.offices.current(), now())
    caller = signed_in(state, app, supervisor.login)
    page = caller.get("/board").text
    links = re.findall(r'href="(/board/list\?[^"]+)"', page)
    assert len(links) >= 6 + 3
    for figure in found.figures:
        counted = figure.numbers if figure.counted is None else figure.counted
        listed = caller.get(f"/board/list?figure={figure.code}").text
        assert set(re.findall(r"/desk/(HY[\d-]+)", listed)) == set(counted)
    assert len(found.figure("received_today").numbers) == 3
    for link in links:
        assert caller.get(link.replace("&amp;", "&")).status_code == 200


def test_every_cell_of_the_heat_table_opens_its_own_requests(
    state: State, app: FastAPI, now: Clock
) -> None:
    said(state, "a", FOOD)
    said(state, "b", QUESTION, "+8613900000001")
    supervisor = actor(state, Role.SUPERVISOR)
    office = state.offices.current()
    with state.database.read() as session:
        found = board.read(session, supervisor, office, now())
        counted = {
            cell: len(board.in_cell(session, supervisor, office, cell, now()))
            for cell in found.heat.cells
        }
    assert counted == dict(found.heat.cells)
    assert sum(counted.values()) == 2


def test_what_is_overdue_says_how_late_who_was_told_and_who_is_next(
    state: State, app: FastAPI, now: Clock
) -> None:
    number = said(state, "a", FOOD).number
    county = County(state, now)
    now.forward(hours=5)
    county.tick()
    supervisor = actor(state, Role.SUPERVISOR)
    with state.database.read() as session:
        (late,) = overdue.read(session, supervisor, state.offices.current(), now())
    assert late.number == number
    assert late.lamp.kind == "over"
    assert late.told is not None
    assert late.told.at <= now()
    assert late.next is not None
    assert late.next.at > now()
    assert late.next.name


def test_who_was_told_is_said_of_the_clock_that_is_shown(state: State, now: Clock) -> None:
    """A later reminder of another clock of the request stood there as the last one."""
    county = County(state, now)
    number = county.call("a", FOOD)
    others = 0
    for _ in range(12):
        now.forward(minutes=30)
        county.tick()
        over = [one for one in county.running(number).values() if one.due_at <= now()]
        shown = min(over, key=lambda one: (one.due_at, one.id))
        told = [event for event in county.rows(Event, number) if event.kind in overdue.TOLD]
        own = [one for one in told if json.loads(one.detail)["clock_id"] == str(shown.id)]
        others += told[-1] is not own[-1]
        with state.database.read() as session:
            office = state.offices.current()
            (late,) = overdue.read(session, actor(state, Role.SUPERVISOR), office, now())
        assert late.told is not None
        assert (late.clock, late.told.at) == (shown.name, own[-1].at)
    assert others, "else nothing was tried"
    county.do("super01", "urge", number, words="请尽快")
    with state.database.read() as session:
        (late,) = overdue.read(session, actor(state, Role.SUPERVISOR), office, now())
    assert late.told is not None
    assert late.told.act == "urged", "of the whole matter"


def test_urging_tells_the_holder_moves_no_clock_and_is_on_record(
    state: State, app: FastAPI, now: Clock
) -> None:
    number = said(state, "a", FOOD).number or ""
    county = County(state, now)
    before = county.every(Promise)
    caller = signed_in(state, app, actor(state, Role.SUPERVISOR).login)
    answer = caller.form(
        f"/desk/{number}/urge", words="孩子还饿着，今晚必须有人上门", written="true"
    )
    assert answer.status_code == 303
    assert county.every(Promise) == before
    (entry,) = (one for one in county.every(Event) if one.kind == "urged")
    told = [one for one in county.every(Outgoing) if one.phrase == "staff_supervision_order"]
    assert entry.by == actor(state, Role.SUPERVISOR).login
    assert told
    assert all("孩子" not in one.text for one in told)


def test_a_part_that_is_late_names_the_bureau_that_owes_it_and_urging_reaches_it(
    state: State, now: Clock
) -> None:
    """The board named the lead, who had signed and was in time, as late and as told next, and
    urging reached the lead alone."""
    county = County(state, now)
    number = county.call("a", QUESTION)
    county.deliver()
    county.do("op04", "confirm", number)
    county.do("civil_affairs.1", "sign", number)
    county.do("civil_affairs.1", "record_contact", number, who="诉求人", outcome="reached")
    for bureau in ("health", "medical_insurance", "disabled_federation"):
        county.do(f"{bureau}.1", "sign", number)
    county.do("medical_insurance.1", "submit_part", number, result="已核对参保情况")
    county.do("disabled_federation.1", "submit_part", number, result="没有残疾证")
    now.at = county.running(number)["CLK-COOP"].due_at + timedelta(minutes=1)
    county.tick()
    with state.database.read() as session:
        (late,) = overdue.read(
            session, actor(state, Role.SUPERVISOR), state.offices.current(), now()
        )
    officer = state.offices.current().directory.officer
    assert (late.clock, late.unit, late.holder) == ("CLK-COOP", "health", officer["health.1"].name)
    assert late.next is not None
    now.at = late.next.at
    county.tick()
    reminders = [e for e in county.rows(Event, number) if e.kind == late.next.act]
    told = officer[json.loads(reminders[-1].detail)["to"]].name
    assert (late.next.name, officer["health.head"].name) == (told, told), "as the board foretold"
    before = len(county.rows(Outgoing, number))
    county.do("super01", "urge", number, words="配合情况请今天反馈", written=True)
    urged = {one.staff for one in county.rows(Outgoing, number)[before:]}
    assert {"health.1", "health.head", "civil_affairs.1"} <= urged
    assert not any(one.startswith("disabled_federation") for one in urged), "its part is in"


def test_a_red_row_leads_to_reassigning_only_where_somebody_must_decide_who_leads(
    state: State, app: FastAPI, now: Clock
) -> None:
    county = County(state, now)
    number = county.call("a", QUESTION)
    county.do("op04", "confirm", number)
    now.forward(days=60)
    board_of = signed_in(state, app, "super01")
    link = f"/desk/{number}#acts"
    assert number in board_of.get("/board").text
    assert link not in board_of.get("/board").text, "the page of the request offered no such act"
    now.forward(days=-60)
    county.do(
        "civil_affairs.1", "request_return", number, rule="三定方案第四条", right_unit="health",
        reason="不归我们", overlap=True,
    )  # fmt: skip
    now.forward(days=60)
    assert link in board_of.get("/board").text


def test_only_who_supervises_sees_the_board(state: State, app: FastAPI, now: Clock) -> None:
    with state.database.read() as session, pytest.raises(Refusal):
        board.read(session, actor(state, Role.OPERATOR), state.offices.current(), now())
    assert signed_in(state, app, actor(state, Role.OPERATOR).login).get("/board").status_code == 403


def test_a_list_that_no_figure_has_is_not_found(state: State, app: FastAPI) -> None:
    caller = signed_in(state, app, actor(state, Role.SUPERVISOR).login)
    assert caller.get("/board/list?figure=nonsense").status_code == 404
    assert caller.get("/board/list").status_code == 404


def test_the_list_of_what_nobody_knows_says_so(state: State, app: FastAPI) -> None:
    caller = signed_in(state, app, actor(state, Role.SUPERVISOR).login)
    page = caller.get("/board/list?area=-&service=-").text
    assert re.search(r"<h1>未定 · 未定</h1>", page)


def test_an_empty_county_has_an_honest_board(state: State, app: FastAPI, now: Clock) -> None:
    supervisor = actor(state, Role.SUPERVISOR)
    with state.database.read() as session:
        found = board.read(session, supervisor, state.offices.current(), now())
    assert found.figure("satisfied").share is None
    assert found.heat.most == 0
    page = signed_in(state, app, supervisor.login).get("/board?big=1").text
    assert "on-the-wall" in page
    assert "nan" not in page.lower()


def test_the_days_add_up(state: State, now: Clock) -> None:
    said(state, "a", FOOD)
    now.forward(days=2)
    said(state, "b", QUESTION, "+8613900000001")
    said(state, "c", COMPLAINT, "+8613900000002")
    with state.database.read() as session:
        found = board.read(session, actor(state, Role.SUPERVISOR), state.offices.current(), now())
    assert [day.received for day in found.days][-3:] == [1, 0, 2]
    assert len(found.days) == board.SPAN // timedelta(days=1)
