"""The append-only log of who did what, each entry chained to the one before by its hash.

Nobody edits an entry: a change anywhere breaks every later hash (``huiyin verify ledger``). The
entry is written in the transaction of the act itself; if it cannot be written, the act fails.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Index, Text, text
from sqlmodel import SQLModel, col

from models.columns import key, operational, sensitive

_AGAIN = text("kind = 'rehandled'")
TRANSFERRED = "staff_transferred"
_TRANSFERS = text(f"kind = '{TRANSFERRED}'")


class Event(SQLModel, table=True):
    """One act. ``detail`` is canonical JSON: reasons, rows and hashes that decided, old and new.
    Where somebody was before is found without reading the rest."""

    __table_args__ = (
        Index("ix_event_transfers", "at", sqlite_where=_TRANSFERS, postgresql_where=_TRANSFERS),
        Index(
            "ix_event_rehandled_at",
            "at",
            "request_id",
            sqlite_where=_AGAIN,
            postgresql_where=_AGAIN,
        ),
    )

    seq: int = key()
    at: datetime = operational()
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    number: str | None = operational(None)
    kind: str = operational()
    by: str = operational()
    detail: str = sensitive(sa_type=Text)
    previous: str = operational()
    hash: str = operational()


OF_NO_REQUEST = col(Event.request_id).is_(None)
"""Beside a kind that is never about a request: those entries are found by the index, the others
not read. That none hides behind a request that is not there is seen by who walks the chain."""

GENESIS = sha256(b"huiyin").hexdigest()


class Ledger(SQLModel, table=True):
    """The head of the chain, and of that of the looks: one row. Locking it is what makes writers
    take turns. An entry has taken in the looks up to ``looks_sealed``; ``field_key`` is the key
    that seals fields, None where nothing is sealed; ``secret_mark`` tells the one secret of all
    machines from another."""

    id: int = key()
    seq: int = operational()
    hash: str = operational()
    looks: int = operational(0)
    look_hash: str = operational(GENESIS)
    looks_sealed: int = operational(0)
    field_key: int | None = operational(None)
    secret_mark: str | None = operational(None)


class KeyedEnd(SQLModel, table=True):
    """Up to where the chain stands under a key that is not in the database: one row. ``key`` is
    the name of that key, ``mac`` what only who has it can write."""

    __tablename__ = "keyed_end"

    id: int = key()
    seq: int = operational()
    hash: str = operational()
    key: str = operational()
    mac: str = operational()


SYSTEM = "system"


def seal(previous: str, entry: Mapping[str, Any]) -> str:
    """The hash of an entry: SHA-256 over the previous hash and the entry's canonical JSON."""
    at = entry["at"].astimezone(UTC)  # as every database gives it back
    fields = (entry["seq"], at, entry["number"], entry["kind"], entry["by"])
    return seal_fields(previous, *fields, entry["detail"])


def seal_fields(previous: str, *fields: Any) -> str:
    """``seal`` for who has the fields in their order: seq, at in UTC, number, kind, by, detail."""
    return sha256(orjson.dumps((previous, *fields), option=orjson.OPT_UTC_Z)).hexdigest()


def first_broken(entries: Sequence[Event], previous: str) -> Event | None:
    """The first entry whose place in the chain does not hold, or None."""
    for entry in entries:
        if entry.previous != previous or seal(previous, entry.model_dump()) != entry.hash:
            return entry
        previous = entry.hash
    return None
