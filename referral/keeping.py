"""Keeping a reserve (备用金): opened, topped up, counted, and every slip put right by an entry."""

from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import col

from models import reserves
from models.reserves import AidEntry, Reserve
from models.transaction import Row, Transaction
from referral import grants
from referral.casework import Actor, Refusal, need
from referral.office import Office


def top_up(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    unit: str,
    *,
    amount_fen: int,
    voucher: str,
    reason: str = "",
    now: datetime,
) -> Row:
    """Put money in; the first time it is the opening sum. Raises ``Refusal``."""
    if amount_fen <= 0:
        raise Refusal("refusal.relief_amount", status=422)
    paper = need(voucher, "refusal.voucher_missing")
    reserve_id = grants.purse(tx, actor, unit, now)
    first = tx.execute(select(col(AidEntry.id)).where(col(AidEntry.reserve_id) == reserve_id))
    kind = "top_up" if first.first() else "opening"
    return _enter(
        tx, actor, unit, reserve_id, kind, amount_fen, now, voucher=paper, reason=reason.strip()
    )


def count(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    unit: str,
    *,
    counted_fen: int,
    reason: str = "",
    now: datetime,
) -> Row:
    """Count what is there (对账). A difference must be explained and becomes an entry, so that the
    books say again what is in the box. Raises ``Refusal``."""
    if counted_fen < 0:
        raise Refusal("refusal.relief_amount", status=422)
    reserve_id = _known(tx, unit)
    book = reserves.balance(tx.connection, reserve_id)
    why = reason.strip()
    if counted_fen != book:
        why = need(reason, "refusal.difference_missing")
    return _enter(
        tx,
        actor,
        unit,
        reserve_id,
        "count",
        counted_fen - book,
        now,
        counted_fen=counted_fen,
        book_fen=book,
        reason=why,
    )


def undo_entry(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    unit: str,
    *,
    entry: int,
    reason: str,
    now: datetime,
) -> Row:
    """Undo a top-up or a count by its counter-entry, once. A grant is undone where it stands.
    Raises ``Refusal``."""
    why = need(reason, "refusal.reason_missing")
    reserve_id = _known(tx, unit)
    columns = AidEntry.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(
        select(*columns).where(col(AidEntry.id) == entry, col(AidEntry.reserve_id) == reserve_id)
    ).first()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    if found.relief_id is not None or found.kind == "undo":
        raise Refusal("refusal.undo_there", status=409)
    if tx.execute(select(col(AidEntry.id)).where(col(AidEntry.undoes_id) == entry)).first():
        raise Refusal("refusal.undone_already", status=409)
    return _enter(
        tx, actor, unit, reserve_id, "undo", -found.amount_fen, now, undoes_id=entry, reason=why
    )


def set_residents(
    tx: Transaction, _office: Office, actor: Actor, unit: str, *, residents: int, now: datetime
) -> Row:
    """How many people the reserve is for, where a profile asks for so much a head. Raises
    ``Refusal``."""
    if residents < 0:
        raise Refusal("refusal.field", {"field": "residents"}, 422)
    reserve_id = _known(tx, unit)
    tx.execute(update(Reserve).where(col(Reserve.id) == reserve_id).values(residents=residents))
    tx.event("reserve_residents", at=now, by=actor.login, unit=unit, residents=residents)
    return {"unit": unit, "balance_fen": reserves.balance(tx.connection, reserve_id)}


def _known(tx: Transaction, unit: str) -> int:
    found = tx.execute(select(col(Reserve.id)).where(col(Reserve.unit) == unit)).scalar()
    if found is None:
        raise Refusal("refusal.not_found", status=404)
    return int(found)


def _enter(
    tx: Transaction,
    actor: Actor,
    unit: str,
    reserve_id: int,
    kind: str,
    amount_fen: int,
    now: datetime,
    **more: object,
) -> Row:
    entry = tx.add(
        AidEntry,
        id=tx.mint(),
        at=now,
        kind=kind,
        amount_fen=amount_fen,
        reserve_id=reserve_id,
        recorded_by=actor.login,
        unit=actor.unit,
        **more,
    )
    names = ("voucher", "counted_fen", "book_fen", "reason")
    told = {name: entry[name] for name in names if entry[name] not in (None, "")}
    tx.event(
        f"reserve_{kind}",
        at=now,
        by=actor.login,
        unit=unit,
        amount_fen=amount_fen,
        entry=str(entry["id"]),
        **told,
    )
    left = reserves.balance(tx.connection, reserve_id) + amount_fen
    return {"unit": unit, "entry": str(entry["id"]), "balance_fen": left}
