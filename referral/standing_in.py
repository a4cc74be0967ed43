"""A holder who is gone is replaced at once: an account closed, a unit dissolved (I1, R10).

The due times stay. Somebody who is there answers for the request from this moment, it is recorded
why, and a person is asked to see to it; of what is urgent they are told at once.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.bars import bars
from models.requests import HelpRequest, due_of
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status, TaskKind
from referral import casework, telling
from referral.accused import is_barred, may_have
from referral.bringing_in import kept_out
from referral.directory import BACKSTOP, HOTLINE, ZONE, Answerable, Directory, Unit
from referral.hands import DESK_STAFF
from referral.office import Office
from referral.routing import ABOVE

_AT_MOST = 8
"""So many of those on duty are asked for somebody whom no complaint is about."""


def orphaned(connection: Any, office: Office, now: datetime) -> Sequence[tuple[str, str]]:
    """The pairs of unit and person that hold open requests and are no longer there."""
    pairs = connection.execute(
        select(col(HelpRequest.holder_unit), col(HelpRequest.holder_person))
        .where(col(HelpRequest.closed_at).is_(None))
        .distinct()
    )
    return [(unit, person) for unit, person in pairs if gone(office, unit, person, now)]


def gone(office: Office, unit: str, person: str, now: datetime) -> str:
    """Why this unit and person cannot hold a request: "absent", "retired", or "" when they can."""
    day = now.astimezone(ZONE).date()
    current = office.directory.current(unit, day)
    if current is None or current.code != unit:
        return "retired"
    return "" if person in office.directory.officer else "absent"


def replace(tx: Transaction, office: Office, request: Row, now: datetime, *, why: str = "") -> bool:
    """Give the request to who answers for its unit now; False when there was nothing to mend.
    ``why`` says that its holder is gone although the directory still knows them."""
    why = why or gone(office, request["holder_unit"], request["holder_person"], now)
    if not why or not Status(request["status"]).is_open:
        return False
    found = office.directory.answerable(heir(tx, office, request, request["holder_unit"], now), now)
    after = casework.change(
        tx, request, holder_unit=found.unit.code, holder_person=found.officer.login
    )
    tx.event(
        "holder_replaced",
        at=now,
        request=after,
        was=request["holder_person"],
        was_unit=request["holder_unit"],
        to=found.officer.login,
        unit=found.unit.code,
        holder=found.officer.login,
        holder_unit=found.unit.code,
        found_by=found.how,
        because=why,
    )
    urgent = Level(request["level"]).is_urgent
    if urgent:  # the clock's next reminder may be hours away
        due = due_of(after["queue_key"])
        telling.notify(tx, office, after, found, due=due, now=now, urgent=True)
    telling.ask_once(
        tx,
        TaskKind.TAKEN_OVER,
        unit=found.unit.code,
        note=f"{request['holder_person']}{telling.BECOMES}{found.officer.login}",
        request=after,
        urgent=urgent,
        now=now,
    )
    return True


def heir(tx: Transaction, office: Office, request: Row, code: str, now: datetime) -> Unit | None:
    """Who goes on for a unit: itself while it serves, its successor, else the backstop; where a
    complaint is about those, the next body that it is not about, at last the line's desk (I9)."""
    day = now.astimezone(ZONE).date()
    directory = office.directory
    barred = bars(tx, [request["id"]]).get(request["id"], frozenset())
    others = (
        directory.responsible(authority, request["area"] if authority == BACKSTOP else None, day)
        for authority in (BACKSTOP, *(ABOVE if barred else ()), HOTLINE)
    )
    for unit in (directory.current(code, day), *others):
        if unit is not None and may_have(directory, barred, unit):
            return unit
    return None


def at_the_desk(
    tx: Transaction, office: Office, request: Row, now: datetime, *, head_first: bool = False
) -> Answerable:
    """Who of the line's desk goes on with a request: somebody on duty, else the head of shift, else
    anybody there, else of the bodies above, whom no complaint is about (I9)."""
    directory = office.directory
    desk = directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
    found = directory.head_of_shift(now) if head_first else directory.answerable(desk, now)
    names = kept_out(tx, request)
    known = (found,) if not names else (found, *_others(directory, desk, request["area"], now))
    return next((one for one in known if not is_barred(directory, names, one)), found)


def _others(
    directory: Directory, desk: Unit | None, area: str | None, now: datetime
) -> Iterator[Answerable]:
    yield from (directory.answerable(desk, now, turn) for turn in range(_AT_MOST))
    yield directory.head_of_shift(now)
    for officer in directory.officers:
        if desk is not None and officer.unit == desk.code and officer.role in DESK_STAFF:
            yield Answerable(desk, officer, "staff")
    day = now.astimezone(ZONE).date()
    for authority in (BACKSTOP, *ABOVE):
        unit = directory.responsible(authority, area if authority == BACKSTOP else None, day)
        yield from (directory.answerable(unit, now, turn) for turn in range(_AT_MOST) if unit)


def held_by(tx: Transaction, pairs: Sequence[tuple[str, str]]) -> list[Row]:
    """The open requests of these pairs, the most urgent first."""
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    rows: list[Row] = []
    for unit, person in pairs:
        found = tx.execute(
            select(*columns).where(
                col(HelpRequest.closed_at).is_(None),
                col(HelpRequest.holder_unit) == unit,
                col(HelpRequest.holder_person) == person,
            )
        )
        rows += [dict(row._mapping) for row in found]
    return sorted(rows, key=lambda row: str(row["queue_key"]))
