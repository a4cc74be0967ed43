"""The keys that seal fields: wrapped in the database, opened by a key that stands outside it.

The newest data key seals; older ones open until nothing is sealed with them any more. Its number
stands in the head of the ledger, which every transaction that writes locks and reads: after a new
key is made no process seals with the old one, not even one that waited for the lock meanwhile.
"""

import hmac
import threading
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from os import urandom
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, inspect, select, text, update
from sqlmodel import SQLModel, col

from models.columns import bytes_of, key, operational, secret
from models.events import Ledger
from models.sealing import (
    KEY_BYTES,
    Broken,
    DataKey,
    open_blind,
    parts_of_bytes,
    parts_of_text,
    text_of,
    unwrap,
    wrap,
)


class FieldKey(SQLModel, table=True):
    """One data key. ``settled_at`` is when every value was sealed with it, ``retired_at`` when it
    was wiped because nothing was sealed with it any more."""

    __tablename__ = "field_key"

    id: int = key()
    algorithm: str = operational()
    wrapped: bytes = bytes_of(secret, sealed=False)
    wrapped_by: str = operational()
    created_at: datetime = operational()
    settled_at: datetime | None = operational(None)
    retired_at: datetime | None = operational(None)


class NoKey(ValueError):
    """The key outside the database is missing or not the right one."""


class Keyring:
    """The keys of one database in one process. ``keks`` are the outside key and, while it is being
    replaced, the one before it."""

    def __init__(self, engine: Engine, keks: Sequence[bytes]) -> None:
        self._engine = engine
        self._keks = tuple(keks)
        self._keys: dict[int, DataKey] = {}
        self._wiped: dict[int, DataKey] = {}
        self._newest: DataKey | None = None
        self._settled = False
        self._loaded = False
        self._lock = threading.Lock()

    @property
    def seals(self) -> bool:
        """Whether new values are sealed."""
        if not self._loaded:
            self._refresh()
        return self._newest is not None

    @property
    def newest(self) -> DataKey | None:
        """The key that seals."""
        return self._newest if self.seals else None

    def turn(self, connection: Connection, number: int | None) -> None:
        """Seal with this key from now on."""
        known = self._newest.number if self._newest else None
        if number != known or not self._loaded:
            self.load(connection)

    def load(self, connection: Connection) -> None:
        """Open the keys. Raises ``NoKey`` when the outside key does not fit."""
        rows = connection.execute(
            select(*FieldKey.__table__.columns)  # type: ignore[attr-defined]
            .where(col(FieldKey.retired_at).is_(None))
            .order_by(col(FieldKey.id))
        ).all()
        keys = {row.id: self._keys.get(row.id) or self._opened(row) for row in rows}
        with self._lock:
            # A page whose moment is from before the wiping still reads what stood then.
            self._wiped |= {n: one for n, one in self._keys.items() if n not in keys}
            self._keys = keys
            self._newest = keys[rows[-1].id] if rows else None
            self._settled = any(row.settled_at is not None for row in rows)
            self._loaded = True

    def _opened(self, row: Any) -> DataKey:
        for kek in self._keks:
            found = unwrap(kek, row.id, row.algorithm, bytes(row.wrapped))
            if found is not None:
                return DataKey(row.id, row.algorithm, found)
        raise NoKey(
            f"HUIYIN_FIELD_KEY does not open the keys of this database (they were sealed with "
            f"{row.wrapped_by}); set the right one, or the one before as "
            "HUIYIN_FIELD_KEY_PREVIOUS"
        )

    def _refresh(self) -> None:
        with self._engine.connect() as connection, connection.begin():
            if inspect(connection).has_table("field_key"):
                self.load(connection)

    def _key(self, number: int) -> DataKey:
        found = self._keys.get(number)
        if found is None:
            self._refresh()
            found = self._keys.get(number) or self._wiped.get(number)
        if found is None:
            raise Broken(f"a value is sealed with key {number}, which is not there")
        return found

    def seal(self, place: bytes, record: str, value: bytes) -> tuple[str, bytes]:
        """Head and sealed part of a value."""
        assert self._newest is not None
        return self._newest.seal(place, record, value)

    def seal_text(self, place: bytes, record: str, value: str) -> str:
        """A sealed text."""
        return text_of(*self.seal(place, record, value.encode()))

    def open_text(self, place: bytes, value: str) -> bytes:
        """What was sealed as text. Raises ``Broken``."""
        number, record, sealed = parts_of_text(value)
        return self._key(number).open(place, record, sealed)

    def open_bytes(self, place: bytes, value: bytes) -> bytes:
        """What was sealed as bytes. Raises ``Broken``."""
        number, record, sealed = parts_of_bytes(value)
        return self._key(number).open(place, record, sealed)

    def mint(self, connection: Connection, algorithm: str, now: datetime) -> DataKey:
        """A new key; everything that is written from the end of this transaction on, which must
        hold the head of the ledger, is sealed with it. What was hashed for finding repeats is
        hashed anew by the tick that does so."""
        last = connection.execute(select(func.max(col(FieldKey.id)))).scalar() or 0
        number, made = last + 1, urandom(KEY_BYTES[algorithm])
        kek = self._keks[0]
        fresh = not connection.execute(text("SELECT 1 FROM staff LIMIT 1")).first()
        connection.execute(
            insert(FieldKey).values(
                id=number,
                algorithm=algorithm,
                wrapped=wrap(kek, number, algorithm, made),
                wrapped_by=mark_of(kek),
                created_at=now,
                settled_at=now if fresh else None,
            )
        )
        connection.execute(update(Ledger).values(field_key=number))
        connection.execute(text("DELETE FROM repeat_key"))
        connection.execute(
            text(
                "INSERT INTO repeat_key (hash, contact_id) SELECT 0, contact.id FROM contact "
                "JOIN request ON request.id = contact.request_id WHERE request.closed_at IS NULL"
            )
        )
        self.load(connection)
        return self._keys[number]

    def rewrap(self, connection: Connection) -> int:
        """Seal the data keys with the first of the outside keys; how many were with another."""
        changed = 0
        for row in connection.execute(
            select(*FieldKey.__table__.columns).where(  # type: ignore[attr-defined]
                col(FieldKey.retired_at).is_(None),
                col(FieldKey.wrapped_by) != mark_of(self._keks[0]),
            )
        ).all():
            opened = [unwrap(kek, row.id, row.algorithm, bytes(row.wrapped)) for kek in self._keks]
            plain = next(one for one in opened if one is not None)
            again = wrap(self._keks[0], row.id, row.algorithm, plain)
            connection.execute(
                update(FieldKey)
                .where(col(FieldKey.id) == row.id)
                .values(wrapped=again, wrapped_by=mark_of(self._keks[0]))
            )
            changed += 1
        return changed

    def names(self, field: str, value: str) -> list[str]:
        """Every name under which a value of a field may be looked up, the one for writing first."""
        found = []
        if self.seals:
            found = [self._keys[n].blind(field, value) for n in sorted(self._keys, reverse=True)]
        if not self._settled:
            found.append(open_blind(field, value))
        return found

    def secret_of(self, purpose: str) -> bytes:
        """A key for one purpose that changes with the newest key; empty where nothing is sealed."""
        return self._newest.secret_of(purpose) if self.seals and self._newest else b""

    def lasting(self, purpose: str) -> tuple[bytes, str]:
        """A key for one purpose that changes only with the key outside, and the mark of that."""
        kek = self._keks[0]
        return hmac.digest(kek, b"huiyin lasting\0" + purpose.encode(), "sha256"), mark_of(kek)


def mark_of(kek: bytes) -> str:
    """What tells one outside key from another without saying anything about it."""
    return sha256(b"huiyin field key\0" + kek).hexdigest()[:16]


def ring_of(connection: Any) -> Keyring | None:
    """The keyring of a connection."""
    found: Keyring | None = getattr(connection.dialect, "huiyin_keyring", None)
    return found


def names(connection: Any, field: str, value: str) -> list[str]:
    """As ``Keyring.names``, also where there is no keyring."""
    ring = ring_of(connection)
    return ring.names(field, value) if ring is not None else [open_blind(field, value)]


def secret_for(connection: Any, purpose: str) -> bytes:
    """As ``Keyring.secret_of``, also where there is no keyring."""
    ring = ring_of(connection)
    return ring.secret_of(purpose) if ring is not None else b""


def lasting_secret(connection: Any, purpose: str) -> tuple[bytes, str]:
    """As ``Keyring.lasting``; empty where no key stands outside."""
    ring = ring_of(connection)
    return ring.lasting(purpose) if ring is not None else (b"", "")


def turn(connection: Connection, number: int | None) -> None:
    """Seal with the newest key from now on. Raises ``NoKey``: a process without the outside key
    must not write beside others that seal."""
    ring = ring_of(connection)
    if ring is not None:
        ring.turn(connection, number)
    elif number is not None:
        raise NoKey("this database keeps its fields sealed, and HUIYIN_FIELD_KEY is not set")
