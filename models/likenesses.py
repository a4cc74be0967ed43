"""The same matter again: the keys by which reports find each other, what was proposed about two
requests and what people decided, what a merge changed, and who belongs together without one.

Software writes proposals here; only a named person's act writes the rest (I4).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, Index, select, text
from sqlmodel import SQLModel, col

from models.columns import document, key, operational, sensitive
from models.transaction import Transaction

WAITING = 0
"""The hash under which a contact stands until it has been held against the others."""
NEWEST = 24
"""So many contacts of one key are read, the newest: what a whole street shares says little."""
_PROPOSED = text("state = 'proposed'")
_LOOKED_AT = 96  # of a key's contacts, closed requests among them


class RepeatKey(SQLModel, table=True):
    """One key of one contact, as a 63-bit hash: nothing else of the person is in it."""

    __tablename__ = "repeat_key"
    __table_args__ = ({"sqlite_with_rowid": False},)

    hash: int = key()
    contact_id: int = key()


class Likeness(SQLModel, table=True):
    """Two requests that may belong together; ``request_id`` came later than ``other_id``.

    ``state``: proposed, confirmed, refused, undone. What a person refused or undid is never
    proposed again. ``findings`` are the reasons, in words of both.
    """

    __table_args__ = (
        Index("uq_likeness_request_id_other_id", "request_id", "other_id", unique=True),
        Index(
            "ix_likeness_proposed",
            "request_id",
            sqlite_where=_PROPOSED,
            postgresql_where=_PROPOSED,
        ),
    )

    id: int = key()
    request_id: int = key(foreign="request.id")
    other_id: int = key(foreign="request.id", index=True)
    relation: str = operational()
    score: float = operational()
    findings: list[Any] = document(sensitive)
    state: str = operational("proposed")
    proposed_at: datetime = operational()
    proposed_by: str = operational()
    decided_at: datetime | None = operational(None)
    decided_by: str | None = operational(None)
    reason: str = sensitive("")


class Merger(SQLModel, table=True):
    """A merge that a person confirmed, with all that its undoing has to put back."""

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    master_id: int = key(foreign="request.id", index=True)
    at: datetime = operational()
    by: str = operational()
    reason: str = sensitive("")
    before: dict[str, Any] = document(sensitive)
    undone_at: datetime | None = operational(None)
    undone_by: str | None = operational(None)


class Link(SQLModel, table=True):
    """A request in a household or an event of several: each keeps its own number and its own reply.

    Requests with the same ``bundle`` belong together."""

    __table_args__ = (Index("uq_link_request_id_relation", "request_id", "relation", unique=True),)

    id: int = key()
    request_id: int = key(foreign="request.id")
    bundle: int = operational(index=True, sa_type=BigInteger)
    relation: str = operational()
    at: datetime = operational()
    by: str = operational()


_SQLITE = text(
    """
    SELECT probe.value AS hash, (
        SELECT group_concat(contact_id) FROM (
            SELECT near.contact_id FROM (
                SELECT contact_id FROM repeat_key
                WHERE hash = probe.value ORDER BY contact_id DESC LIMIT :looked_at
            ) AS near
            JOIN contact ON contact.id = near.contact_id
            JOIN request ON request.id = contact.request_id AND request.closed_at IS NULL
            LIMIT :newest
        )
    ) AS contacts
    FROM json_each(:hashes) AS probe
    """
)
_POSTGRESQL = text(
    """
    SELECT probe.hash, string_agg(open.contact_id::text, ',') AS contacts
    FROM unnest(CAST(:hashes AS bigint[])) AS probe (hash)
    CROSS JOIN LATERAL (
        SELECT near.contact_id FROM (
            SELECT contact_id FROM repeat_key
            WHERE repeat_key.hash = probe.hash ORDER BY contact_id DESC LIMIT :looked_at
        ) AS near
        JOIN contact ON contact.id = near.contact_id
        JOIN request ON request.id = contact.request_id AND request.closed_at IS NULL
        LIMIT :newest
    ) AS open
    GROUP BY probe.hash
    """
)


def probe(connection: Connection, hashes: Sequence[int]) -> dict[int, list[int]]:
    """For each key the newest contacts of open requests that have it: one query, one index range
    a key."""
    found: dict[int, list[int]] = {}
    if not hashes:
        return found
    statement, values = statement_of(connection.dialect.name, hashes)
    for row in connection.execute(statement, values):
        if row.contacts:
            found[row.hash] = [int(one) for one in row.contacts.split(",")]
    return found


def statement_of(dialect: str, hashes: Sequence[int]) -> tuple[Any, dict[str, Any]]:
    """The probe in the words of a database, with its values; for a look at its plan too."""
    values: dict[str, Any] = {"looked_at": _LOOKED_AT, "newest": NEWEST}
    if dialect == "sqlite":
        return _SQLITE, {**values, "hashes": orjson.dumps(list(hashes)).decode()}
    return _POSTGRESQL, {**values, "hashes": list(hashes)}


_REMEMBER = {
    "sqlite": text("INSERT OR IGNORE INTO repeat_key (hash, contact_id) VALUES (:hash, :contact)"),
    "postgresql": text(
        "INSERT INTO repeat_key (hash, contact_id) VALUES (:hash, :contact) ON CONFLICT DO NOTHING"
    ),
}
_COMPARED = text("DELETE FROM repeat_key WHERE hash = 0 AND contact_id = :contact")
_WAITING = text("SELECT contact_id FROM repeat_key WHERE hash = 0 ORDER BY contact_id LIMIT :most")


def waiting(connection: Connection, most: int) -> list[int]:
    """Contacts that nobody has held against the others yet, the oldest first."""
    return list(connection.execute(_WAITING, {"most": most}).scalars())


def still_waiting(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Those of the contacts that wait still."""
    of = col(RepeatKey.contact_id)
    found = select(of).where(col(RepeatKey.hash) == WAITING, of.in_(ids))
    return set(connection.execute(found).scalars())


def remember(tx: Transaction, hashes: Mapping[int, Iterable[int]]) -> None:
    """Write the keys of contacts that were compared; they wait no longer."""
    rows = [{"hash": one, "contact": contact} for contact in hashes for one in hashes[contact]]
    if rows:
        tx.execute(_REMEMBER[tx.connection.dialect.name], rows)
    if hashes:
        tx.execute(_COMPARED, [{"contact": contact} for contact in hashes])
