"""Whether somebody is on duty at every minute that lies ahead, holidays first of all. Pure.

A unit with a roster is one that must always be reached; where its roster leaves a hole the head
answers (``Directory.answerable``), which is no roster. Nobody finds that out in the holiday.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from referral.calendars import Calendar
from referral.directory import ZONE, Directory, Unit

MINUTES = 1440


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without anybody on duty; ``holiday`` when it touches a day that is not worked."""

    unit: str
    begin: datetime
    end: datetime
    holiday: bool


def gaps(directory: Directory, calendar: Calendar, first: date, days: int) -> list[Gap]:
    """Every hole in the rosters of the units that exist, in these days (China time)."""
    found: list[Gap] = []
    rostered = {shift.unit for shift in directory.shifts}
    for unit in directory.units:
        if unit.code in rostered:
            found += _of_unit(directory, unit, calendar, first, days)
    return found


def _of_unit(
    directory: Directory, unit: Unit, calendar: Calendar, first: date, days: int
) -> Iterator[Gap]:
    begin: datetime | None = None
    holiday = False
    end = datetime.combine(first, datetime.min.time(), ZONE)
    for offset in range(days):
        day = first + timedelta(days=offset)
        if not unit.serves_on(day):
            continue
        midnight = datetime.combine(day, datetime.min.time(), ZONE)
        for since, until in _open_stretches(directory, unit, midnight):
            if begin is not None and midnight + timedelta(minutes=since) != end:
                yield Gap(unit.code, begin, end, holiday)
                begin = None
            if begin is None:
                begin, holiday = midnight + timedelta(minutes=since), False
            end = midnight + timedelta(minutes=until)
            holiday = holiday or not calendar.works(day)
    if begin is not None:
        yield Gap(unit.code, begin, end, holiday)


def _open_stretches(
    directory: Directory, unit: Unit, midnight: datetime
) -> Iterator[tuple[int, int]]:
    """The minutes of one day that no shift covers, as half-open stretches."""
    shifts = [
        shift
        for shift in directory.shifts
        if shift.unit == unit.code and shift.login in directory.officer
    ]
    edges = {0, MINUTES}
    for shift in shifts:
        edges |= {shift.from_minute, shift.to_minute}
    marks = sorted(edge for edge in edges if 0 <= edge <= MINUTES)
    for since, until in pairwise(marks):
        at = midnight + timedelta(minutes=since)
        if not any(shift.covers(at) for shift in shifts):
            yield since, until
