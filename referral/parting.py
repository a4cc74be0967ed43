"""A wrong merge is undone (T13): both requests are again what they were."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.likenesses import Merger
from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status
from referral import casework, likening, telling
from referral.answering import correspondent, tell_one
from referral.before import TABLES, plain, timed
from referral.casework import Actor, Refusal
from referral.lifecycle import may
from referral.merging import holder_of
from referral.office import Office


def undo_merge(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    other: Row,
    reason: str,
    now: datetime,
) -> Row:
    """Undo a wrong merge within the days of the profile (T13): contacts, orders, clocks, waiting
    work, status and level are as before, with their original times. What people changed meanwhile
    on the request that went on stays. The requester is told. Returns the request that is open
    again. Raises ``Refusal`` or ``Impossible``."""
    why = casework.need(reason, "refusal.reason_missing")
    row = may("undo_merge", Status(request["status"]), actor.role)
    merger = _standing(tx, request, other)
    days = office.policy.values["merge_undo_days"].value
    if now - merger.at > timedelta(days=float(days)):
        raise Refusal("refusal.undo_too_late", {"number": request["number"], "days": str(days)})
    if other["status"] == Status.MERGED:
        raise Refusal("refusal.undo_later_first", {"number": other["number"]})
    for table, row_id, held in merger.before["rows"]:
        model = TABLES[table]
        values = {name: timed(name, value) for name, value in held.items()}
        tx.execute(update(model).where(model.id == row_id).values(**values))
    _return_later_words(tx, request, other, merger.at)
    kept = {
        name: timed(name, old)
        for name, (old, new) in merger.before["master"].items()
        if plain(other[name]) == new
    }
    master = casework.change(tx, other, **kept) if kept else other
    own = {name: timed(name, value) for name, value in merger.before["request"].items()}
    after = casework.change(tx, request, **own, merged_into=None)
    tx.execute(
        update(Merger)
        .where(col(Merger.id) == merger.id)
        .values(undone_at=now, undone_by=actor.login)
    )
    likening.decide(tx, actor, request, other, "undone", why, now, relation="repeat")
    common = {"master": other["number"], "joined": request["number"], "reason": why}
    casework.record(
        tx, "merge_undone", actor, before=request, after=after, now=now, row=row, **common
    )
    casework.record(tx, "parted", actor, before=other, after=master, now=now, row=row, **common)
    lead = casework.lead_of(tx, after["id"])
    unit = office.directory.unit.get(lead["bureau"])
    if not correspondent(tx, office, after).reported:
        tell_one(tx, office, after, "parted", due=lead["due_at"], now=now, unit=unit)
    holder = holder_of(office, after)
    if holder is not None:
        urgent = Level(after["level"]).is_urgent
        telling.notify(tx, office, after, holder, due=lead["due_at"], now=now, urgent=urgent)
    return after


def _standing(tx: Transaction, request: Row, other: Row) -> Any:
    found = tx.execute(
        select(*Merger.__table__.columns)  # type: ignore[attr-defined]
        .where(
            col(Merger.request_id) == request["id"],
            col(Merger.master_id) == other["id"],
            col(Merger.undone_at).is_(None),
        )
        .order_by(col(Merger.id).desc())
    ).first()
    if found is None:
        raise Refusal("refusal.not_merged_there", {"number": other["number"]})
    return found


def _return_later_words(tx: Transaction, request: Row, other: Row, since: datetime) -> None:
    """What the requester said after the merge belongs to their request too."""
    if request["person_id"] == other["person_id"]:
        return
    tx.execute(
        update(Contact)
        .where(
            col(Contact.request_id) == other["id"],
            col(Contact.person_id) == request["person_id"],
            col(Contact.received_at) >= since,
        )
        .values(request_id=request["id"])
    )
