"""What clocks should have done, worked out anew from what was promised, beside what they did. Pure.

The reminders of a clock follow from when it began, when it is due and its ladder; each that has
fallen due must stand in the ledger exactly once, and so must the breach. What stands in the row of
a clock must be what the ledger says of it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from referral import clocks
from referral.calendars import Calendar
from referral.clocks import LadderStep

STEPS = frozenset(
    {"reminder", "breach", "written_reminder", "supervision_order", "circular", "lapsed"}
)
"""The kinds of entries that steps of a clock leave in the ledger."""
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Taken:
    """An entry of the ledger: the steps, when they were taken, when the last was planned; ``to`` is
    who was reminded where that was the holder's rung and the holder was found, ``holder`` who held
    the request at that entry, "" where the ledger does not say."""

    seq: int
    at: datetime
    steps: tuple[int, ...]
    planned: datetime
    to: str = ""
    holder: str = ""


@dataclass(slots=True)
class Trail:
    """What the ledger says of one clock. ``due`` is the last due time that was recorded, ``moves``
    how often a named person had moved it."""

    started: datetime | None = None
    due: datetime | None = None
    moves: int = 0
    taken: list[Taken] = field(default_factory=list)
    breached: list[int] = field(default_factory=list)


def faults(
    clock: Any,
    trail: Trail,
    ladder: Sequence[LadderStep],
    calendar: Calendar,
    *,
    now: datetime,
    patience: timedelta,
) -> Iterator[str]:
    """Every fault of one clock (a row) as the end of a sentence; nothing when all is as it must be.

    A step that fell due less than ``patience`` ago may still be on its way.
    """
    yield from _altered(clock, trail)
    times = Counter(index for taken in trail.taken for index in taken.steps)
    for index, count in sorted(times.items()):
        if count > 1:
            yield f"step {index} was taken {count} times"
    for taken in trail.taken:
        if taken.planned > taken.at:
            yield (
                f"step {taken.steps[-1]}, planned for {taken.planned:%Y-%m-%d %H:%M:%S}, "
                f"was taken early, in entry {taken.seq}"
            )
    for taken in trail.taken:
        if taken.to and taken.holder and taken.to != taken.holder:
            yield (
                f"step {taken.steps[-1]} reminded {taken.to} (entry {taken.seq}), "
                f"while {taken.holder} held the request"
            )
    until = _until(clock, now - patience)
    due = expected(clock, ladder, calendar, until)
    # Steps before a moved due time may never have stood in the way the clock really went.
    first = clock.step if trail.moves or clock.paused else 0
    missing = [index for index, _ in due if index not in times and index >= first]
    for index, at in due:
        if index in missing:
            yield f"step {index}, due {at:%Y-%m-%d %H:%M:%S}, was not taken"
    if len(trail.breached) > 1:
        yield f"the breach was recorded {len(trail.breached)} times"
    late = clock.name not in clocks.LAPSES and any(at >= clock.due_at for _, at in due)
    if late and not missing and not trail.breached:
        yield f"the breach of {clock.due_at:%Y-%m-%d %H:%M:%S} was not recorded"
    ahead = clocks.next_step(
        clock.started_at, clock.due_at, tuple(ladder), clock.step - 1, clock.measure, calendar
    )
    runs = clock.stopped_at is None and not _paused(clock)
    if runs and clock.next_at is None and ahead is not None and not missing:
        yield f"step {ahead[0]} is still to come, but the clock waits for nothing"


def _altered(clock: Any, trail: Trail) -> Iterator[str]:
    """Whether the row says something else than the ledger. Pauses only ever lengthen a clock."""
    if trail.started is None or trail.due is None:
        yield "the ledger does not know when it was started"
        return
    if trail.started != clock.started_at:
        yield f"it started {trail.started:%Y-%m-%d %H:%M:%S} by the ledger, not {clock.started_at}"
    if trail.due != clock.due_at and not (clock.paused and clock.due_at > trail.due):
        yield f"it was due {trail.due:%Y-%m-%d %H:%M:%S} by the ledger, not {clock.due_at}"
    if trail.breached and clock.breached_at is None:
        yield f"its breach (entry {trail.breached[0]}) was taken out of its row"
    if clock.breached_at is not None and not trail.breached:
        yield "its row says it was breached, the ledger does not"


def expected(
    clock: Any, ladder: Sequence[LadderStep], calendar: Calendar, until: datetime
) -> list[tuple[int, datetime]]:
    """Every step that has fallen due by ``until``."""
    found: list[tuple[int, datetime]] = []
    index = -1
    while len(found) < _MOST:
        step = clocks.next_step(
            clock.started_at, clock.due_at, tuple(ladder), index, clock.measure, calendar
        )
        if step is None or step[1] > until:
            break
        index = step[0]
        found.append(step)
    return found


def _paused(clock: Any) -> bool:
    return bool(clock.paused) and clock.paused[-1][1] is None


def _until(clock: Any, now: datetime) -> datetime:
    """The last moment at which this clock could take a step."""
    ends = [now, clock.due_at] if clock.name in clocks.LAPSES else [now]
    if clock.stopped_at is not None:
        ends.append(clock.stopped_at)
    if _paused(clock):
        ends.append(datetime.fromisoformat(clock.paused[-1][0]))
    return min(ends)
