"""Rules tried on something before anybody relies on them: a sentence, a moment, a year. Reads only;
what is tried is kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from gateway import days
from models.vocabulary import Track
from referral import clocks
from referral.accused import NOBODY, accused_of
from referral.calendars import Calendar, Notice
from referral.clocks import Due
from referral.directory import ZONE, Unit
from referral.office import Office
from referral.policy import ClockRule
from referral.routing import Route, route
from referral.soundness import missing_years
from triage.assess import Assessment, Context, assess


@dataclass(frozen=True, slots=True)
class Tried:
    """What a sentence would become: its verdict, the route that wins, who leads, the first due
    time. ``others`` are the routes of further needs that the words name."""

    text: str
    verdict: Assessment
    route: Route
    unit: Unit | None
    clock: ClockRule
    due: Due | None
    others: tuple[str, ...]


def sentence(office: Office, text: str, area: str | None, now: datetime) -> Tried:
    """Judge a sentence and route it by the rules in force, as intake would."""
    verdict = assess(text, Context(channel="web", at=now), office.signals)
    today = now.astimezone(ZONE).date()
    needs = [need.service for need in verdict.needs if need.service]
    asked = "consultation" if verdict.track is Track.NONE else verdict.service
    complaint = verdict.track is Track.GRIEVANCE
    accused = accused_of(office, text, area, today) if complaint else NOBODY
    chosen = route(
        asked,
        verdict.level,
        verdict.track,
        today,
        office.policy.routes,
        needs=needs,
        accused=accused.authorities(office.directory),
    )
    rule = office.policy.clock(chosen.clock, chosen.clock_case, today)
    return Tried(
        text=text,
        verdict=verdict,
        route=chosen,
        unit=office.directory.responsible(chosen.lead, area, today),
        clock=rule,
        due=due_of(rule, now, office.policy.calendar),
        others=tuple(dict.fromkeys(need for need in needs if need != chosen.row.service)),
    )


def due_of(rule: ClockRule, at: datetime, calendar: Calendar) -> Due | None:
    """When a clock that starts now would end; None for one that is counted from another."""
    if rule.relative_to:
        return None
    return clocks.due(at, rule.amount, rule.measure, calendar)


def moment(written: str, fallback: datetime) -> datetime:
    """A local time as a form gives it ("2026-09-30T16:40"), else ``fallback``. Raises
    ValueError."""
    if not written:
        return fallback
    at = days.moment(written)
    return (at if at.tzinfo else at.replace(tzinfo=ZONE)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a year: "work", "rest", "off" (freed by the notice), "made_up" or "closed"."""

    day: date
    kind: str


@dataclass(frozen=True, slots=True)
class Month:
    """The weeks of a month from Monday; None for the days of another one."""

    number: int
    weeks: tuple[tuple[Day | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Year:
    """A calendar year. ``notice`` is None while the State Council's is not loaded; ``alarm`` when
    it should be by now."""

    number: int
    notice: Notice | None
    months: tuple[Month, ...]
    working: int
    alarm: bool


def year(calendar: Calendar, number: int, missing: Sequence[int]) -> Year:
    """The year as the clocks count it; ``missing`` are the years that should be loaded by now."""
    notice = next((one for one in calendar.notices if one.year == number), None)
    months = tuple(_month(calendar, number, month) for month in range(1, 13))
    first = date(number, 1, 1)
    days = (date(number + 1, 1, 1) - first).days
    working = sum(calendar.works(first + timedelta(days=n)) for n in range(days))
    return Year(number, notice, months, working, number in missing)


def years_missing(office: Office, now: datetime) -> list[int]:
    """The years whose notice should be loaded by now: next year's from December on."""
    return missing_years(office.policy, now.astimezone(ZONE).date())


def _month(calendar: Calendar, number: int, month: int) -> Month:
    first = date(number, month, 1)
    after = date(number + month // 12, month % 12 + 1, 1)
    cells: list[Day | None] = [None] * first.weekday()
    cells += [_day(calendar, first + timedelta(days=n)) for n in range((after - first).days)]
    cells += [None] * (-len(cells) % 7)
    weeks = tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))
    return Month(month, weeks)


def _day(calendar: Calendar, day: date) -> Day:
    if day in calendar.closed_locally:
        return Day(day, "closed")
    if day in calendar.made_up:
        return Day(day, "made_up")
    if day in calendar.off:
        return Day(day, "off")
    return Day(day, "work" if calendar.works(day) else "rest")
