"""Areas, units and staff out of a spreadsheet: entered or changed, with what stood there before.
Of an account that is there already only name and telephone are changed, and given back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway import accounts
from models.access import OneTimeKey, Recovery
from models.places import AreaRow, Duty, Staff, UnitRow
from models.transaction import Row, Transaction
from referral.casework import Refusal

_TABLES: Mapping[str, Any] = {"areas": AreaRow, "units": UnitRow, "staff": Staff}
KINDS = tuple(_TABLES)
_KEYS = {"areas": "code", "units": "code", "staff": "login"}
HARMLESS = ("name", "phone")
"""Of an account that is there already nothing else is changed: the rest is done by hand. An empty
cell changes nothing: who has no telephone any more is woken by nobody."""


def write(
    tx: Transaction, kind: str, values: Sequence[Mapping[str, Any]], now: datetime
) -> list[Row | None]:
    """Enter or change the rows; what stood there before each, None for a new one."""
    table, key = _TABLES[kind], _KEYS[kind]
    columns = table.__table__.columns
    names = [one[key] for one in values]
    standing = {
        row._mapping[key]: dict(row._mapping)
        for row in tx.execute(select(*columns).where(columns[key].in_(names)))
    }
    before: list[Row | None] = []
    for one in values:
        row = _row(kind, one, now)
        old = standing.get(one[key])
        if old is None:
            tx.add(table, **row)
            before.append(None)
            continue
        new = {
            name: value
            for name, value in row.items()
            if kind != "staff" or (name in HARMLESS and one.get(name))
        }
        tx.execute(update(table).where(columns[key] == one[key]).values(**new))
        before.append({str(name): old[name] for name in new})
    return before


def record(
    tx: Transaction, kind: str, values: Sequence[Mapping[str, Any]], by: str, now: datetime
) -> None:
    """Of accounts the ledger says which role and unit they were given."""
    if kind == "staff" and values:
        given = [[one["login"], one["role"], one["unit"]] for one in values]
        tx.event("staff_imported", at=now, by=by, staff=given)


def _row(kind: str, one: Mapping[str, Any], now: datetime) -> Row:
    if kind == "areas":
        point = [one.get("latitude"), one.get("longitude")]
        return {
            "code": one["code"],
            "kind": one["kind"],
            "name": one["name"],
            "parent": one.get("parent"),
            "aliases": list(one.get("aliases") or ()),
            "centre": None if None in point else point,
        }
    if kind == "units":
        return {
            "code": one["code"],
            "name_zh": one["name_zh"],
            "name_en": one.get("name_en") or one["name_zh"],
            "authority": one["authority"],
            "area": one.get("area"),
            "parent": one.get("parent"),
            "kind": one.get("kind") or "bureau",
            "public_phone": one.get("public_phone") or "",
            "duty_phone": one.get("duty_phone") or "",
        }
    return {
        "login": one["login"],
        "name": one["name"],
        "role": one["role"],
        "unit": one["unit"],
        "area": one.get("area"),
        "phone": one.get("phone") or "",
        "created_at": now,
    }


def undo(
    tx: Transaction,
    kind: str,
    changes: Sequence[tuple[str, Mapping[str, Any] | None]],
    now: datetime,
) -> None:
    """Put back what stood there. An account that was opened since, or is on duty, is not taken
    away: ``Refusal``."""
    table, key = _TABLES[kind], _KEYS[kind]
    columns = table.__table__.columns
    for target, before in changes:
        if before is not None:
            stood = before
            if kind == "staff":  # what a file of former days moved stays moved
                stood = {name: value for name, value in before.items() if name in HARMLESS}
            if stood:
                tx.execute(update(table).where(columns[key] == target).values(**stood))
            continue
        if kind == "staff":
            duties = select(col(Duty.login)).where(col(Duty.login) == target).limit(1)
            if accounts.was_opened(tx, target, now) or tx.execute(duties).first() is not None:
                raise Refusal("refusal.import_acted_on", {"what": target})
            tx.execute(delete(OneTimeKey).where(col(OneTimeKey.login) == target))
            tx.execute(delete(Recovery).where(col(Recovery.login) == target))
        tx.execute(delete(table).where(columns[key] == target))
