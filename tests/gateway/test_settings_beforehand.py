"""A settings file that somebody wrote before anything was begun, as README.md tells them to."""

import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway import house
from gateway.commands import migrate
from gateway.settings import BadSettings, Settings, load
from tests.gateway.test_backup import empty_postgresql

__all__ = ["empty_postgresql"]
STARTING = 4


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_settings_that_were_written_beforehand_get_the_secrets_that_they_lack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, kind: str
) -> None:
    """Whoever writes huiyin.env first, as the guide says, has no open database for it."""
    monkeypatch.setenv("HUIYIN_DATA_DIR", str(tmp_path))
    if kind == "postgresql":
        monkeypatch.setenv("HUIYIN_DATABASE_URL", request.getfixturevalue("empty_postgresql"))
    own = "HUIYIN_PUBLIC_URL=https://hotline.example\nHUIYIN_CONSOLE_TOKEN=of-our-own"
    (tmp_path / "huiyin.env").write_text(own)
    begin = threading.Barrier(STARTING)

    def furnish(_: int) -> Settings:
        begin.wait(10)
        return house.furnish()

    with ThreadPoolExecutor(STARTING) as pool:
        found = list(pool.map(furnish, range(STARTING)))
    assert all(one == found[0] for one in found)
    assert found[0].public_url == "https://hotline.example"
    assert found[0].env["CONSOLE_TOKEN"] == "of-our-own"
    found[0].require_secret()
    found[0].require_field_key()
    assert len(found[0].database_key) == len(found[0].backup_key) == 64
    assert (tmp_path / "huiyin.env").stat().st_mode & 0o777 == 0o600


def test_a_database_that_is_there_is_given_no_other_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIYIN_DATA_DIR", str(tmp_path))
    migrate.run()
    path = tmp_path / "huiyin.env"
    lines = path.read_text().splitlines()
    path.write_text(
        "\n".join(one for one in lines if "SECRET_KEY" not in one and "FIELD" not in one)
    )
    before = path.read_text()
    house.furnish()
    assert path.read_text() == before
    with pytest.raises(BadSettings, match="where there is no database yet 'huiyin migrate'"):
        load().require_secret()


@contextmanager
def watched(path: Path) -> Iterator[list[str]]:
    """Whoever opens the file to write it, told by the system itself: it gave us a lease on it. With
    rights alone nobody would be kept from it who is root."""
    told: list[str] = []
    watch = os.open(path, os.O_RDONLY)

    def broken(*_: object) -> None:
        told.append("opened to be written")
        fcntl.fcntl(watch, fcntl.F_SETLEASE, fcntl.F_UNLCK)

    before = signal.signal(signal.SIGIO, broken)
    try:
        fcntl.fcntl(watch, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        yield told
    finally:
        os.close(watch)
        signal.signal(signal.SIGIO, before)


def test_settings_that_lack_nothing_are_only_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may belong to somebody else, or be put there by what runs the machine."""
    monkeypatch.setenv("HUIYIN_DATA_DIR", str(tmp_path))
    before = house.furnish()
    with watched(tmp_path / "huiyin.env") as told:
        assert house.furnish() == before
        assert migrate.run() == 0
        assert told == []
        with (tmp_path / "huiyin.env").open("r+b"):
            assert told, "else nothing was watched"
