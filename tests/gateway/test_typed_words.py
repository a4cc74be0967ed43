"""What is typed for an act can be erased: the ledger, which is for ever, has only its mark."""

from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway import entering, erasure, expiry, look_audit, retention, subjects
from gateway.entering import Read
from gateway.ledger_audit import prove
from gateway.state import State
from models.access import Look
from models.events import Event
from models.households import Household
from models.journal import JournalEntry
from models.notes import TYPED, Note
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from referral import casework, handing_off, handling, withdrawing
from referral.casework import Actor
from tests.conftest import Clock
from tests.fakes import call
from tests.gateway.people import FOOD, application, said, signed_in
from tests.gateway.test_complained_about import HOME, linked
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


def test_why_somebody_looked_is_masked_for_who_inspects_and_goes_with_the_words(
    state: State, now: Clock
) -> None:
    """The chain of looks and the ledger have marks; the words stand in notes."""
    app = application(state)
    number = said(state, "a", FOOD).number or ""
    linked(state, number)
    why = f"回电13812345678给{CANARY}，身份证330501199001011234"
    desk, auditor = signed_in(state, app, "op01"), signed_in(state, app, "audit01")
    assert desk.form(f"/households/{HOME}/reveal", purpose=why).status_code == 200
    assert desk.act(number, "reveal", purpose=why).status_code == 200

    def shown() -> list[str]:
        answers = (auditor.get("/audit"), auditor.form("/audit/export"))
        assert [one.status_code for one in answers] == [200, 200]
        return [one.text for one in answers]

    for text in shown():
        assert "138****5678" in text
        assert "13812345678" not in text
        assert "330501199001011234" not in text
        assert CANARY in text, "an audit reads why somebody looked"
    assert CANARY not in str([(row.purpose, row.ground) for row in rows(state, Look)])
    assert still_said(state) == []
    assert faults(state) == []
    with acting(state.database, state.mint) as tx:
        person = subjects.find(tx, "+8613812345678")
        told = subjects.held_about(tx, person, by="x", now=now())
    assert {why, f"{HOME}: {why}"} <= {one["purpose"] for one in told["looked"]}
    erase(state, now)
    assert CANARY not in str([row.said for row in rows(state, Note)])
    for text in shown():
        assert CANARY not in text
        assert "138****5678" not in text
    assert faults(state) == []
    with state.database.read() as session:
        assert list(look_audit.faults(session)) == []


@pytest.mark.parametrize("way", ["the household left", "the look's time is over"])
def test_why_somebody_looked_at_a_household_without_a_request_is_erased_too(
    state: State, now: Clock, way: str
) -> None:
    app = application(state)
    desk = signed_in(state, app, "op01")
    assert desk.form(f"/households/{HOME}/reveal", purpose=CANARY).status_code == 200
    assert [row.said for row in rows(state, Note)] == [{"purpose": CANARY}]
    assert still_said(state) == []
    if way == "the household left":
        with acting(state.database, state.mint) as tx:
            left = col(Household.id) == HOME
            tx.execute(update(Household).where(left).values(ended_at=now().date()))
        now.forward(days=1)
        with acting(state.database, state.mint) as tx:
            expiry.left_households(tx, now(), now())
    else:
        now.forward(days=3)
        with acting(state.database, state.mint) as tx:
            retention.PARTS["looks"](tx, now(), now())
        assert rows(state, Look) == []
    assert [row.said for row in rows(state, Note)] == [None]
    assert faults(state) == []
