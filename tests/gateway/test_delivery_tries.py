"""How often a message of ours is tried, how long it waits between, and what is written of it."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from gateway.delivery import Delivery
from gateway.routes import Routes
from gateway.state import State
from models.messages import Outbound, Unavailable, Undeliverable, Unsure
from models.outbox import Outgoing
from models.tasks import Task
from models.vocabulary import OutboxState
from tests.conftest import Clock
from tests.gateway.people import said
from tests.gateway.test_other_routes import Way, receipt, rounds, row

QUIET = "请问低保要带哪些材料，我住在柳湾镇柳湾村"
GRAVE = "我母亲断粮两天了，她一个人在滨河街道临江社区"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def channels() -> dict[str, Way]:
    return {"recording": Way("recording")}


@pytest.fixture
def delivery(state: State) -> Delivery:
    return Delivery(
        state.database, state.mint, state.channels, state.offices.current, Routes(("recording",))
    )


def waits(state: State, delivery: Delivery, now: Clock) -> list[float]:
    """Seconds from each try to the next, until nobody tries any more."""
    found = []
    while (due := row(state).next_at) is not None:
        now.forward(seconds=max(0.0, (due - now()).total_seconds()))
        rounds(delivery, now)
        following = row(state).next_at
        if following is not None:
            found.append((following - now()).total_seconds())
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GRAVE, [5, 10, 20, 40, 80, 160, 300]),
        (QUIET, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]),
    ],
)
def test_a_route_that_is_away_is_tried_later_each_time_and_then_a_person_is_asked(
    state: State,
    delivery: Delivery,
    channels: dict[str, Way],
    now: Clock,
    text: str,
    expected: list,
) -> None:
    channels["recording"].fails = [Unavailable("away " + "x" * 600) for _ in range(20)]
    receipt(state, text)
    assert waits(state, delivery, now) == expected
    message = row(state)
    assert (message.state, message.attempts) == (OutboxState.FAILED, len(expected) + 1)
    assert message.error == ("away " + "x" * 600)[:500]
    with state.database.read() as session:
        tasks = session.scalars(select(Task).where(col(Task.kind) == "call_person")).all()
    assert len(tasks) <= 1


def row_states(state: State) -> set[str]:
    """What became of the messages to citizens that were due."""
    with state.database.read() as session:
        found = session.scalars(select(Outgoing).where(col(Outgoing.phrase) == "receipt")).all()
    return {one.state for one in found}


def test_what_is_not_known_is_asked_about_soon_when_it_is_urgent(
    state: State, delivery: Delivery, channels: dict[str, Way], now: Clock
) -> None:
    channels["recording"].fails = [Unsure("silence")]
    receipt(state, GRAVE)
    rounds(delivery, now)
    message = row(state)
    assert message.state == OutboxState.READY
    assert message.unsure_at == now()
    assert message.next_at - now() <= timedelta(seconds=20)
    assert message.error == "silence"


def test_of_a_route_that_is_silent_it_is_kept_that_no_answer_came_in_time(
    state: State, delivery: Delivery, channels: dict[str, Way], now: Clock
) -> None:
    channels["recording"].fails = [TimeoutError()]
    receipt(state, QUIET)
    rounds(delivery, now)
    assert (row(state).state, row(state).error) == (OutboxState.READY, "no answer in time")


def test_a_message_bears_its_key_its_number_and_where_its_receipt_is_to_come(
    state: State, delivery: Delivery, channels: dict[str, Way], now: Clock
) -> None:
    receipt(state, QUIET)
    rounds(delivery, now)
    (sent,) = channels["recording"].sent
    message = row(state)
    assert (sent.key, sent.number, sent.text) == (str(message.id), message.number, message.text)
    address = state.offices.current().callback_url
    assert sent.callback_url == f"{address}/hook/recording/status?key={message.id}"
    assert (message.state, message.sent_at) == (OutboxState.SENT, now())


def test_a_channel_that_is_switched_off_refuses_in_words(state: State, now: Clock) -> None:
    delivery = Delivery(state.database, state.mint, {}, state.offices.current)
    receipt(state, QUIET)
    assert asyncio.run(delivery.round(now)) == 1
    assert row(state).error == "channel recording is switched off"
    assert row(state).state == OutboxState.FAILED


def test_a_round_takes_no_more_than_it_is_told_and_says_how_many(
    state: State, delivery: Delivery, channels: dict[str, Way], now: Clock
) -> None:
    receipt(state, QUIET, next_at=now())
    with state.database.read() as session:
        due = len(session.scalars(select(Outgoing).where(col(Outgoing.next_at) <= now())).all())
    assert due > 2
    assert asyncio.run(delivery.round(now, limit=2)) == 2
    assert len(channels["recording"].sent) == 2
    assert asyncio.run(delivery.round(now)) == due - 2
    assert asyncio.run(delivery.round(now)) == 0


def test_a_refusal_for_good_is_not_tried_again(
    state: State, delivery: Delivery, channels: dict[str, Way], now: Clock
) -> None:
    channels["recording"].fails = [Undeliverable("opted out")]
    receipt(state, GRAVE)
    rounds(delivery, now, 3, seconds=3600)
    message = row(state)
    assert (message.state, message.attempts) == (OutboxState.FAILED, 1)
    assert message.error == "opted out"


class _Slow(Way):
    """A route that answers nobody for the first message until something else went out."""

    async def send(self, message: Outbound) -> str:
        if not self.sent and not self.begun.is_set():
            self.begun.set()
            await asyncio.wait_for(self.free.wait(), 10)
            self.waited = len(self.sent)
        taken = await super().send(message)
        self.free.set()
        return taken


def test_a_provider_that_lets_us_wait_holds_up_only_what_it_was_given(
    state: State, channels: dict[str, Way], now: Clock
) -> None:
    slow = state.channels["recording"] = _Slow("recording")
    delivery = Delivery(
        state.database, state.mint, state.channels, state.offices.current, Routes(("recording",))
    )
    receipt(state, QUIET)

    async def both() -> None:
        slow.begun, slow.free = asyncio.Event(), asyncio.Event()
        sending = asyncio.ensure_future(delivery.all_due(now))
        await asyncio.wait_for(slow.begun.wait(), 10)
        await asyncio.to_thread(said, state, "b", GRAVE, "+8613900001111")
        await asyncio.wait_for(sending, 20)

    asyncio.run(both())
    assert slow.waited >= 1, "the call for help went out while the other message hung"
    assert row_states(state) == {OutboxState.SENT}
