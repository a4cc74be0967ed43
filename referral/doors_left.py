"""A door whose person is gone has another one at once: an account closed, somebody who works in
another unit or goes through another area now.

Visits and warnings are shown to who holds them and to nobody else, so one that is held by somebody
who is not there any more would be nobody's, and one that somebody took along would show them a
household that is none of theirs. The due times and the steps of reminding stay.
"""

from collections import Counter, defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from models.events import SYSTEM
from models.transaction import Transaction
from referral import doors, promising
from referral.casework import FIELD
from referral.directory import ZONE, Answerable
from referral.leads import OPEN
from referral.office import Office
from referral.rota import Rota

_AT_ONCE = 1000


def left(connection: Any, office: Office, now: datetime) -> dict[str, list[Row[Any]]]:
    """Unit, holder and area of open visits and warnings whose holder is not there any more, by what
    they are; reads only."""
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for what, table in doors.TABLES.items():
        columns = (table.c.unit, table.c.holder, table.c.area)
        held = connection.execute(select(*columns).where(*_waits(what)).distinct()).all()
        if gone := [one for one in held if _gone(office, one, now)]:
            found[what] = gone
    return dict(found)


def hand_on(tx: Transaction, office: Office, now: datetime) -> int:
    """Give these doors to who goes there now, who is told how many they are. Returns how many had
    another person to go to; what is beyond a thousand of a kind waits for the next round."""
    rota = Rota(office.directory)
    readers: dict[str, Answerable] = {}
    many: Counter[tuple[str, str, str]] = Counter()
    urgent: set[str] = set()
    for what, gone in left(tx, office, now).items():
        for door in _of(tx, what, gone):
            reader = _follower(office, rota, door, now)
            if reader.officer.login == door.holder:
                continue  # nobody else is there
            _change(tx, what, door, reader)
            readers[reader.officer.login] = reader
            many[what, door.holder, reader.officer.login] += 1
            urgent |= {reader.officer.login} if door.urgent else set()
    told: Counter[str] = Counter()
    for (what, was, login), count in many.items():
        told[login] += count
        tx.event("doors_handed_on", at=now, by=SYSTEM, what=what, was=was, to=login, count=count,
                 unit=readers[login].unit.code)  # fmt: skip
    for login, count in told.items():
        promising.say(tx, office, readers[login], count, now, urgent=login in urgent)
    return sum(told.values())


def _waits(what: str) -> tuple[Any, ...]:
    table = doors.TABLES[what]
    if what == doors.WARNING:
        return (table.c.state == OPEN,)
    return (table.c.settled_at.is_(None),)


def _gone(office: Office, held: Row[Any], now: datetime) -> bool:
    directory = office.directory
    officer = directory.officer.get(held.holder)
    if officer is None or officer.unit != held.unit:
        return True
    unit = directory.unit.get(held.unit)
    if unit is None or not unit.serves_on(now.astimezone(ZONE).date()):
        return True
    if officer.role not in FIELD or not officer.area or held.area not in directory.place:
        return False
    return not (
        directory.within(held.area, officer.area) or directory.within(officer.area, held.area)
    )


def _of(tx: Transaction, what: str, gone: list[Row[Any]]) -> list[Row[Any]]:
    table = doors.TABLES[what]
    theirs = set(map(tuple, gone))
    subject = [table.c.subject] if what == doors.WARNING else []
    found = tx.execute(
        select(
            table.c.id, table.c.unit, table.c.holder, table.c.area, table.c.urgent, table.c.door,
            table.c.household_id, *subject,
        )
        .where(*_waits(what), table.c.holder.in_(sorted({one.holder for one in gone})))
        .order_by(table.c.urgent.desc(), table.c.due_at, table.c.id)
    )  # fmt: skip
    return [one for one in found if (one.unit, one.holder, one.area) in theirs][:_AT_ONCE]


def _change(tx: Transaction, what: str, door: Row[Any], reader: Answerable) -> None:
    """Unless somebody's entry has given it another holder meanwhile."""
    table = doors.TABLES[what]
    this = (table.c.id == door.id, table.c.holder == door.holder, *_waits(what))
    tx.later(update(table).where(*this).values(unit=reader.unit.code, holder=reader.officer.login))


def _follower(office: Office, rota: Rota, door: Row[Any], now: datetime) -> Answerable:
    """Who takes the step at which this door is."""
    key = door.household_id or door.subject
    step = next((one for one in office.policy.outreach.doors if one.code == door.door), None)
    return rota.step(step.who if step else "holder", door.area, key, now)
