"""What is acknowledged is safe, writers take turns, and whoever finds us busy is told so."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import sqlcipher3.dbapi2
from sqlalchemy import create_engine, select, text, update
from sqlmodel import col

from models.counters import Counter
from models.db import SAFE_SQLITE, Busy, Database, UnsafeDatabase, WrongKey
from models.processes import Process
from tests.conftest import WEDNESDAY
from tests.models.conftest import open_again


def start(connection, name: str) -> None:
    connection.execute(text("INSERT INTO counter (name, value) VALUES (:name, 0)"), {"name": name})


def value(database: Database, name: str) -> int | None:
    with database.read() as session:
        query = select(Counter.value).where(col(Counter.name) == name)
        return session.connection().execute(query).scalar()


def test_a_transaction_that_fails_leaves_nothing(database):
    def fail() -> None:
        with database.write() as connection:
            start(connection, "lost")
            raise LookupError("half way")

    with pytest.raises(LookupError):
        fail()
    assert value(database, "lost") is None
    with database.write() as connection:
        start(connection, "kept")
    assert value(database, "kept") == 0


def test_writers_of_several_processes_take_turns_and_lose_no_step(database_url):
    databases = [open_again(database_url) for _ in range(3)]
    with databases[0].write() as connection:
        start(connection, "steps")

    def step(number: int) -> None:
        with databases[number % 3].write() as connection:
            query = select(Counter.value).where(col(Counter.name) == "steps")
            if not databases[0].is_sqlite:
                query = query.with_for_update()
            seen = connection.execute(query).scalar_one()
            changed = update(Counter).where(col(Counter.name) == "steps")
            connection.execute(changed.values(value=seen + 1))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(step, range(60)))
    assert value(databases[0], "steps") == 60
    for database in databases:
        database.close()


def test_a_reader_never_waits_for_a_writer_and_sees_what_is_committed(database):
    with database.write() as connection:
        start(connection, "unseen")
        seen: list[int | None] = []
        reader = threading.Thread(target=lambda: seen.append(value(database, "unseen")))
        reader.start()
        reader.join(5)
        assert seen == [None]
    assert value(database, "unseen") == 0


def test_a_time_comes_back_as_the_same_instant_in_utc(database):
    china = datetime.fromisoformat("2026-11-22T03:10:00.000001+08:00")
    with database.write() as connection:
        values = {"kind": "clock", "started_at": china, "seen_at": WEDNESDAY}
        connection.execute(Process.__table__.insert().values(**values))
    with database.read() as session:
        row = session.scalars(select(Process).where(col(Process.kind) == "clock")).one()
    assert (row.started_at, row.seen_at) == (china, WEDNESDAY)
    assert row.started_at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused(database):
    naive = datetime(2026, 11, 22, 3, 10)  # noqa: DTZ001 that is the fault
    statement = Process.__table__.insert().values(kind="x", started_at=naive, seen_at=naive)
    with pytest.raises(Exception, match=r"(?i)naive|timezone|zone"), database.write() as connection:
        connection.execute(statement)


def test_what_is_committed_survives_a_power_loss(database):
    database.require_safe()
    if database.is_sqlite:
        assert sqlcipher3.dbapi2.sqlite_version_info >= SAFE_SQLITE
        with database.read() as session:
            pragma = {
                name: session.connection().execute(text(f"PRAGMA {name}")).scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_database_that_would_lose_what_was_acknowledged_is_refused(database_url):
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite is told on every connection")
    database, engine = open_again(database_url), create_engine(database_url)
    name = database.url.database
    with engine.begin() as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    try:
        with pytest.raises(UnsafeDatabase, match="synchronous_commit=off"):
            database.require_safe()
    finally:
        database.close()
        with engine.begin() as connection:
            connection.execute(text(f"ALTER DATABASE {name} RESET synchronous_commit"))
        engine.dispose()


def test_an_encrypted_file_opens_with_its_key_only(database_url):
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL is encrypted below us")
    for key in ("", "00" * 32):
        stranger = Database(database_url, key=key)
        with pytest.raises(WrongKey, match="file is not a database"), stranger.read() as session:
            session.connection().execute(text("SELECT count(*) FROM unit"))
        stranger.close()
    with open(database_url.removeprefix("sqlite:///"), "rb") as file:
        assert b"SQLite format" not in file.read(100)


def test_a_database_that_is_away_is_busy_and_not_a_bug():
    database = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Busy), database.read() as session:
        session.connection()
    with pytest.raises(Busy), database.write():
        pass
    database.close()


def test_a_statement_that_is_wrong_is_a_bug_and_not_busy(database):
    with pytest.raises(Exception, match="no_such_table") as caught, database.write() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))
    assert not isinstance(caught.value, Busy)
