"""The queue costs the same however many requests are open."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, insert, select
from sqlmodel import Session, col

from gateway import neglect, tasks, views
from gateway.access import Actor
from gateway.filters import Filters
from gateway.state import State
from models.bars import Bar
from models.requests import HelpRequest
from models.vocabulary import Role
from referral import former, hands
from referral.accused import Accused
from tests.conftest import Clock
from tests.gateway.people import FOOD, JUMP, QUESTION, said

OPERATOR = Actor("op01", Role.OPERATOR, "hotline", "W")


def _steps(state: State, ask: Callable[[Session], object]) -> list[str]:
    """How SQLite goes through the one statement that is asked."""
    asked: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with state.database.read() as session:
        event.listen(state.database.engine, "before_cursor_execute", hear)
        ask(session)
        event.remove(state.database.engine, "before_cursor_execute", hear)
        ((statement, parameters),) = asked
        explained = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", parameters
        )
        return [str(row[-1]) for row in explained]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_work_that_waits_asks_for_its_own_request_not_for_all_that_one_may_see(
    state: State, now: Clock
) -> None:
    office = state.offices.current()
    steps = _steps(state, lambda session: tasks.waiting(session, OPERATOR, office, now()))
    assert "SEARCH request USING INTEGER PRIMARY KEY (rowid=?)" in steps
    assert [step for step in steps if "SCAN request" in step or "LIST SUBQUERY" in step] == []


@pytest.mark.parametrize("tab", ["triage", "under_way", "closed"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_filter_of_a_long_tab_finds_its_columns_in_the_index(state: State, tab: str) -> None:
    with state.database.read() as session:
        office, connection = state.offices.current(), session.connection()
        chosen = Filters(area="nowhere", service="none", channel="chat", lead="emergency")
        by = views.ways(tab, OPERATOR, office, state.now())
        query = views.merged_ids(
            OPERATOR, office, by, where=chosen.conditions(office), limit=51, now=state.now()
        )
        words = query.compile(connection, compile_kwargs={"literal_binds": True})
        (index,) = (
            row[-1].rsplit(" ", 1)[-1]
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}")
            if row[-1].startswith("SCAN request USING INDEX")
        )
        inside = {row[2] for row in connection.exec_driver_sql(f"PRAGMA index_info({index})")}
    assert inside >= {"queue_key", "area", "service", "channel", "lead_bureau"}


def test_postgresql_finds_the_clocks_that_are_late_before_it_looks_at_requests(
    state: State,
) -> None:
    """Told to take each request once, it cannot ask every open request for its clocks: 1.6 s for
    100,000. SQLite does that by itself, and is slowed by the word."""
    by = views.ways("late", OPERATOR, state.offices.current(), state.now())
    query = views.merged_ids(OPERATOR, state.offices.current(), by, limit=51, now=state.now())
    words = str(query.compile(dialect=state.database.engine.dialect))
    assert ("SELECT DISTINCT clock.request_id" in words) is not state.database.is_sqlite


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_one_has_in_hand_is_found_by_whose_it_is_not_among_all_that_is_open(
    state: State,
) -> None:
    said(state, "q", QUESTION)
    steps = _steps(
        state, lambda session: hands.kept_by(session.connection(), "op01", ["hotline"], 30)
    )
    assert "SEARCH request USING INDEX ix_request_in_hand (first_responder=?)" in steps
    held = "SEARCH request USING INDEX ix_request_holder_person_queue_key (holder_person=?)"
    assert held in steps
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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_may_be_the_same_is_found_by_its_proposals_and_their_other_request(
    state: State,
) -> None:
    with state.database.read() as session:
        office, connection = state.offices.current(), session.connection()
        by = views.ways("alike", OPERATOR, office, state.now())
        query = views.merged_ids(OPERATOR, office, by, limit=51, now=state.now())
        words = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {words}")]
    assert any("likeness USING INDEX ix_likeness_proposed" in step for step in plan), plan
    assert "SEARCH request USING INTEGER PRIMARY KEY (rowid=?)" in plan, plan


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_left_an_accused_unit_is_found_among_the_transfers_not_in_the_whole_ledger(
    state: State,
) -> None:
    office, accused = state.offices.current(), Accused(frozenset({"civil_affairs"}))
    steps = _steps(state, lambda session: former.of(session, office, accused, state.now()))
    assert steps == ["SEARCH event USING INDEX ix_event_transfers (at>?)"]
