"""The queue costs the same however many requests are open."""

from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlmodel import col

from gateway import neglect, views
from gateway.access import Actor
from gateway.state import State
from models.bars import Bar
from models.requests import HelpRequest
from models.vocabulary import Role
from referral import handing_over
from tests.conftest import Clock
from tests.gateway.people import FOOD, JUMP, QUESTION, said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_one_has_in_hand_is_found_by_whose_it_is_not_among_all_that_is_open(
    state: State,
) -> None:
    said(state, "q", QUESTION)
    asked: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with state.database.read() as session:
        connection = session.connection()
        event.listen(state.database.engine, "before_cursor_execute", hear)
        handing_over.kept_by(connection, "op01", 30)
        event.remove(state.database.engine, "before_cursor_execute", hear)
        ((statement, parameters),) = asked
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    steps = [str(row[-1]) for row in plan]
    assert "SEARCH request USING INDEX ix_request_in_hand (first_responder=?)" in steps
    assert "SEARCH handover USING INDEX ix_handover_taken_by (taken_by=?)" in steps
    assert [step for step in steps if step.startswith("SCAN ") and "anon" not in step] == []


def _counted(state: State, actor: Actor, *names: str) -> dict[str, int]:
    with state.database.read() as session:
        return views.counts(session, actor, state.offices.current(), names, state.now())


def test_the_counts_of_one_person_go_with_the_clock(state: State, now: Clock) -> None:
    said(state, "f", FOOD)
    operator = Actor("op01", Role.OPERATOR, "hotline", "W")
    assert _counted(state, operator, "soon", "late") == {"soon": 1, "late": 0}
    now.forward(hours=3)
    assert _counted(state, operator, "soon", "late")["late"] == 1


def test_the_counts_are_those_of_whom_somebody_is_now(state: State) -> None:
    number = said(state, "q", QUESTION).number
    with state.database.write() as connection:
        request = connection.execute(
            select(col(HelpRequest.id)).where(col(HelpRequest.number) == number)
        ).scalar_one()
        bar = {"id": state.mint(), "request_id": request, "unit": "emergency", "login": None}
        told = {"why": "test", "by": "super01", "at": state.now()}
        connection.execute(insert(Bar), [bar | told])
    before = Actor("op01", Role.OPERATOR, "hotline", "W")
    after = Actor("op01", Role.OPERATOR, "emergency", "W")
    assert _counted(state, before, "triage") == {"triage": 1}
    assert _counted(state, after, "triage") == {"triage": 0}
    assert _counted(state, before, "triage") == {"triage": 1}


def test_urgent_ones_that_nobody_takes_go_with_the_clock(state: State, now: Clock) -> None:
    said(state, "j", JUMP)
    operator = Actor("op01", Role.OPERATOR, "hotline", "W")

    def waits() -> bool:
        with state.database.read() as session:
            office = state.offices.current()
            return neglect.unclaimed(session, operator, office, state.now()) is not None

    assert not waits()
    now.forward(minutes=30)
    assert waits()
