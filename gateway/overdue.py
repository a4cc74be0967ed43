"""What is overdue now: how late, who was told when, and who hears of it next.

The most pressing first: danger to life before all else, then the longest overdue.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import case, distinct, func, select
from sqlmodel import Session, col

from gateway import access
from gateway.access import Actor
from gateway.lamps import Lamp, lamp
from models.bars import bars
from models.clocks import Clock
from models.disputes import Dispute
from models.events import Event
from models.referrals import Referral
from models.requests import HelpRequest
from models.vocabulary import Level
from referral import clocks, lapsing, owing
from referral.clocks import LadderAct
from referral.office import Office

MOST = 50
TOLD = (*(str(act) for act in LadderAct), "urged")


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody was told: by which act, when."""

    act: str
    names: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Next:
    """The next step of the ladder: by which act, who, when."""

    act: str
    rung: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Overdue:
    """One promise of one request that is broken and still open."""

    number: str
    level: str
    clock: str
    name_zh: str
    name_en: str
    lamp: Lamp
    unit: str
    unit_name: str
    holder: str
    told: Told | None
    next: Next | None
    disputed: bool
    """Whether somebody has to decide who leads: else there is nothing to reassign."""


def read(session: Session, actor: Actor, office: Office, now: datetime) -> tuple[Overdue, ...]:
    """The running clocks that are over, at most fifty; a request stands for its longest one."""
    rank = case({level: level.rank for level in Level}, value=col(HelpRequest.level), else_=9)
    connection = session.connection()
    rows = connection.execute(
        select(
            *Clock.__table__.columns,  # type: ignore[attr-defined]
            col(HelpRequest.number),
            col(HelpRequest.level),
            col(HelpRequest.holder_unit),
            col(HelpRequest.holder_person),
            col(Referral.bureau),
            col(Referral.signed_by),
        )
        .join(HelpRequest, col(HelpRequest.id) == col(Clock.request_id))
        .outerjoin(Referral, col(Referral.id) == col(Clock.referral_id))
        .where(*_late(actor, office, now))
        .order_by(rank, col(Clock.due_at), col(Clock.id))
        .limit(MOST * 6)
    ).all()
    first = {row.request_id: row for row in reversed(rows)}
    shown = [row for row in rows if first[row.request_id] is row][:MOST]
    ids = [row.request_id for row in shown]
    told = _told(connection, office, {row.request_id: str(row.id) for row in shown})
    disputed = _disputed(connection, ids)
    barred = bars(connection, ids)
    kept = {request_id: barred.get(request_id, frozenset()) for request_id in ids}
    return tuple(
        _overdue(
            office,
            row,
            told.get(row.request_id),
            kept[row.request_id],
            _next(office, rows, row.request_id, kept[row.request_id]),
            now,
            disputed=row.request_id in disputed,
        )
        for row in shown
    )


def how_many(session: Session, actor: Actor, office: Office, now: datetime) -> int:
    """How many requests have such a clock, shown or not."""
    query = select(func.count(distinct(col(Clock.request_id)))).select_from(Clock)
    joined = query.join(HelpRequest, col(HelpRequest.id) == col(Clock.request_id))
    return session.connection().execute(joined.where(*_late(actor, office, now))).scalar() or 0


def _late(actor: Actor, office: Office, now: datetime) -> list[Any]:
    access.allow(actor, "see_board")
    return [
        col(Clock.stopped_at).is_(None),
        col(Clock.paused_at).is_(None),
        col(Clock.due_at) <= now,
        col(HelpRequest.closed_at).is_(None),
        *access.scope(actor, office, now),
    ]


def _overdue(
    office: Office,
    row: Any,
    told: Told | None,
    barred: Collection[str],
    upcoming: Next | None,
    now: datetime,
    *,
    disputed: bool,
) -> Overdue:
    owes = _owes(office, row, barred, now)
    unit = office.directory.unit.get(owes["holder_unit"])
    holder = office.directory.officer.get(owes["holder_person"])
    rule = office.policy.rule_of(row)
    return Overdue(
        number=row.number,
        level=row.level,
        clock=row.name,
        name_zh=rule.name_zh if rule else row.name,
        name_en=rule.name_en if rule else row.name,
        lamp=lamp(row, now, office.policy.calendar),
        unit=owes["holder_unit"],
        unit_name=unit.name_zh if unit else owes["holder_unit"],
        holder=holder.name if holder else owes["holder_person"],
        told=told,
        next=upcoming,
        disputed=disputed,
    )


def _disputed(connection: Any, ids: Sequence[int]) -> frozenset[int]:
    query = select(col(Dispute.request_id)).where(
        col(Dispute.request_id).in_(ids), col(Dispute.decided_at).is_(None)
    )
    return frozenset(connection.execute(query).scalars())


def _owes(office: Office, row: Any, barred: Collection[str], now: datetime) -> Mapping[str, Any]:
    """The request as the reminders of this clock see it: of a bureau's order with that bureau, of
    what waits for a decision with who decides."""
    held = {
        "holder_unit": row.holder_unit, "holder_person": row.holder_person, "barred": barred,
    }  # fmt: skip
    if row.name == lapsing.CLOCK:
        return owing.at_who_decides(office, held, now)
    if row.name in owing.BY_A_BUREAU and row.bureau is not None:
        return owing.at_the_bureau(office, held, row, now)
    return held


def _next(
    office: Office, rows: Sequence[Any], request_id: int, barred: Collection[str]
) -> Next | None:
    """The next step of any promise of this request that is broken."""
    own = [row for row in rows if row.request_id == request_id and row.next_at is not None]
    row = min(own, key=lambda row: row.next_at, default=None)
    ladder = office.ladder_of(row) if row is not None else ()
    if row is None or not ladder:
        return None
    step = clocks.step_at(ladder, row.step)
    owes = _owes(office, row, barred, row.next_at)
    reader, _ = owing.reader(office, row, owes, step.who, row.next_at)
    name = reader.officer.name or reader.officer.login
    return Next(str(step.act), str(step.who), name, row.next_at)


def _told(connection: Any, office: Office, shown: Mapping[int, str]) -> Mapping[int, Told]:
    """The last time that somebody was told of the clock that is shown, by request: by its ladder,
    or by a person who urged the whole matter. What another clock of the request said is not of it.
    """
    found: dict[int, Told] = {}
    rows = connection.execute(
        select(col(Event.request_id), col(Event.kind), col(Event.at), col(Event.detail))
        .where(col(Event.request_id).in_(list(shown)), col(Event.kind).in_(TOLD))
        .order_by(col(Event.seq))
    )
    for row in rows:
        detail = orjson.loads(row.detail)
        if detail.get("clock_id", shown[row.request_id]) != shown[row.request_id]:
            continue
        to = detail.get("to", [])
        logins = to if isinstance(to, list) else [to]
        officers = (office.directory.officer.get(login) for login in logins)
        names = tuple(one.name for one in officers if one is not None)
        found[row.request_id] = Told(row.kind, names, row.at)
    return found
