"""A time of day that was set is recorded, and believed again after a quarter of an hour."""

import asyncio

import orjson
import pytest
from sqlalchemy import select
from sqlmodel import col

from gateway.clock_jumps import PROOF, QUIET_SECONDS, Jumps
from gateway.rhythm import Rhythm
from gateway.state import State
from models import assurances
from models.db import Busy
from models.events import Event
from tests.conftest import Clock


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def jumps_of(state: State) -> list[int]:
    with state.database.read() as session:
        query = select(col(Event.detail)).where(col(Event.kind) == "clock_jumped")
        return [orjson.loads(detail)["seconds"] for detail in session.scalars(query)]


def believed(state: State) -> bool | None:
    with state.database.read() as session:
        found = assurances.every(session).get(PROOF)
        return found.holds if found else None


def watched(day: Clock, jumped, act, *, beats=()) -> None:
    async def play() -> None:
        rhythm = Rhythm(list(beats), clock=lambda: 0.0, now=day, watch=0.01, jumped=jumped)
        rhythm.start()
        await asyncio.sleep(0.05)
        act()
        await asyncio.sleep(0.3)
        await rhythm.stop()

    asyncio.run(play())


@pytest.mark.parametrize("hours", [-1, 240])
def test_a_time_of_day_that_was_set_is_in_the_ledger_with_by_how_much(
    state: State, now: Clock, hours: int
) -> None:
    jumps = Jumps(state.database, state.mint, now, clock=lambda: 0.0)
    watched(now, jumps.note, lambda: now.forward(hours=hours))
    assert jumps_of(state) == [hours * 3600]
    assert believed(state) is False


def test_a_second_that_is_corrected_is_no_jump(state: State, now: Clock) -> None:
    watched(now, Jumps(state.database, state.mint, now).note, lambda: now.forward(seconds=1))
    assert (jumps_of(state), believed(state)) == ([], None)


def test_a_process_that_had_to_wait_between_two_looks_at_the_clocks_saw_no_jump(now: Clock) -> None:
    heard: list[float] = []
    readings = iter([0.0, 0.0, 0.0, 30.0, 30.0, 30.0])
    begun = now()

    async def jumped(seconds: float) -> None:
        heard.append(seconds)

    rhythm = Rhythm([], clock=lambda: next(readings), now=lambda: begun, jumped=jumped)
    assert rhythm._apart() == begun.timestamp()
    assert rhythm._apart() == begun.timestamp() - 30, "the reading across the wait is thrown away"
    assert heard == []


def test_the_clock_is_believed_again_after_a_quarter_of_an_hour(state: State, now: Clock) -> None:
    monotonic = [0.0]
    jumps = Jumps(state.database, state.mint, now, clock=lambda: monotonic[0])
    asyncio.run(jumps.settle_clock())
    assert believed(state) is None, "nothing has happened"
    asyncio.run(jumps.note(-60))
    monotonic[0] = QUIET_SECONDS - 1
    asyncio.run(jumps.settle_clock())
    assert believed(state) is False
    monotonic[0] = QUIET_SECONDS
    asyncio.run(jumps.settle_clock())
    assert believed(state) is True
    assert jumps_of(state) == [-60]


def test_a_jump_that_cannot_be_recorded_stops_no_job(now: Clock) -> None:
    turns: list[int] = []

    async def job() -> None:
        turns.append(1)

    async def busy(_seconds: float) -> None:
        raise Busy("away")

    watched(now, busy, lambda: now.forward(hours=-1), beats=[(job, 3600.0)])
    assert len(turns) == 2
