"""The help request and the contacts it is made of; this module is also their repository."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, Index, String, Text, literal_column, text
from sqlmodel import SQLModel

from models.columns import document, key, operational, personal, secret, sensitive
from models.vocabulary import ContactState

_OPEN = text("closed_at IS NULL")
_CLOSED = text("status = 'closed'")
_BY_STAFF = text("reporter IS NOT NULL")
_UNDECIDED = text(
    "closed_at IS NULL AND (confirmed_at IS NULL "
    "OR status IN ('in_triage', 'received', 'emergency_handoff'))"
)
_MARKED = text(
    "closed_at IS NULL AND second_opinion IN ('differs', 'look') AND confirmed_at IS NULL"
)
_UNDER_WAY = text(
    "closed_at IS NULL AND status IN ('dispatched', 'in_progress', 'suspended', 'reopened') "
    "AND confirmed_at IS NOT NULL"
)
_REPORTED = text("closed_at IS NULL AND status IN ('result_reported', 'in_callback')")
_ENDED = text("closed_at IS NOT NULL")
_WITHHELD = text("withheld IS NOT NULL")
_IN_HAND = text(
    "closed_at IS NULL AND (status IN "
    "('received', 'needs_clarification', 'in_triage', 'emergency_handoff') "
    "OR status = 'dispatched' AND confirmed_at IS NULL)"
)


_FILTERED = ("area", "service", "channel", "lead_bureau")


def _queue(name: str, where: Any, *columns: str, behind: tuple[str, ...] = ()) -> Index:
    """One tab of a queue as one index range. A query must say the condition in these words.

    The id lies in it, by itself on SQLite: who counts reads a dozen pages, not a thousand rows.
    ``behind`` are the columns by which a long tab is filtered: a filter with few hits goes through
    the index alone."""
    return Index(
        name,
        *columns,
        "queue_key",
        *behind,
        sqlite_where=where,
        postgresql_where=where,
        postgresql_include=["id"],
    )


def said(word: str) -> ColumnElement[str]:
    """One of our own words, written out as the condition of an index has it: a partial index is
    found only so. Never for words that somebody typed."""
    return literal_column(f"'{word}'", String())


class HelpRequest(SQLModel, table=True):
    """One need of one person or household, from the first word to the last answer.

    ``second_opinion`` is how a learned opinion stands to the rules', None without one.
    ``queue_key`` is one ascending text (urgency rank, due time, id), so that any page of any queue
    is one index range. ``confirmed_at`` is when a person confirmed what the software proposed.
    ``withheld`` names those who act on it and do not read its words, as ``models.bars.bars`` does
    (with ``models.bars.PERHAPS`` before it until a person has said that they may).
    ``merged_into`` is the request that this one was joined to, while it is.
    ``leased_by`` works on it until ``leased_until``; that is no holder, it only lapses.
    ``resolved`` and ``satisfaction`` are the requester's own last word at the callback.
    """

    __tablename__ = "request"
    __table_args__ = (
        _queue("ix_request_queue", _OPEN),
        _queue("ix_request_holder_unit_queue_key", _OPEN, "holder_unit"),
        _queue("ix_request_holder_person_queue_key", _OPEN, "holder_person"),
        _queue("ix_request_first_responder_queue_key", _OPEN, "first_responder"),
        _queue("ix_request_in_hand", _IN_HAND, "first_responder"),
        _queue("ix_request_undecided", _UNDECIDED, behind=_FILTERED),
        _queue("ix_request_marked", _MARKED),
        _queue("ix_request_under_way", _UNDER_WAY, behind=_FILTERED),
        _queue("ix_request_reported", _REPORTED),
        _queue("ix_request_ended", _ENDED, behind=_FILTERED),
        Index("ix_request_closed_at", "closed_at", sqlite_where=_CLOSED, postgresql_where=_CLOSED),
        Index("ix_request_withheld", "id", sqlite_where=_WITHHELD, postgresql_where=_WITHHELD),
    )

    id: int = key()
    number: str = operational(unique=True)
    code: str = secret()
    person_id: int = key(foreign="person.id", index=True)
    channel: str = operational()
    status: str = operational()
    track: str = operational()
    level: str = operational()
    service: str | None = operational(None)
    route: str = operational()
    area: str | None = operational(None)
    place: str | None = sensitive(None)
    lead_bureau: str = operational()
    first_unit: str = operational()
    first_responder: str = operational()
    holder_unit: str = operational()
    holder_person: str = operational()
    queue_key: str = operational()
    confidential: bool = operational(False)
    withheld: list[str] | None = operational(None, sa_type=JSON(none_as_null=True))
    received_at: datetime = operational(index=True)
    confirmed_at: datetime | None = operational(None)
    confirmed_by: str | None = operational(None)
    closed_at: datetime | None = operational(None)
    close_reason: str | None = operational(None)
    resolved: bool | None = operational(None)
    satisfaction: str | None = operational(None)
    policy: str = operational()
    second_opinion: str | None = operational(None)
    leased_by: str | None = operational(None)
    leased_until: datetime | None = operational(None)
    summary: str = sensitive("", sa_type=Text)
    erased_at: datetime | None = operational(None)
    merged_into: int | None = key(foreign="request.id", nullable=True, index=True)


class Contact(SQLModel, table=True):
    """What came in, as it came; never edited, never deleted in the life of the case."""

    __table_args__ = (
        Index("uq_contact_external_id_channel", "external_id", "channel", unique=True),
        Index(
            "ix_contact_reporter",
            "reporter",
            "request_id",
            sqlite_where=_BY_STAFF,
            postgresql_where=_BY_STAFF,
        ),
    )

    id: int = key()
    journal_id: int = key(foreign="journal.id")
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    person_id: int | None = key(foreign="person.id", nullable=True, index=True)
    channel: str = operational()
    external_id: str = operational()
    sender: str = personal()
    name: str | None = personal(None)
    text: str = sensitive(sa_type=Text)
    said_at: datetime = operational()
    received_at: datetime = operational()
    place: str | None = sensitive(None)
    location: list[Any] | None = document(sensitive)
    media: list[Any] | None = document(sensitive)
    reporter: str | None = operational(None)
    state: str = operational(ContactState.HANDLED)
    error: str | None = operational(None)
    level: str | None = operational(None)
    assessment: dict[str, Any] | None = document(sensitive)
    salt: str | None = secret(None)


class FormerNumber(SQLModel, table=True):
    """A number given in the holding pen to words that turned out to belong to another request; it
    leads there for ever, with the code that was given with it."""

    __tablename__ = "former_number"

    number: str = operational(primary_key=True)
    code: str = secret()
    request_id: int = key(foreign="request.id", index=True)


def queue_key(level_rank: int, due_at: datetime, request_id: int) -> str:
    """Most urgent first, then the nearest due time; unique, ascending, as text."""
    return f"{level_rank}|{due_at:%Y%m%d%H%M%S}|{request_id:019d}"


def due_of(queue_key: str) -> datetime:
    """The due time that a queue key carries."""
    return datetime.strptime(queue_key.split("|")[1], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
