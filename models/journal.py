"""Every authentic call, byte for byte, with the answer it was given.

Two keys guard against repeats: the provider's own id, and the digest of what was signed (a body
re-cut so that its signature still fits has the same digest). What could not be understood waits
here, visibly, with its error and its number: the holding pen.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Index, LargeBinary, Select, and_, bindparam, select, text, update
from sqlmodel import SQLModel, col

from models.columns import bytes_of, document, key, operational, sensitive
from models.transaction import Transaction
from models.vocabulary import ContactState

UNFINISHED = text("state <> 'handled'")
"""Word for word the condition of the index, which a query names to be answered from it."""


class JournalEntry(SQLModel, table=True):
    """One call. In the holding pen it has a number, an error and the time of the next try."""

    __tablename__ = "journal"
    __table_args__ = (
        Index("uq_journal_provider_key_channel", "provider_key", "channel", unique=True),
        Index("uq_journal_digest_channel", "digest", "channel", unique=True),
        Index(
            "ix_journal_unfinished",
            "next_at",
            sqlite_where=UNFINISHED,
            postgresql_where=UNFINISHED,
        ),
    )

    id: int = key()
    channel: str = operational()
    part: str = operational("")
    provider_key: str | None = operational(None)
    digest: bytes = operational(sa_type=LargeBinary)
    received_at: datetime = operational(index=True)
    url: str = sensitive()
    query: str = sensitive("")
    headers: dict[str, str] = document(sensitive)
    body: bytes = bytes_of(sensitive)
    state: str = operational(ContactState.HANDLED)
    attempts: int = operational(0)
    next_at: datetime | None = operational(None)
    error: str | None = operational(None)
    number: str | None = operational(None)
    code: str | None = sensitive(None)
    request_id: int | None = key(foreign="request.id", nullable=True)
    outcome: dict[str, Any] | None = document(operational)


IN_PEN = and_(UNFINISHED, col(JournalEntry.state) == ContactState.HOLDING_PEN)
"""What was kept and not understood, found without reading what was."""


_KNOWN = select(
    col(JournalEntry.id),
    col(JournalEntry.channel),
    col(JournalEntry.provider_key),
    col(JournalEntry.digest),
    col(JournalEntry.number),
    col(JournalEntry.code),
    col(JournalEntry.outcome),
)
_BY_DIGEST = _KNOWN.where(col(JournalEntry.digest).in_(bindparam("digests", expanding=True)))
_BY_KEY = _KNOWN.where(col(JournalEntry.provider_key).in_(bindparam("keys", expanding=True)))


def known(tx: Transaction, digests: Sequence[bytes], keys: Sequence[str]) -> list[Any]:
    """Entries that were kept earlier under one of these digests or provider ids."""
    found = list(tx.execute(_BY_DIGEST, {"digests": digests}))
    if keys:
        found += tx.execute(_BY_KEY, {"keys": keys})
    return found


_STANDING = select(
    col(JournalEntry.id),
    col(JournalEntry.state),
    col(JournalEntry.attempts),
    col(JournalEntry.request_id),
    col(JournalEntry.number),
    col(JournalEntry.code),
    col(JournalEntry.outcome),
).where(col(JournalEntry.id).in_(bindparam("ids", expanding=True)))


def standing(tx: Transaction, ids: Sequence[int]) -> list[Any]:
    """How entries stand now that were read before this transaction."""
    return list(tx.execute(_STANDING, {"ids": ids}))


def unfinished(now: datetime, limit: int = 50) -> Select[Any]:
    """What waits to be tried again, the longest waiting first."""
    return (
        select(JournalEntry)
        .where(
            col(JournalEntry.state) != ContactState.HANDLED,
            col(JournalEntry.next_at).is_not(None),
            col(JournalEntry.next_at) <= now,
        )
        .order_by(col(JournalEntry.next_at))
        .limit(limit)
    )


RETRY_AFTER = (1, 5, 30, 120, 720)
"""Minutes between the tries of a call that could not be understood; afterwards only a person."""


def next_try(now: datetime, attempts: int) -> datetime | None:
    """When to try again after ``attempts`` failures, or None: a person has to read it."""
    if attempts > len(RETRY_AFTER):
        return None
    return now + timedelta(minutes=RETRY_AFTER[attempts - 1])


def finish(tx: Transaction, entry_id: int, **changes: Any) -> None:
    """Mark a call of the holding pen as understood (or change its next try); what is understood
    stays as it is."""
    unread = col(JournalEntry.state) != ContactState.HANDLED
    tx.later(update(JournalEntry).where(col(JournalEntry.id) == entry_id, unread).values(**changes))
