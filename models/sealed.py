"""Columns whose values are sealed on their way into the database and opened on their way out.

Whoever holds a keyring (``models.keyring``) hangs it on the dialect of the engine; without one the
values pass as they are. A sealed column cannot be compared, searched or sorted by the database:
asking for it is an error here, at once, and not an empty answer in production.
"""

from binascii import b2a_base64
from collections.abc import Callable
from datetime import date
from typing import Any, Protocol

import orjson
from sqlalchemy import (
    JSON,
    Column,
    Date,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    event,
)
from sqlalchemy.sql import operators
from sqlalchemy.sql.expression import ColumnClause

from models.sealing import MARKS, PLAIN, SEALED, Broken

_BYTES_MARKS = frozenset(mark.encode() for mark in MARKS)


class Ring(Protocol):
    """What a column asks of a keyring."""

    @property
    def seals(self) -> bool:
        """Whether new values are sealed."""

    def seal(self, place: bytes, record: str, value: bytes) -> tuple[str, bytes]:
        """Head and sealed part."""

    def seal_text(self, place: bytes, record: str, value: str) -> str:
        """A sealed text."""

    def open_text(self, place: bytes, value: str) -> bytes:
        """What was sealed as text."""

    def open_bytes(self, place: bytes, value: bytes) -> bytes:
        """What was sealed as bytes."""


def hang(dialect: Any, ring: Ring | None) -> None:
    """Hang a keyring on the dialect of an engine, in place of the one before it."""
    dialect.huiyin_keyring, dialect.huiyin_sealers = ring, {}


def ring_of(dialect: Any) -> Ring | None:
    """The keyring that hangs on this dialect."""
    found: Ring | None = getattr(dialect, "huiyin_keyring", None)
    return found


def _no_key() -> Broken:
    return Broken("this database keeps its fields sealed, and HUIYIN_FIELD_KEY is not set")


_ALLOWED = frozenset({operators.is_, operators.is_not})
"""Beside these only a column and a column, which SQLAlchemy itself holds against each other."""


class _Opaque(TypeDecorator.Comparator[Any]):
    def operate(self, op: Any, *other: Any, **kwargs: Any) -> Any:
        if op not in _ALLOWED and not (other and isinstance(other[0], ColumnClause)):
            raise TypeError(f"{self.expr} is sealed: the database cannot judge it ({op.__name__})")
        return super().operate(op, *other, **kwargs)


class Sealed(TypeDecorator[Any]):
    """What the kinds of sealed columns share. ``place`` is table and column."""

    impl: Any = String
    cache_ok = True
    comparator_factory: Any = _Opaque
    place: bytes = b""

    def coerce_compared_value(self, op: Any, value: Any) -> Any:  # noqa: ARG002 contract of SQLAlchemy
        """Values beside this column are its own kind."""
        return self

    def encoder(self, ring: Ring | None) -> Callable[[Any, str], Any]:
        """What turns a value of a record, never None, into what is stored."""
        raise NotImplementedError

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Seal a value of which only the column is known, not the record."""
        return None if value is None else self.encoder(ring_of(dialect))(value, "")


@event.listens_for(Column, "after_parent_attach")
def _attached(column: Column[Any], table: Any) -> None:
    if isinstance(column.type, Sealed):
        column.type.place = f"{table.name}.{column.name}".encode()


def opened_text(place: bytes, value: str, ring: Ring | None) -> str:
    """The words of a stored text."""
    if value[:3] not in MARKS:
        return value
    if value.startswith(PLAIN):
        return value[3:]
    if ring is None:
        raise _no_key()
    return ring.open_text(place, value).decode()


class SealedString(Sealed):
    """Words."""

    impl = String
    cache_ok = True

    def encoder(self, ring: Ring | None) -> Callable[[Any, str], Any]:
        place = self.place

        def plain(value: str, _record: str) -> str:
            return PLAIN + value if value[:3] in MARKS else value

        if ring is None:
            return plain

        def seal(value: str, record: str) -> str:
            if not value or not ring.seals:
                return plain(value, record)
            return ring.seal_text(place, record, value)

        return seal

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The words as they were."""
        return None if value is None else opened_text(self.place, value, ring_of(dialect))


class SealedText(SealedString):
    """Words of any length."""

    impl = Text
    cache_ok = True


class SealedDay(SealedString):
    """A day of the calendar, kept as its ISO words: a date of birth is nobody's business."""

    cache_ok = True

    def encoder(self, ring: Ring | None) -> Callable[[Any, str], Any]:
        words = super().encoder(ring)
        return lambda value, record: words(value.isoformat(), record)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The day as it was."""
        words = super().process_result_value(value, dialect)
        return None if words is None else date.fromisoformat(words)


class SealedNumber(SealedString):
    """A whole number, kept as its digits."""

    cache_ok = True

    def encoder(self, ring: Ring | None) -> Callable[[Any, str], Any]:
        words = super().encoder(ring)
        return lambda value, record: words(str(value), record)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The number as it was."""
        words = super().process_result_value(value, dialect)
        return None if words is None else int(words)


class SealedJson(Sealed):
    """A document: in the database a JSON string, which any JSON column takes."""

    impl = JSON
    cache_ok = True

    def encoder(self, ring: Ring | None) -> Callable[[Any, str], Any]:
        """What gives the JSON text itself; ``process_bind_param`` has SQLAlchemy write it."""
        place = self.place

        def document(value: Any, record: str) -> str:
            if ring is None or not ring.seals:
                return orjson.dumps(value).decode()
            head, sealed = ring.seal(place, record, orjson.dumps(value))
            return f'"{_text(head, sealed)}"'

        return document

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """SQLAlchemy writes the JSON; a sealed document is a string to it."""
        ring = ring_of(dialect)
        if value is None or ring is None or not ring.seals:
            return value
        return _text(*ring.seal(self.place, "", orjson.dumps(value)))

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The document as it was."""
        if isinstance(value, str) and value.startswith(SEALED):
            ring = ring_of(dialect)
            if ring is None:
                raise _no_key()
            return orjson.loads(ring.open_text(self.place, value))
        return value


class SealedBytes(Sealed):
    """Bytes exactly as they came."""

    impl = LargeBinary
    cache_ok = True

    def encoder(self, ring: Ring | None) -> Callable[[Any, str], Any]:
        place = self.place

        def octets(value: bytes, record: str) -> bytes:
            if not value or ring is None or not ring.seals:
                return PLAIN.encode() + value if value[:3] in _BYTES_MARKS else value
            head, sealed = ring.seal(place, record, value)
            return head.encode() + sealed

        return octets

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """The bytes as they were."""
        if value is None or bytes(value[:3]) not in _BYTES_MARKS:
            return value
        value = bytes(value)
        if value.startswith(PLAIN.encode()):
            return value[3:]
        ring = ring_of(dialect)
        if ring is None:
            raise _no_key()
        return ring.open_bytes(self.place, value)


def _text(head: str, sealed: bytes) -> str:
    return head + b2a_base64(sealed, newline=False).decode()


KINDS: dict[Any, type[Sealed]] = {
    None: SealedString,
    Text: SealedText,
    Date: SealedDay,
    Integer: SealedNumber,
    JSON: SealedJson,
    LargeBinary: SealedBytes,
}
"""The sealed kind of each kind of column."""
