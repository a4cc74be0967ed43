"""The ledger, entry after entry: the first place where it is not as it was written.

Nothing of a row is taken on trust: each entry must follow from the one before, none may be missing
or added before, between or behind, the row must name the request whose number was sealed, and
times must stand as they are written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from gateway import (
    ledger_files,
    ledger_kept,
    ledger_staff,
    look_audit,
    quarter_closing,
    spelled,
)
from gateway.checkpoints import Checkpoint, against
from gateway.ledger_keys import LedgerKey, standing
from gateway.ledger_rows import disagreements
from models.events import GENESIS, Event, Ledger, seal_fields
from models.proofs import Tree
from models.requests import HelpRequest
from models.sealing import Broken

BATCH = 1000
_BEFORE_ALL = -(2**63)


@dataclass(slots=True)
class Chain:
    """The tree over all entries up to the first bad one, and what is wrong there ("" if nothing).

    ``seq`` and ``tip`` are the last good entry, ``noted`` the hash of the entry that was asked for;
    ``leaves`` are all hashes, where they were asked for.
    """

    seq: int = 0
    tip: str = GENESIS
    tree: Tree = field(default_factory=Tree)
    noted: str = ""
    leaves: list[bytes] = field(default_factory=list)
    fault: str = ""


def walk(
    session: Session, *, since: Checkpoint | None = None, note: int = 0, keep: bool = False
) -> Chain:
    """Go through the ledger, the whole of it or what follows an entry that is known; ``note`` the
    hash of this entry, ``keep`` those of all."""
    chain, after = Chain(), _BEFORE_ALL
    if since is not None:
        chain = Chain(since.seq, since.hash, fault=_another(session, since))
        after = since.seq
    while not chain.fault:
        try:
            rows = _rows(session, after, BATCH)
        except (SQLAlchemyError, ValueError, TypeError, Broken):
            rows = _one_by_one(session, after, chain)
        if not rows:
            break
        for row in rows:
            chain.fault = _entry_fault(row, chain)
            if chain.fault:
                return chain
            seq, tip = row[0], row[-1]
            chain.seq, chain.tip = seq, tip
            leaf = bytes.fromhex(tip)
            chain.tree.add(leaf)
            if keep:
                chain.leaves.append(leaf)
            if seq == note:
                chain.noted = tip
        after = rows[-1].seq
    if not chain.fault:
        chain.fault = _head_fault(session, chain)
    return chain


def _another(session: Session, known: Checkpoint) -> str:
    query = select(col(Event.hash)).where(col(Event.seq) == known.seq)
    if session.connection().execute(query).scalar() == known.hash:
        return ""
    return f"entry {known.seq} is not the one that stands under the key"


def _query(session: Session) -> Any:
    """What ``_entry_fault`` takes apart, in this order: names would be looked up for each entry."""
    return select(
        col(Event.seq),
        spelled.stored(session, Event.at),
        col(Event.number),
        col(Event.kind),
        col(Event.by),
        col(Event.detail),
        col(Event.request_id),
        col(HelpRequest.number).label("of_request"),
        col(Event.previous),
        col(Event.hash),
    ).outerjoin(HelpRequest, col(HelpRequest.id) == col(Event.request_id))


def _rows(session: Session, after: int, limit: int) -> Sequence[Any]:
    query = _query(session).where(col(Event.seq) > after).order_by(col(Event.seq)).limit(limit)
    found: Sequence[Any] = session.connection().execute(query).all()
    return found


def _one_by_one(session: Session, after: int, chain: Chain) -> Sequence[Any]:
    """The readable entries up to the first that the driver cannot even read."""
    found: list[Any] = []
    for seq in session.connection().scalars(
        select(col(Event.seq)).where(col(Event.seq) > after).order_by(col(Event.seq)).limit(BATCH)
    ):
        try:
            found += session.connection().execute(_query(session).where(col(Event.seq) == seq))
        except (SQLAlchemyError, ValueError, TypeError, Broken):
            if not found:
                chain.fault = f"entry {seq} cannot be read"
            return found
    return found


def _entry_fault(row: Any, chain: Chain) -> str:
    seq, at, number, kind, by, detail, request_id, of_request, previous, tip = row
    try:
        moment = spelled.moment(at)
        sealed = seal_fields(chain.tip, seq, moment, number, kind, by, detail)
    except (ValueError, TypeError):  # a value of another kind than was written
        return f"entry {seq} cannot be read"
    if moment is None:
        return f"entry {seq} has a time that is not as it was written"
    if seq != chain.seq + 1 or previous != chain.tip or sealed != tip:
        return f"entry {seq} does not follow from the one before"
    if number != of_request:
        return f"entry {seq} is of {number}, its row says {of_request}"
    if number is None and request_id is not None:  # or it would be looked for in the wrong place
        return f"entry {seq} is of no request, its row names {request_id}"
    return ""


def _head_fault(session: Session, chain: Chain) -> str:
    try:
        heads = session.connection().execute(select(*Ledger.__table__.columns)).all()  # type: ignore[attr-defined]
    except (SQLAlchemyError, ValueError, TypeError):
        return "the head of the ledger cannot be read"
    if len(heads) != 1 or heads[0].id != 1:
        return "the ledger has not one head, numbered 1"
    if (heads[0].seq, heads[0].hash) != (chain.seq, chain.tip):
        return f"the ledger ends at entry {chain.seq}, its head says {heads[0].seq}"
    return ""


def prove(
    session: Session,
    *,
    most: int,
    noted: Checkpoint | None = None,
    keys: Sequence[LedgerKey] = (),
    rows: Callable[[], Sequence[str]] | None = None,
) -> tuple[Chain, list[str]]:
    """The ledger from end to end, and what does not hold: where the chain breaks or is another than
    was ``noted`` or stands under one of ``keys``, and only where it holds whatever stands otherwise
    than it says, ``most`` of it. ``rows`` answers for the latter where somebody else looks for it
    meanwhile."""
    chain = walk(session, note=noted.seq if noted else 0)
    fault = chain.fault or against(noted, ends=chain.seq, found=chain.noted)
    if fault := fault or _keyed_fault(session, keys):
        return chain, [fault]
    return chain, list(rows() if rows is not None else islice(altered(session), most))


def _keyed_fault(session: Session, keys: Sequence[LedgerKey]) -> str:
    found = standing(session.connection(), keys)
    return found.fault or (_another(session, found.end) if found.end else "")


def altered(session: Session) -> Iterator[str]:
    """Whatever stands otherwise than the ledger says: looks, requests and what is kept beside them,
    files, accounts, closed quarters."""
    yield from look_audit.faults(session)
    yield from disagreements(session)
    yield from ledger_kept.of_calls(session)
    yield from ledger_files.faults(session)
    yield from ledger_staff.faults(session)
    yield from quarter_closing.altered(session)
