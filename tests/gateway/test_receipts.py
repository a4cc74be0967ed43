"""An urgent message that was taken and does not arrive goes by the next way, under the same key; a
person says it when none is left."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway.delivery import Delivery
from gateway.routes import Routes
from models import receipts
from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import OutboxState, TaskKind
from tests.fakes import RecordingChannel
from tests.gateway.people import FOOD, QUESTION, said

PATIENCE = timedelta(minutes=3)


class Way(RecordingChannel):
    """A route whose provider tells when a message has arrived."""

    receipts = True

    def __init__(self, name):
        super().__init__()
        self.name = name


@pytest.fixture
def channels():
    return {name: Way(name) for name in ("recording", "second", "call")}


@pytest.fixture
def delivery(state):
    routes = Routes(("recording", "second", "call"))
    return Delivery(state.database, state.mint, state.channels, state.offices.current, routes)


def told(state, words: str, *, urgent: bool) -> None:
    """One message waits to go out."""
    said(state, "a", words)
    with acting(state.database, state.mint) as tx:
        receipt = col(Outgoing.phrase) == "receipt"
        tx.execute(update(Outgoing).where(~receipt).values(next_at=None))
        tx.execute(update(Outgoing).where(receipt).values(urgent=urgent))


def row(state) -> Outgoing:
    with state.database.read() as session:
        return session.scalars(select(Outgoing).where(col(Outgoing.phrase) == "receipt")).one()


def go(delivery, now) -> None:
    asyncio.run(delivery.round(now))


def report(state, now, channel: str, what: OutboxState, error: str | None = None) -> None:
    """What the provider tells of the message that it took by this channel."""
    with acting(state.database, state.mint) as tx:
        receipts.report(
            tx, channel, row(state).provider_id or "", reference=str(row(state).id), state=what,
            at=now(), error=error, patience=PATIENCE,
        )  # fmt: skip


def sent(channels) -> list[int]:
    return [len(channels[name].sent) for name in ("recording", "second", "call")]


def tasks(state) -> list[Task]:
    with state.database.read() as session:
        wanted = col(Task.kind) == TaskKind.UNDELIVERED
        return list(session.scalars(select(Task).where(wanted)))


def test_without_a_receipt_an_urgent_message_goes_every_way_and_then_to_a_person(
    state, delivery, channels, now
):
    told(state, FOOD, urgent=True)
    for expected in ([1, 0, 0], [1, 1, 0], [1, 1, 1]):
        go(delivery, now)
        go(delivery, now)
        assert sent(channels) == expected
        now.forward(seconds=179)
        go(delivery, now)
        assert sent(channels) == expected, "it has three minutes"
        assert not tasks(state)
        now.forward(seconds=2)
        go(delivery, now)
    go(delivery, now)
    assert sent(channels) == [1, 1, 1]
    assert row(state).state == OutboxState.FAILED
    assert [task.urgent for task in tasks(state)] == [True]
    assert row(state).error == "no receipt of its arrival", "as own_words has it"
    keys = {message.key for channel in channels.values() for message in channel.sent}
    assert keys == {str(row(state).id)}, "one key for all attempts"


def test_what_has_arrived_is_not_said_again(state, delivery, channels, now):
    told(state, FOOD, urgent=True)
    go(delivery, now)
    report(state, now, "recording", OutboxState.DELIVERED)
    now.forward(hours=2)
    go(delivery, now)
    assert sent(channels) == [1, 0, 0]
    assert row(state).state == OutboxState.DELIVERED


def test_a_receipt_that_comes_late_ends_the_second_try(state, delivery, channels, now):
    told(state, FOOD, urgent=True)
    go(delivery, now)
    now.forward(minutes=4)
    go(delivery, now)
    go(delivery, now)
    assert sent(channels) == [1, 1, 0]
    report(state, now, "recording", OutboxState.DELIVERED)
    now.forward(hours=1)
    go(delivery, now)
    assert sent(channels) == [1, 1, 0]
    assert not tasks(state)


def test_a_receipt_before_we_have_settled_does_not_end_the_wait(state, delivery, channels, now):
    told(state, FOOD, urgent=True)
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Outgoing).where(col(Outgoing.phrase) == "receipt").values(
            state=OutboxState.LEASED, attempts=1, provider_id="p", next_at=now()))  # fmt: skip
    report(state, now, "recording", OutboxState.SENT)
    assert row(state).next_at == now() + PATIENCE
    now.forward(minutes=4)
    go(delivery, now)
    go(delivery, now)
    assert sent(channels) == [0, 1, 0]


def test_a_provider_that_gives_up_after_all_makes_room_for_the_next_at_once(
    state, delivery, channels, now
):
    told(state, FOOD, urgent=True)
    go(delivery, now)
    report(state, now, "recording", OutboxState.FAILED, "30008")
    go(delivery, now)
    go(delivery, now)
    assert sent(channels) == [1, 1, 0]
    assert not tasks(state)


def test_what_is_not_urgent_is_not_hurried(state, delivery, channels, now):
    told(state, QUESTION, urgent=False)
    go(delivery, now)
    now.forward(days=1)
    go(delivery, now)
    assert sent(channels) == [1, 0, 0]
    report(state, now, "recording", OutboxState.FAILED, "30008")
    assert row(state).state == OutboxState.FAILED
