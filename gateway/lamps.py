"""The lamp of a clock: how much time is left, in the unit of the clock, and how pressing that is.

Yellow when a fifth of the time or a working day is left, urgent clocks at half; red only at the
breach (experience note 1.3). Never colour alone: the lamp carries its words.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.vocabulary import ClockUnit
from referral.calendars import Calendar

YELLOW_SHARE, URGENT_SHARE = 0.2, 0.5
LAST_WORKING_DAY = 1


@dataclass(frozen=True, slots=True)
class Lamp:
    """``kind`` over, soon, fine or still; ``left`` is a phrase under ``left`` with its number."""

    kind: str
    left: str
    amount: int = 0
    clock: str = ""
    due_at: datetime | None = None


def lamp(clock: Any, now: datetime, calendar: Calendar, *, waits: bool = False) -> Lamp:
    """The lamp of a clock's row; ``still`` without a clock, or while the matter waits."""
    if clock is None or waits:
        return Lamp("still", "none")
    due: datetime = clock.due_at
    if due <= now:
        left, amount = _span(now - due)
        return Lamp("over", f"over_{left}", amount, clock.name, due)
    whole = due - clock.started_at
    if clock.unit == ClockUnit.WORKING_DAY:
        days = calendar.between(calendar.day_of(now), calendar.day_of(due))
        if days > LAST_WORKING_DAY:
            kind = "soon" if (due - now) <= whole * YELLOW_SHARE else "fine"
            return Lamp(kind, "working_days", days, clock.name, due)
    share = URGENT_SHARE if clock.urgent else YELLOW_SHARE
    last_day = clock.unit == ClockUnit.WORKING_DAY
    kind = "soon" if last_day or (due - now) <= whole * share else "fine"
    left, amount = _span(due - now)
    return Lamp(kind, left, amount, clock.name, due)


def _span(span: timedelta) -> tuple[str, int]:
    minutes = int(span / timedelta(minutes=1))
    if minutes < 1:
        return "seconds", max(int(span / timedelta(seconds=1)), 1)
    if minutes < 120:
        return "minutes", minutes
    if minutes < 48 * 60:
        return "hours", minutes // 60
    return "days", minutes // (24 * 60)
