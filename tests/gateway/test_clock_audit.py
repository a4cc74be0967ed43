"""Every step of every clock exactly once, and whoever says otherwise is named."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlmodel import col

from gateway.clock_audit import Audit, audit
from gateway.offices import Rules
from gateway.rhythm import Rhythm
from gateway.state import State, wire
from gateway.ticks import Ticks
from models.clocks import DUE, FIRST
from models.clocks import Clock as ClockRow
from models.events import Event
from models.outbox import Outgoing
from models.requests import HelpRequest
from models.transaction import acting
from referral import auditing, casework, promises
from tests.conftest import Clock
from tests.fakes import RecordingChannel
from tests.gateway.people import COMPLAINT, FOOD, JUMP, QUESTION, said
from tests.plans import ranges

PATIENCE = timedelta(minutes=5)
WORDS = (FOOD, QUESTION, JUMP, COMPLAINT)


def ticks_of(state: State, beats: list[datetime] | None = None) -> Ticks:
    async def beat() -> None:
        assert beats is not None
        beats.append(state.now())

    return Ticks(
        state.database,
        state.mint,
        channels=state.channels,
        offices=state.offices,
        intake=state.intake,
        now=state.now,
        heartbeat=beat if beats is not None else None,
    )


def sweep(state: State) -> None:
    asyncio.run(ticks_of(state).sweep())


def audited(state: State) -> Audit:
    with state.database.read() as session:
        return audit(session, state.offices.current(), state.now(), PATIENCE)


def rows(state: State, table: type) -> list:
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def steps_taken(state: State) -> Counter:
    return Counter(
        (detail["clock_id"], index)
        for event in rows(state, Event)
        if event.kind in auditing.STEPS
        for detail in [json.loads(event.detail)]
        for index in detail["steps"]
    )


def entered(state: State, count: int = 12) -> None:
    for index in range(count):
        said(state, f"m{index}", WORDS[index % 4], f"+86199000{index:05d}")


@contextmanager
def another_process(state: State) -> Iterator[State]:
    other = wire(
        state.settings, kind="test", now=state.now, channels={"recording": RecordingChannel()}
    )
    try:
        yield other
    finally:
        other.close()


def test_after_six_hours_without_a_ticker_two_that_start_at_once_take_each_step_once(
    state: State, now: Clock
) -> None:
    entered(state)
    sweep(state)
    now.forward(hours=6)
    assert any("was not taken" in fault for fault in audited(state).faults), "six hours of silence"
    with another_process(state) as other, ThreadPoolExecutor(2) as pool:
        list(pool.map(sweep, (state, other)))
    found = audited(state)
    assert found.faults == []
    assert set(steps_taken(state).values()) == {1}
    expected = {
        (str(row.id), index)
        for row in rows(state, ClockRow)
        for index, _ in auditing.expected(
            row,
            state.offices.current().policy.ladders[row.ladder],
            state.offices.current().policy.calendar,
            row.stopped_at or now(),
        )
    }
    assert set(steps_taken(state)) == expected
    assert found.steps == len(expected) > 50


def test_what_was_missed_comes_as_one_message_a_person_with_the_urgent_ones_first(
    state: State, now: Clock
) -> None:
    entered(state, 24)
    now.forward(hours=6, minutes=45)  # nothing falls due just now
    with another_process(state) as other, ThreadPoolExecutor(2) as pool:
        list(pool.map(sweep, (state, other)))
    late = [row for row in rows(state, Outgoing) if row.phrase.startswith("staff_digest")]
    others = {row.phrase for row in rows(state, Outgoing) if row.staff}
    owed = {"staff_call_silent"}  # a call to who fell silent in danger is a task, no reminder
    assert others - owed == {"staff_new_referral", "staff_digest"}, "not one single reminder"
    assert len(late) == len({row.staff for row in late})
    reminded = {
        (json.loads(event.detail)["to"], event.number)
        for event in rows(state, Event)
        if event.kind in auditing.STEPS and json.loads(event.detail).get("told")
    }
    told = {(row.staff, number) for row in late for number in row.params["numbers"].split(" ")}
    assert told == reminded
    level = {row.number: row.level for row in rows(state, HelpRequest)}
    for row in late:
        numbers, urgent = row.params["numbers"].split(" "), int(row.params["urgent"])
        assert all(level[n] in ("urgent", "life_threat") for n in numbers[:urgent])
        assert row.params["number"] in row.text
        assert f"{len(numbers)}件" in row.text


def test_a_reminder_in_time_is_said_by_itself(state: State, now: Clock) -> None:
    said(state, "1", FOOD)
    now.forward(minutes=31)
    sweep(state)
    assert "staff_reminder" in {row.phrase for row in rows(state, Outgoing)}
    assert audited(state).faults == []


def test_a_clock_set_back_an_hour_fires_nothing_twice_and_raises_nothing(
    state: State, now: Clock
) -> None:
    entered(state, 8)
    now.forward(hours=3)
    sweep(state)
    before = steps_taken(state)
    now.forward(hours=-1)
    asyncio.run(ticks_of(state, []).alive())
    sweep(state)
    said(state, "later", FOOD, "+8619900012345")
    assert steps_taken(state) == before
    for _ in range(9):
        now.forward(minutes=30)
        sweep(state)
    assert set(steps_taken(state).values()) == {1}
    assert audited(state).faults == []


def test_the_heartbeat_is_missed_while_nobody_ticks_and_until_what_is_due_is_taken(
    state: State, now: Clock
) -> None:
    beats: list[datetime] = []
    ticks = ticks_of(state, beats)
    entered(state, 4)
    asyncio.run(ticks.alive())
    assert beats == [now()]
    now.forward(hours=6)
    asyncio.run(ticks.alive())
    assert len(beats) == 1, "six hours of steps are overdue"
    asyncio.run(ticks.sweep())
    asyncio.run(ticks.alive())
    assert beats[1:] == [now()]


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE ledger SET seq = seq + 1",
        "UPDATE event SET kind = 'nothing' WHERE seq = (SELECT max(seq) FROM event)",
        "DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)",
    ],
)
def test_the_heartbeat_is_missed_when_the_head_of_the_ledger_is_not_as_it_must_be(
    state: State, harm: str
) -> None:
    beats: list[datetime] = []
    entered(state, 1)
    with state.database.write() as connection:
        connection.execute(text(harm))
    asyncio.run(ticks_of(state, beats).alive())
    assert beats == []


def test_a_job_that_stands_still_is_silent_and_one_that_raises_comes_again() -> None:
    at = [0.0]
    turns: list[str] = []

    async def stands() -> None:
        turns.append("stands")
        raise RuntimeError("not today")

    async def runs() -> None:
        turns.append("runs")

    async def play() -> list[str]:
        rhythm = Rhythm([(stands, 0.001), (runs, 0.001)], clock=lambda: at[0])
        rhythm.start()
        await asyncio.sleep(0.05)
        at[0] = 400.0
        await asyncio.sleep(0.05)
        silent = rhythm.silent()
        await rhythm.stop()
        return silent

    assert asyncio.run(play()) == ["stands"]
    assert turns.count("stands") > 1
    assert turns.count("runs") > 1


def test_a_time_of_day_set_back_an_hour_lets_no_tick_oversleep() -> None:
    turns: list[datetime] = []
    day = Clock()

    async def hourly() -> None:
        turns.append(day())

    async def play() -> None:
        rhythm = Rhythm([(hourly, 3600.0)], clock=lambda: 0.0, now=day, watch=0.01)
        rhythm.start()
        await asyncio.sleep(0.1)
        assert len(turns) == 1
        day.forward(hours=-1)
        await asyncio.sleep(0.2)
        await rhythm.stop()

    asyncio.run(play())
    assert len(turns) == 2


def test_a_clock_stopped_before_anybody_ticked_keeps_its_breach(state: State, now: Clock) -> None:
    said(state, "1", FOOD)
    now.forward(hours=25)
    request = dict(rows(state, HelpRequest)[0])
    with acting(state.database, state.mint) as tx:
        casework.halt_all(tx, request["id"], now())
    now.forward(hours=2)
    sweep(state)
    late = [row for row in rows(state, ClockRow) if row.due_at <= row.stopped_at]
    assert late
    assert all(row.breached_at == row.due_at for row in late)
    assert all(row.next_at is None for row in rows(state, ClockRow))
    kinds = Counter(event.kind for event in rows(state, Event))
    assert kinds["breached"] == len(late)
    assert kinds["lapsed"]
    assert not kinds["reminder"], "nobody is reminded of what is done"
    assert audited(state).faults == []


def test_a_clock_that_outlives_its_request_still_reminds(state: State, now: Clock) -> None:
    """I10: care afterwards begins when the request is closed."""
    said(state, "1", FOOD)
    policy = state.offices.current().policy
    request = dict(rows(state, HelpRequest)[0])
    with acting(state.database, state.mint) as tx:
        casework.halt_all(tx, request["id"], now())
        rule = policy.clock("CLK-AFTERCARE", "urgent")
        promises.start(tx, state.offices.current(), request, rule=rule, at=now(), urgent=True)
        tx.execute(update(HelpRequest).values(status="closed", closed_at=now()))
    now.forward(hours=24, seconds=1)
    sweep(state)
    last = rows(state, Event)[-1]
    assert (last.kind, json.loads(last.detail)["clock"]) == ("reminder", "CLK-AFTERCARE")
    assert audited(state).faults == []


def test_a_clock_that_cannot_step_waits_and_stops_none_of_the_others(
    state: State, now: Clock
) -> None:
    """It alone is put off, though others are due at the same moment, and what failed is named."""
    entered(state, 4)
    now.forward(hours=2)
    due = sorted(
        (row for row in rows(state, ClockRow) if row.next_at and row.next_at <= now()),
        key=lambda row: (not row.urgent, row.next_at, row.id),
    )
    twins = Counter((row.urgent, row.next_at) for row in due)
    victim = next(row for row in due if twins[row.urgent, row.next_at] > 1)
    others = {str(row.id) for row in due} - {str(victim.id)}
    with state.database.write() as connection:
        connection.execute(
            update(ClockRow)
            .where(col(ClockRow.id) == victim.id)
            .values(ladder="urgent", step=2_000_000_000)  # thirty minutes each: beyond all years
        )
    sweep(state)
    failed = [json.loads(e.detail) for e in rows(state, Event) if e.kind == "step_failed"]
    assert [(one["clock_id"], one["clock"]) for one in failed] == [(str(victim.id), victim.name)]
    assert [one["error"] for one in failed] == ["OverflowError"]
    assert others <= {clock_id for clock_id, _ in steps_taken(state)}
    after = {row.id: row for row in rows(state, ClockRow)}
    assert after[victim.id].next_at == now() + timedelta(hours=1)
    assert [r for r in after.values() if r.next_at is not None and r.next_at <= now()] == []


HARM = {
    "a reminder taken out of the ledger": (
        lambda c, e: delete(Event).where(col(Event.seq) == e["reminder"].seq),
        "was not taken",
    ),
    "a breach taken out of the ledger": (
        lambda c, e: delete(Event).where(col(Event.seq) == e["breached"].seq),
        "the ledger does not",
    ),
    "a breach erased from the row": (
        lambda c, e: update(ClockRow).where(col(ClockRow.id) == c.id).values(breached_at=None),
        "was taken out of its row",
    ),
    "a due time moved": (
        lambda c, e: (
            update(ClockRow)
            .where(col(ClockRow.id) == c.id)
            .values(due_at=c.due_at + timedelta(hours=1))
        ),
        "by the ledger, not",
    ),
    "a start moved": (
        lambda c, e: (
            update(ClockRow)
            .where(col(ClockRow.id) == c.id)
            .values(started_at=c.started_at - timedelta(hours=1))
        ),
        "it started",
    ),
    "a row taken out": (
        lambda c, e: delete(ClockRow).where(col(ClockRow.id) == c.id),
        "its row is gone",
    ),
    "a clock put to sleep": (
        lambda c, e: update(ClockRow).where(col(ClockRow.id) == c.id).values(next_at=None),
        "waits for nothing",
    ),
    "a reminder written twice": (
        lambda c, e: insert(Event).values(
            {**e["reminder"].model_dump(), "seq": 10_000, "hash": "", "previous": ""}
        ),
        "taken 2 times",
    ),
}


@pytest.mark.parametrize("harm", HARM)
def test_the_auditor_names_what_does_not_agree(state: State, now: Clock, harm: str) -> None:
    said(state, "1", FOOD)
    for _ in range(3):
        now.forward(minutes=40)
        sweep(state)
    assert audited(state).faults == []
    events = [e for e in rows(state, Event) if e.kind in ("breached", "reminder")]
    first = next(e for e in events if e.kind == "breached" and '"CLK-URGENT-CONTACT"' in e.detail)
    clock_id = json.loads(first.detail)["clock_id"]
    own = [e for e in events if json.loads(e.detail)["clock_id"] == clock_id]
    clock = next(row for row in rows(state, ClockRow) if row.id == int(clock_id))
    assert clock.next_at is not None, "an urgent clock climbs until somebody acts"
    change, words = HARM[harm]
    with state.database.write() as connection:
        connection.execute(
            change(clock, {"breached": first, "reminder": next(e for e in own if e is not first)})
        )
    faults = audited(state).faults
    assert faults
    assert all(clock_id in fault for fault in faults)
    assert any(words in fault for fault in faults), faults


def test_what_is_due_is_found_by_the_index(state: State, now: Clock) -> None:
    for urgent in (True, False):
        for query in (DUE[urgent].params(now=now(), most=500), FIRST[urgent]):
            assert ranges(state.database, query, "ix_clock_urgent_next_at")


OTHER_RULES = """
[[clock]]
name = "CLK-URGENT-CONTACT"
amount = 5
source = "本县新办法"
tag = "P"
"""
OTHER_LADDER = """
[[ladder]]
name = "urgent"
source = "本县新办法"
tag = "P"
steps = [
  { at = "90%", who = "supervisor", act = "reminder" },
  { at = "due", who = "supervisor", act = "breach" },
]
"""


def test_a_change_of_rule_never_moves_a_running_clock_nor_its_reminders(
    state: State, now: Clock, tmp_path: Path
) -> None:
    said(state, "1", FOOD)
    before = {row.id: (row.due_at, row.next_at, row.source) for row in rows(state, ClockRow)}
    folder = tmp_path / "county"
    folder.mkdir()
    (folder / "clocks.toml").write_text(OTHER_RULES, "utf-8")
    (folder / "ladders.toml").write_text(OTHER_LADDER, "utf-8")
    rules = Rules.load("national_baseline", folder)
    channels = {"recording": RecordingChannel()}
    other = wire(state.settings, kind="test", now=now, channels=channels, rules=rules)
    try:
        said(other, "2", FOOD, "+8619900000002")
        row_of = {row.id: row for row in rows(state, ClockRow)}
        assert {
            i: (row_of[i].due_at, row_of[i].next_at, row_of[i].source) for i in before
        } == before
        newer = next(r for r in row_of.values() if r.id not in before and r.name in OTHER_RULES)
        assert newer.due_at - newer.started_at == timedelta(hours=5)
        for _ in range(14):
            now.forward(minutes=30)
            sweep(other)
        asyncio.run(ticks_of(state).refresh())
        for seen_by in (state, other):
            assert audited(seen_by).faults == []
        taken = steps_taken(state)
        older = next(
            r for r in row_of.values() if r.id in before and r.name in OTHER_RULES and not r.case
        )
        climbed = [index for clock_id, index in taken if clock_id == str(older.id)]
        assert sorted(climbed) == list(range(3 + 12)), "half an hour a rung, as on the first day"
        assert sorted(i for c, i in taken if c == str(newer.id)) == [0, 1]
    finally:
        other.close()


def test_a_due_time_that_was_moved_by_an_act_is_no_fault(state: State, now: Clock) -> None:
    said(state, "1", FOOD)
    request = dict(rows(state, HelpRequest)[0])
    clock = next(row for row in rows(state, ClockRow) if row.name == "CLK-RELIEF" and not row.case)
    later = clock.due_at + timedelta(hours=3)
    moving = update(ClockRow).where(col(ClockRow.id) == clock.id).values(due_at=later)
    with acting(state.database, state.mint) as tx:
        tx.execute(moving)
    assert any("by the ledger, not" in fault for fault in audited(state).faults)
    with acting(state.database, state.mint) as tx:
        promises.moved(tx, request, clock.model_dump(), later, now())
    assert audited(state).faults == []
