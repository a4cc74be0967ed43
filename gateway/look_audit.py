"""The chain of looks: taken into the ledger at intervals, gone through like it.

Opening a page is too frequent for an entry of its own. Each look is chained to the one before in
the transaction that keeps it, and the head of that chain stands beside the ledger's; every few
minutes an entry takes the head in, so that whoever writes the chain anew contradicts the ledger.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from gateway import spelled
from models.access import Look, seal_look
from models.events import GENESIS, OF_NO_REQUEST, Event, Ledger
from models.sealing import Broken
from models.transaction import Transaction

SEALED, PURGED = "looks_sealed", "looks_purged"
BATCH = 5000

Place = tuple[int, str]
"""A place in the chain: the number of a look and its hash."""


def seal(tx: Transaction, now: datetime) -> bool:
    """Record where the chain ends, unless that stands in the ledger already; whether it did not."""
    head = tx.execute(
        select(col(Ledger.looks), col(Ledger.look_hash), col(Ledger.looks_sealed))
    ).one()
    if head.looks == head.looks_sealed:
        return False
    tx.event(SEALED, at=now, look=head.looks, hash=head.look_hash)
    tx.later(update(Ledger).values(looks_sealed=head.looks))
    return True


def purged(tx: Transaction, last: Place, now: datetime) -> None:
    """Record that the looks up to this one were deleted: the chain begins behind it."""
    tx.event(PURGED, at=now, look=last[0], hash=last[1])


def faults(session: Session) -> Iterator[str]:
    """The first place where the looks are not as they were written, if there is one; the ledger
    itself must have been found unbroken."""
    try:
        fault = _fault(session)
    except (SQLAlchemyError, ValueError, TypeError, AttributeError, Broken):
        fault = "a look cannot be read"
    if fault:
        yield fault


def _fault(session: Session) -> str:
    seq, tip = _begin(session)
    sealed = _said(session, SEALED)
    due = next(sealed, None)
    while due is not None and due[0] < seq:
        due = next(sealed, None)
    for row in _rows(session):
        if due is not None and due[0] == seq:
            if due[1] != tip:
                return f"look {seq} is not the one that the ledger has taken in"
            due = next(sealed, None)
        at = spelled.moment(row.at)
        if at is None:
            return f"look {row.seq} has a time that is not as it was written"
        if row.seq != seq + 1 or seal_look(tip, {**row._mapping, "at": at}) != row.hash:
            return f"look {row.seq} does not follow from the one before"
        seq, tip = row.seq, row.hash
    if due is not None and due != (seq, tip):
        return f"the ledger has taken in look {due[0]}, the looks end at {seq}"
    head = session.connection().execute(select(col(Ledger.looks), col(Ledger.look_hash))).one()
    if (head.looks, head.look_hash) != (seq, tip):
        return f"the looks end at {seq}, their head says {head.looks}"
    return ""


def _begin(session: Session) -> Place:
    """Where the chain begins: behind the looks that were deleted when their time was over."""
    return max(_said(session, PURGED), default=(0, GENESIS))


def _said(session: Session, kind: str) -> Iterator[Place]:
    entries = session.connection().execute(
        select(col(Event.detail))
        .where(OF_NO_REQUEST, col(Event.kind) == kind)
        .order_by(col(Event.seq))
    )
    for row in entries.yield_per(BATCH):
        detail = orjson.loads(row.detail)
        yield detail["look"], detail["hash"]


def _rows(session: Session) -> Iterator[Any]:
    """All looks, also any that stand before the beginning of the chain."""
    columns = [one for one in Look.__table__.columns if one.name != "at"]  # type: ignore[attr-defined]
    query = select(*columns, spelled.stored(session, Look.at).label("at")).order_by(col(Look.seq))
    yield from session.connection().execute(query).yield_per(BATCH)
