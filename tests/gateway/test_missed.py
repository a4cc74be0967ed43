"""What a provider took while nobody of us was there is found, however long that was."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from gateway.missed import LOOK_BACK, MANY_WAIT, MARGIN, TOO_OFTEN, Missed
from gateway.state import State
from gateway.ticks import Ticks
from models.journal import JournalEntry
from models.messages import Inbound, Preference
from models.outbox import Outgoing
from models.people import Address
from models.processes import Process
from models.requests import Contact
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import ContactState, TaskKind
from tests.conftest import Clock
from tests.fakes import RecordingChannel

CITIZEN, OTHER = "+8613900010002", "+8613900010003"


class Provider(RecordingChannel):
    """A provider that lists what it took, and how many wait."""

    name, source = "sms", "sms"

    def __init__(self) -> None:
        super().__init__()
        self.took: list[Inbound | Preference] = []
        self.waiting = 0
        self.asked: list[datetime] = []

    async def missed(self, since: datetime) -> Sequence[Inbound | Preference]:
        self.asked.append(since)
        return self.took

    async def pending(self) -> int | None:
        return self.waiting


@pytest.fixture
def provider() -> Provider:
    return Provider()


def process(state: State, provider: Provider) -> Missed:
    """What a process that begins now asks with."""
    return Missed(
        state.database,
        state.mint,
        channels={provider.name: provider},
        offices=state.offices,
        intake=state.intake,
        now=state.now,
    )


def ticking(state: State, provider: Provider) -> Ticks:
    """The recurring work of a process."""
    return Ticks(
        state.database,
        state.mint,
        channels={provider.name: provider},
        offices=state.offices,
        intake=state.intake,
        now=state.now,
    )


def rows(state: State, table: Any) -> list[Any]:
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def test_one_odd_message_holds_up_no_other(state: State, provider: Provider) -> None:
    provider.took = [
        Inbound("SM1", CITIZEN, "断粮\ud83d两天了"),
        Inbound("SM2" * 100, CITIZEN, "这一条的编号太长"),
        Inbound("SM3", OTHER, "家里断粮了"),
    ]
    asking = process(state, provider)
    for _ in range(2):
        asyncio.run(asking.ask())
        state.now.forward(minutes=4)  # type: ignore[attr-defined]
    assert [(one.text, one.state) for one in rows(state, Contact)] == [
        ("断粮?两天了", ContactState.HANDLED),
        ("这一条的编号太长", ContactState.HOLDING_PEN),
        ("家里断粮了", ContactState.HANDLED),
    ]
    [task] = [one for one in rows(state, Task) if one.kind == TaskKind.UNREADABLE]
    assert task.urgent
    assert provider.asked[1] == provider.asked[0] + LOOK_BACK, "it goes on from where it was"


def test_what_is_odd_in_the_holding_pen_holds_up_no_other(state: State, provider: Provider) -> None:
    provider.took = [Inbound("SM2" * 100, CITIZEN, "这一条的编号太长")]
    asyncio.run(process(state, provider).ask())
    ticks = ticking(state, provider)
    for _ in range(3):
        state.now.forward(hours=12)  # type: ignore[attr-defined]
        asyncio.run(ticks.resume())
    [entry] = rows(state, JournalEntry)
    assert entry.attempts == 4


def test_a_process_that_begins_looks_back_to_where_the_last_one_ended(
    state: State, provider: Provider
) -> None:
    clock = state.now
    asyncio.run(process(state, provider).ask())
    ended = clock()
    clock.forward(days=3)  # type: ignore[attr-defined]
    asyncio.run(process(state, provider).ask())
    assert provider.asked[-1] == ended - MARGIN


def test_where_nobody_has_asked_yet_the_last_sign_of_life_counts(
    state: State, provider: Provider, now: Clock
) -> None:
    started = now()
    with acting(state.database, state.mint) as tx:  # rows of other tests' processes are kept
        tx.later(update(Process).values(started_at=started, seen_at=started))
    now.forward(days=2)
    asyncio.run(process(state, provider).ask())
    assert provider.asked == [started - MARGIN]


def test_a_process_that_begins_looks_back_a_day_at_least_and_a_month_at_most(
    state: State, provider: Provider, now: Clock
) -> None:
    asyncio.run(process(state, provider).ask())
    now.forward(minutes=5)
    asyncio.run(process(state, provider).ask())
    assert provider.asked[-1] == now() - LOOK_BACK - MARGIN
    now.forward(days=200)
    asyncio.run(process(state, provider).ask())
    assert provider.asked[-1] == now() - timedelta(days=30) - MARGIN


def test_a_missed_wish_to_hear_no_more_is_heeded_once(state: State, provider: Provider) -> None:
    provider.took = [Preference("SM4", CITIZEN, stop=True)]
    for _ in range(2):
        asyncio.run(process(state, provider).ask())
    [address] = rows(state, Address)
    assert (address.value, address.stopped_at) == (CITIZEN, state.now())
    [entry] = rows(state, JournalEntry)
    assert (entry.provider_key, entry.state) == ("SM4", ContactState.HANDLED)
    assert rows(state, Contact) == rows(state, Outgoing) == []


def test_many_that_go_on_waiting_at_a_provider_are_a_task(state: State, provider: Provider) -> None:
    provider.waiting = MANY_WAIT
    asking = process(state, provider)
    for _ in range(TOO_OFTEN - 1):
        asyncio.run(asking.ask())
    assert rows(state, Task) == []
    for _ in range(2):
        asyncio.run(asking.ask())
    assert [(one.kind, one.note) for one in rows(state, Task)] == [(TaskKind.CHANNEL_SILENT, "sms")]
