"""Many rows into one table, fast: plain tuples, no object a row and no type object a value.

The statement is compiled once from the table, so that tables stay declared in one place; only the
few Python values that a driver does not take as they are (times, documents) are turned here.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import JSON, Connection, Table
from sqlmodel.sql.sqltypes import UTCDateTime

from models.sealed import Sealed, ring_of

Row = dict[str, Any]
Encoder = Callable[[Any], Any]

_Prepared = tuple[str, Callable[[Row], tuple[Any, ...]], tuple[tuple[str, Encoder], ...]]
_PREPARED: dict[tuple[str, str], _Prepared] = {}


def write(connection: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Insert complete rows (every column named), whose values it turns into the driver's own.

    Raises what the driver raises."""
    sql, pick, encoders = _prepared(connection, table)
    sealed = _sealers(connection, table)
    own = next(iter(table.primary_key)).name if sealed else ""
    tuples = []
    for row in rows:
        for name, encode in encoders:
            if (value := row[name]) is not None:
                row[name] = encode(value)
        if sealed:
            record = str(row[own])
            for name, seal in sealed:
                if (value := row[name]) is not None:
                    row[name] = seal(value, record)
        tuples.append(pick(row))
    connection.exec_driver_sql(sql, tuples)


def _sealers(
    connection: Connection, table: Table
) -> tuple[tuple[str, Callable[[Any, str], Any]], ...]:
    """What seals the values of a record, kept on the dialect beside the keyring it seals with.

    A ring that does not seal yet is asked once for all values, not by each of them."""
    ring = ring_of(connection.dialect)
    ring = ring if ring is not None and ring.seals else None
    kept: dict[Any, Any] = vars(connection.dialect).setdefault("huiyin_sealers", {})
    found = kept.get((table.name, ring))
    if found is None:
        found = kept[table.name, ring] = tuple(
            (column.name, column.type.encoder(ring))
            for column in table.columns
            if isinstance(column.type, Sealed)
        )
    return found


def _prepared(connection: Connection, table: Table) -> _Prepared:
    dialect = connection.dialect
    found = _PREPARED.get((dialect.name, table.name))
    if found is None:
        names = tuple(column.name for column in table.columns)
        marks = ", ".join(["?" if dialect.paramstyle == "qmark" else "%s"] * len(names))
        columns = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
        target = dialect.identifier_preparer.format_table(table)
        sql = f"INSERT INTO {target} ({columns}) VALUES ({marks})"  # noqa: S608 our own names
        encoders = tuple(
            (column.name, encode)
            for column in table.columns
            if (encode := _encoder(column.type, dialect.name)) is not None
        )
        pick = itemgetter(*names)  # every table has two columns or more
        found = _PREPARED[dialect.name, table.name] = sql, pick, encoders
    return found


def _encoder(kind: Any, dialect: str) -> Encoder | None:
    if isinstance(kind, JSON):
        return _document
    if isinstance(kind, UTCDateTime):
        return _instant if dialect == "sqlite" else _aware
    return None


def _document(value: Any) -> str:
    return orjson.dumps(value).decode()


@lru_cache(maxsize=1024)
def _instant(value: datetime) -> str:
    """As SQLAlchemy stores it on SQLite: naive UTC with microseconds. A naive time is a bug.

    Remembered, because the rows of one act share a handful of instants."""
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _aware(value: datetime) -> datetime:
    """PostgreSQL would take a naive time for one in UTC."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone cannot be stored")
    return value
