"""What the inbox of a unit shows: its tabs, and on every row the clock that the unit must answer.

A unit's own clock is one of its order, or of the whole request while the unit leads or holds it;
the desk's own clocks are never a bureau's. Of several the first due counts, for the lamp of the row
as for the tabs yellow and red, so that no row stands under a lamp it does not bear. A page costs
the same number of queries however long it is.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Float
from sqlmodel import Session, col

from gateway import access, views
from gateway.lamps import LAST_WORKING_DAY, URGENT_SHARE, YELLOW_SHARE, Lamp, lamp
from gateway.lines import Line
from models.clocks import Clock
from models.events import Event
from models.referrals import Referral
from models.requests import HelpRequest
from models.vocabulary import ClockUnit, ReferralRole, ReferralStatus, Status
from referral.calendars import Calendar
from referral.casework import GONE, Actor, Refusal, units_of
from referral.office import Office

TABS = ("to_sign", "handling", "yellow", "inbox_late", "sent_back", "cooperating", "finished")
DESK_CLOCKS = (
    "CLK-ANSWER", "CLK-ARBITRATE", "CLK-CALLBACK", "CLK-CLARIFY", "CLK-DISPATCH",
    "CLK-FIRST-REPLY", "CLK-HANDOFF", "CLK-LEAVE", "CLK-LISTEN", "CLK-MISSED-CALL",
    "CLK-SAFETY-CONFIRM", "CLK-SILENCE", "CLK-TRIAGE",
)  # fmt: skip
"""Promises of the help line itself and of who decides: no bureau can keep or break them."""
_TAKEN = (ReferralStatus.SIGNED, ReferralStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: the request, the unit's own clock, its own order. ``to_sign``: it may be signed
    from the list; ``urged``: a supervisor asked for it, and its answer is not in."""

    line: Line
    lamp: Lamp
    leads: bool
    order: str
    to_sign: bool
    urged: bool


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of a tab and the key at which the next one begins."""

    entries: tuple[Entry, ...]
    after: str | None


def conditions(name: str, actor: Actor, office: Office, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a tab. Raises ``Refusal`` (404) for one there is none of."""
    if name not in TABS:
        raise Refusal("refusal.not_found", status=404)
    units = sorted(units_of(office, actor, now))
    still_open = col(HelpRequest.closed_at).is_(None)
    going = col(HelpRequest.status) != Status.SUSPENDED
    if name == "inbox_late":
        return [still_open, going, _first_due(units, col(Clock.due_at) <= now)]
    if name == "yellow":
        near = _soon(now, office.policy.calendar)
        return [still_open, going, _first_due(units, col(Clock.due_at) > now, near)]
    if name == "sent_back":
        asked = col(Referral.status) == ReferralStatus.RETURN_REQUESTED
        again = or_(col(Referral.designated).is_(True), col(Referral.result).is_not(None))
        return [
            still_open,
            _order(units, or_(asked, and_(col(Referral.status).in_(_TAKEN), again))),
        ]
    return views.tab(name, actor, office, now)


def counts(session: Session, actor: Actor, office: Office, now: datetime) -> dict[str, int]:
    """How many requests stand under each tab."""
    visible = access.scope(actor, office, now)
    found: dict[str, int] = {}
    for name in TABS:
        where = conditions(name, actor, office, now)
        query = select(func.count()).select_from(HelpRequest).where(*visible, *where)
        found[name] = session.connection().execute(query).scalar() or 0
    return found


def page(
    session: Session,
    actor: Actor,
    office: Office,
    name: str,
    *,
    after: str | None = None,
    limit: int = views.PAGE,
    now: datetime,
) -> Inbox:
    """A page of a tab, most urgent first, then the nearest due time."""
    where = conditions(name, actor, office, now)
    found = views.queue(session, actor, office, where=where, after=after, limit=limit, now=now)
    numbers = [line.number for line in found.lines]
    units = sorted(units_of(office, actor, now))
    orders, clocks = _orders(session, units, numbers), _clocks(session, units, numbers)
    urged = _urged(session, numbers)
    calendar = office.policy.calendar
    return Inbox(
        tuple(_entry(line, orders, clocks, urged, now, calendar) for line in found.lines),
        found.after,
    )


def countdown(
    session: Session, actor: Actor, office: Office, request: Mapping[str, Any], now: datetime
) -> Lamp:
    """The lamp that this request bears in the unit's inbox."""
    units = sorted(units_of(office, actor, now))
    clock = _clocks(session, units, [request["number"]]).get(request["number"])
    waits = request["status"] == Status.SUSPENDED or not Status(request["status"]).is_open
    return lamp(clock, now, office.policy.calendar, waits=waits)


def _entry(
    line: Line,
    orders: Mapping[str, Any],
    clocks: Mapping[str, Any],
    urged: Collection[str],
    now: datetime,
    calendar: Calendar,
) -> Entry:
    order = orders.get(line.number)
    waits = line.status == Status.SUSPENDED or not Status(line.status).is_open
    unsigned = line.status == Status.DISPATCHED and order is None
    return Entry(
        line=line,
        lamp=lamp(clocks.get(line.number), now, calendar, waits=waits),
        leads=order is not None and order.role == ReferralRole.LEAD,
        order=order.status if order is not None else "",
        to_sign=unsigned or (order is not None and order.status == ReferralStatus.DISPATCHED),
        urged=line.number in urged and order is not None and order.completed_at is None,
    )


def _orders(session: Session, units: Sequence[str], numbers: Sequence[str]) -> dict[str, Any]:
    """The unit's own order of each request: one to sign before others, the lead's before a part."""
    if not numbers:
        return {}
    query = (
        select(col(HelpRequest.number), *Referral.__table__.columns)  # type: ignore[attr-defined]
        .join(HelpRequest, col(HelpRequest.id) == col(Referral.request_id))
        .where(
            col(HelpRequest.number).in_(numbers),
            col(Referral.bureau).in_(units),
            col(Referral.status).not_in(GONE),
        )
    )
    found: dict[str, Any] = {}
    for row in sorted(session.connection().execute(query), key=_first_order):
        found.setdefault(row.number, row)
    return found


def _urged(session: Session, numbers: Sequence[str]) -> Collection[str]:
    """Which of these requests a supervisor asked for."""
    if not numbers:
        return ()
    query = (
        select(col(HelpRequest.number))
        .join(Event, col(Event.request_id) == col(HelpRequest.id))
        .where(col(HelpRequest.number).in_(numbers), col(Event.kind) == "urged")
    )
    return frozenset(session.connection().execute(query).scalars())


def _first_order(row: Any) -> tuple[bool, bool, int]:
    return (
        row.status != ReferralStatus.DISPATCHED,
        row.role != ReferralRole.LEAD,
        row.id,
    )


def _clocks(session: Session, units: Sequence[str], numbers: Sequence[str]) -> dict[str, Any]:
    """Of each request the unit's own running clock that is due first."""
    if not numbers:
        return {}
    query = (
        select(col(HelpRequest.number), *Clock.__table__.columns)  # type: ignore[attr-defined]
        .join(HelpRequest, col(HelpRequest.id) == col(Clock.request_id))
        .where(col(HelpRequest.number).in_(numbers), *_own(units))
        .order_by(col(Clock.due_at), col(Clock.id))
    )
    found: dict[str, Any] = {}
    for row in session.connection().execute(query):
        found.setdefault(row.number, row)
    return found


def _order(units: Sequence[str], *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(col(Referral.id))
        .where(
            col(Referral.request_id) == col(HelpRequest.id),
            col(Referral.bureau).in_(units),
            *more,
        )
        .exists()
    )


def _own(units: Sequence[str]) -> list[ColumnElement[bool]]:
    """A running clock is the unit's own; the query holds the request too."""
    orders = select(col(Referral.id)).where(
        col(Referral.bureau).in_(units), col(Referral.status).not_in(GONE)
    )
    whole = or_(col(HelpRequest.lead_bureau).in_(units), col(HelpRequest.holder_unit).in_(units))
    return [
        col(Clock.stopped_at).is_(None),
        col(Clock.name).not_in(DESK_CLOCKS),
        or_(col(Clock.referral_id).in_(orders), and_(col(Clock.referral_id).is_(None), whole)),
    ]


def _first_due(units: Sequence[str], *so: ColumnElement[bool]) -> ColumnElement[bool]:
    """The unit's own clock that is due first is like this."""
    of_it: Any = col(Clock.request_id) == col(HelpRequest.id)
    first: Any = (
        select(col(Clock.id))
        .where(of_it, *_own(units))
        .order_by(col(Clock.due_at), col(Clock.id))
        .limit(1)
        .correlate(HelpRequest)
        .scalar_subquery()
    )
    return select(col(Clock.id)).where(col(Clock.id) == first, *so).correlate(HelpRequest).exists()


class seconds_between(FunctionElement[float]):  # noqa: N801 a function of the database
    """How many seconds lie between two columns of times."""

    type = Float()
    inherit_cache = True


@compiles(seconds_between)
def _in_standard_sql(element: Any, compiler: Any, **how: Any) -> str:
    begin, end = (compiler.process(one, **how) for one in element.clauses)
    return f"EXTRACT(EPOCH FROM ({end} - {begin}))"


@compiles(seconds_between, "sqlite")
def _in_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    begin, end = (compiler.process(one, **how) for one in element.clauses)
    return f"((julianday({end}) - julianday({begin})) * 86400.0)"


def _soon(now: datetime, calendar: Calendar) -> ColumnElement[bool]:
    """The rule of ``lamps.lamp`` for yellow, as a condition of the database."""
    begin, due = col(Clock.started_at), col(Clock.due_at)
    kind: Any = Clock.__table__.columns["due_at"].type  # type: ignore[attr-defined]
    in_days = col(Clock.unit) == ClockUnit.WORKING_DAY
    last, _ = calendar.closing_after(calendar.day_of(now), LAST_WORKING_DAY)
    after_it, _ = calendar.closing_after(calendar.day_of(now), LAST_WORKING_DAY + 1)
    midnight = datetime.combine(
        calendar.day_of(after_it), datetime.min.time(), last.astimezone(calendar.zone).tzinfo
    )
    share = case(
        (in_days, YELLOW_SHARE), (col(Clock.urgent).is_(True), URGENT_SHARE), else_=YELLOW_SHARE
    )
    moment = literal(now, kind)
    left, whole = seconds_between(moment, due), seconds_between(begin, due)
    return or_(and_(in_days, due < midnight), left <= whole * share)
