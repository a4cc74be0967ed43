"""Days and times as people and partner systems write them, within the years of which we can speak.

Python reads the year 1 and the year 9999 as well; a time zone away from their edges no clock can
say them any more.
"""

from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime

_When = TypeVar("_When", date, datetime)
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)


def reached(at: _When) -> _When:
    """The same. Raises ValueError outside the years 1900 to 2199."""
    day = at.date() if isinstance(at, datetime) else at
    if not FIRST <= day <= LAST:
        raise ValueError(f"the year must lie between {FIRST.year} and {LAST.year}")
    return at


def day(written: str) -> date:
    """A day, e.g. 2026-11-22. Raises ValueError."""
    return reached(date.fromisoformat(written))


def moment(written: str) -> datetime:
    """A time, e.g. 2026-11-22T08:00:00+08:00; it may name no zone. Raises ValueError."""
    return reached(datetime.fromisoformat(written))


Moment = Annotated[AwareDatetime, AfterValidator(reached)]
"""A time with its zone in a body."""
