"""Letting somebody in again who lost password or telephone: one person asks, another agrees.

Nobody chooses a password for somebody else and nobody is spared the second factor: what was lost
is taken away, and a one-time link lets its holder set both anew. Only where no second person could
agree (a house with one administrator) the console does it alone, and the ledger says so.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway import access, accounts, second_factor
from gateway.access import Actor
from models.access import Recovery, StaffSession
from models.places import Staff
from models.transaction import Row, Transaction
from referral.casework import Refusal, need

CONSOLE = "console"
LASTS = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """One recovery that waits for a second person."""

    id: int
    login: str
    reason: str
    asked_by: str
    asked_at: datetime


def ask(tx: Transaction, login: str, reason: str, *, by: str, now: datetime) -> int:
    """Ask that somebody be let in anew; nothing changes until another person agrees. Raises
    ``Refusal`` (404, 409, 422)."""
    why = need(reason, "refusal.reason_missing")[:500]
    _require_account(tx, login)
    if by == login:
        raise Refusal("refusal.own_recovery", status=409)
    tx.execute(delete(Recovery).where(col(Recovery.login) == login, _open(now)))
    row = _add(tx, login, why, by, now)
    tx.event("recovery_asked", at=now, by=by, login=login, reason=why)
    return int(row["id"])


def _add(tx: Transaction, login: str, reason: str, by: str, now: datetime, **decided: Any) -> Row:
    asked = {"login": login, "reason": reason, "asked_by": by, "asked_at": now}
    return tx.add(Recovery, id=tx.mint(), **asked, expires_at=now + LASTS, **decided)


def waiting(reader: Any, now: datetime) -> list[Asked]:
    """The recoveries that wait for a second person, the oldest first."""
    columns = Recovery.__table__.columns  # type: ignore[attr-defined]
    query = select(*columns).where(_open(now))
    rows = reader.execute(query.order_by(col(Recovery.asked_at), col(Recovery.id)))
    return [Asked(row.id, row.login, row.reason, row.asked_by, row.asked_at) for row in rows]


def decide(
    tx: Transaction, recovery_id: int, actor: Actor, *, agree: bool, now: datetime
) -> tuple[str, str] | None:
    """Agree or not, as a second person; returns the login and the token of its one-time link.
    Raises ``Refusal``: 403 without the right, 404 for one that does not wait, 409 for who asked
    and for whose account it is."""
    access.allow(actor, "agree_recovery")
    query = select(*Recovery.__table__.columns)  # type: ignore[attr-defined]
    found = tx.execute(query.where(col(Recovery.id) == recovery_id, _open(now))).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    if actor.login in (found.asked_by, found.login):
        raise Refusal("refusal.own_recovery", status=409)
    done = tx.execute(
        update(Recovery)
        .where(col(Recovery.id) == recovery_id, col(Recovery.decided_at).is_(None))
        .values(decided_by=actor.login, decided_at=now, agreed=agree)
    )
    if not done.rowcount:
        raise Refusal("refusal.not_found", status=404)
    row: Row = dict(found._mapping)
    if not agree:
        tx.event("recovery_refused", at=now, by=actor.login, login=row["login"])
        return None
    return row["login"], _let_in_anew(tx, row["login"], now, row["asked_by"], actor.login)


def alone(tx: Transaction, login: str, reason: str, *, now: datetime) -> str:
    """The console alone, where nobody else could agree; returns the token of the one-time link.
    Raises ``Refusal`` (404, 409, 422)."""
    why = need(reason, "refusal.reason_missing")[:500]
    _require_account(tx, login)
    others = select(col(Staff.password)).where(
        col(Staff.role).in_(sorted(access.RIGHTS["agree_recovery"])),
        col(Staff.login) != login,
        col(Staff.disabled_at).is_(None),
    )
    if any(tx.execute(others).scalars()):
        raise Refusal("refusal.second_person", status=409)
    _add(tx, login, why, CONSOLE, now, decided_by=CONSOLE, decided_at=now, agreed=True)
    return _let_in_anew(tx, login, now, CONSOLE, "")


def _let_in_anew(tx: Transaction, login: str, now: datetime, asked: str, agreed: str) -> str:
    second_factor.forget(tx, login)
    tx.execute(update(Staff).where(col(Staff.login) == login).values(password=None))
    tx.execute(delete(StaffSession).where(col(StaffSession.login) == login))
    by = agreed or asked
    tx.event("recovered", at=now, by=by, login=login, asked_by=asked, alone=not agreed)
    return accounts.one_time_link(tx, login, now, by=by)


def _require_account(tx: Transaction, login: str) -> None:
    query = select(col(Staff.login)).where(
        col(Staff.login) == login, col(Staff.disabled_at).is_(None)
    )
    if tx.execute(query).first() is None:
        raise Refusal("refusal.no_account", {"login": login}, 404)


def _open(now: datetime) -> Any:
    return col(Recovery.decided_at).is_(None) & (col(Recovery.expires_at) > now)
