"""What somebody typed or said does not stand in columns that are neither sealed nor erased."""

import pytest

from gateway import erasure, sessions
from gateway.holding import kind_of
from gateway.state import State
from models.access import Attempt
from models.journal import JournalEntry
from models.requests import Contact, HelpRequest
from models.transaction import acting
from referral.casework import Refusal
from tests.conftest import Clock
from tests.gateway.people import FOOD, said
from tests.gateway.test_households import rows

TYPED = "MyRealPassword-typed-here"
ADDRESS = "203.0.113.77"
CANARY = "金丝雀七"


def test_a_password_typed_as_a_name_and_the_address_are_counted_as_keyed_hashes(
    state: State,
) -> None:
    for _ in range(2):
        with pytest.raises(Refusal):
            sessions.sign_in(state, TYPED, "wrong", address=ADDRESS)
    kept = [row.subject for row in rows(state, Attempt)]
    assert len(kept) == 4
    assert len(set(kept)) == 2, "the same thing is counted under the same name"
    assert [one for one in kept if TYPED in one or ADDRESS in one] == []


def test_what_went_wrong_is_kept_without_the_words_it_went_wrong_with() -> None:
    def read() -> None:
        raise ValueError(f"cannot read {CANARY}")

    try:
        read()
    except ValueError as error:
        told = kind_of(error)
    assert told.startswith("ValueError at tests.gateway.test_words_outside:")
    assert CANARY not in told
    assert kind_of(KeyError(CANARY)) == "KeyError"


def test_the_fault_of_a_contact_goes_with_its_words(state: State, now: Clock) -> None:
    said(state, "a", FOOD)
    with acting(state.database, state.mint) as tx:
        tx.execute(Contact.__table__.update().values(error=CANARY))  # type: ignore[attr-defined]
        tx.execute(JournalEntry.__table__.update().values(error=CANARY))  # type: ignore[attr-defined]
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, [row.id for row in rows(state, HelpRequest)], now())
    assert {row.error for row in rows(state, Contact)} == {None}
    assert {row.error for row in rows(state, JournalEntry)} == {None}
