"""By when: due times, what is left of them, and the ladder of reminders. Pure; times are aware.

Two measures only (domain note 3c.1): calendar time runs nights and holidays, working days follow
the calendar. The starting day is not counted and the clock ends at close of business of the last
working day (Civil Code Art. 201 and 203).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from math import floor

from models.vocabulary import ClockUnit
from referral.calendars import Calendar

WORKING_DAY = "working_day"
SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86400.0}
MEASURES = (*SECONDS, WORKING_DAY)

LAPSES = ("CLK-CLARIFY", "CLK-SUSPEND", "CLK-SILENCE")
"""Clocks at whose end nobody is late: what waited simply goes on."""

Interval = tuple[datetime, datetime | None]
"""A pause; None while it lasts."""


class Rung(StrEnum):
    """Whom a reminder wakes, from the person up to the mechanism (domain note 3c.3)."""

    HOLDER = "holder"
    UNIT_DUTY = "unit_duty"
    BUREAU_HEAD = "bureau_head"
    DUTY_LEAD = "duty_lead"
    SUPERVISOR = "supervisor"
    COUNTY_DUTY_HEAD = "county_duty_head"
    COORDINATION_OFFICE = "coordination_office"


CLIMB: list[Rung] = [rung for rung in Rung if rung is not Rung.DUTY_LEAD]
"""How reminders of a bureau climb; the desk's head of shift stands beside it, below SUPERVISOR."""


class LadderAct(StrEnum):
    """What a rung of the ladder does."""

    REMINDER = "reminder"
    BREACH = "breach"
    WRITTEN_REMINDER = "written_reminder"
    SUPERVISION_ORDER = "supervision_order"
    CIRCULAR = "circular"


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One rung: when, whom, what. ``at`` is "50%", "-1wd", "due", "+1wd", "+1wd opening" or
    "every 30min after"; a number of working days ends at close of business unless it says opening.
    """

    at: str
    who: Rung
    act: LadderAct


@dataclass(frozen=True, slots=True)
class Due:
    """An instant in UTC; ``provisional`` when a year without a holiday notice was counted."""

    at: datetime
    provisional: bool


def unit(measure: str) -> ClockUnit:
    """Which of the two units of the export a measure belongs to."""
    return ClockUnit.WORKING_DAY if measure == WORKING_DAY else ClockUnit.CALENDAR


def due(start: datetime, amount: float, unit_of_measure: str, calendar: Calendar) -> Due:
    """When ``amount`` measures after ``start`` have run. 0 is ``start`` itself ("at once").

    Raises ValueError for a naive start, a negative amount, a broken working day or an unknown
    measure.
    """
    if start.tzinfo is None:
        raise ValueError("a clock starts at an aware time")
    if amount < 0:
        raise ValueError(f"a clock cannot run {amount} {unit_of_measure}")
    if unit_of_measure != WORKING_DAY:
        seconds = SECONDS.get(unit_of_measure)
        if seconds is None:
            raise ValueError(f"{unit_of_measure!r} is not one of {', '.join(MEASURES)}")
        return Due(start.astimezone(UTC) + timedelta(seconds=amount * seconds), provisional=False)
    days = int(amount)
    if days != amount:
        raise ValueError("working days are counted whole")
    if not days:
        return Due(start.astimezone(UTC), provisional=False)
    at, provisional = calendar.closing_after(start.astimezone(calendar.zone).date(), days)
    return Due(at, provisional)


def working_days_before(at: datetime, n: int, calendar: Calendar) -> datetime:
    """Close of business, in UTC, of the n-th working day before the day of ``at``."""
    return calendar.closes(calendar.shift(calendar.day_of(at), -n)) if n else at.astimezone(UTC)


def cooperating_due(start: datetime, lead_due: datetime, calendar: Calendar, *, half: bool) -> Due:
    """When a cooperating bureau's part must reach the lead (``CLK-COOP``).

    One working day before the lead's own due time; with ``half``, or where that day has already
    gone, half of the lead's time.
    """
    before = working_days_before(lead_due, 1, calendar)
    if half or before <= start:
        return Due((start + (lead_due - start) / 2).astimezone(UTC), provisional=False)
    return Due(before, not calendar.loaded(calendar.day_of(lead_due).year))


def remaining(due_at: datetime, now: datetime, pauses: Sequence[Interval] = ()) -> timedelta:
    """What is left of a clock; negative once it is breached. A pause still open stands still."""
    waiting = [begin for begin, end in pauses if end is None and begin <= now]
    return due_at - (min(waiting) if waiting else now)


def resumed(
    due_at: datetime, paused: datetime, until: datetime, measure: str, calendar: Calendar
) -> Due:
    """The due time after a pause: exactly the time that was left when it began.

    Working days left are counted again from the day the pause ends (that day not counted); a clock
    already breached when it was paused keeps its due time.
    """
    if due_at <= paused or until <= paused:
        return Due(due_at.astimezone(UTC), provisional=False)
    if measure != WORKING_DAY:
        return Due((due_at + (until - paused)).astimezone(UTC), provisional=False)
    left = calendar.between(calendar.day_of(paused), calendar.day_of(due_at))
    at, provisional = calendar.closing_after(calendar.day_of(until), max(left, 1))
    return Due(max(at, due_at.astimezone(UTC)), provisional)


def reminders(
    start: datetime,
    due_at: datetime,
    steps: tuple[LadderStep, ...],
    measure: str,
    calendar: Calendar,
) -> tuple[tuple[int, datetime], ...]:
    """Every step of a ladder with its instant, in order; a repeating step once, its first time.

    A step that would come at or before the start, or before an earlier step, falls away: a clock of
    one working day has no "a working day before".
    """
    return tuple(_walk(start, due_at, steps, measure, calendar))


def _walk(
    start: datetime,
    due_at: datetime,
    steps: tuple[LadderStep, ...],
    measure: str,
    calendar: Calendar,
) -> Iterator[tuple[int, datetime]]:
    last = begin = start.astimezone(UTC)
    for index, step in enumerate(steps):
        at = _instant(start, due_at, step.at, measure, calendar)
        if at < last or at <= begin:
            continue
        last = at
        yield index, at


def next_step(
    start: datetime,
    due_at: datetime,
    steps: tuple[LadderStep, ...],
    after_index: int,
    measure: str,
    calendar: Calendar,
) -> tuple[int, datetime] | None:
    """The step after the one already taken (-1 for none), or None at the top of the ladder.

    A last step that repeats never ends: its index keeps growing, and ``step_at`` names the rung.
    """
    if not steps:
        return None
    for index, at in _walk(start, due_at, steps, measure, calendar):
        if index > after_index:
            return index, at
    every = _moment(steps[-1].at).every
    if every is None:
        return None
    index = max(after_index + 1, len(steps) - 1)
    return index, due_at.astimezone(UTC) + every * (index - len(steps) + 2)


def step_at(steps: tuple[LadderStep, ...], index: int) -> LadderStep:
    """The step with this index; beyond the ladder the last one, each time one rung higher."""
    if index < len(steps):
        return steps[index]
    rungs = CLIMB
    higher = rungs.index(steps[-1].who) + index - len(steps) + 1
    return replace(steps[-1], who=rungs[min(higher, len(rungs) - 1)])


_MOMENT = re.compile(
    r"(?P<due>due)|(?P<share>\d{1,3})%|(?P<days>[+-]\d{1,2})wd(?P<opening> opening)?"
    r"|\+(?P<after>\d{1,4})(?P<long>min|h|d)|every (?P<every>\d{1,4})min after"
)
_LONG = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True)
class _Moment:
    """A moment of a ladder, read once: a share of the time, working days around due, or later."""

    share: float | None = None
    days: int | None = None
    opening: bool = False
    later: timedelta = timedelta()
    every: timedelta | None = None


def readable(at: str) -> bool:
    """Whether ``at`` is a moment a ladder may name."""
    return _MOMENT.fullmatch(at) is not None


@lru_cache(maxsize=256)
def _moment(at: str) -> _Moment:
    found = _MOMENT.fullmatch(at)
    if found is None:
        raise ValueError(f"{at!r} is no moment of a ladder")
    if found["share"]:
        return _Moment(share=int(found["share"]) / 100)
    if found["days"]:
        return _Moment(days=int(found["days"]), opening=bool(found["opening"]))
    if found["after"]:
        return _Moment(later=int(found["after"]) * _LONG[found["long"]])
    if found["every"]:
        every = timedelta(minutes=int(found["every"]))
        return _Moment(later=every, every=every)
    return _Moment()


def _instant(
    start: datetime, due_at: datetime, at: str, measure: str, calendar: Calendar
) -> datetime:
    moment = _moment(at)
    if moment.share is not None:
        return _share(start, due_at, moment.share, measure, calendar)
    if moment.days is None:
        return due_at.astimezone(UTC) + moment.later
    day = calendar.shift(calendar.day_of(due_at), moment.days)
    return calendar.opens(day) if moment.opening else calendar.closes(day)


def _share(
    start: datetime, due_at: datetime, share: float, measure: str, calendar: Calendar
) -> datetime:
    """A share of a clock's time. Shares of working days fall within office hours, never into a
    holiday that happens to be the middle of the stretch."""
    if measure != WORKING_DAY:
        return (start + (due_at - start) * share).astimezone(UTC)
    begin = calendar.day_of(start)
    days = calendar.between(begin, calendar.day_of(due_at)) * share
    whole = floor(days)
    if days == whole:
        return calendar.closes(calendar.shift(begin, whole)) if whole else start.astimezone(UTC)
    day = calendar.shift(begin, whole + 1)
    opens, closes = calendar.opens(day), calendar.closes(day)
    return opens + (closes - opens) * (days - whole)
