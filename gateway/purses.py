"""Reserves as their keepers see them: what is in, what is promised, what the profile asks for, and
every entry with who made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from gateway import access, aid
from gateway.access import Actor
from models import reserves
from models.relief import Relief
from models.reserves import AidEntry, Reserve
from referral import grants
from referral.casework import Refusal
from referral.directory import ZONE
from referral.guards import fen
from referral.office import Office
from referral.relief_life import OWED

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Least:
    """What the profile asks a reserve to hold, with its source; a proposal or one place's practice
    is never shown as law (``is_law``)."""

    amount_fen: int
    yuan: str
    source: str
    tag: str
    is_law: bool


@dataclass(frozen=True, slots=True)
class Purse:
    """One reserve. ``free`` is what is not promised to anybody; ``owed`` are the grants out of it
    whose explanation is not in."""

    unit: str
    name: str
    opened: bool
    balance_fen: int
    yuan: str
    free: str
    least: Least | None
    short: bool
    owed: tuple[str, ...]
    residents: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement with the balance after it. ``undoable``: a top-up or count that nobody undid."""

    id: str
    at: datetime
    kind: str
    yuan: str
    after: str
    relief: str | None
    counted: str | None
    book: str | None
    voucher: str
    reason: str
    by: str
    undoable: bool


def every(session: Session, actor: Actor, office: Office, now: datetime) -> tuple[Purse, ...]:
    """The reserves that exist for this person: a township sees its own, others the county's."""
    access.allow(actor, "see_reserves")
    mine = aid.purses(actor, office) or _all(office, actor)
    return tuple(_purse(session, office, code, now) for code in mine)


def one(
    session: Session, actor: Actor, office: Office, unit: str, now: datetime
) -> tuple[Purse, tuple[Entry, ...]]:
    """A reserve with its newest entries. Raises ``Refusal`` (404) for one that is not theirs."""
    access.allow(actor, "see_reserves")
    if unit not in (aid.purses(actor, office) or _all(office, actor)):
        raise Refusal("refusal.not_found", status=404)
    purse = _purse(session, office, unit, now)
    return purse, _entries(session, unit, purse.balance_fen)


def _all(office: Office, actor: Actor) -> tuple[str, ...]:
    """All reserves, for those who watch over the county without keeping one."""
    if actor.role not in access.JURISDICTION:
        return ()
    kinds = ("civil_affairs", "township")
    return tuple(unit.code for unit in office.directory.units if unit.authority in kinds)


def _purse(session: Session, office: Office, code: str, now: datetime) -> Purse:
    connection = session.connection()
    unit = office.directory.unit[code]
    columns = Reserve.__table__.columns  # type: ignore[attr-defined]
    row = connection.execute(select(*columns).where(col(Reserve.unit) == code)).first()
    held = reserves.balance(connection, row.id) if row else 0
    residents = row.residents if row else None
    least = _least(office, unit.authority, residents, now)
    owed = (
        connection.execute(
            select(col(Relief.number))
            .where(col(Relief.reserve_id) == row.id, col(Relief.state).in_(OWED))
            .order_by(col(Relief.id))
        ).scalars()
        if row
        else ()
    )
    return Purse(
        unit=code,
        name=unit.name_zh,
        opened=row is not None,
        balance_fen=held,
        yuan=aid.yuan(held),
        free=aid.yuan(grants.free(connection, row.id) if row else 0),
        least=least,
        short=least is not None and held < least.amount_fen,
        owed=tuple(owed),
        residents=residents,
    )


def _least(office: Office, authority: str, residents: int | None, now: datetime) -> Least | None:
    town = authority == "township"
    key = "township_reserve_min" if town else "county_reserve_min_per_resident"
    rule = office.policy.value(key, now.astimezone(ZONE).date())
    if rule is None or (not town and residents is None):
        return None
    amount = fen(rule.value) * (1 if town else residents or 0)
    return Least(amount, aid.yuan(amount), rule.source, rule.tag, rule.is_law)


def _entries(session: Session, unit: str, balance_fen: int) -> tuple[Entry, ...]:
    columns = AidEntry.__table__.columns  # type: ignore[attr-defined]
    query = (
        select(*columns, col(Relief.number).label("relief_number"))
        .join(Reserve, col(Reserve.id) == col(AidEntry.reserve_id))
        .outerjoin(Relief, col(Relief.id) == col(AidEntry.relief_id))
        .where(col(Reserve.unit) == unit)
        .order_by(col(AidEntry.at).desc(), col(AidEntry.id).desc())
        .limit(SHOWN)
    )
    rows = session.connection().execute(query).all()
    undone = {row.undoes_id for row in rows}
    found: list[Entry] = []
    after = balance_fen
    for row in rows:
        found.append(_entry(row._mapping, after, undone))
        after -= row.amount_fen
    return tuple(found)


def _entry(row: Mapping[Any, Any], after: int, undone: set[int | None]) -> Entry:
    return Entry(
        id=str(row["id"]),
        at=row["at"],
        kind=row["kind"],
        yuan=aid.yuan(row["amount_fen"]),
        after=aid.yuan(after),
        relief=row["relief_number"],
        counted=None if row["counted_fen"] is None else aid.yuan(row["counted_fen"]),
        book=None if row["book_fen"] is None else aid.yuan(row["book_fen"]),
        voucher=row["voucher"],
        reason=row["reason"],
        by=row["recorded_by"],
        undoable=row["relief_id"] is None and row["kind"] != "undo" and row["id"] not in undone,
    )
