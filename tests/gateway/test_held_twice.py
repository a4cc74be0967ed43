"""A held call is worked through once, however many take it up: retries, a person, at once."""

from contextlib import suppress
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from gateway import entering, holding
from gateway.entering import Read
from gateway.intake import Call
from gateway.state import State
from gateway.ticks import Ticks
from models.events import Event
from models.journal import JournalEntry
from models.messages import Inbound, Turn
from models.notes import Note
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import ContactState, Role
from referral.casework import Actor, Refusal
from tests.conftest import Clock
from tests.fakes import call
from tests.gateway.people import FOOD, QUESTION, application, signed_in
from tests.gateway.test_households import rows

DESK = Actor("op01", Role.OPERATOR, "hotline")
SENDER = "+8619900001234"


@pytest.fixture
def held(state: State, now: Clock) -> JournalEntry:
    """A call that nobody could read, and a channel that can read it by now."""
    channel: Any = state.channels["recording"]
    state.intake.receive(channel, call("1", FOOD, poison=True), now()).result(10)
    channel.parse = lambda _raw: [Inbound("1", SENDER, FOOD)]
    now.forward(minutes=2)
    entry: JournalEntry = rows(state, JournalEntry)[0]
    return entry


def taken_up(state: State, now: Clock) -> Call:
    """The next try of what is due, as a process has read it."""
    with state.database.read() as session:
        row = holding.due_entries(session, now())[0]
    again = Ticks.of(state)._again(row)
    assert again is not None
    again.now, again.kept = now(), holding.entry_row(row)
    again.number, again.code = row.number, row.code
    return again


def entry_of(state: State) -> JournalEntry:
    entry: JournalEntry = rows(state, JournalEntry)[0]
    return entry


def understood(state: State) -> int:
    return sum(row.kind == "understood" for row in rows(state, Event))


def test_what_another_process_has_understood_meanwhile_is_answered_as_it_was_and_stays(
    state: State, now: Clock, held: JournalEntry
) -> None:
    first, second = taken_up(state, now), taken_up(state, now)
    done = state.intake.submit(first).result(10)
    again = state.intake.submit(second).result(10)
    assert (again.number, again.code, again.duplicate) == (done.number, done.code, True)
    entry = entry_of(state)
    assert entry.request_id == rows(state, HelpRequest)[0].id
    assert (entry.state, entry.attempts) == (ContactState.HANDLED, 2)
    assert understood(state) == 1


def test_two_that_take_it_up_in_one_batch_are_one(
    state: State, now: Clock, held: JournalEntry
) -> None:
    both = [taken_up(state, now), taken_up(state, now)]
    with acting(state.database, state.mint) as tx:
        outcomes = state.intake._work(tx, both)
    assert [one.duplicate for one in outcomes] == [False, True]
    assert entry_of(state).request_id == rows(state, HelpRequest)[0].id
    assert understood(state) == 1


@pytest.mark.parametrize("by", ["understanding", "the database"])
def test_a_try_that_fails_does_not_put_back_what_was_understood_meanwhile(
    state: State, now: Clock, held: JournalEntry, by: str
) -> None:
    first, second = taken_up(state, now), taken_up(state, now)
    done = state.intake.submit(first).result(10)
    fault = RuntimeError("this version cannot read it")
    if by == "understanding":
        second.problem = fault
        again = state.intake.submit(second).result(10)
    else:
        with acting(state.database, state.mint) as tx:
            again = state.intake._rescue(tx, second, fault)
    assert (again.number, again.held) == (done.number, False)
    assert entry_of(state).state == ContactState.HANDLED


def test_the_number_of_the_pen_stays_good_when_a_batch_has_to_be_written_again(
    state: State, now: Clock, held: JournalEntry
) -> None:
    once_more = taken_up(state, now)
    with suppress(ZeroDivisionError), acting(state.database, state.mint) as tx:
        state.intake._work(tx, [once_more])
        raise ZeroDivisionError
    assert state.intake.submit(once_more).result(10).number == held.number
    assert rows(state, HelpRequest)[0].number == held.number


class Overtaken:
    """The path, on which a retry comes first by a hair's breadth."""

    def __init__(self, state: State, retry: Call) -> None:
        self._state, self._retry = state, retry

    def submit(self, late: Call) -> Any:
        self._state.intake.submit(self._retry).result(10)
        return self._state.intake.submit(late)


def test_a_person_whom_a_retry_overtook_is_told_and_opens_nothing(
    state: State, now: Clock, held: JournalEntry
) -> None:
    beside: Any = SimpleNamespace(
        **{name: getattr(state, name) for name in ("database", "mint", "channels")},
        intake=Overtaken(state, taken_up(state, now)),
    )
    with pytest.raises(Refusal) as refused:
        entering.finish_held(beside, DESK, held.id, Read(text=QUESTION), now=now())
    assert refused.value.key == "refusal.read_meanwhile"
    assert refused.value.params == {"number": held.number}
    assert [row.text for row in rows(state, Contact)] == [FOOD]
    assert [row.said for row in rows(state, Note)] == [{"words": QUESTION}], "none of it is lost"


def test_the_desk_whom_a_retry_overtook_sees_why_and_what_it_typed(
    state: State, now: Clock, held: JournalEntry
) -> None:
    intake: Any = Overtaken(state, taken_up(state, now))
    desk = signed_in(state, application(replace(state, intake=intake)), "op01")
    answer = desk.form(f"/desk/held/{held.id}", text=QUESTION)
    assert answer.status_code == 409
    assert QUESTION in answer.text
    assert f"现在是 {held.number}" in answer.text
    assert desk.form(f"/desk/held/{held.id}", text=QUESTION).status_code == 404, "it is in no pen"


def test_a_person_reads_what_failed_once_more_meanwhile_all_the_same(
    state: State, now: Clock, held: JournalEntry
) -> None:
    with acting(state.database, state.mint) as tx:
        tx.execute(update(JournalEntry).values(attempts=3))
    typed = entering.finish_held(state, DESK, held.id, Read(text=FOOD), now=now())
    assert (typed.number, typed.opened) == (held.number, True)
    assert entry_of(state).attempts == 4


def test_a_call_of_which_one_part_fails_is_held_whole(state: State, now: Clock) -> None:
    channel: Any = state.channels["recording"]
    fails = Turn("2", "chat", SENDER, "key")  # the channel has no dialogue
    channel.parse = lambda _raw: [Inbound("1", SENDER, FOOD), fails]
    outcome = state.intake.receive(channel, call("1", ""), now()).result(10)
    assert outcome.held
    assert rows(state, HelpRequest) == []
    assert entry_of(state).request_id is None
    assert [row.text for row in rows(state, Contact)] == [FOOD], "the pen shows its words"
