"""Which days are worked: the State Council's yearly notice as a value. Pure.

A year without a notice is *not loaded*: it is counted Monday to Friday and everything computed from
it is provisional (domain note 2.9, 3c.1). Nothing here guesses a make-up day.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Notice:
    """The document a year's holidays come from, e.g. 国办发明电〔2025〕7号 of 2025-11-04."""

    year: int
    title: str
    number: str
    issued: date


@dataclass(frozen=True)
class Calendar:
    """The working days of the loaded years; equal calendars give equal answers.

    ``off`` are the days a notice frees, ``made_up`` the Saturdays and Sundays it makes worked,
    ``closed_locally`` further days a county frees (a typhoon). Times are local to ``zone``.
    """

    off: frozenset[date]
    made_up: frozenset[date]
    notices: tuple[Notice, ...]
    close_of_business: time = time(17, 30)
    opening: time = time(8, 30)
    zone: ZoneInfo = SHANGHAI
    closed_locally: frozenset[date] = frozenset()

    def works(self, day: date) -> bool:
        """Whether offices are open on this day; Monday to Friday in a year that is not loaded."""
        if day in self.closed_locally:
            return False
        return day in self.made_up or (day.weekday() < 5 and day not in self.off)

    def loaded(self, year: int) -> bool:
        """Whether the notice for this year is known; if not, a result is only provisional."""
        return year in self._years

    @property
    def last_year(self) -> int:
        """The last year whose notice is known; 0 without any."""
        return max(self._years, default=0)

    def day_of(self, at: datetime) -> date:
        """The local day of an aware instant."""
        return at.astimezone(self.zone).date()

    def closes(self, day: date) -> datetime:
        """The close of business of a day, in UTC."""
        index = self._index
        offset = day.toordinal() - index.first
        at = index.until[offset] if 0 <= offset < len(index.until) else 0
        if at and index.days[at - 1] == day:
            return index.closings[at - 1]
        return datetime.combine(day, self.close_of_business, self.zone).astimezone(UTC)

    def opens(self, day: date) -> datetime:
        """The opening of business of a day, in UTC."""
        return self.closes(day) - self._office_hours

    def shift(self, day: date, days: int) -> date:
        """The day so many working days after ``day``, or before it when negative.

        ``day`` itself is never counted, whether worked or not (Civil Code Art. 201). 0 is ``day``.
        """
        index = self._index
        offset = day.toordinal() - index.first
        if 0 <= offset < len(index.until) and days > 0:
            at = index.until[offset] + days - 1
            if at < len(index.days):
                return index.days[at]
        step = timedelta(days=1 if days > 0 else -1)
        left = abs(days)
        while left:
            day += step
            left -= self.works(day)
        return day

    def closing_after(self, day: date, days: int) -> tuple[datetime, bool]:
        """The close of business of the n-th working day after ``day`` in UTC, n at least 1, and
        whether a year that is not loaded had to be counted on the way. A table look-up."""
        index = self._index
        offset = day.toordinal() - index.first
        if 0 <= offset < len(index.until):
            at = index.until[offset] + days - 1
            if at < len(index.closings):
                return index.closings[at], not (index.sure_from <= offset and at < index.sure_until)
        last = self.shift(day, days)
        years = range(day.year, last.year + 1)
        return self.closes(last), not all(year in self._years for year in years)

    def between(self, after: date, until: date) -> int:
        """How many working days lie after ``after`` up to and including ``until``; 0 if none."""
        if until <= after:
            return 0
        index = self._index
        first, last = after.toordinal() - index.first, until.toordinal() - index.first
        if first >= 0 and last < len(index.until):
            return index.until[last] - index.until[first]
        days = range(after.toordinal() + 1, until.toordinal() + 1)
        return sum(self.works(date.fromordinal(day)) for day in days)

    @cached_property
    def _years(self) -> frozenset[int]:
        return frozenset(notice.year for notice in self.notices)

    @cached_property
    def _office_hours(self) -> timedelta:
        close, opening = self.close_of_business, self.opening
        return timedelta(hours=close.hour - opening.hour, minutes=close.minute - opening.minute)

    @cached_property
    def _index(self) -> "_Index":
        return _Index.of(self)


@dataclass(frozen=True, slots=True)
class _Index:
    """Every working day around the loaded years in a row, so that counting is a look-up."""

    first: int  # ordinal of the first day covered
    until: tuple[int, ...]  # for each day covered: working days up to and including it
    days: tuple[date, ...]
    closings: tuple[datetime, ...]
    sure_from: int  # offset of the first day of a loaded year
    sure_until: int  # how many of ``days`` lie before the end of the last loaded year

    @classmethod
    def of(cls, calendar: Calendar) -> "_Index":
        years = sorted(notice.year for notice in calendar.notices) or [2026]
        contiguous = years == list(range(years[0], years[-1] + 1)) and bool(calendar.notices)
        begin, end = date(years[0] - 1, 1, 1), date(years[-1] + 2, 1, 1)
        until, days = [], []
        for ordinal in range(begin.toordinal(), end.toordinal()):
            day = date.fromordinal(ordinal)
            if calendar.works(day):
                days.append(day)
            until.append(len(days))
        return cls(
            first=begin.toordinal(),
            until=tuple(until),
            days=tuple(days),
            closings=tuple(
                datetime.combine(day, calendar.close_of_business, calendar.zone).astimezone(UTC)
                for day in days
            ),
            sure_from=date(years[0], 1, 1).toordinal() - begin.toordinal(),
            sure_until=bisect_left(days, date(years[-1] + 1, 1, 1)) if contiguous else 0,
        )


def calendar_of(
    years: Sequence[Mapping[str, object]],
    *,
    close_of_business: time = time(17, 30),
    opening: time = time(8, 30),
    closed_locally: frozenset[date] = frozenset(),
) -> Calendar:
    """A calendar from the parsed tables of ``rules/calendars``.

    Raises ValueError with one sentence for a day outside its year, a holiday that ends before it
    begins, a make-up day that is no Saturday or Sunday, or an unknown key.
    """
    off: set[date] = set()
    made_up: set[date] = set()
    notices: list[Notice] = []
    for table in years:
        notice, freed, worked = _year(table)
        notices.append(notice)
        off |= freed
        made_up |= worked
    return Calendar(
        off=frozenset(off),
        made_up=frozenset(made_up),
        notices=tuple(sorted(notices, key=lambda notice: notice.year)),
        close_of_business=close_of_business,
        opening=opening,
        closed_locally=closed_locally,
    )


def _year(table: Mapping[str, object]) -> tuple[Notice, set[date], set[date]]:
    if unknown := set(table) - {"year", "notice", "number", "issued", "holiday"}:
        raise ValueError(f"unknown key {min(unknown)!r}")
    year, holidays, issued = table.get("year"), table.get("holiday"), table.get("issued")
    if not isinstance(year, int) or not isinstance(holidays, list) or not isinstance(issued, date):
        raise ValueError("a calendar needs year, notice, number, issued and its holidays")
    off: set[date] = set()
    made_up: set[date] = set()
    for holiday in holidays:
        if unknown := set(holiday) - {"name_zh", "name_en", "from", "to", "work"}:
            raise ValueError(f"unknown key {min(unknown)!r}")
        begin, end = holiday["from"], holiday["to"]
        if end < begin or begin.year != year:
            raise ValueError(f"{holiday['name_zh']} does not run forward within {year}")
        off |= {begin + timedelta(days=n) for n in range((end - begin).days + 1)}
        made_up |= set(holiday.get("work", ()))
    for day in made_up:
        if day.weekday() < 5 or day in off or day.year != year:
            raise ValueError(f"{day} is no Saturday or Sunday of {year} that can be made up")
    notice = Notice(year, str(table.get("notice", "")), str(table.get("number", "")), issued)
    return notice, off, made_up
