"""For inspection: who saw or did what, to which request or person. Read only, itself recorded.

Two things are shown as one list: the entries of the ledger and the looks that change nothing
(opening a request). The cursor is the last entry of each.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from channels.web import e164
from gateway import access, unsaid
from gateway.access import Actor
from gateway.masking import Masking
from gateway.revealing import masked
from models import keyring, numbers
from models.access import Look
from models.events import GENESIS, Event, Ledger, first_broken
from models.notes import TYPED, opened, purposes
from models.people import FIELD, Address
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import Transaction
from models.vocabulary import TaskKind
from referral.office import Office

PAGE = 100
MOST_EXPORTED = 50_000
CHECKED = 500
_LEFT_OUT = TYPED - {"purpose"}
"""Why somebody looked is what an audit is for."""
_OWN = frozenset(("audit_viewed", "audit_exported"))
"""What the reader has typed here themself is shown to them whatever it was: what is missing would
say that there is something."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; empty means everything. ``person`` is a telephone number."""

    number: str = ""
    person: str = ""
    actor: str = ""
    act: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def told(self) -> dict[str, str]:
        """The filter as the ledger may keep it: the number of a person masked."""
        number = numbers.normal(self.number) or self.number
        person = masked(e164(self.person) or self.person)
        told = {**asdict(self), "number": number, "person": person}
        return {name: str(value) for name, value in told.items() if value}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was seen or done. ``seq`` is its place in the ledger, None for a look."""

    at: datetime
    number: str | None
    act: str
    by: str
    detail: Mapping[str, Any]
    seq: int | None
    look: int | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Below which entries the next page begins."""

    seq: int | None = None
    look: tuple[datetime, int] | None = None


@dataclass(frozen=True, slots=True)
class Chain:
    """How the ledger ends: its last entries were checked, from ``since`` to ``seq``."""

    seq: int
    since: int
    broken: int | None


def entries(
    session: Session,
    actor: Actor,
    office: Office,
    wanted: Wanted,
    below: Cursor,
    *,
    now: datetime,
    limit: int = PAGE,
) -> list[Entry]:
    """The newest entries that fit. Words are redacted; for who works without personal data, what
    was typed is left out. Of a request that complains about the reader there is nothing (I9)."""
    access.allow(actor, "see_audit")
    reader = session.connection()
    requests = _requests(reader, wanted)
    hidden = unsaid.numbers(reader, actor, office, now)
    clean = access.unbarred(actor, office, now, of=Event.request_id)
    told = _events(reader, actor, wanted, requests, clean, hidden, below.seq, limit)
    found = list(islice(told, limit))
    clean = access.unbarred(actor, office, now, of=Look.request_id)
    found += _looks(reader, wanted, requests, clean, below.look, limit)
    found.sort(key=lambda one: (one.at, one.seq or 0, one.look or 0), reverse=True)
    return found[:limit]


def after(shown: list[Entry], below: Cursor) -> Cursor | None:
    """Where the next page begins; None when this was the last."""
    if len(shown) < PAGE:
        return None
    seqs = [one.seq for one in shown if one.seq is not None]
    looks = [(one.at, one.look) for one in shown if one.look is not None]
    return Cursor(min(seqs, default=below.seq), min(looks, default=below.look))


def record_view(tx: Transaction, actor: Actor, wanted: Wanted, now: datetime) -> None:
    """Looking at the record is itself in the record."""
    access.allow(actor, "see_audit")
    tx.event("audit_viewed", at=now, by=actor.login, filter=wanted.told())


def record_export(
    tx: Transaction, actor: Actor, wanted: Wanted, *, rows: int, content: bytes, now: datetime
) -> None:
    """The export, with what was looked for and the hash of the file."""
    access.allow(actor, "export_audit")
    digest = sha256(content).hexdigest()
    told = wanted.told()
    tx.event("audit_exported", at=now, by=actor.login, filter=told, rows=rows, sha256=digest)


def chain(session: Session) -> Chain:
    """Whether the last entries hang together and the head is theirs. The whole ledger is checked
    each night (``huiyin verify ledger``)."""
    query = select(Event).order_by(col(Event.seq).desc()).limit(CHECKED + 1)
    last = list(session.scalars(query))[::-1]
    head = session.connection().execute(select(col(Ledger.seq), col(Ledger.hash))).one()
    if not last:
        return Chain(head.seq, 0, None if head.hash == GENESIS else 1)
    previous = last[0].previous if last[0].seq == 1 or len(last) == 1 else last[0].hash
    rest = last if last[0].seq == 1 or len(last) == 1 else last[1:]
    broken = first_broken(rest, previous)
    if broken is not None:
        return Chain(head.seq, rest[0].seq, broken.seq)
    ends = (last[-1].seq, last[-1].hash) == (head.seq, head.hash)
    return Chain(head.seq, rest[0].seq, None if ends else last[-1].seq + 1)


def alarms(session: Session, actor: Actor) -> list[Any]:
    """Who looked at very many and has not been spoken to yet."""
    access.allow(actor, "see_audit")
    query = select(col(Task.id), col(Task.note), col(Task.opened_at)).where(
        col(Task.kind) == TaskKind.BULK_LOOK, col(Task.done_at).is_(None)
    )
    newest = query.order_by(col(Task.opened_at).desc(), col(Task.id).desc())
    return list(session.connection().execute(newest.limit(PAGE)))


def _events(
    reader: Any,
    actor: Actor,
    wanted: Wanted,
    requests: Any,
    clean: ColumnElement[bool],
    hidden: frozenset[str],
    below: int | None,
    at_once: int,
) -> Iterator[Entry]:
    conditions: list[ColumnElement[bool]] = [clean, *_within(Event.at, wanted)]
    if requests is not None:
        conditions.append(col(Event.request_id).in_(requests))
    if wanted.actor:
        conditions.append(col(Event.by) == wanted.actor)
    if wanted.act:
        conditions.append(col(Event.kind) == wanted.act)
    query = select(*Event.__table__.columns).where(*conditions)  # type: ignore[attr-defined]
    query = query.order_by(col(Event.seq).desc()).limit(at_once)
    typed = actor.role in access.RIGHTS["reveal"]
    mask = Masking()
    rows = [None]
    while rows:
        further = query if below is None else query.where(col(Event.seq) < below)
        rows = reader.execute(further).all()
        for row, whole in zip(rows, opened(reader, [row.detail for row in rows]), strict=True):
            below = row.seq
            own = row.by == actor.login and row.kind in _OWN
            if not own and unsaid.named_in(whole, hidden):
                continue
            if unsaid.concerns(row.kind, whole, actor):
                continue
            detail = mask.detail(whole)
            if not typed:
                detail = {name: value for name, value in detail.items() if name not in _LEFT_OUT}
            yield Entry(row.at, row.number, row.kind, row.by, detail, row.seq, None)


def _looks(
    reader: Any,
    wanted: Wanted,
    requests: Any,
    clean: ColumnElement[bool],
    below: tuple[datetime, int] | None,
    limit: int,
) -> Iterator[Entry]:
    conditions: list[ColumnElement[bool]] = [
        clean,
        col(Look.act) != "reveal",  # is in the ledger, as is a household's own
        or_(col(Look.act) != "reveal_household", col(Look.request_id).is_not(None)),
        *_within(Look.at, wanted),
    ]
    if below is not None:
        at, last = below
        conditions.append((col(Look.at) < at) | ((col(Look.at) == at) & (col(Look.id) < last)))
    if requests is not None:
        conditions.append(col(Look.request_id).in_(requests))
    if wanted.actor:
        conditions.append(col(Look.login) == wanted.actor)
    if wanted.act:
        conditions.append(col(Look.act) == wanted.act)
    rows = reader.execute(
        select(*Look.__table__.columns, col(HelpRequest.number))  # type: ignore[attr-defined]
        .outerjoin(HelpRequest, col(HelpRequest.id) == col(Look.request_id))
        .where(*conditions)
        .order_by(col(Look.at).desc(), col(Look.id).desc())
        .limit(limit)
    ).all()
    mask = Masking()
    for row, why in zip(rows, purposes(reader, [row.purpose for row in rows]), strict=True):
        detail = mask.detail({"purpose": why}) if why else {}
        yield Entry(row.at, row.number, row.act, row.login, detail, None, row.id)


def _requests(reader: Any, wanted: Wanted) -> list[int] | None:
    """The requests that are meant; None for all."""
    if not (wanted.number or wanted.person):
        return None
    conditions: list[ColumnElement[bool]] = []
    if wanted.number:
        number = numbers.normal(wanted.number) or wanted.number
        conditions.append(col(HelpRequest.number) == number)
    if wanted.person:
        value = e164(wanted.person) or wanted.person
        meant = keyring.names(reader, FIELD, value)
        persons = select(col(Address.person_id)).where(col(Address.lookup).in_(meant))
        said = select(col(Contact.request_id)).where(col(Contact.person_id).in_(persons))
        conditions.append(col(HelpRequest.person_id).in_(persons) | col(HelpRequest.id).in_(said))
    return list(reader.execute(select(col(HelpRequest.id)).where(*conditions)).scalars())


def _within(column: Any, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(col(column) >= wanted.since)
    if wanted.until is not None:
        found.append(col(column) < wanted.until)
    return found
