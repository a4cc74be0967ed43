"""Everything the system holds, row by row, in the fields that other people's scripts rely on."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from gateway import exporting_aid, registry
from gateway.spans import Span, within
from models.clocks import Clock
from models.events import Event
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.vocabulary import ContactState
from referral.directory import ZONE

Row = dict[str, Any]


def contacts(session: Session, span: Span) -> Iterator[Row]:
    """What came in, as it came; last what is in the holding pen without readable words."""
    query = (
        _columns(Contact, HelpRequest.number)
        .outerjoin(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
        .order_by(col(Contact.id))
    )
    for row in within(session, query, Contact.received_at, span):
        yield {
            "id": str(row.id),
            "channel": row.channel,
            "external_id": row.external_id,
            "sender": row.sender,
            "text": row.text,
            "at": row.said_at,
            "received_at": row.received_at,
            "state": row.state,
            "number": row.number,
            "error": row.error,
            "level": row.level,
            "place": row.place,
            "reporter": row.reporter,
            "media": row.media or [],
        }
    words = select(col(Contact.id)).where(col(Contact.journal_id) == col(JournalEntry.id)).exists()
    unread = (
        _columns(JournalEntry)
        .where(col(JournalEntry.state) == ContactState.HOLDING_PEN, ~words)
        .order_by(col(JournalEntry.id))
    )
    for row in within(session, unread, JournalEntry.received_at, span):
        yield {
            "id": str(row.id),
            "channel": row.channel,
            "external_id": row.provider_key or f"journal:{row.id}",
            "sender": "",
            "text": bytes(row.body).decode("utf-8", "replace"),
            "at": row.received_at,
            "received_at": row.received_at,
            "state": row.state,
            "number": None,
            "error": row.error,
            "level": None,
            "place": None,
            "reporter": None,
            "media": [],
        }


def requests(session: Session, span: Span) -> Iterator[Row]:
    """Every request with the ids of its contacts."""
    of: dict[int, list[str]] = {}
    pairs = select(col(Contact.request_id), col(Contact.id)).order_by(col(Contact.id))
    for request_id, contact_id in session.connection().execute(pairs).yield_per(5000):
        of.setdefault(request_id or 0, []).append(str(contact_id))
    master = aliased(HelpRequest)
    query = (
        _columns(HelpRequest, col(master.number).label("master"))
        .outerjoin(master, col(master.id) == col(HelpRequest.merged_into))
        .order_by(col(HelpRequest.id))
    )
    for row in within(session, query, HelpRequest.received_at, span):
        yield {
            "number": row.number,
            "status": row.status,
            "track": row.track,
            "level": row.level,
            "service": row.service,
            "area": row.area,
            "lead_bureau": row.lead_bureau,
            "first_responder": row.first_responder,
            "holder_unit": row.holder_unit,
            "holder_person": row.holder_person,
            "received_at": row.received_at,
            "closed_at": row.closed_at,
            "contacts": of.get(row.id, []),
            "close_reason": row.close_reason,
            "route": row.route,
            "channel": row.channel,
            "confirmed_at": row.confirmed_at,
            "policy": row.policy,
            "second_opinion": row.second_opinion,
            "merged_into": row.master,
            "resolved": row.resolved,
            "satisfaction": row.satisfaction,
        }


def referrals(session: Session, span: Span) -> Iterator[Row]:
    """Every referral, cancelled ones too."""
    query = _with_number(Referral).order_by(col(Referral.id))
    for row in within(session, query, Referral.dispatched_at, span):
        yield {
            "number": row.number,
            "bureau": row.bureau,
            "role": row.role,
            "status": row.status,
            "dispatched_at": row.dispatched_at,
            "due_at": row.due_at,
            "signed_at": row.signed_at,
            "completed_at": row.completed_at,
            "decided_by": row.decided_by,
            "signed_by": row.signed_by,
            "designated": row.designated,
            "original_due_at": row.original_due_at,
            "provisional": row.provisional,
        }


def clocks(session: Session, span: Span) -> Iterator[Row]:
    """Every clock that ever ran. ``amount`` counts in ``measure``."""
    query = _with_number(Clock).order_by(col(Clock.id))
    for row in within(session, query, Clock.started_at, span):
        yield {
            "number": row.number,
            "clock": row.name,
            "case": row.case,
            "unit": row.unit,
            "amount": row.amount,
            "measure": row.measure,
            "started_at": row.started_at,
            "due_at": row.due_at,
            "paused": row.paused or [],
            "stopped_at": row.stopped_at,
            "breached_at": row.breached_at,
            "provisional": row.provisional,
            "source": row.source,
            "tag": row.tag,
            "policy": row.policy,
        }


def events(session: Session, span: Span) -> Iterator[Row]:
    """The ledger in order; ``detail`` as the object whose text was hashed."""
    query = _columns(Event).order_by(col(Event.seq))
    for row in within(session, query, Event.at, span):
        yield {
            "seq": row.seq,
            "at": row.at,
            "number": row.number,
            "kind": row.kind,
            "by": row.by,
            "detail": orjson.loads(row.detail),
            "hash": row.hash,
            "previous": row.previous,
        }


def outbox(session: Session, span: Span) -> Iterator[Row]:
    """Everything that was said or is to be said, as it was said."""
    query = _columns(Outgoing).order_by(col(Outgoing.id))
    for row in within(session, query, Outgoing.posted_at, span):
        yield {
            "id": str(row.id),
            "number": row.number,
            "to": row.address,
            "channel": row.channel,
            "phrase": row.phrase,
            "state": row.state,
            "attempts": row.attempts,
            "provider_id": row.provider_id,
            "posted_at": row.posted_at,
            "sent_at": row.sent_at,
            "delivered_at": row.delivered_at,
            "text": row.text,
            "urgent": row.urgent,
            "staff": row.staff,
            "error": row.error,
        }


def households(session: Session, span: Span) -> Iterator[Row]:  # noqa: ARG001
    """The registry of households."""
    return registry.rows(session.connection())


EXPORTS: dict[str, Callable[[Session, Span], Iterator[Row]]] = {
    "contacts": contacts,
    "requests": requests,
    "referrals": referrals,
    "clocks": clocks,
    "events": events,
    "outbox": outbox,
    "households": households,
    "relief": exporting_aid.relief,
    "aid_entries": exporting_aid.entries,
}


def _columns(table: Any, *more: Any) -> Select[Any]:
    return select(*table.__table__.columns, *more)


def _with_number(table: Any) -> Select[Any]:
    return _columns(table, HelpRequest.number).join(
        HelpRequest, col(HelpRequest.id) == col(table.request_id)
    )


def local(value: Any) -> Any:
    """A time as the people of the county read it: RFC 3339 with the offset of China."""
    return value.astimezone(ZONE).isoformat() if isinstance(value, datetime) else value
