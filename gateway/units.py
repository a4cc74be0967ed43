"""Units are added, changed and retired by an administrator; every change with its reason, at once.

A unit is never deleted. What a retired one still has open moves to its successor by itself
(``referral.succeeding``), with its due times; without a successor it is not retired.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlmodel import col

from gateway import access, days
from gateway.access import Actor
from gateway.offices import changed
from models.places import AreaRow, Staff, UnitRow
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import Transaction
from referral.casework import Refusal, need
from referral.directory import ZONE
from referral.office import Office
from referral.routing import GRASSROOTS
from referral.transitions import R_OPEN

CHANGEABLE = ("name_zh", "name_en", "public_phone", "duty_phone")
KINDS = (
    "bureau", "station", "association", "company", "office", "desk", "township", "village",
)  # fmt: skip
_CODE = re.compile(r"[a-z][a-z0-9_.]{1,63}")
_PHONE = re.compile(r"[0-9+\-() ]{3,24}|")


@dataclass(frozen=True, slots=True)
class Work:
    """What a unit has: people, open orders, requests that it holds."""

    people: int = 0
    orders: int = 0
    held: int = 0


def work(connection: Any) -> Mapping[str, Work]:
    """Of every unit that has any."""
    people = _counted(connection, col(Staff.unit), col(Staff.disabled_at).is_(None))
    orders = _counted(
        connection,
        col(Referral.bureau),
        col(Referral.status).in_(R_OPEN),
        col(Referral.request_id).in_(
            select(col(HelpRequest.id)).where(col(HelpRequest.closed_at).is_(None))
        ),
    )
    held = _counted(connection, col(HelpRequest.holder_unit), col(HelpRequest.closed_at).is_(None))
    return {
        code: Work(people.get(code, 0), orders.get(code, 0), held.get(code, 0))
        for code in {*people, *orders, *held}
    }


def add(
    tx: Transaction, office: Office, values: Mapping[str, str], reason: str, actor: Actor, now: Any
) -> str:
    """A new unit; returns its code. Raises ``Refusal`` (409, 422)."""
    access.allow(actor, "administer")
    why = need(reason, "refusal.reason_missing")[:500]
    code = values.get("code", "").strip()
    if not _CODE.fullmatch(code):
        raise Refusal("refusal.unit_code", status=422)
    if tx.execute(select(col(UnitRow.code)).where(col(UnitRow.code) == code)).first():
        raise Refusal("refusal.unit_taken", {"code": code}, 409)
    row = {
        **_named(values),
        "code": code,
        "authority": _one_of(values, "authority", office.policy.authorities),
        "kind": _one_of(values, "kind", KINDS),
        "area": _known(tx, col(AreaRow.code), values.get("area", ""), "area"),
        "parent": _known(tx, col(UnitRow.code), values.get("parent", ""), "parent"),
        "valid_from": _day(values.get("valid_from", "")),
    }
    tx.add(UnitRow, **row)
    tx.event("unit_added", at=now, by=actor.login, reason=why, **_plain(row))
    changed(tx)
    return code


def change(
    tx: Transaction, code: str, values: Mapping[str, str], reason: str, actor: Actor, now: datetime
) -> None:
    """Names and telephones. Raises ``Refusal`` (404, 422)."""
    access.allow(actor, "administer")
    why = need(reason, "refusal.reason_missing")[:500]
    old = _row(tx, code)
    new = _named(values)
    different = {name: value for name, value in new.items() if old[name] != value}
    if not different:
        raise Refusal("refusal.nothing_changed", status=422)
    tx.execute(update(UnitRow).where(col(UnitRow.code) == code).values(**different))
    before = {name: old[name] for name in different}
    tx.event(
        "unit_changed", at=now, by=actor.login, unit=code, before=before, after=different,
        reason=why,
    )  # fmt: skip
    changed(tx)


def retire(
    tx: Transaction,
    office: Office,
    code: str,
    *,
    ends_on: date,
    successor: str,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """From ``ends_on`` the unit no longer serves. Raises ``Refusal``: 404 for no such unit, 409
    without a successor where one is needed (a township's or village's places are served by no other
    one), 422 for one that cannot be it."""
    access.allow(actor, "administer")
    why = need(reason, "refusal.reason_missing")[:500]
    old = _row(tx, code)
    today = now.astimezone(ZONE).date()
    if ends_on < today:
        raise Refusal("refusal.day_past", {"day": ends_on.isoformat()}, 422)
    if old["valid_until"] is not None and old["valid_until"] < today:
        raise Refusal("refusal.unit_retired", {"code": code}, 409)
    directory = office.directory
    if successor:
        heir = directory.current(successor, ends_on)
        if successor == code or heir is None or heir.code == code:
            raise Refusal("refusal.successor", {"code": successor}, 422)
    else:
        here = work(tx).get(code, Work())
        others = [
            unit
            for unit in directory.units
            if unit.authority == old["authority"]
            and unit.code != code
            and unit.serves_on(ends_on)
            and unit.valid_until is None
            and (unit.area == old["area"] or old["authority"] not in GRASSROOTS)
        ]
        if here.orders or here.held:
            params = {"code": code, "n": str(here.orders + here.held)}
            raise Refusal("refusal.successor_needed", params, 409)
        sent_to = any(old["authority"] in _named_by(row) for row in office.policy.routes)
        if not others and old["authority"] in GRASSROOTS:
            raise Refusal("refusal.successor_for_places", {"code": code}, 409)
        if not others and sent_to:
            raise Refusal("refusal.successor_for_routes", {"code": code}, 409)
    until = ends_on - timedelta(days=1)
    tx.execute(
        update(UnitRow)
        .where(col(UnitRow.code) == code)
        .values(valid_until=until, successor=successor or None)
    )
    tx.event(
        "unit_retired", at=now, by=actor.login, unit=code, valid_until=until.isoformat(),
        successor=successor, reason=why,
    )  # fmt: skip
    changed(tx)


def _named_by(row: Any) -> tuple[str, ...]:
    return (row.lead, row.danger_lead, row.alternate_lead, *row.cooperating)


def _row(tx: Transaction, code: str) -> dict[str, Any]:
    columns = UnitRow.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(select(*columns).where(columns.code == code)).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    return dict(found._mapping)


def _named(values: Mapping[str, str]) -> dict[str, str]:
    found = {name: values.get(name, "").strip()[:120] for name in CHANGEABLE}
    if not found["name_zh"]:
        raise Refusal("refusal.field", {"field": "name_zh"}, 422)
    found["name_en"] = found["name_en"] or found["name_zh"]
    for name in ("public_phone", "duty_phone"):
        if not _PHONE.fullmatch(found[name]):
            raise Refusal("refusal.field", {"field": name}, 422)
    return found


def _one_of(values: Mapping[str, str], name: str, known: Any) -> str:
    value = values.get(name, "").strip()
    if value not in known:
        raise Refusal("refusal.field", {"field": name}, 422)
    return value


def _known(tx: Transaction, column: Any, value: str, name: str) -> str | None:
    code = value.strip()
    if code and tx.execute(select(column).where(column == code)).first() is None:
        raise Refusal("refusal.field", {"field": name}, 422)
    return code or None


def _day(written: str) -> date | None:
    try:
        return days.day(written) if written else None
    except ValueError:
        raise Refusal("refusal.field", {"field": "date"}, 422) from None


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {("unit" if name == "code" else name): value for name, value in row.items() if value}
    return {
        ("unit_kind" if name == "kind" else name): (
            value.isoformat() if isinstance(value, date) else value
        )
        for name, value in named.items()
    }


def _counted(connection: Any, column: Any, *where: Any) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).where(*where).group_by(column))
    return {code: n for code, n in rows if code}
