"""The ledger, entry after entry: the first place where it is not as it was written.

Nothing of a row is taken on trust: each entry must follow from the one before, none may be missing
or added before, between or behind, the row must name the request whose number was sealed, and
times must stand as they are written.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import String, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col

from gateway import look_audit, quarter_closing
from models.events import GENESIS, Event, Ledger, first_broken
from models.messages import mark
from models.requests import Contact, HelpRequest
from models.sealing import Broken
from models.vocabulary import Level, Status

BATCH = 5000
_WITH_WORDS = ("received", "contact_attached")
_BEFORE_ALL = -(2**63)


@dataclass(slots=True)
class Chain:
    """The hashes of all entries up to the first bad one, and what is wrong there ("" if nothing).

    ``seq`` and ``tip`` are the last good entry.
    """

    seq: int = 0
    tip: str = GENESIS
    leaves: list[bytes] = field(default_factory=list)
    fault: str = ""


def walk(session: Session) -> Chain:
    """Go through the whole ledger."""
    chain, after = Chain(), _BEFORE_ALL
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
            chain.seq, chain.tip = row.seq, row.hash
            chain.leaves.append(bytes.fromhex(row.hash))
        after = rows[-1].seq
    if not chain.fault:
        chain.fault = _head_fault(session, chain)
    return chain


def _query(session: Session) -> Any:
    columns = [*Event.__table__.columns, col(HelpRequest.number).label("of_request")]  # type: ignore[attr-defined]
    if session.get_bind().dialect.name == "sqlite":
        columns.append(type_coerce(col(Event.at), String).label("written"))
    return select(*columns).outerjoin(HelpRequest, col(HelpRequest.id) == col(Event.request_id))


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
    follows = f"entry {row.seq} does not follow from the one before"
    try:
        entry = Event(**{name: getattr(row, name) for name in Event.model_fields})
        broken = first_broken([entry], chain.tip)
    except (ValueError, TypeError, AttributeError):  # a value of another kind than was written
        return f"entry {row.seq} cannot be read"
    if row.seq != chain.seq + 1 or broken is not None:
        return follows
    if row.number != row.of_request:
        return f"entry {row.seq} is of {row.number}, its row says {row.of_request}"
    written = getattr(row, "written", None)
    if written is not None and written != f"{row.at:%Y-%m-%d %H:%M:%S.%f}":
        return f"entry {row.seq} has a time that is not as it was written"
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


def altered(session: Session) -> Iterator[str]:
    """Whatever stands otherwise than the ledger says: looks, requests, closed quarters."""
    yield from look_audit.faults(session)
    yield from disagreements(session)
    yield from other_words(session)
    yield from quarter_closing.altered(session)


def other_words(session: Session) -> Iterator[str]:
    """Contacts whose words, name, sender or place are not those that the ledger has marked, and
    marked words that are gone without their request being erased."""
    connection = session.connection()
    entries = connection.execute(
        select(col(Event.detail)).where(col(Event.kind).in_(_WITH_WORDS)).order_by(col(Event.seq))
    )
    marks: dict[int, set[str]] = defaultdict(set)
    for row in entries.yield_per(BATCH):
        detail = orjson.loads(row.detail)
        if detail.get("words"):
            marks[int(detail["journal"])].add(detail["words"])
    contacts = connection.execute(
        select(
            col(Contact.journal_id),
            col(Contact.sender),
            col(Contact.name),
            col(Contact.text),
            col(Contact.place),
            col(Contact.salt),
            col(HelpRequest.number),
            col(HelpRequest.erased_at),
        )
        .join(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .order_by(col(Contact.id))
    )
    for one in contacts.yield_per(BATCH):
        known = marks.get(one.journal_id)
        if known is None:
            continue
        if one.salt is None:
            if one.erased_at is None:
                yield f"words of {one.number} have lost what the ledger marks them by"
        elif mark(one.salt, one.sender, one.name, one.text, one.place) not in known:
            yield f"words of {one.number} are not those that the ledger has marked"


def disagreements(session: Session) -> Iterator[str]:
    """Requests whose row says something else than the last entry about it: a status that no act
    brought about, a level that nobody lowered."""
    said: dict[int, tuple[str | None, str | None]] = {}
    connection = session.connection()
    entries = connection.execute(
        select(col(Event.request_id), col(Event.kind), col(Event.detail))
        .where(col(Event.request_id).is_not(None))
        .order_by(col(Event.seq))
    )
    for row in entries.yield_per(BATCH):
        detail = orjson.loads(row.detail)
        status, level = said.get(row.request_id, (None, None))
        if detail.get("now") in _STATUSES:
            status = detail["now"]
        if row.kind == "received":
            status, level = detail.get("status"), detail.get("level")
        elif row.kind in ("level_raised", "level_lowered"):
            level = detail.get("level") or detail.get("now")
        said[row.request_id] = status, level
    rows = connection.execute(
        select(
            col(HelpRequest.id),
            col(HelpRequest.number),
            col(HelpRequest.status),
            col(HelpRequest.level),
            col(HelpRequest.closed_at),
        ).order_by(col(HelpRequest.id))
    )
    for one in rows.yield_per(BATCH):
        status, level = said.get(one.id, (None, None))
        if status is None and level is None and one.id not in said:
            yield f"{one.number} is in no entry of the ledger"
        if status is not None and one.status != status:
            yield f"{one.number} stands at {one.status}, the ledger says {status}"
        if level is not None and Level(one.level).rank > Level(level).rank:
            yield f"{one.number} has the level {one.level}, the ledger says {level}"
        if (one.closed_at is None) != Status(one.status).is_open:
            yield f"{one.number} stands at {one.status} and was closed at {one.closed_at}"


_STATUSES = frozenset(Status)
