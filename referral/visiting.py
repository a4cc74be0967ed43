"""Rounds of visits (走访): which doors, by when, by whom; and extraordinary times that add to them.

A round is opened for each period of each rule in force and planned household by household, some at
a time, so that a register of any size holds up nobody; it is planned again every day for those who
have come since.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlmodel import col

from models.discovery import Mode, Round, Visit
from models.households import HouseholdCategory
from models.transaction import Row, Transaction
from referral import clocks, homes, promising
from referral.casework import Actor, Refusal, need
from referral.directory import ZONE
from referral.office import Office
from referral.outreach import VisitRule, in_force
from referral.rota import Rota

PAGE = 1000
AGAIN_AFTER = timedelta(days=1)
LONGEST_MODE = timedelta(days=92)
_ORIGIN = date(2026, 1, 1)


def switch_on(
    tx: Transaction,
    office: Office,
    actor: Actor,
    *,
    mode: str,
    area: str,
    until: date,
    reason: str,
    now: datetime,
) -> Row:
    """Begin extraordinary times in an area. Raises ``Refusal`` (422): an unknown mode or area, no
    reason, no last day within a quarter."""
    said = need(reason, "refusal.mode_reason")
    day = today(now)
    if mode not in office.policy.outreach.modes():
        raise Refusal("refusal.field", {"field": "mode"}, 422)
    if area not in office.directory.place:
        raise Refusal("refusal.field", {"field": "area"}, 422)
    if actor.area and not office.directory.within(area, actor.area):
        raise Refusal("refusal.mode_area", status=403)
    if not day <= until <= day + LONGEST_MODE:
        raise Refusal("refusal.mode_until", status=422)
    same = (col(Mode.mode) == mode, col(Mode.area) == area, *_running(now))
    if tx.execute(select(col(Mode.id)).where(*same)).first() is not None:
        raise Refusal("refusal.mode_running")
    row = tx.add(
        Mode,
        id=tx.mint(),
        mode=mode,
        area=area,
        starts_at=now,
        ends_on=until,
        switched_by=actor.login,
        reason=said,
    )
    tx.event("mode_on", at=now, by=actor.login, mode=mode, area=area, until=until, reason=said)
    return row


def today(now: datetime) -> date:
    """The day in China."""
    return now.astimezone(ZONE).date()


def switch_off(
    tx: Transaction, office: Office, actor: Actor, mode_id: int, *, now: datetime
) -> None:
    """End it before its last day: no further round begins; the one that runs is finished. Raises
    ``Refusal`` (404)."""
    row = next((one for one in modes_on(tx, now) if one.id == mode_id), None)
    if row is None or (actor.area and not office.directory.within(row.area, actor.area)):
        raise Refusal("refusal.not_found", status=404)
    ended = tx.execute(
        update(Mode)
        .where(col(Mode.id) == mode_id, col(Mode.ended_at).is_(None))
        .values(ended_at=now, ended_by=actor.login)
    )
    if not ended.rowcount:
        raise Refusal("refusal.not_found", status=404)
    tx.event("mode_off", at=now, by=actor.login, mode=row.mode, area=row.area)


def modes_on(connection: Any, now: datetime) -> Sequence[Any]:
    """The extraordinary times that run now."""
    columns = Mode.__table__.columns  # type: ignore[attr-defined]
    found: Sequence[Any] = connection.execute(
        select(*columns).where(*_running(now)).order_by(col(Mode.id))
    ).all()
    return found


def _running(now: datetime) -> tuple[Any, ...]:
    return (
        col(Mode.ended_at).is_(None),
        col(Mode.starts_at) <= now,
        col(Mode.ends_on) >= today(now),
    )


def to_open(
    connection: Any, office: Office, now: datetime
) -> list[tuple[VisitRule, str, date, date]]:
    """The rounds that have begun by now and are not open yet: rule, area, first and last day."""
    day = today(now)
    known = {
        (row.rule, row.area, row.starts_on)
        for row in connection.execute(
            select(col(Round.rule), col(Round.area), col(Round.starts_on)).where(
                col(Round.ends_on) >= day
            )
        )
    }
    found = []
    for rule, area, origin in _wanted(connection, office, day, now):
        first, last = rule.period(day, origin)
        if (rule.code, area, first) not in known:
            found.append((rule, area, first, last))
    return found


def open_rounds(tx: Transaction, office: Office, *, now: datetime) -> int:
    """Open what has begun by now; how many there were."""
    begun = to_open(tx, office, now)
    for rule, area, first, last in begun:
        tx.add(
            Round,
            id=tx.mint(),
            rule=rule.code,
            mode=rule.mode,
            area=area,
            starts_on=first,
            ends_on=last,
            opened_at=now,
            source=rule.source,
            tag=rule.tag,
        )
        tx.event("round_opened", at=now, rule=rule.code, area=area, starts=first, ends=last)
    return len(begun)


def _wanted(
    connection: Any, office: Office, day: date, now: datetime
) -> Iterator[tuple[VisitRule, str, date]]:
    tops = [place.code for place in office.directory.places if place.parent is None]
    for rule in office.policy.outreach.visits:
        if in_force(rule, day) and not rule.mode:
            for area in tops:
                yield rule, area, _ORIGIN
    for running in modes_on(connection, now):
        for rule in office.policy.outreach.visits:
            if in_force(rule, day) and rule.mode == running.mode:
                yield rule, running.area, running.starts_at.astimezone(ZONE).date()


def to_plan(connection: Any, now: datetime) -> Sequence[Any]:
    """The rounds of today whose households have not been looked through since yesterday."""
    day = today(now)
    columns = Round.__table__.columns  # type: ignore[attr-defined]
    found: Sequence[Any] = connection.execute(
        select(*columns)
        .where(
            and_(col(Round.starts_on) <= day, col(Round.ends_on) >= day),
            or_(col(Round.planned_at).is_(None), col(Round.planned_at) <= now - AGAIN_AFTER),
        )
        .order_by(col(Round.id))
    ).all()
    return found


def plan(
    tx: Transaction, office: Office, rota: Rota, around: Any, cursor: str, *, now: datetime
) -> str | None:
    """Plan the visits of the next households of a round; where to go on, None when it is done."""
    rule = office.policy.outreach.visit(around.rule)
    day = today(now)
    groups = rule.categories if rule else ()
    ids = [
        row.household_id
        for row in tx.execute(
            select(col(HouseholdCategory.household_id))
            .where(
                col(HouseholdCategory.code).in_(groups),
                col(HouseholdCategory.household_id) > cursor,
                *homes.valid(day),
            )
            .distinct()
            .order_by(col(HouseholdCategory.household_id))
            .limit(PAGE)
        )
    ]
    planned = {
        row.household_id
        for row in tx.execute(
            select(col(Visit.household_id)).where(
                col(Visit.round_id) == around.id, col(Visit.household_id).in_(ids)
            )
        )
    }
    for home in homes.of(tx, [one for one in ids if one not in planned], day).values():
        if rule and _belongs(office, rule, around, home, now):
            _add(tx, office, rota, rule, around, home, now)
    if len(ids) == PAGE:
        return str(ids[-1])
    tx.later(update(Round).where(col(Round.id) == around.id).values(planned_at=now))
    return None


def _belongs(office: Office, rule: VisitRule, around: Any, home: homes.Home, now: datetime) -> bool:
    groups = home.categories
    known = home.area in office.directory.place
    if known and not office.directory.within(home.area, around.area):
        return False
    if not known and office.directory.place[around.area].parent is not None:
        return False  # nobody knows where it is: it belongs to the county's own rounds
    if rule.mode:
        return bool(set(rule.categories) & set(groups))
    return office.policy.outreach.routine(groups, today(now)) == rule


def _add(
    tx: Transaction,
    office: Office,
    rota: Rota,
    rule: VisitRule,
    around: Any,
    home: homes.Home,
    now: datetime,
) -> None:
    clock = office.policy.clock("CLK-VISIT", rule.case, around.starts_on)
    last = datetime.combine(around.ends_on, time(23, 59), ZONE)
    reader = rota.holder(home.area, home.id, now)
    tx.add(
        Visit,
        id=tx.mint(),
        round_id=around.id,
        household_id=home.id,
        area=home.area if home.area in office.directory.place else around.area,
        rule=rule.code,
        unit=reader.unit.code,
        holder=reader.officer.login,
        said={},
        **promising.promise(
            office,
            clock,
            now,
            urgent=bool(rule.mode),
            due=clocks.Due(last, provisional=False),
        ),
    )
