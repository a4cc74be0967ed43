"""The database: the only file that knows SQLite from PostgreSQL.

One writer at a time, on either database. SQLite allows no more anyhow, and its busy handler
starves (p99 beyond a second with two processes), so writers queue in the kernel on a file lock; on
PostgreSQL the head of the ledger is locked first. Two messages of one person, two ticks, two
claims and the gap-free numbers therefore cannot race, and there is no deadlock to think about.
What waits is written together (``models.writer``), so that a full sync is shared.

``acknowledged`` means committed with synchronous=FULL (SQLite) or synchronous_commit=on.
"""

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson
import sqlcipher3.dbapi2
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlmodel import Session

from models import vocabulary

SAFE_SQLITE = (3, 51, 3)
"""The first SQLite without the WAL-reset fault (two connections could corrupt the file)."""

PATIENCE_SECONDS = 10


class Busy(Exception):
    """The database is locked or away: nothing was written, the caller may try again."""


class WrongKey(ValueError):
    """The file of the database does not open with this key, or without one."""


class UnsafeDatabase(Exception):
    """The database or its settings would lose or corrupt what was acknowledged."""


class Database:
    """One database, one process. ``key`` (64 hex digits) encrypts an SQLite file as a whole;
    ``engine`` is that of an earlier, closed opening, which knows its statements already."""

    def __init__(self, url: str, *, key: str = "", engine: Engine | None = None) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._lock = threading.Lock()
        self._closed = False
        self._file_lock: int | None = None
        if self.is_sqlite:
            self._take_place()
        self.engine = engine or (self._sqlite(key) if self.is_sqlite else self._postgresql())
        # SQLite shows a transaction one moment anyhow; PostgreSQL has to be asked for it, or a
        # proof that reads entries and then their head would find fault with what came in between.
        apart = self.engine.execution_options(isolation_level="REPEATABLE READ")
        self._moment = self.engine if self.is_sqlite else apart

    def _take_place(self) -> None:
        if sqlcipher3.dbapi2.sqlite_version_info < SAFE_SQLITE:
            found = sqlcipher3.dbapi2.sqlite_version
            raise UnsafeDatabase(
                f"SQLite {found} can corrupt a write-ahead log; install sqlcipher3 with "
                f"SQLite {'.'.join(map(str, SAFE_SQLITE))} or newer"
            )
        path = Path(self.url.database or "").absolute()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file_lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _sqlite(self, key: str) -> Engine:
        _teach_driver()
        engine = create_engine(
            self.url.set(drivername="sqlite+pysqlite"),
            module=sqlcipher3.dbapi2,
            connect_args={"check_same_thread": False, "timeout": PATIENCE_SECONDS / 2},
            pool_size=10,
            max_overflow=20,
            pool_use_lifo=True,  # each connection has pages of its own in memory: use few of them
            json_serializer=_json,
            hide_parameters=True,  # an error must not quote what a citizen wrote
            json_deserializer=orjson.loads,
        )

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: object) -> None:
            connection.isolation_level = None  # BEGIN is ours, below
            cursor = connection.cursor()
            _enter(cursor, key, self.url.database or "")
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA foreign_keys = ON")
            cursor.execute("PRAGMA trusted_schema = OFF")
            cursor.execute("PRAGMA temp_store = MEMORY")
            cursor.execute("PRAGMA cache_size = -8000")  # KiB; each connection fills up its own
            cursor.execute("PRAGMA wal_autocheckpoint = 4000")
            cursor.close()

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            immediate = connection.get_execution_options().get("huiyin_write")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

        return engine

    def _postgresql(self) -> Engine:
        return create_engine(
            self.url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            json_serializer=_json,
            hide_parameters=True,  # an error must not quote what a citizen wrote
            json_deserializer=orjson.loads,
            connect_args={
                "connect_timeout": PATIENCE_SECONDS // 2,
                "options": f"-c lock_timeout={PATIENCE_SECONDS}s -c timezone=UTC "
                "-c idle_in_transaction_session_timeout=60s -c statement_timeout=60s"
                # What is open is in memory or on a solid disk, and translating a statement into
                # machine code takes longer (0.2 s for the counts of a queue) than answering it.
                " -c random_page_cost=1.1 -c jit=off",
            },
        )

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes; alone in this process and, on SQLite, on this machine.

        Commits on leaving, rolls back on an exception. Not re-entrant: a transaction inside a
        transaction is a bug and shows as ``Busy`` after ten seconds. Raises ``Busy``.
        """
        if not self._lock.acquire(timeout=PATIENCE_SECONDS):
            raise Busy("another transaction of this process holds the database")
        try:
            if self._closed:
                raise Busy("this process is shutting down")
            if self._file_lock is not None:
                fcntl.flock(self._file_lock, fcntl.LOCK_EX)
            try:
                with _plain_errors(), self.engine.connect() as plain:
                    connection = plain.execution_options(huiyin_write=True)
                    with connection.begin():
                        yield connection
            finally:
                if self._file_lock is not None:
                    fcntl.flock(self._file_lock, fcntl.LOCK_UN)
        finally:
            self._lock.release()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A view of one moment; takes no write lock. Raises ``Busy`` when the database is away."""
        with _plain_errors(), self._moment.connect() as connection, connection.begin():
            yield Session(bind=connection, expire_on_commit=False)

    def require_safe(self) -> None:
        """Raise ``UnsafeDatabase`` unless what is committed survives a power loss."""
        with self.read() as session:
            if self.is_sqlite:
                sync = session.connection().execute(text("PRAGMA synchronous")).scalar()
                if sync != 2:
                    raise UnsafeDatabase("SQLite must run with synchronous=FULL")
                return
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                value = session.connection().execute(text(f"SHOW {setting}")).scalar()
                if value not in ("on", "remote_apply", "remote_write"):
                    raise UnsafeDatabase(
                        f"PostgreSQL runs with {setting}={value}; an acknowledged message could be "
                        f"lost at power failure. Set {setting}=on in postgresql.conf"
                    )

    def close(self) -> None:
        """Let the last writer finish, then give back every connection and the lock file."""
        with self._lock:
            self._closed = True
            self.engine.dispose()
            if self._file_lock is not None:
                os.close(self._file_lock)
                self._file_lock = None


def _enter(cursor: Any, key: str, file: str) -> None:
    """Open the file as far as its first page. Raises ``WrongKey``."""
    cursor.execute("PRAGMA cipher_log_level = NONE")  # it would write to stderr of its own accord
    try:
        if key:
            unlock(cursor, key)
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlcipher3.dbapi2.DatabaseError as error:
        if str(error) != _NOT_OPENED:
            raise
        raise WrongKey(
            f"HUIYIN_DATABASE_KEY does not open {file}: {error} with this key; set the one it was "
            "made with"
        ) from None
    finally:
        cursor.execute("PRAGMA cipher_log_level = WARN")


def unlock(cursor: Any, key: str) -> None:
    """Give an encrypted SQLite file its key, the first that is asked of it on a new connection."""
    cursor.execute(f"PRAGMA key = \"x'{key}'\"")  # raw key: no stretching at each open
    # Every page is sealed; with SHA-512, the default, that is 7 % of a message (measured).
    cursor.execute("PRAGMA cipher_hmac_algorithm = HMAC_SHA256")


def _teach_driver() -> None:
    """Tell the SQLite driver how to take values that are no plain text or number.

    For each kind that it has not been told of it asks the value itself and builds the words of an
    error on the way: 2.6 µs a value instead of 0.3 (measured), two hundred times a message.
    """
    plain: dict[type, Callable[[Any], Any]] = {bool: int, bytes: bytes, type(None): _NOTHING}
    for kind in vars(vocabulary).values():
        if isinstance(kind, type) and issubclass(kind, StrEnum):
            plain[kind] = str.__str__
    for kind, adapter in plain.items():
        sqlcipher3.dbapi2.register_adapter(kind, adapter)


_NOTHING = dict[None, None]().get
"""Gives None for None, without a call of Python: a fifth of all values are nothing."""


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


_NOT_OPENED = "file is not a database"
"""What SQLite says of a file whose pages it cannot read."""
_PASSING = (
    "database is locked",
    "database table is locked",
    "database or disk is full",
    "disk I/O error",
    "unable to open database file",
    "attempt to write a readonly database",
)
"""What SQLite says when it may go better later; its other operational errors are bugs."""


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn 'locked', 'away' and 'disk full' into ``Busy``; anything else is a bug and passes."""
    try:
        yield
    except OperationalError as error:
        said = str(error.orig).splitlines()[0]
        if isinstance(error.orig, sqlcipher3.dbapi2.Error) and not said.startswith(_PASSING):
            raise
        raise Busy(said) from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Busy(str(error.orig).splitlines()[0]) from error
        raise
