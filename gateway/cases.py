"""One request with everything its page needs: words, orders, clocks, messages, history, acts.

Telephone numbers are masked, names are left out, the query code is starred: who the person is, is
shown by one press with a purpose, and the look is kept (``reveal``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from gateway import access, possible, unsaid
from gateway.access import Sight, Viewer
from gateway.lamps import Lamp, lamp
from gateway.marking import marked, placed
from gateway.masking import Masking
from gateway.notices import Told, told
from gateway.revealing import masked
from models.clocks import Clock
from models.notes import TYPED
from models.outbox import Outgoing
from models.referrals import Referral
from models.requests import Contact
from referral import casework
from referral.asked_for import waiting_for
from referral.office import Office
from triage.redact import redact

STARS = "******"


@dataclass(frozen=True, slots=True)
class Said:
    """One contact. ``pieces`` are its words cut where danger signs stand: (text, sign or None);
    ``facts`` is what was read from them, as ``triage.facts`` says it; ``repaired`` are words that
    were read as others that sound alike: (was, read as)."""

    id: str
    channel: str
    external_id: str
    sender: str
    text: str
    at: datetime
    received_at: datetime
    state: str
    error: str | None
    place: str | None
    reporter: str | None
    media: tuple[Mapping[str, str], ...]
    level: str | None
    pieces: tuple[tuple[str, Mapping[str, Any] | None], ...]
    facts: Mapping[str, Any]
    opinion: Mapping[str, Any] | None = None
    handoff: tuple[str, ...] = ()
    repaired: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Order:
    """One bureau's part."""

    bureau: str
    bureau_name: str
    role: str
    status: str
    dispatched_at: datetime
    due_at: datetime
    original_due_at: datetime | None
    designated: bool
    signed_at: datetime | None
    signed_by: str | None
    completed_at: datetime | None
    decided_by: str
    provisional: bool
    result: str | None


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock, with its source. ``is_law``: the number may be shown as law (never with L, GK or
    P, which say that nobody but a place, or we ourselves, set it)."""

    clock: str
    case: str
    name_zh: str
    name_en: str
    unit: str
    amount: float
    measure: str
    started_at: datetime
    due_at: datetime
    paused: tuple[Any, ...]
    stopped_at: datetime | None
    breached_at: datetime | None
    provisional: bool
    source: str
    tag: str
    is_law: bool
    lamp: Lamp


@dataclass(frozen=True, slots=True)
class Message:
    """What was said, as it was said; the address is masked, the query code starred."""

    id: str
    to: str
    channel: str
    phrase: str
    state: str
    attempts: int
    posted_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    text: str
    staff: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Happened:
    """One entry of the history."""

    seq: int
    at: datetime
    kind: str
    by: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """All of it. ``acts`` are those that this viewer may do now; ``seen`` is the last entry of the
    whole history, shown or not: what comes after it is news."""

    request: Mapping[str, Any]
    sight: Sight
    contacts: tuple[Said, ...]
    orders: tuple[Order, ...]
    promises: tuple[Promise, ...]
    messages: tuple[Message, ...]
    history: tuple[Happened, ...]
    seen: int
    acts: tuple[str, ...]
    words_for: tuple[str, ...]
    notice: Told | None = None


FIELDS = (
    "number", "status", "track", "level", "service", "area", "place", "lead_bureau",
    "first_unit", "first_responder", "holder_unit", "holder_person", "received_at", "closed_at",
    "close_reason", "confirmed_at", "confirmed_by", "confidential", "route", "channel", "policy",
    "summary", "second_opinion", "leased_by", "leased_until",
)  # fmt: skip


def case(
    session: Session, viewer: Viewer, office: Office, number: str, *, now: datetime
) -> tuple[Case, int]:
    """The request with its row id. Raises ``Refusal``: 404 alike for foreign and missing ones."""
    connection: Any = session.connection()
    row = access.admit(connection, viewer, office, number, act="see", now=now)
    sees = access.sight(viewer, row)
    shown = {name: row[name] for name in FIELDS}
    if not sees.gist:
        shown["summary"], shown["place"] = "", None
    contacts = _rows(connection, Contact, row["id"], Contact.received_at)
    mask = Masking.of(contacts, sees)
    shown["summary"], shown["place"] = mask.words(shown["summary"]), mask.where(shown["place"])
    orders = _rows(connection, Referral, row["id"], Referral.id)
    told_of = casework.history(connection, row["id"])
    clocks = _rows(connection, Clock, row["id"], Clock.due_at)
    running = {clock.name for clock in clocks if clock.stopped_at is None}
    hidden = unsaid.numbers(connection, viewer, office, now)
    found = Case(
        request=shown,
        sight=sees,
        contacts=tuple(
            _said(one, sees, mask, contacts[:at], named=sees.person or not row["confidential"])
            for at, one in enumerate(contacts)
        ),
        orders=tuple(_order(one, office, sees) for one in orders),
        promises=tuple(_promise(one, office, now) for one in clocks),
        messages=tuple(
            _message(one, row["code"], sees, mask)
            for one in _rows(connection, Outgoing, row["id"], Outgoing.id)
        ),
        history=tuple(_history(told_of, viewer, sees, mask, hidden)),
        seen=max((one.seq for one in told_of), default=0),
        acts=possible.acts(
            viewer, office, row, orders, now, running=running, asked=waiting_for(told_of)
        ),
        words_for=possible.words_for(viewer, row, orders),
        notice=told(connection, office, row, now) if sees.gist else None,
    )
    return found, row["id"]


def _rows(connection: Any, table: Any, request_id: int, order: Any) -> list[Any]:
    query = select(*table.__table__.columns).where(col(table.request_id) == request_id)
    return list(connection.execute(query.order_by(col(order), *table.__table__.primary_key)))


def _said(row: Any, sees: Sight, mask: Masking, before: Sequence[Any], *, named: bool) -> Said:
    text = mask.words(row.text) if sees.words else ""
    media = (row.media or []) if sees.words and sees.person else []
    read: Mapping[str, Any] = (row.assessment or {}) if sees.words else {}
    facts: Mapping[str, Any] = (row.assessment or {}).get("facts", {}) if sees.gist else {}
    signs = placed(row.text, read.get("signals", []), [(one.said_at, one.text) for one in before])
    return Said(
        id=str(row.id),
        channel=row.channel,
        external_id=row.external_id if named else "",
        sender=masked(row.sender),
        text=text,
        at=row.said_at,
        received_at=row.received_at,
        state=row.state,
        error=row.error,
        place=mask.where(row.place) if sees.gist else None,
        reporter=row.reporter if named else None,
        media=tuple({"url": url, "content_type": kind} for url, kind in media),
        level=row.level,
        pieces=marked(text, [{**one, "quote": mask.words(one["quote"])} for one in signs]),
        facts=mask.facts(facts),
        opinion=mask.detail(read.get("opinion")),
        handoff=tuple(read.get("handoff", ())),
        repaired=tuple(
            (mask.words(one["was"]), mask.words(one["read_as"])) for one in read.get("repaired", ())
        ),
    )


def _order(row: Any, office: Office, sees: Sight) -> Order:
    unit = office.directory.unit.get(row.bureau)
    kept: dict[str, Any] = {one.name: getattr(row, one.name, None) for one in fields(Order)}
    kept["bureau_name"] = unit.name_zh if unit else row.bureau
    kept["result"] = row.result if sees.gist else None
    return Order(**kept)


def _promise(row: Any, office: Office, now: datetime) -> Promise:
    rule = office.policy.rule_of(row)
    return Promise(
        clock=row.name,
        case=row.case,
        name_zh=rule.name_zh if rule else row.name,
        name_en=rule.name_en if rule else row.name,
        unit=row.unit,
        amount=row.amount,
        measure=row.measure,
        started_at=row.started_at,
        due_at=row.due_at,
        paused=tuple(row.paused or ()),
        stopped_at=row.stopped_at,
        breached_at=row.breached_at,
        provisional=row.provisional,
        source=row.source,
        tag=row.tag,
        is_law=bool(rule and rule.is_law and row.tag not in ("L", "GK", "P")),
        lamp=lamp(None if row.stopped_at else row, now, office.policy.calendar),
    )


def _message(row: Any, code: str, sees: Sight, mask: Masking) -> Message:
    return Message(
        id=str(row.id),
        to=masked(row.address),
        channel=row.channel,
        phrase=row.phrase,
        state=row.state,
        attempts=row.attempts,
        posted_at=row.posted_at,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        text=mask.words(row.text.replace(code, STARS)) if sees.words else "",
        staff=row.staff,
        error=redact(row.error) if row.error else None,
    )


def _history(
    rows: list[casework.Told], viewer: Viewer, sees: Sight, mask: Masking, hidden: frozenset[str]
) -> Iterator[Happened]:
    """The acts; what was typed into one may name a person and stays with those who may know. Left
    out is what names a request which complains about the viewer, or says that words are withheld
    from them."""
    for row in rows:
        if unsaid.is_unsaid(row, viewer, hidden):
            continue
        told = {
            name: value for name, value in row.detail.items() if sees.words or name not in TYPED
        }
        yield Happened(row.seq, row.at, row.kind, row.by, mask.detail(told))
