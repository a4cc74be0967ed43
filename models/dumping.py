"""All rows out of one database and into another: one moment, every table, SQLite or PostgreSQL.

The rows travel in the text form of PostgreSQL's COPY, table by table, parents first, inside one
snapshot; so what was dumped from either database can be loaded into either. Values are carried as
they are stored: sealed ones stay sealed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, inspect, text
from sqlalchemy.types import JSON, Boolean, Date, DateTime, Float, Integer, LargeBinary, TypeEngine
from sqlmodel import SQLModel

import models.tables  # noqa: F401 every table is dumped, also of modules that nobody else imported
from models.db import Database
from models.migrations import standing, upgrade_to

LEFT_OUT = frozenset({"staffsession", "attempt"})
"""Who is signed in and what was guessed at: a restored system begins without either."""
_FRAME = 256 * 1024
_ROWS = 500


class Undumpable(ValueError):
    """A dump that cannot be made or loaded; the message says why."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a dump holds."""

    revision: str
    counts: dict[str, int]
    seq: int
    head: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the database itself describes it."""

    name: str
    kind: type[TypeEngine[Any]]


def snapshot(connection: Connection) -> Contents:
    """What stands in the database at this moment. ``connection`` must see one moment only."""
    revision = standing(connection)
    if revision is None:
        raise Undumpable("the database holds nothing yet; there is nothing to back up")
    counts = {
        name: connection.execute(text(f"SELECT count(*) FROM {_quoted(connection, name)}")).scalar()  # noqa: S608 our own names
        or 0
        for name in _tables(connection)
    }
    head = connection.execute(text("SELECT seq, hash FROM ledger")).one()
    return Contents(revision, counts, head.seq, head.hash)


@contextmanager
def one_moment(database: Database) -> Iterator[Connection]:
    """A connection that sees one moment for as long as it is open, and takes no lock."""
    with database.read() as session:
        connection = session.connection()
        if not database.is_sqlite:
            for statement in (
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
                "SET LOCAL statement_timeout = 0",
                "SET LOCAL idle_in_transaction_session_timeout = 0",
            ):
                connection.exec_driver_sql(statement)
        yield connection


def dump(connection: Connection, contents: Contents) -> Iterator[bytes]:
    """The tables as frames: a heading, pieces of rows, and an empty frame at the end of each."""
    for table in contents.counts:
        columns = _columns(connection, table)
        yield orjson.dumps({"table": table, "columns": [str(column.name) for column in columns]})
        out = _out_of_sqlite if connection.dialect.name == "sqlite" else _out_of_postgresql
        yield from out(connection, table, columns)
        yield b""


def load(connection: Connection, contents: Contents, frames: Iterator[bytes]) -> None:
    """Make the tables of that version in an empty database and fill them, in the transaction of
    ``connection``. Raises ``Undumpable`` when the rows are not those that were dumped."""
    if inspect(connection).get_table_names():
        raise Undumpable(
            "the database already holds tables; a backup is restored only into an empty one"
        )
    upgrade_to(connection, contents.revision)
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    else:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    for name in reversed(_tables(connection)):  # what the migrations themselves put in
        connection.execute(text(f"DELETE FROM {_quoted(connection, name)}"))  # noqa: S608
    for heading in frames:
        known = orjson.loads(heading)
        table, names = known["table"], known["columns"]
        kinds = {column.name: column for column in _columns(connection, table)}
        columns = [kinds[name] for name in names]
        (_into_sqlite if sqlite else _into_postgresql)(connection, table, columns, _until(frames))
    if not sqlite:
        _go_on_counting(connection)
    found = snapshot(connection)
    if found != contents:
        wrong = [name for name, n in contents.counts.items() if found.counts.get(name) != n]
        raise Undumpable(
            "the rows that were loaded are not those that were backed up: "
            f"{', '.join(wrong) or 'the head of the ledger'}"
        )


def _until(frames: Iterator[bytes]) -> Iterator[bytes]:
    """The frames of one table."""
    for frame in frames:
        if not frame:
            return
        yield frame
    raise Undumpable("the backup ends in the middle of a table")


def _tables(connection: Connection) -> list[str]:
    there = set(inspect(connection).get_table_names()) - LEFT_OUT - {"alembic_version"}
    if strange := there - set(SQLModel.metadata.tables):
        raise Undumpable(f"the database holds tables that are not ours: {', '.join(strange)}")
    return [str(table.name) for table in SQLModel.metadata.sorted_tables if table.name in there]


def _columns(connection: Connection, table: str) -> list[Column]:
    return [
        Column(found["name"], _kind(found["type"]))
        for found in inspect(connection).get_columns(table)
    ]


def _kind(found: TypeEngine[Any]) -> type[TypeEngine[Any]]:
    for kind in (Boolean, DateTime, Date, LargeBinary, JSON, Float, Integer):
        if isinstance(found, kind):
            return kind
    return TypeEngine


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _out_of_postgresql(
    connection: Connection, table: str, columns: list[Column]
) -> Iterator[bytes]:
    names = ", ".join(_quoted(connection, column.name) for column in columns)
    cursor = _driver(connection).cursor()
    with cursor.copy(f"COPY {_quoted(connection, table)} ({names}) TO STDOUT") as copy:
        piece = bytearray()
        for block in copy:
            piece += block
            if len(piece) >= _FRAME:
                yield bytes(piece)
                piece.clear()
        if piece:
            yield bytes(piece)


def _into_postgresql(
    connection: Connection, table: str, columns: list[Column], frames: Iterator[bytes]
) -> None:
    names = ", ".join(_quoted(connection, column.name) for column in columns)
    cursor = _driver(connection).cursor()
    with cursor.copy(f"COPY {_quoted(connection, table)} ({names}) FROM STDIN") as copy:
        for frame in frames:
            copy.write(frame)


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


def _go_on_counting(connection: Connection) -> None:
    """Counters that the database keeps itself go on behind what was loaded."""
    for table in SQLModel.metadata.sorted_tables:
        for column in table.columns:
            if column.identity is not None:
                connection.exec_driver_sql(
                    f"SELECT setval(pg_get_serial_sequence('{table.name}', '{column.name}'), "  # noqa: S608
                    f"(SELECT coalesce(max({column.name}), 0) + 1 FROM {table.name}), false)"
                )


# SQLite writes the text form itself: no value of a row becomes an object of ours.
_AS_TEXT: dict[type[TypeEngine[Any]], str] = {
    Boolean: "CASE {0} WHEN 0 THEN 'f' WHEN 1 THEN 't' END",
    DateTime: "{0} || '+00'",
    Date: "{0}",
    Integer: "{0}",
    Float: "printf('%!.17g', {0})",
    LargeBinary: r"'\\x' || lower(hex({0}))",
}
_ESCAPED = (
    r"replace(replace(replace(replace({0}, '\', '\\'), char(9), '\t'), char(10), '\n'), "
    r"char(13), '\r')"
)


def _out_of_sqlite(connection: Connection, table: str, columns: list[Column]) -> Iterator[bytes]:
    parts = []
    for column in columns:
        name = _quoted(connection, column.name)
        shown = _AS_TEXT.get(column.kind, _ESCAPED).format(name)
        parts.append(rf"CASE WHEN {name} IS NULL THEN '\N' ELSE {shown} END")
    row = " || char(9) || ".join(parts)
    cursor = _driver(connection).cursor()
    cursor.execute(f"SELECT {row} || char(10) FROM {_quoted(connection, table)}")  # noqa: S608
    while rows := cursor.fetchmany(_ROWS):
        yield "".join([one for (one,) in rows]).encode()


def _into_sqlite(
    connection: Connection, table: str, columns: list[Column], frames: Iterator[bytes]
) -> None:
    names = ", ".join(_quoted(connection, column.name) for column in columns)
    marks = ", ".join("?" * len(columns))
    sql = f"INSERT INTO {_quoted(connection, table)} ({names}) VALUES ({marks})"  # noqa: S608
    values = [_FROM_TEXT.get(column.kind, _plain) for column in columns]
    cursor = _driver(connection).cursor()
    rows = (
        [
            None if field == r"\N" else turn(field)
            for turn, field in zip(values, line.split("\t"), strict=True)
        ]
        for line in _lines(frames)
    )
    cursor.executemany(sql, rows)


def _lines(frames: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for frame in frames:
        *whole, rest = (rest + frame).split(b"\n")
        for line in whole:
            yield line.decode()
    if rest:
        raise Undumpable("the backup ends in the middle of a row")


_MARKS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def _plain(field: str) -> str:
    if "\\" not in field:
        return field
    found: list[str] = []
    at = 0
    while (slash := field.find("\\", at)) >= 0:
        mark = field[slash + 1]
        found += (field[at:slash], _MARKS.get(mark, mark))
        at = slash + 2
    return "".join(found) + field[at:]


def _instant(field: str) -> str:
    """As SQLAlchemy stores it on SQLite: UTC without a zone, with microseconds."""
    bare = field.removesuffix("+00")
    return bare if "." in bare[10:] and len(bare) == 26 else _widened(bare)


def _widened(bare: str) -> str:
    whole, _, fraction = bare.partition(".")
    return f"{whole}.{fraction:0<6}"


_FROM_TEXT: dict[type[TypeEngine[Any]], Callable[[str], Any]] = {
    Boolean: lambda field: int(field == "t"),
    DateTime: _instant,
    Integer: int,
    Float: float,
    LargeBinary: lambda field: bytes.fromhex(field[3:]),
}
