"""Accounts as an administrator sees and changes them: added, moved to another unit, closed, let in
by a one-time link. Nobody changes their own account here; passwords are never seen or chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlmodel import col

from gateway import access, accounts
from gateway.access import Actor
from gateway.entering import telephone
from gateway.offices import changed
from models.access import SecondFactor, StaffSession
from models.events import TRANSFERRED
from models.places import AreaRow, Duty, Staff, UnitRow
from models.transaction import Transaction
from models.vocabulary import Role
from referral import accused, standing_in, withholding
from referral.casework import Refusal, need
from referral.office import Office

PAGE = 50


@dataclass(frozen=True, slots=True)
class Account:
    """One account, without anything that lets somebody in."""

    login: str
    name: str
    role: str
    unit: str
    unit_name: str
    area: str | None
    phone: str
    created_at: datetime
    signed_in_at: datetime | None
    disabled_at: datetime | None
    has_password: bool
    has_factor: bool


def listed(
    connection: Any, *, words: str = "", role: str = "", unit: str = "", after: str = ""
) -> Sequence[Account]:
    """Accounts by login, a page and one more; ``words`` is part of login or unit, or a name."""
    query = _query().order_by(col(Staff.login)).limit(PAGE + 1)
    if words:
        query = query.where(
            or_(
                col(Staff.login).contains(words, autoescape=True),
                col(UnitRow.name_zh).contains(words, autoescape=True),
                col(Staff.login).in_(_by_name(connection, words)),
            )
        )
    if role:
        query = query.where(col(Staff.role) == role)
    if unit:
        query = query.where(col(Staff.unit) == unit)
    if after:
        query = query.where(col(Staff.login) > after)
    return [_account(row) for row in connection.execute(query)]


def one(connection: Any, login: str) -> Account:
    """One account. Raises ``Refusal`` (404)."""
    found = connection.execute(_query().where(col(Staff.login) == login)).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    return _account(found)


def add(
    tx: Transaction, values: Mapping[str, str], reason: str, actor: Actor, now: datetime
) -> str:
    """A new account without a password; returns its login. Raises ``Refusal``."""
    access.allow(actor, "administer")
    why = need(reason, "refusal.reason_missing")[:500]
    login, name = values.get("login", "").strip(), values.get("name", "").strip()[:50]
    if not accounts.is_login(login):
        raise Refusal("refusal.field", {"field": "login"}, 422)
    if not name:
        raise Refusal("refusal.field", {"field": "name"}, 422)
    phone = values.get("phone", "").strip()[:24]
    telephone(phone)  # checked; kept as it was typed, for an extension has no international form
    if tx.execute(select(col(Staff.login)).where(col(Staff.login) == login)).first():
        raise Refusal("refusal.login_taken", {"login": login}, 409)
    place = _place(tx, values)
    accounts.add_staff(
        tx,
        login=login,
        name=name,
        phone=phone,
        now=now,
        by=actor.login,
        reason=why,
        **place,
    )
    return login


def link(tx: Transaction, login: str, actor: Actor, now: datetime) -> str:
    """The token of a one-time link for an account that was never opened; for one that was, recovery
    is asked, to which a second person agrees. Raises ``Refusal`` (404, 409)."""
    access.allow(actor, "administer")
    _foreign(tx, login, actor)
    if accounts.was_opened(tx, login, now):
        raise Refusal("refusal.ask_recovery", {"login": login}, 409)
    return accounts.one_time_link(tx, login, now, by=actor.login)


def close(tx: Transaction, login: str, reason: str, actor: Actor, now: datetime) -> None:
    """Disable an account; what it holds gets a new holder within a minute. Raises ``Refusal``."""
    access.allow(actor, "administer")
    why = need(reason, "refusal.reason_missing")[:500]
    _foreign(tx, login, actor)
    accounts.disable(tx, login, now, by=actor.login, reason=why)


def transfer(
    tx: Transaction,
    login: str,
    values: Mapping[str, str],
    reason: str,
    actor: Actor,
    now: datetime,
) -> str:
    """Another role, unit or area; sessions end and shifts of the old unit are taken off. Returns
    the unit that was left, "" when it is the same. Raises ``Refusal``."""
    access.allow(actor, "administer")
    why = need(reason, "refusal.reason_missing")[:500]
    old = _foreign(tx, login, actor)
    new = _place(tx, values)
    before = {"role": old.role, "unit": old.unit, "area": old.area}
    if before == new:
        raise Refusal("refusal.nothing_changed", status=422)
    tx.execute(update(Staff).where(col(Staff.login) == login).values(**new))
    tx.execute(delete(StaffSession).where(col(StaffSession.login) == login))
    shifts = 0
    if new["unit"] != old.unit:
        mine = (col(Duty.login) == login, col(Duty.unit) == old.unit)
        shifts = tx.execute(delete(Duty).where(*mine)).rowcount
    tx.event(
        TRANSFERRED, at=now, by=actor.login, login=login, before=before, after=new,
        shifts_taken_off=shifts, reason=why,
    )  # fmt: skip
    changed(tx)
    return old.unit if new["unit"] != old.unit else ""


def hand_on(
    tx: Transaction, office: Office, login: str, unit: str, actor: Actor, now: datetime
) -> int:
    """What somebody who was transferred still held in the unit they left goes to who answers for
    it now, and what complains about that unit stays closed to them (I9); call it with the directory
    of after the transfer. Returns how many they held."""
    accused.take_along(tx, office.directory, login, unit, by=actor.login, now=now)
    withholding.take_along(tx, office, login, unit, by=actor.login, now=now)
    held = standing_in.held_by(tx, [(unit, login)])
    return sum(standing_in.replace(tx, office, request, now, why="absent") for request in held)


def _foreign(tx: Transaction, login: str, actor: Actor) -> Account:
    """An open account that is not the actor's own."""
    account = one(tx, login)
    if login == actor.login:
        raise Refusal("refusal.own_account", status=409)
    if account.disabled_at is not None:
        raise Refusal("refusal.account_closed", {"login": login}, 409)
    return account


def _place(tx: Transaction, values: Mapping[str, str]) -> dict[str, Any]:
    role, unit, area = (values.get(name, "").strip() for name in ("role", "unit", "area"))
    if role not in [one.value for one in Role]:
        raise Refusal("refusal.field", {"field": "role"}, 422)
    if tx.execute(select(col(UnitRow.code)).where(col(UnitRow.code) == unit)).first() is None:
        raise Refusal("refusal.field", {"field": "unit"}, 422)
    known = select(col(AreaRow.code)).where(col(AreaRow.code) == area)
    if area and tx.execute(known).first() is None:
        raise Refusal("refusal.field", {"field": "area"}, 422)
    if accounts.needs_area(role, area):
        raise Refusal("refusal.area_missing", {"role": role}, 422)
    return {"role": Role(role), "unit": unit, "area": area or None}


def _by_name(connection: Any, words: str) -> list[str]:
    """Names may be sealed, so they are compared here and not by the database."""
    rows = connection.execute(select(col(Staff.login), col(Staff.name)))
    return [row.login for row in rows if words in row.name][: PAGE * 4]


def _query() -> Any:
    factor = (
        select(func.count())
        .select_from(SecondFactor)
        .where(
            col(SecondFactor.login) == col(Staff.login),
            col(SecondFactor.confirmed_at).is_not(None),
        )
        .scalar_subquery()
    )
    names = ("login", "name", "role", "unit", "area", "phone", "created_at", "signed_in_at",
             "disabled_at", "password")  # fmt: skip
    table = Staff.__table__  # type: ignore[attr-defined]
    return (
        select(
            *(table.columns[name] for name in names),
            col(UnitRow.name_zh).label("unit_name"),
            factor.label("factors"),
        )
        .select_from(Staff)
        .join(UnitRow, col(UnitRow.code) == col(Staff.unit))
    )


def _account(row: Any) -> Account:
    return Account(
        login=row.login,
        name=row.name,
        role=row.role,
        unit=row.unit,
        unit_name=row.unit_name,
        area=row.area,
        phone=row.phone,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        disabled_at=row.disabled_at,
        has_password=bool(row.password),
        has_factor=bool(row.factors),
    )
