"""Rosters out of a spreadsheet: who is on duty for a unit, when. A shift that is there already is
given its last day anew: that is how one ends."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlmodel import col

from gateway.import_hours import EVERY_DAY
from gateway.import_kinds import KINDS, ROSTERS, Fault
from models.places import Duty, Staff, UnitRow
from models.transaction import Row, Transaction

_HEADINGS = {column.key: column.heading for column in KINDS[ROSTERS]}
_SAME = ("unit", "login", "from_minute", "to_minute", "weekdays", "starts_on")
"""A shift with all of these is the same shift."""
_Lines = Sequence[tuple[int, Mapping[str, Any]]]


def write(tx: Transaction, values: Sequence[Mapping[str, Any]]) -> list[tuple[str, Row | None]]:
    """Enter the shifts, or the last days of those that are there; the id of each with what stood
    there before, None for a new one."""
    columns = Duty.__table__.columns  # type: ignore[attr-defined]
    units = {one["unit"] for one in values}
    standing = {
        tuple(row._mapping[name] for name in _SAME): (row.id, row.ends_on)
        for row in tx.execute(select(*columns).where(columns.unit.in_(units)))
    }
    made: list[tuple[str, Row | None]] = []
    for one in values:
        shift = _shift(one)
        same = tuple(shift[name] for name in _SAME)
        found = standing.get(same)
        if found is None:
            shift_id = tx.mint()
            tx.add(Duty, id=shift_id, **shift)
            made.append((str(shift_id), None))
        else:
            shift_id, until = found
            made.append((str(shift_id), {"ends_on": until.isoformat() if until else None}))
            own = update(Duty).where(col(Duty.id) == shift_id)
            tx.execute(own.values(ends_on=shift["ends_on"]))
        standing[same] = (shift_id, shift["ends_on"])
    return made


def _shift(one: Mapping[str, Any]) -> Row:
    return {
        "unit": one["unit"],
        "login": one["login"],
        "from_minute": one["from"],
        "to_minute": one["to"],
        "weekdays": one.get("weekdays") or EVERY_DAY,
        "starts_on": one.get("valid_from"),
        "ends_on": one.get("valid_until"),
    }


def undo(tx: Transaction, changes: Sequence[tuple[str, Mapping[str, Any] | None]]) -> None:
    """Take new shifts off, and give the others the last day that they had."""
    for target, before in changes:
        own = col(Duty.id) == int(target)
        if before is None:
            tx.execute(delete(Duty).where(own))
        else:
            until = before["ends_on"]
            ends_on = date.fromisoformat(until) if until else None
            tx.execute(update(Duty).where(own).values(ends_on=ends_on))


def faults(connection: Connection, lines: _Lines) -> Mapping[int, Sequence[Fault]]:
    """By their number the lines that name a unit that is not there, or somebody who is not of it or
    has no open account: nobody would be called by them."""
    units = {one["unit"] for _, one in lines if one.get("unit")}
    known = set(connection.scalars(select(col(UnitRow.code)).where(col(UnitRow.code).in_(units))))
    logins = {one["login"] for _, one in lines if one.get("login")}
    query = select(col(Staff.login), col(Staff.unit)).where(
        col(Staff.login).in_(logins), col(Staff.disabled_at).is_(None)
    )
    of = {row.login: row.unit for row in connection.execute(query)}
    found = {}
    for line, one in lines:
        unit, login = one["unit"], one["login"]
        if unit not in known:
            key, why = "unit", "no_unit"
        elif login not in of:
            key, why = "login", "no_account"
        elif of[login] != unit:
            key, why = "login", "other_unit"
        else:
            continue
        params = {"unit": of.get(login, "")}
        found[line] = [Fault(line, _HEADINGS[key], one[key], f"import.fault.{why}", params)]
    return found
