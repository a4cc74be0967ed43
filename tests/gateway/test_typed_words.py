"""What is typed for an act can be erased: the ledger, which is for ever, has only its mark."""

from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway import entering, erasure
from gateway.entering import Read
from gateway.ledger_audit import prove
from gateway.state import State
from models.events import Event
from models.journal import JournalEntry
from models.notes import TYPED, Note
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from referral import casework, handing_off, handling, withdrawing
from referral.casework import Actor
from tests.conftest import Clock
from tests.fakes import call
from tests.gateway.people import FOOD, said
from tests.gateway.test_households import rows

CANARY = "金丝雀七的电话"
DESK = Actor("op01", Role.OPERATOR, "hotline")


def faults(state: State) -> list[str]:
    with state.database.read() as session:
        return prove(session, most=99)[1]


def erase(state: State, now: Clock) -> None:
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, [row.id for row in rows(state, HelpRequest)], now())


def still_said(state: State) -> list[str]:
    return [row.kind for row in rows(state, Event) if CANARY in row.detail]


def request_of(tx: Any, number: str) -> dict[str, Any]:
    query = select(*HelpRequest.__table__.columns).where(col(HelpRequest.number) == number)  # type: ignore[attr-defined]
    return dict(tx.execute(query).one()._mapping)


@pytest.fixture
def typed(state: State, now: Clock) -> str:
    """A request about which somebody's name was typed in every free field of a contact."""
    number = said(state, "a", FOOD).number
    assert number
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        handling.record_contact(
            tx, office, DESK, request_of(tx, number), who=f"{CANARY} who", outcome="no_answer",
            note=f"{CANARY} note", now=now(),
        )  # fmt: skip
    return number


def test_what_is_typed_stands_beside_the_ledger_and_is_shown(state: State, typed: str) -> None:
    assert still_said(state) == []
    with state.database.read() as session:
        told = casework.history(session, request_of(session, typed)["id"], "contacted")  # type: ignore[arg-type]
    assert told[-1].detail["who"] == f"{CANARY} who"
    assert told[-1].detail["note"] == f"{CANARY} note"
    assert "typed" not in told[-1].detail
    assert faults(state) == []


def test_every_act_with_a_free_field_says_nothing_of_anybody_after_erasure(
    state: State, now: Clock, typed: str
) -> None:
    office = state.offices.current()
    lead = Actor("dl01", Role.DUTY_LEAD, "hotline")
    with acting(state.database, state.mint) as tx:
        handing_off.confirm_safe(
            tx, office, lead, request_of(tx, typed), seen_by=f"{CANARY} seen", note=CANARY,
            now=now(),
        )  # fmt: skip
    with acting(state.database, state.mint) as tx:
        withdrawing.withdraw(tx, office, DESK, request_of(tx, typed), note=CANARY, now=now())
    kinds = {"safe_confirmed", "welfare_check", "contacted"}
    assert kinds <= {row.kind for row in rows(state, Event)}
    with acting(state.database, state.mint) as tx:
        for kind in ("called_back", "withdrawn", "task_done", "revealed", "rehandled", "replied"):
            free = dict.fromkeys(TYPED - {"who", "words"}, CANARY)
            tx.event(kind, at=now(), by="op01", request=request_of(tx, typed), **free)
    assert faults(state) == []
    assert CANARY in str([row.said for row in rows(state, Note)])
    erase(state, now)
    assert still_said(state) == []
    assert CANARY not in str([row.said for row in rows(state, Note)])
    assert {row.salt for row in rows(state, Note)} == {None}
    assert faults(state) == []


def test_what_a_person_made_of_a_held_call_goes_with_the_request(state: State, now: Clock) -> None:
    channel = state.channels["recording"]
    state.intake.receive(channel, call("p1", "", "+8613800000001", poison=True), now()).result(20)
    held = rows(state, JournalEntry)[-1]
    entering.finish_held(state, DESK, held.id, Read(text=f"{CANARY}，断粮两天"), now=now())
    assert still_said(state) == []
    assert [row.said for row in rows(state, Note)] == [{"words": f"{CANARY}，断粮两天"}]
    assert faults(state) == []
    erase(state, now)
    assert [row.said for row in rows(state, Note)] == [None]
    assert faults(state) == []


@pytest.mark.parametrize(
    "change",
    [
        update(Note).values(said={"note": "没有什么事"}),
        update(Note).values(said=None, salt=None),
        delete(Note),
    ],
    ids=["changed", "blanked", "gone"],
)
def test_a_changed_or_vanished_note_is_named(state: State, typed: str, change: Any) -> None:
    with acting(state.database, state.mint) as tx:
        tx.execute(change)
    assert len(faults(state)) == 1
    assert typed in faults(state)[0]
