"""Processes that start, or write, at the very moment a key is made."""

import errno
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlmodel import col

from gateway import house
from gateway.settings import BadSettings, Settings, load
from gateway.state import open_database, seal_from_now_on
from models.db import Database
from models.ids import Mint
from models.keyring import FieldKey, ring_of
from models.transaction import acting
from tests.conftest import FIELD_KEY

STARTING = 4


@pytest.fixture
def sealing(settings: Settings) -> Settings:
    """The settings of a hotline that seals its fields, on either database."""
    return settings.model_copy(update={"field_key": FIELD_KEY, "field_encryption": "on"})


def wait_until_one_waits(database: Database) -> None:
    """Until a connection waits for a lock (PostgreSQL), or long enough for one to (SQLite)."""
    if database.is_sqlite:
        time.sleep(0.1)
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    for _ in range(1000):
        with database.read() as session:
            if session.execute(waiting).scalar():
                return
        time.sleep(0.01)
    raise AssertionError("nobody waits")


def sealing_key(database: Database) -> int:
    """The number of the key that a writer of this process seals with."""
    with acting(database, Mint(2)) as tx:
        ring = ring_of(tx.connection)
        assert ring is not None
        assert ring.newest is not None
        return ring.newest.number


def no_second_name(*_args: object, **_kwargs: object) -> None:
    """A file system that knows no links: exFAT, some mounted folders."""
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


@pytest.mark.parametrize("links", [True, False])
def test_those_who_furnish_one_house_at_once_get_the_same_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    monkeypatch.setenv("HUIYIN_DATA_DIR", str(tmp_path))
    if not links:
        monkeypatch.setattr(os, "link", no_second_name)
    begin = threading.Barrier(STARTING)

    def furnish(_: int) -> Settings:
        begin.wait(10)
        return house.furnish()

    with ThreadPoolExecutor(STARTING) as pool:
        found = list(pool.map(furnish, range(STARTING)))
    written = load()
    assert len(written.database_key) == 64
    assert all(one == written for one in found)
    (file,) = tmp_path.iterdir()
    assert (file.name, file.stat().st_mode & 0o777) == ("huiyin.env", 0o600)


def test_who_is_broken_off_without_a_second_name_leaves_no_half_of_a_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIYIN_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(os, "link", no_second_name)
    seen = []

    def broken_off(part: Path, name: Path) -> None:
        seen.append((part.read_text("utf-8").count("_KEY="), name.exists()))
        raise KeyboardInterrupt

    with monkeypatch.context() as now:
        now.setattr(Path, "rename", broken_off)
        with pytest.raises(KeyboardInterrupt):
            house.furnish()
    assert seen == [(4, False)], "it is complete before it has its name"
    assert list(tmp_path.iterdir()) == []
    assert house.furnish() == load()


def test_processes_that_start_at_once_make_one_key(
    sealing: Settings, now: Callable[[], datetime]
) -> None:
    databases = [open_database(sealing) for _ in range(STARTING)]
    begin = threading.Barrier(STARTING)

    def start(database: Database) -> None:
        begin.wait(10)
        seal_from_now_on(sealing, database, Mint(1), now())

    with ThreadPoolExecutor(STARTING) as pool:
        list(pool.map(start, databases))  # raises what any of them raises
    with databases[0].read() as session:
        assert session.scalar(select(func.count(col(FieldKey.id)))) == 1
    assert [sealing_key(database) for database in databases] == [1] * STARTING
    for database in databases:
        database.close()


def test_who_waited_while_a_key_was_made_seals_with_it(
    sealing: Settings, now: Callable[[], datetime]
) -> None:
    """Not with the one before: what it writes would be unreadable when that is wiped."""
    making, waiting = open_database(sealing), open_database(sealing)
    seal_from_now_on(sealing, making, Mint(1), now())
    numbers: list[int] = []

    def write() -> None:
        numbers.append(sealing_key(waiting))

    write()
    writer = threading.Thread(target=write)
    with acting(making, Mint(1)) as tx:
        ring = ring_of(tx.connection)
        assert ring is not None
        made = ring.mint(tx.connection, sealing.field_cipher, now())
        tx.event("key_made", at=now(), key=made.number, algorithm=made.algorithm)
        writer.start()
        wait_until_one_waits(making)
    writer.join(30)
    making.close()
    waiting.close()
    assert numbers == [1, 2]


@pytest.mark.parametrize("furnished", [False, True])
def test_a_folder_that_was_made_beforehand_is_shut_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, furnished: bool
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("HUIYIN_DATA_DIR", str(folder))
    if furnished:
        house.furnish()
    folder.chmod(0o755)
    house.furnish()
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_with_other_things_or_of_somebody_else_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    monkeypatch.setenv("HUIYIN_DATA_DIR", str(folder))

    def not_ours(_path: Path, _mode: int) -> None:
        raise PermissionError

    with monkeypatch.context() as now:
        now.setattr(Path, "chmod", not_ours)
        with pytest.raises(BadSettings, match="belongs to somebody else"):
            house.furnish()
    (folder / "letter.txt").write_text("x", "utf-8")
    with pytest.raises(BadSettings, match="holds other things"):
        house.furnish()
    assert folder.stat().st_mode & 0o777 == 0o755
    assert [one.name for one in folder.iterdir()] == ["letter.txt"]
