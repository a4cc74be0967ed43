"""Every sealed field under the newest key, while the system runs; and the look whether each sealed
field still opens and still stands in the record that it was sealed for.

Row by row in small transactions: killed, it is simply run again, and goes on with what is not under
the newest key yet. Values that were written before anything was sealed are sealed by it too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, select, update
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
    """What was done: the key, how many records were sealed anew, which keys were wiped."""

    key: int = 0
    resumed: bool = False
    records: int = 0
    retired: list[int] = field(default_factory=list)


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
    with acting(database, mint) as tx:
        done.retired = _retire(tx.connection, done.key, now())
        ring.load(tx.connection)
        tx.event("key_rotated", at=now(), key=done.key, wiped=done.retired)
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


def _retire(connection: Connection, newest: int, now: datetime) -> list[int]:
    """Nothing is sealed with the older keys any more: they are wiped, not only marked."""
    settled = update(FieldKey).where(col(FieldKey.id) == newest, col(FieldKey.settled_at).is_(None))
    connection.execute(settled.values(settled_at=now))
    old = select(col(FieldKey.id)).where(
        col(FieldKey.retired_at).is_(None), col(FieldKey.id) != newest
    )
    numbers = list(connection.execute(old).scalars())
    for number in numbers:
        wiped = update(FieldKey).where(col(FieldKey.id) == number)
        connection.execute(wiped.values(wrapped=b"", retired_at=now))
    return numbers


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
        after = rows[-1][_key(table).name]


def _key(table: Table) -> Column[Any]:
    return next(iter(table.primary_key))


def _fields(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if isinstance(column.type, Sealed)]


def _read(connection: Connection, table: Table, after: Any) -> list[dict[str, Any]]:
    """Records as they are stored, nothing opened."""
    own, names = _key(table), [column.name for column in _fields(table)]
    raw = plain_table(table.name, *(plain_column(name) for name in (own.name, *names)))
    query = select(*raw.columns).order_by(raw.c[own.name]).limit(BATCH)
    if after is not None:
        query = query.where(raw.c[own.name] > after)
    return [dict(row._mapping) for row in connection.execute(query)]


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
    assert ring.newest is not None
    own = _key(table)
    record, changes = str(row[own.name]), {}
    for column in _fields(table):
        value = _stored(column, row[column.name])
        if value in (None, "", b"") or _mark(value) == (ring.newest.number, record):
            continue
        assert isinstance(column.type, Sealed)
        changes[column.name] = column.type.encoder(ring)(_opened(column, value, ring), record)
        if table.name == Address.__tablename__ and column.name == "value":
            plain = _opened(column, value, ring)
            changes["lookup"] = ring.names(FIELD, plain)[0]
    if changes:
        _write(connection, table, changes, row[own.name])
    return bool(changes)


def _write(connection: Connection, table: Table, changes: dict[str, Any], key: Any) -> None:
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    quote = connection.dialect.identifier_preparer.quote
    sets = ", ".join(f"{quote(name)} = {mark}" for name in changes)
    where = f"{quote(_key(table).name)} = {mark}"
    sql = f"UPDATE {quote(table.name)} SET {sets} WHERE {where}"  # noqa: S608 our own names
    connection.exec_driver_sql(sql, (*changes.values(), key))


def faults(database: Database) -> Iterator[str]:
    """Fields that do not open, or that stand in another record than they were sealed for."""
    with database.read() as session:
        connection = session.connection()
        ring = ring_of(connection)
        for table in sealed_tables():
            after = None
            if ring is None:
                return
            while rows := _read(connection, table, after):
                for row in rows:
                    yield from _row_faults(ring, table, row)
                after = rows[-1][_key(table).name]


def _row_faults(ring: Keyring, table: Table, row: dict[str, Any]) -> Iterator[str]:
    record = str(row[_key(table).name])
    for column in _fields(table):
        place = f"{table.name}.{column.name} of record {record}"
        try:
            value = _stored(column, row[column.name])
            mark = _mark(value)
            if mark is not None and mark[1] not in ("", record):
                yield f"{place} was sealed for record {mark[1]}"
            elif mark is not None:
                _opened(column, value, ring)
        except (Broken, ValueError):
            yield f"{place} cannot be opened: it was changed"
