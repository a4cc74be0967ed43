"""The supervisor's figures: each with its definition, what it is compared with, and its list.

A figure is made of request numbers, so that the page of its list can never say otherwise:
``Board.figure(code)`` names them, and so does every bar, cell and day. What somebody may not see
is in no figure of theirs. No league table is made (国办函〔2025〕66号): bars stand worst first, and
a group too small to mean anything stands apart, unranked.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from gateway import access, views
from gateway.access import Actor
from gateway.quarter import matters_of
from models.clocks import Clock
from models.requests import HelpRequest
from referral import rates
from referral.directory import ZONE
from referral.office import Office
from referral.rates import Matter, Rate

SPAN = timedelta(days=30)
OF_RATES = ("signed_in_time", "contacted_in_time", "resolved", "satisfied")
"""The rates among the six figures; the other two count requests."""
BARS = "done_in_time"
NO_SERVICE = "-"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. ``share`` is None for a count, and for a rate of nothing; ``before`` is the same
    figure of the day (a count) or the thirty days (a rate) before."""

    code: str
    numbers: tuple[str, ...]
    counted: tuple[str, ...] | None = None
    share: float | None = None
    before: float | None = None
    small: bool = False
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """The orders of one unit that were done in time."""

    unit: str
    name: str
    rate: Rate


@dataclass(frozen=True, slots=True)
class Day:
    """What came in on a day, and what became overdue on it."""

    day: date
    received: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Heat:
    """Requests by township and service; ``cells`` counts them, ``most`` is the largest count."""

    areas: tuple[tuple[str, str], ...]
    services: tuple[str, ...]
    cells: Mapping[tuple[str, str], int]
    most: int


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """Who saw the danger of the urgent matters first: the software at once, the software when more
    was said, or a person."""

    at_once: tuple[str, ...]
    later: tuple[str, ...]
    by_people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """All of it, as things stood at ``as_of``."""

    as_of: datetime
    figures: tuple[Figure, ...]
    bars: tuple[Bar, ...]
    small: tuple[Bar, ...]
    days: tuple[Day, ...]
    heat: Heat
    seen: FirstSeen

    def figure(self, code: str) -> Figure:
        """KeyError for a figure there is none of."""
        return {figure.code: figure for figure in self.figures}[code]


def read(session: Session, actor: Actor, office: Office, now: datetime) -> Board:
    """The board of what this person may see."""
    access.allow(actor, "see_board")
    scope = access.scope(actor, office, now)
    begin = now - SPAN
    matters = matters_of(session, begin - SPAN, now + timedelta(seconds=1), *scope)
    lately = [matter for matter in matters if matter.dispatched_at >= begin]
    before = [matter for matter in matters if matter.dispatched_at < begin]
    small = int(float(office.policy.values["small_group"].value))
    requests = _requests(session, scope, begin)
    bars = _bars(office, lately, small, now)
    return Board(
        as_of=now,
        figures=(
            _today(requests, now),
            _waiting(session, actor, office, scope, now),
            *_rates(office, lately, before, small, now),
        ),
        bars=tuple(bar for bar in bars if not bar.rate.small),
        small=tuple(bar for bar in bars if bar.rate.small and bar.rate.counted),
        days=_days(requests, _breaches(session, scope, begin), begin, now),
        heat=_heat(office, requests),
        seen=_seen(lately),
    )


def numbers_of(
    session: Session, actor: Actor, office: Office, asked: Mapping[str, str], now: datetime
) -> Sequence[str] | None:
    """The requests behind what was pressed, None for nothing of the board: ``figure`` or ``unit``
    with ``part`` ("missed" for those that do not meet the rate), or ``seen``. Only this one is
    counted, as ``read`` counts it."""
    access.allow(actor, "see_board")
    scope = access.scope(actor, office, now)
    code = asked.get("figure", "")
    missed = asked.get("part") == "missed"
    if not asked.get("seen") and not asked.get("unit"):
        if code == "received_today":
            return _today(_requests(session, scope, now - SPAN), now).numbers
        if code == "waiting":
            return _waiting(session, actor, office, scope, now).numbers
        if code not in OF_RATES:
            return None
    small = int(float(office.policy.values["small_group"].value))
    lately = matters_of(session, now - SPAN, now + timedelta(seconds=1), *scope)
    if seen := asked.get("seen"):
        found = _seen(lately)
        return {
            "at_once": found.at_once, "later": found.later, "by_people": found.by_people,
        }.get(seen)  # fmt: skip
    if unit := asked.get("unit"):
        own = [matter for matter in lately if matter.unit == unit]
        rate = next((bar.rate for bar in _bars(office, own, small, now)), None)
        return None if rate is None else rate.missed if missed else rate.counted
    figure = next(one for one in _rates(office, lately, [], small, now) if one.code == code)
    if missed and figure.counted is not None:
        met = set(figure.numbers)
        return [number for number in figure.counted if number not in met]
    return figure.counted if figure.counted is not None else figure.numbers


def in_cell(
    session: Session, actor: Actor, office: Office, cell: tuple[str, str], now: datetime
) -> list[str]:
    """The requests behind a cell of the heat table."""
    found = _requests(session, access.scope(actor, office, now), now - SPAN)
    return [row.number for row in found if _cell(office, row) == cell]


def _requests(session: Session, scope: Sequence[Any], begin: datetime) -> list[Any]:
    query = (
        select(
            col(HelpRequest.number),
            col(HelpRequest.area),
            col(HelpRequest.service),
            col(HelpRequest.received_at),
        )
        .where(col(HelpRequest.received_at) >= begin, *scope)
        .order_by(col(HelpRequest.received_at))
    )
    return list(session.connection().execute(query))


def _breaches(session: Session, scope: Sequence[Any], begin: datetime) -> list[Any]:
    query = (
        select(col(Clock.request_id), col(Clock.breached_at))
        .join(HelpRequest, col(HelpRequest.id) == col(Clock.request_id))
        .where(col(Clock.breached_at) >= begin, *scope)
        .order_by(col(Clock.breached_at))
    )
    return list(session.connection().execute(query))


def _today(requests: Sequence[Any], now: datetime) -> Figure:
    today, yesterday = _day(now), _day(now) - timedelta(days=1)
    came = Counter(_day(row.received_at) for row in requests)
    numbers = tuple(row.number for row in requests if _day(row.received_at) == today)
    return Figure("received_today", numbers, before=came[yesterday])


def _waiting(
    session: Session, actor: Actor, office: Office, scope: Sequence[Any], now: datetime
) -> Figure:
    query = (
        select(col(HelpRequest.number), col(HelpRequest.received_at))
        .where(*scope, *views.tab("triage", actor, office, now))
        .order_by(col(HelpRequest.received_at))
    )
    rows = session.connection().execute(query).all()
    oldest = rows[0].received_at if rows else None
    return Figure("waiting", tuple(row.number for row in rows), oldest=oldest)


def _rates(
    office: Office, lately: Sequence[Matter], before: Sequence[Matter], small: int, now: datetime
) -> list[Figure]:
    rules = {rule.code: rule for rule in office.policy.rates}
    asked = [rules[code] for code in OF_RATES]
    current = rates.rates(lately, asked, small=small, now=now)
    earlier = rates.rates(before, asked, small=small, now=now)
    return [
        Figure(one.rule.code, one.met, one.counted, one.share, then.share, one.small)
        for one, then in zip(current, earlier, strict=True)
    ]


def _bars(office: Office, matters: Sequence[Matter], small: int, now: datetime) -> list[Bar]:
    rule = next(rule for rule in office.policy.rates if rule.code == BARS)
    by_unit: dict[str, list[Matter]] = defaultdict(list)
    for matter in matters:
        by_unit[matter.unit].append(matter)
    bars = []
    for code, own in by_unit.items():
        unit = office.directory.unit.get(code)
        (rate,) = rates.rates(own, [rule], small=small, now=now)
        bars.append(Bar(code, unit.name_zh if unit else code, rate))
    return sorted(bars, key=lambda bar: (bar.rate.share or 0.0, bar.name))


def _days(
    requests: Sequence[Any], breaches: Sequence[Any], begin: datetime, now: datetime
) -> tuple[Day, ...]:
    came = Counter(_day(row.received_at) for row in requests)
    late: dict[date, set[int]] = defaultdict(set)
    for row in breaches:
        late[_day(row.breached_at)].add(row.request_id)
    first, last = _day(begin) + timedelta(days=1), _day(now)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return tuple(Day(day, came[day], len(late[day])) for day in days)


def _heat(office: Office, requests: Sequence[Any]) -> Heat:
    cells = Counter(_cell(office, row) for row in requests)
    by_area: Counter[str] = Counter()
    by_service: Counter[str] = Counter()
    for (area, service), count in cells.items():
        by_area[area] += count
        by_service[service] += count
    place = office.directory.place
    areas = tuple(
        (code, place[code].name if code in place else "") for code, _ in by_area.most_common()
    )
    services = tuple(code for code, _ in by_service.most_common())
    return Heat(areas, services, cells, max(cells.values(), default=0))


def _cell(office: Office, row: Any) -> tuple[str, str]:
    """The township of a request and its service; "-" where nobody knows."""
    places = [office.directory.place[code] for code in office.directory.ancestry(row.area)]
    township = next((place.code for place in places if place.kind == "township"), NO_SERVICE)
    return township, row.service or NO_SERVICE


def _seen(matters: Sequence[Matter]) -> FirstSeen:
    urgent = {matter.number: matter for matter in rates.standing(matters) if matter.urgent}
    lists: dict[str, list[str]] = {"at_once": [], "later": [], "by_people": []}
    for number, matter in urgent.items():
        first = (
            "by_people"
            if matter.raised_by_person
            else "later"
            if matter.raised_later
            else "at_once"
        )
        lists[first].append(number)
    return FirstSeen(*(tuple(lists[name]) for name in ("at_once", "later", "by_people")))


def _day(at: datetime) -> date:
    return at.astimezone(ZONE).date()
