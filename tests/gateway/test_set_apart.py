"""An id of a provider stands for one message: other words under it are a message of their own."""

import asyncio
from typing import Any

import pytest

from gateway import intake
from gateway.accounting import account
from gateway.set_apart import REPEATED_WITHIN
from gateway.state import State
from models.journal import JournalEntry
from models.messages import Outcome, Raw
from models.requests import Contact
from models.transaction import acting
from tests.conftest import Clock
from tests.fakes import call
from tests.gateway.people import FOOD, QUESTION
from tests.gateway.test_households import rows
from tests.gateway.test_retention import close
from tests.gateway.test_sealed_fields import ticks_of
from tests.gateway.test_wishes import erased
from tests.gateway.world import world

ONE, OTHER = "+8613812345678", "+8613922223333"


def comes(state: State, raw: Raw) -> Outcome:
    return state.intake.receive(state.channels["recording"], raw, state.now()).result(20)


def said(state: State) -> list[str]:
    return sorted(one.text for one in rows(state, Contact))


def test_other_words_under_an_id_that_was_there_are_entered_and_their_sender_has_a_number(
    state: State,
) -> None:
    first = comes(state, call("7", QUESTION, ONE))
    second = comes(state, call("7", FOOD, OTHER))
    assert not second.duplicate
    assert second.opened
    assert second.number != first.number
    assert second.level is not None, "danger in it is seen at once"
    assert said(state) == sorted([QUESTION, FOOD])
    with state.database.read() as session:
        assert account(session).missing == []


def test_the_same_words_again_are_the_same_message_whichever_of_the_two(state: State) -> None:
    """A provider that repeats, also by its second address, doubles nothing and floods nothing."""
    first, second = call("7", QUESTION, ONE), call("7", FOOD, OTHER)
    numbers = [comes(state, first).number, comes(state, second).number]
    for raw, number in zip((first, second), numbers, strict=True):
        for again in (raw, Raw(f"{raw.url}?fallback", raw.body, raw.headers)):
            outcome = comes(state, again)
            assert (outcome.duplicate, outcome.number) == (True, number)
    assert len(said(state)) == 2
    assert len(rows(state, JournalEntry)) == 2


def test_both_may_come_at_once(state: State) -> None:
    """In one batch nothing is in the database yet."""
    calls = [call("7", QUESTION, ONE), call("7", FOOD, OTHER)] * 2
    channel = state.channels["recording"]
    read = [state.intake.read(channel, raw, state.now()) for raw in calls]
    with acting(state.database, state.mint) as tx:
        outcomes = state.intake._work(tx, read)
    assert [one.duplicate for one in outcomes] == [False, False, True, True]
    assert outcomes[0].number == outcomes[2].number != outcomes[1].number == outcomes[3].number
    assert said(state) == sorted([QUESTION, FOOD])


def test_what_is_set_apart_and_held_comes_out_of_the_pen_with_its_words(
    state: State, now: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read anew it bears the provider's id again, under which the first one is long entered."""
    comes(state, call("7", QUESTION, ONE))

    def fail(*_given: Any, **_more: Any) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(intake, "open_request", fail)
        held = comes(state, call("7", FOOD, OTHER))
    assert held.held
    now.forward(minutes=2)
    asyncio.run(ticks_of(state).resume())
    (contact,) = [one for one in rows(state, Contact) if one.text == FOOD]
    assert (contact.state, contact.sender) == ("handled", OTHER)
    assert contact.request_id is not None


def test_what_nobody_could_read_hides_no_message_that_can_be_read(state: State) -> None:
    held = comes(state, call("7", "x", ONE, poison=True))
    assert held.held
    second = comes(state, call("7", FOOD, OTHER))
    assert (second.duplicate, second.held) == (False, False)
    assert FOOD in said(state)


def test_what_was_erased_is_not_entered_anew_by_a_repeat_but_hides_nothing_for_ever(
    state: State, now: Clock
) -> None:
    first = comes(state, call("7", QUESTION, ONE))
    close(state, now, first.number)
    erased(state, now)
    assert comes(state, call("7", FOOD, ONE)).duplicate, "it may be the repeat of what is erased"
    now.at += REPEATED_WITHIN * 2
    assert not comes(state, call("7", FOOD, ONE)).duplicate
    assert FOOD in said(state)


@pytest.mark.thorough
def test_the_consoles_hook_takes_both(settings: Any, now: Clock) -> None:
    with world(settings, now) as system:
        first = system.console({"external_id": "7", "sender": ONE, "text": QUESTION})
        again = system.console({"external_id": "7", "sender": ONE, "text": QUESTION})
        other = system.console({"external_id": "7", "sender": OTHER, "text": FOOD})
        assert first.json()["number"] == again.json()["number"] != other.json()["number"]
