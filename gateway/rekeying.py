"""Every sealed field under the newest key, while the system runs; and the look whether each sealed
field still opens and still stands in the record that it was sealed for.

Row by row in small transactions: killed, it is simply run again, and goes on with what is not under
the newest key yet. Values that were written before anything was sealed are sealed by it too. An old
key is wiped only when a look at every value found none that still names it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, select, tuple_, update
from sqlalchemy import column as plain_column
from sqlalchemy import table as plain_table
from sqlmodel import SQLModel, col

import models.tables  # noqa: F401  every table has fields, also of modules nobody imported
from gateway.settings import BadSettings
from models.db import Database
from models.keyring import FieldKey, Keyring, ring_of
from models.people import FIELD, Address
from models.sealed import Sealed, SealedBytes, SealedJson, opened_text
from models.sealing import PLAIN, SEALED, Broken, parts_of_bytes, parts_of_text
from models.transaction import acting

BATCH = 500
_SHOWN = 20


@dataclass(slots=True)
class Rotated:
    """What was done: the key, how many records were sealed anew, which keys were wiped; and which
    old keys stay, each with where a value still names it."""

    key: int = 0
    resumed: bool = False
    records: int = 0
    retired: list[int] = field(default_factory=list)
    kept: dict[int, str] = field(default_factory=dict)


def rotate(
    database: Database, mint: Callable[[], int], algorithm: str, now: Callable[[], datetime]
) -> Rotated:
    """Make a new key (or go on with one that was not finished) and seal everything with it."""
    done = Rotated()
    with acting(database, mint) as tx:
        ring = ring_of(tx.connection)
        if ring is None:
            raise BadSettings("HUIYIN_FIELD_KEY is not set; there is no key to rotate")
        ring.rewrap(tx.connection)
        newest = ring.newest
        done.resumed = newest is not None and not _is_settled(tx.connection, newest.number)
        if newest is None or not done.resumed:
            newest = ring.mint(tx.connection, algorithm, now())
            tx.event("key_made", at=now(), key=newest.number, algorithm=algorithm)
        done.key = newest.number
    while changed := sum(_seal_anew(database, mint, table) for table in sealed_tables()):
        done.records += changed
    named = _named(database)  # nothing more comes under an old key since the new one was made
    with acting(database, mint) as tx:
        done.retired, done.kept = _retire(tx.connection, done.key, named, now())
        ring.load(tx.connection)
        kept = sorted(done.kept)
        tx.event("key_rotated", at=now(), key=done.key, wiped=done.retired, kept=kept)
    return done


def sealed_tables() -> list[Table]:
    """The tables with fields about people."""
    return [
        table
        for table in SQLModel.metadata.sorted_tables
        if any(isinstance(column.type, Sealed) for column in table.columns)
    ]


def _is_settled(connection: Connection, number: int) -> bool:
    query = select(col(FieldKey.settled_at)).where(col(FieldKey.id) == number)
    return connection.execute(query).scalar() is not None


def _retire(
    connection: Connection, newest: int, named: Mapping[int, str], now: datetime
) -> tuple[list[int], dict[int, str]]:
    """Older keys that nothing is sealed with any more are wiped, not only marked; those that a
    value still names stay, and the rotation is not settled. What was wiped and what stays."""
    old = select(col(FieldKey.id)).where(col(FieldKey.retired_at).is_(None))
    numbers = list(connection.execute(old.where(col(FieldKey.id) < newest)).scalars())
    kept = {number: named[number] for number in numbers if number in named}
    wiped = [number for number in numbers if number not in kept]
    for number in wiped:
        gone = update(FieldKey).where(col(FieldKey.id) == number)
        connection.execute(gone.values(wrapped=b"", retired_at=now))
    if not kept:
        settled = update(FieldKey).where(col(FieldKey.id) == newest)
        connection.execute(settled.where(col(FieldKey.settled_at).is_(None)).values(settled_at=now))
    return wiped, kept


def _seal_anew(database: Database, mint: Callable[[], int], table: Table) -> int:
    """One walk through a table; how many records were changed."""
    changed, after = 0, None
    while True:
        with acting(database, mint) as tx:
            ring = ring_of(tx.connection)
            assert ring is not None
            rows = _read(tx.connection, table, after)
            for row in rows:
                changed += _seal_row(tx.connection, ring, table, row)
        if len(rows) < BATCH:
            return changed
        after = _key_of(table, rows[-1])


def _key_of(table: Table, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a record from every other: the values of all columns of the key."""
    return tuple(row[column.name] for column in table.primary_key)


def _record(table: Table, row: Mapping[str, Any]) -> str:
    """The record that values are sealed for (``models.inserts``)."""
    return str(_key_of(table, row)[0])


def _fields(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if isinstance(column.type, Sealed)]


def _raw(table: Table) -> Any:
    """The key and the sealed fields of a table, as they are stored."""
    names = [column.name for column in (*table.primary_key, *_fields(table))]
    return plain_table(table.name, *map(plain_column, names))


def _read(connection: Connection, table: Table, after: Any) -> list[dict[str, Any]]:
    """The next records as they are stored, nothing opened."""
    raw = _raw(table)
    own = [raw.c[column.name] for column in table.primary_key]
    query = select(*raw.columns).order_by(*own).limit(BATCH)
    if after is not None:
        query = query.where(tuple_(*own) > tuple_(*after))
    return [dict(row._mapping) for row in connection.execute(query)]


def _every(connection: Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Every record as it is stored, in one go: a look that must not pass any over asks for no
    pages."""
    query = select(*_raw(table).columns)
    found = connection.execute(query, execution_options={"yield_per": BATCH})
    return (dict(row._mapping) for row in found)


def _named(database: Database) -> dict[int, str]:
    """The keys that stored values name, each with where one of them stands."""
    found: dict[int, str] = {}
    with database.read() as session:
        for table in sealed_tables():
            for row in _every(session.connection(), table):
                for column in _fields(table):
                    number = _number(_stored(column, row[column.name]))
                    if number is not None:
                        found.setdefault(number, _place(table, column, row))
    return found


def _place(table: Table, column: Column[Any], row: Mapping[str, Any]) -> str:
    return f"{table.name}.{column.name} of record {'/'.join(map(str, _key_of(table, row)))}"


def _stored(column: Column[Any], value: Any) -> Any:
    """A stored document as the JSON value that it is, whatever the driver makes of it."""
    if isinstance(column.type, SealedJson) and isinstance(value, str) and value[:1] in '"[{n':
        return orjson.loads(value)
    return bytes(value) if isinstance(value, memoryview) else value


def _mark(value: Any) -> tuple[int, str] | None:
    """Key id and record id of a sealed value; None for one that is not sealed."""
    if isinstance(value, str) and value.startswith(SEALED):
        return parts_of_text(value)[:2]
    if isinstance(value, bytes) and value.startswith(SEALED.encode()):
        return parts_of_bytes(value)[:2]
    return None


def _number(value: Any) -> int | None:
    """The key that a value names, even one that was damaged otherwise."""
    try:
        mark = _mark(value)
    except Broken:
        head = value.split("|" if isinstance(value, str) else b"|", 2)[1]
        return int(head) if head.isdigit() else None
    return mark[0] if mark else None


def _opened(column: Column[Any], value: Any, ring: Keyring) -> Any:
    kind = column.type
    assert isinstance(kind, Sealed)
    if isinstance(kind, SealedBytes):
        if value.startswith(PLAIN.encode()):
            return value[3:]
        return ring.open_bytes(kind.place, value) if _mark(value) else value
    if isinstance(kind, SealedJson):
        return orjson.loads(ring.open_text(kind.place, value)) if _mark(value) else value
    return opened_text(kind.place, value, ring)


def _seal_row(connection: Connection, ring: Keyring, table: Table, row: dict[str, Any]) -> bool:
    """Whether anything was sealed anew. What cannot be opened is left as it stands: its key is not
    wiped, and ``faults`` names it."""
    record = _record(table, row)
    changes: dict[str, Any] = {}
    for column in _fields(table):
        try:
            changes |= _sealed(ring, table, column, row[column.name], record)
        except (Broken, ValueError):
            continue
    if changes:
        _write(connection, table, changes, row)
    return bool(changes)


def _sealed(
    ring: Keyring, table: Table, column: Column[Any], found: Any, record: str
) -> dict[str, Any]:
    """What is to be written in place of a stored value; nothing where it is in order."""
    assert ring.newest is not None
    assert isinstance(column.type, Sealed)
    value = _stored(column, found)
    if value in (None, "", b"") or _mark(value) == (ring.newest.number, record):
        return {}
    plain = _opened(column, value, ring)
    changes = {column.name: column.type.encoder(ring)(plain, record)}
    if table.name == Address.__tablename__ and column.name == "value":
        changes["lookup"] = ring.names(FIELD, plain)[0]
    return changes


def _write(
    connection: Connection, table: Table, changes: dict[str, Any], row: Mapping[str, Any]
) -> None:
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    quote = connection.dialect.identifier_preparer.quote
    sets = ", ".join(f"{quote(name)} = {mark}" for name in changes)
    where = " AND ".join(f"{quote(column.name)} = {mark}" for column in table.primary_key)
    sql = f"UPDATE {quote(table.name)} SET {sets} WHERE {where}"  # noqa: S608 our own names
    connection.exec_driver_sql(sql, (*changes.values(), *_key_of(table, row)))


def faults(database: Database) -> Iterator[str]:
    """Fields that do not open, whose key was wiped, or that stand in another record than they were
    sealed for."""
    with database.read() as session:
        connection = session.connection()
        ring = ring_of(connection)
        if ring is None:
            return
        there = select(col(FieldKey.id)).where(col(FieldKey.retired_at).is_(None))
        keys = frozenset(connection.execute(there).scalars())
        for table in sealed_tables():
            for row in _every(connection, table):
                yield from _row_faults(ring, keys, table, row)


def _row_faults(
    ring: Keyring, keys: frozenset[int], table: Table, row: dict[str, Any]
) -> Iterator[str]:
    record = _record(table, row)
    for column in _fields(table):
        place = _place(table, column, row)
        try:
            value = _stored(column, row[column.name])
            mark = _mark(value)
            if mark is not None and mark[0] not in keys:
                yield f"{place} is sealed with key {mark[0]}, which is not there"
            elif mark is not None and mark[1] not in ("", record):
                yield f"{place} was sealed for record {mark[1]}"
            elif mark is not None:
                _opened(column, value, ring)
        except (Broken, ValueError):
            yield f"{place} cannot be opened: it was changed"
