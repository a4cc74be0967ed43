"""What was not sent yet when its request is erased is never sent: nobody gets an empty message."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import subjects
from models import outbox, receipts
from models.outbox import Outgoing
from models.transaction import acting
from models.vocabulary import OutboxState
from tests.gateway.people import FOOD, said
from tests.gateway.test_retention import LEAD, close
from tests.gateway.test_sealed_fields import ticks_of

SENDER = "+8613822220002"


@pytest.fixture
def waiting(state, now):
    """The messages of a closed request, of which none is sent yet."""
    number = said(state, "a", FOOD, SENDER).number
    close(state, now, number)
    messages = kept(state, number)
    assert any(one.urgent for one in messages)
    assert {one.state for one in messages} == {OutboxState.READY}
    return number


def kept(state, number: str) -> list[Outgoing]:
    with state.database.read() as session:
        query = select(Outgoing).where(col(Outgoing.number) == number)
        return list(session.scalars(query.order_by(col(Outgoing.id))))


def erase(state, now) -> None:
    with acting(state.database, state.mint) as tx:
        subjects.erase(tx, subjects.find(tx, SENDER), by=LEAD, reason="", now=now())


def deliver(state, now) -> list:
    """What goes out in the hour that follows."""
    for _ in range(3):
        asyncio.run(ticks_of(state).deliver())
        now.forward(minutes=20)
    return state.channels["recording"].sent


def test_what_waited_is_held_back_for_good(state, waiting, now):
    erase(state, now)
    assert deliver(state, now) == []
    for one in kept(state, waiting):
        assert (one.state, one.next_at) == (OutboxState.SUPPRESSED, None)
        assert (one.text, one.address) == ("", "")


def test_what_is_under_way_is_neither_settled_nor_tried_again(state, waiting, now):
    with acting(state.database, state.mint) as tx:
        claimed = outbox.claim(tx, now())
    erase(state, now)
    with acting(state.database, state.mint) as tx:
        assert not any(
            outbox.settle(tx, one.id, state=OutboxState.READY, next_at=now()) for one, _ in claimed
        )
    assert deliver(state, now) == []


@pytest.mark.parametrize("reports", [["sent"], ["sent", "failed"]])
def test_no_report_makes_an_erased_message_due_again(state, waiting, now, reports):
    one = next(one for one in kept(state, waiting) if one.urgent)
    erase(state, now)
    for told in reports:
        with acting(state.database, state.mint) as tx:
            receipts.report(
                tx, one.channel, "theirs", reference=str(one.id), state=OutboxState(told),
                at=now(), error=None, patience=timedelta(minutes=5),
            )  # fmt: skip
    assert deliver(state, now) == []


def test_what_was_sent_stays_sent_and_is_no_longer_waited_for(state, waiting, now):
    with acting(state.database, state.mint) as tx:
        soon = now() + timedelta(minutes=5)
        tx.execute(update(Outgoing).values(state=OutboxState.SENT, next_at=soon))
    erase(state, now)
    assert {(one.state, one.next_at) for one in kept(state, waiting)} == {(OutboxState.SENT, None)}
    assert deliver(state, now) == []
