"""What somebody said cannot be changed in the database without the ledger noticing, and the ledger
does not say it."""

import orjson
import pytest
from sqlalchemy import text, update
from sqlmodel import col

from gateway import erasure
from gateway.ledger_audit import altered, walk
from gateway.state import State
from models.events import Event
from models.messages import mark
from models.requests import Contact, HelpRequest
from models.transaction import acting
from tests.conftest import Clock
from tests.gateway.people import FOOD, QUESTION, said
from tests.gateway.test_households import rows


def faults(state: State) -> list[str]:
    with state.database.read() as session:
        return list(altered(session))


@pytest.fixture
def spoken(state: State, now: Clock) -> str:
    """Two requests, one of them with two contacts; the number of that."""
    number = said(state, "a", FOOD).number
    now.forward(minutes=20)
    assert said(state, "b", "还是没吃的，快来").number == number
    said(state, "c", QUESTION, "+8613900000002")
    assert faults(state) == []
    assert number
    return number


@pytest.mark.parametrize("column", ["text", "sender", "name", "place"])
def test_a_changed_word_is_named_by_its_request(state: State, spoken: str, column: str) -> None:
    first = min(rows(state, Contact), key=lambda one: one.id)
    with acting(state.database, state.mint) as tx:
        changed = update(Contact).where(col(Contact.id) == first.id)
        tx.execute(changed.values({column: "没有什么事"}))
    assert faults(state) == [f"words of {spoken} are not those that the ledger has marked"]


def test_words_that_are_blanked_as_if_erased_are_named(state: State, spoken: str) -> None:
    last = next(one for one in rows(state, Contact) if one.external_id == "b")
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Contact).where(col(Contact.id) == last.id).values(text="", salt=None))
    assert faults(state) == [f"words of {spoken} have lost what the ledger marks them by"]


def test_words_put_into_another_contact_are_named(state: State, spoken: str) -> None:
    one, two, _ = sorted(rows(state, Contact), key=lambda each: each.id)
    with acting(state.database, state.mint) as tx:
        for here, there in ((one, two), (two, one)):
            tx.execute(update(Contact).where(col(Contact.id) == here.id).values(text=there.text))
    assert len(faults(state)) == 2


def test_what_is_erased_by_right_is_no_fault(state: State, spoken: str, now: Clock) -> None:
    with acting(state.database, state.mint) as tx:
        ids = list(tx.execute(text("SELECT id FROM request")).scalars())
        erasure.of_requests(tx, ids, now())
    assert {one.salt for one in rows(state, Contact)} == {None}
    assert all(one.erased_at for one in rows(state, HelpRequest))
    assert faults(state) == []


def test_the_ledger_says_no_word_and_the_same_words_are_marked_differently(
    state: State, now: Clock
) -> None:
    said(state, "a", FOOD)
    said(state, "b", FOOD, "+8613900000003")
    marks = [
        orjson.loads(row.detail)["words"] for row in rows(state, Event) if row.kind == "received"
    ]
    assert len(set(marks)) == len(marks) == 2
    assert mark("", "x") == ""
    with state.database.read() as session:
        assert walk(session).fault == ""


def test_words_are_held_against_their_mark_also_after_they_moved_to_another_request(
    state: State, spoken: str
) -> None:
    other = next(one for one in rows(state, HelpRequest) if one.number != spoken)
    last = next(one for one in rows(state, Contact) if one.external_id == "b")
    with acting(state.database, state.mint) as tx:  # as a merge does
        tx.execute(update(Contact).where(col(Contact.id) == last.id).values(request_id=other.id))
    assert faults(state) == []
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Contact).where(col(Contact.id) == last.id).values(text="没有什么事"))
    assert faults(state) == [f"words of {other.number} are not those that the ledger has marked"]
