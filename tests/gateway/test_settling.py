"""Changes that come while another is being written share the next transaction."""

import asyncio
from contextlib import contextmanager

import pytest
from sqlalchemy import select
from sqlmodel import col

from gateway.delivery import Delivery
from gateway.settling import Settling
from gateway.state import State
from models.counters import Counter
from models.outbox import Outgoing
from models.transaction import Transaction
from models.vocabulary import OutboxState
from tests.gateway.people import FOOD, said


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


class Counted:
    """A database that counts its transactions."""

    def __init__(self, state: State) -> None:
        self.inner, self.transactions = state.database, 0

    @contextmanager
    def write(self):
        self.transactions += 1
        with self.inner.write() as connection:
            yield connection


def work(tx: Transaction, parts) -> None:
    for part in parts:
        if part == "bad":
            raise LookupError("this one cannot be written")
        tx.count(part)


def reached(state: State, name: str) -> int:
    with state.database.read() as session:
        found = session.scalar(select(col(Counter.value)).where(col(Counter.name) == name))
        return int(found or 0)


def together(settling: Settling, parts: list) -> list:
    async def run() -> list:
        waits = (settling.write(part) for part in parts)
        return await asyncio.gather(*waits, return_exceptions=True)

    return asyncio.run(run())


def test_what_comes_meanwhile_shares_a_transaction_and_each_is_written_once(state: State) -> None:
    database = Counted(state)
    settling = Settling(database, state.mint, work)  # type: ignore[arg-type]
    assert together(settling, ["shared"] * 40) == [None] * 40
    assert reached(state, "shared") == 40
    assert database.transactions <= 3
    assert together(settling, ["shared"]) == [None], "and again"
    assert reached(state, "shared") == 41


def test_a_change_that_cannot_be_written_takes_none_of_the_others_along(state: State) -> None:
    settling = Settling(state.database, state.mint, work)
    found = together(settling, ["rest", "bad", "rest"])
    assert [type(one) for one in found] == [type(None), LookupError, type(None)]
    assert reached(state, "rest") == 2


def test_who_waits_is_told_when_the_writing_is_called_off(state: State) -> None:
    settling = Settling(state.database, state.mint, work)

    async def run() -> list:
        tasks = [asyncio.create_task(settling.write("off")) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)

    assert asyncio.CancelledError in {type(one) for one in asyncio.run(run())}
    assert reached(state, "off") in (0, 3), "all or nothing of what was handed in"


def test_a_round_of_the_outbox_is_settled_together(
    state: State, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(6):
        said(state, f"m{n}", FOOD, f"+86139000011{n:02d}")
    delivery = Delivery(state.database, state.mint, state.channels, state.offices.current)
    claimed = asyncio.run(delivery.round(state.now))
    with state.database.read() as session:
        states = session.scalars(select(col(Outgoing.state))).all()
    assert list(states).count(OutboxState.SENT) == claimed > 6
    assert "one by one" not in caplog.text
