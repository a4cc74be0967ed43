"""A step of a clock's ladder falls due: remind, or record the breach, exactly once.

The step is taken by a conditional update in the writing transaction, so that however many
processes tick, and however long they were down, each step happens once. Steps missed while nobody
ticked are taken together: one word for all, the breach recorded at its own time.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock
from models.requests import HelpRequest
from models.transaction import Transaction
from models.vocabulary import Role, Status
from referral import clocks, promises, telling, waiting, wording
from referral.clocks import LadderAct, Rung
from referral.directory import BACKSTOP, HOTLINE, ZONE, Answerable
from referral.office import Office, Reply


def take_step(tx: Transaction, office: Office, clock: Any, now: datetime) -> bool:
    """Take every step of ``clock`` (a row) that is due by ``now``; False if another was faster."""
    if clock.name in waiting.LAPSES and now >= clock.due_at:
        return waiting.lapse(tx, office, clock, now)
    ladder = office.policy.ladders.get(clock.ladder, ())
    taken: list[tuple[int, datetime]] = []
    index, at = clock.step, clock.next_at
    upcoming: tuple[int, datetime] | None = (index, at)
    while upcoming is not None and upcoming[1] <= now and len(taken) < _MOST:
        taken.append(upcoming)
        upcoming = clocks.next_step(
            clock.started_at,
            clock.due_at,
            ladder,
            upcoming[0],
            clock.measure,
            office.policy.calendar,
        )
    if not ladder or not taken:
        upcoming = None
    if upcoming is not None and upcoming[1] <= now:
        upcoming = (upcoming[0], now + _CATCH_UP)
    breached = clock.breached_at is None and now >= clock.due_at
    fenced = tx.execute(
        update(Clock)
        .where(
            col(Clock.id) == clock.id,
            col(Clock.step) == clock.step,
            col(Clock.next_at) == clock.next_at,
            col(Clock.stopped_at).is_(None),
        )
        .values(
            step=upcoming[0] if upcoming else clock.step + 1,
            next_at=upcoming[1] if upcoming else None,
            breached_at=clock.due_at if breached else clock.breached_at,
        )
    )
    if not fenced.rowcount:
        return False
    request = _request(tx, clock.request_id)
    if request is None or not taken:
        return True
    if not Status(request["status"]).is_open and clock.name not in promises.OUTLIVE:
        return True
    _act(tx, office, clock, request=request, taken=taken, breached=breached, now=now)
    return True


_BELOW = (Rung.HOLDER, Rung.UNIT_DUTY, Rung.BUREAU_HEAD)
_MOST = 400
_CATCH_UP = timedelta(minutes=30)


def _act(
    tx: Transaction,
    office: Office,
    clock: Any,
    *,
    request: dict[str, Any],
    taken: list[tuple[int, datetime]],
    breached: bool,
    now: datetime,
) -> None:
    ladder = office.policy.ladders[clock.ladder]
    last = clocks.step_at(ladder, taken[-1][0])
    if breached:
        tx.event(
            "breached",
            at=now,
            request=request,
            clock=clock.name,
            case=clock.case,
            due=clock.due_at.isoformat(),
            source=clock.source,
        )
    reader = who(office, request, last.who, now)
    if clock.name == "CLK-ARBITRATE" and clock.referral_id and last.who in _BELOW:
        day = now.astimezone(ZONE).date()  # those who decide are reminded, not those who asked
        reader = office.directory.answerable(office.directory.responsible(HOTLINE, None, day), now)
    tx.event(
        last.act if not (breached and last.act is LadderAct.BREACH) else "reminder",
        at=now,
        request=request,
        clock=clock.name,
        case=clock.case,
        steps=[index for index, _ in taken],
        planned=taken[-1][1].isoformat(),
        to=reader.officer.login,
        rung=last.who,
    )
    way = office.ways.get("tel")
    address = reader.officer.phone or reader.unit.duty_phone
    if way is None or not address:
        return
    late = now >= clock.due_at
    telling.post(
        tx,
        office,
        "staff_breach" if late else "staff_reminder",
        request=request,
        reply=Reply(way, address),
        now=now,
        language="zh-CN",
        params=wording.params(
            office,
            request,
            unit=office.directory.unit.get(request["holder_unit"]),
            officer=office.directory.officer.get(request["first_responder"]),
            due=clock.due_at,
            language="zh-CN",
        ),
        urgent=clock.urgent,
        staff=reader.officer.login,
    )


def who(office: Office, request: Mapping[str, Any], rung: Rung, now: datetime) -> Answerable:
    """The person on a rung of the ladder at this moment; the next rung when there is none."""
    directory = office.directory
    day = now.astimezone(ZONE).date()
    unit = directory.current(request["holder_unit"], day)
    holder = directory.officer.get(request["holder_person"])
    if rung is Rung.HOLDER and holder is not None and holder.unit in directory.unit:
        return Answerable(directory.unit[holder.unit], holder, "holder")
    if rung in (Rung.HOLDER, Rung.UNIT_DUTY):
        return directory.answerable(unit, now)
    wanted = {
        Rung.BUREAU_HEAD: (unit, (Role.BUREAU_HEAD, Role.TOWNSHIP_OFFICER)),
        Rung.SUPERVISOR: (None, (Role.SUPERVISOR,)),
        Rung.COUNTY_DUTY_HEAD: (
            directory.responsible(BACKSTOP, None, day),
            (Role.BUREAU_HEAD, Role.DUTY_LEAD),
        ),
        Rung.COORDINATION_OFFICE: (
            directory.responsible("coordination_office", None, day),
            (Role.BUREAU_HEAD, Role.SUPERVISOR),
        ),
    }
    home, roles = wanted[rung]
    for role in roles:
        for officer in directory.officers:
            if officer.role == role and home is not None and officer.unit == home.code:
                return Answerable(home, officer, "rung")
            if officer.role == role and home is None and officer.unit in directory.unit:
                return Answerable(directory.unit[officer.unit], officer, "rung")
    return directory.answerable(home or directory.responsible(HOTLINE, None, day), now)


def _request(tx: Transaction, request_id: int) -> dict[str, Any] | None:
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    row = tx.execute(select(*columns).where(col(HelpRequest.id) == request_id)).first()
    return dict(row._mapping) if row else None
