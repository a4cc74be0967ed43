"""One encrypted file holds everything, and an empty machine is whole again from it."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from gateway import backup_file, backups
from gateway.backup_file import BadBackup
from gateway.settings import load
from gateway.state import wire
from models.db import Database
from models.dumping import one_moment, snapshot
from tests.fakes import RecordingChannel, call
from tests.gateway.test_cli import ROOT, environment, huiyin, refused
from tests.gateway.test_first_key import no_second_name

BACKUP_KEY = "7c" * 32
SAID = (
    ("sms", "b1", "+8619900000001", "家里断粮两天了，孩子饿得直哭\n\t第二行 \\N \\. 完"),
    ("phone", "b2", "+8619900000002", "请问低保要带哪些材料"),
    ("chat", "b3", "c-1", "路灯坏了，晚上看不清路"),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory) -> Path:
    """A data directory with three requests, and keys."""
    data = tmp_path_factory.mktemp("filled")
    (data / "huiyin.env").write_text(
        f"HUIYIN_SECRET_KEY={'s' * 40}\nHUIYIN_DATABASE_KEY={'5a' * 32}\n"
        f"HUIYIN_BACKUP_KEY={BACKUP_KEY}\nHUIYIN_HOTLINE=望河12345\n",
        "utf-8",
    )
    rows = [
        {"channel": way, "external_id": mark, "sender": sender, "text": said}
        for way, mark, sender, said in SAID
    ]
    given = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    found = huiyin("replay", "-", data=data, given=given + "\n")
    assert (found.returncode, found.stderr) == (0, "")
    return data


@pytest.fixture(scope="module")
def backup(filled, tmp_path_factory) -> Path:
    """A backup of it."""
    path = tmp_path_factory.mktemp("safe") / "county.backup"
    found = huiyin("backup", str(path), data=filled)
    assert (found.returncode, found.stderr) == (0, "")
    assert backup_file.key_mark(bytes.fromhex(BACKUP_KEY)) in found.stdout
    return path


@pytest.fixture
def key_file(tmp_path) -> Path:
    path = tmp_path / "backup.key"
    path.write_text(f"{BACKUP_KEY}\n", "ascii")
    return path


@pytest.fixture
def empty_postgresql(postgresql):
    server = make_url(postgresql).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    name = f"restored_{os.getpid()}"
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def rows_of(url: str, key: str) -> dict[str, list]:
    """Every exported row, to be compared."""
    database = Database(url, key=key)
    with one_moment(database) as connection:
        found = {
            name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"')).all()))
            for name in snapshot(connection).counts
            if name not in ("process", "event", "ledger", "assurance")
        }
    database.close()
    return found


def exported(data: Path, **env: str) -> list[list[str]]:
    whats = ("contacts", "requests", "referrals", "clocks", "outbox", "households", "events")
    found = [huiyin("export", what, data=data, **env) for what in whats]
    assert [one.returncode for one in found] == [0] * len(whats)
    return [
        [line for line in one.stdout.splitlines() if not OURS & set(line.split('"'))]
        for one in found
    ]


OURS = {"backed_up", "restored", "exported"}
"""Entries that backup, restoring and this comparison's own exports add are no part of it."""


def test_an_empty_machine_is_whole_again_with_nothing_but_the_file_and_its_key(
    filled, backup, key_file, tmp_path
):
    fresh = tmp_path / "fresh"
    found = huiyin("restore", str(backup), "--key-file", str(key_file), data=fresh)
    assert (found.returncode, found.stderr) == (0, "")
    assert "restored and verified in" in found.stdout
    assert exported(fresh) == exported(filled)
    for what in ("intake", "ledger", "clocks"):
        held = huiyin("verify", what, data=fresh)
        assert (held.returncode, held.stderr) == (0, "")
    settings = load(fresh)
    assert settings.hotline == "望河12345"
    assert settings.secret_key == "s" * 40
    assert settings.database_key not in ("", "5a" * 32), "the new file has a key of its own"
    assert (fresh / "huiyin.env").stat().st_mode & 0o777 == 0o600
    again = huiyin("restore", str(backup), "--key-file", str(key_file), data=fresh)
    assert "already holds tables" in refused(again)


@pytest.mark.parametrize("name", ["SECRET_KEY", "FIELD_KEY"])
def test_a_machine_with_other_keys_of_its_own_is_left_empty_and_told_which(
    backup, key_file, tmp_path, name
):
    """Else it is restored and verified, and nobody's second factor, or no field, opens."""
    fresh = tmp_path / "fresh"
    fresh.mkdir(mode=0o700)
    file = fresh / "huiyin.env"
    own = f"HUIYIN_{name}={'9f' * 32}\n"
    file.write_text(own)
    said = refused(huiyin("restore", str(backup), "--key-file", str(key_file), data=fresh))
    assert f"HUIYIN_{name} of this machine is not the one" in said
    assert [one.name for one in fresh.iterdir()] == ["huiyin.env"]
    assert file.read_text() == own
    file.unlink()
    assert huiyin("restore", str(backup), "--key-file", str(key_file), data=fresh).returncode == 0


@pytest.mark.thorough
def test_a_backup_of_sqlite_becomes_postgresql_and_comes_back_the_same(
    filled, backup, key_file, empty_postgresql, tmp_path
):
    grown = tmp_path / "grown"
    given = {"DATABASE_URL": empty_postgresql}
    found = huiyin("restore", str(backup), "--key-file", str(key_file), data=grown, **given)
    assert (found.returncode, found.stderr) == (0, "")
    assert exported(grown, **given) == exported(filled)
    again = tmp_path / "again.backup"
    assert huiyin("backup", str(again), data=grown, **given).returncode == 0
    small = tmp_path / "small"
    back = huiyin("restore", str(again), "--key-file", str(key_file), data=small)
    assert (back.returncode, back.stderr) == (0, "")
    first, second = load(filled), load(small)
    mine, theirs = (rows_of(one.database, one.database_key) for one in (first, second))
    assert {name for name in mine if mine[name] != theirs[name]} == set()
    more = huiyin(
        "replay",
        "-",
        data=grown,
        given=json.dumps(
            {"channel": "sms", "external_id": "b9", "sender": "+8619900000009", "text": "停水了"},
            ensure_ascii=False,
        )
        + "\n",
        **given,
    )
    assert (more.returncode, more.stderr) == (0, ""), "counters go on behind what was restored"


def test_what_the_county_holds_cannot_be_read_from_the_file(backup):
    stored = backup.read_bytes()
    for said in ("断粮", "+8619900000001", "19900000001", "望河", "s" * 40):
        for encoding in ("utf-8", "utf-16-le", "gb18030"):
            assert said.encode(encoding) not in stored
    assert backup.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_half_a_backup_is_refused_and_leaves_an_empty_database(backup, key_file, tmp_path, share):
    half = tmp_path / "half.backup"
    stored = backup.read_bytes()
    half.write_bytes(stored[: int(len(stored) * share)])
    for option in ([], ["--check"]):
        found = huiyin(
            "restore", str(half), "--key-file", str(key_file), *option, data=tmp_path / "new"
        )
        assert "half.backup" in refused(found)
    whole = huiyin("restore", str(backup), "--key-file", str(key_file), data=tmp_path / "new")
    assert whole.returncode == 0, "nothing half stands in the way of the right file"


@pytest.mark.thorough
def test_every_changed_byte_is_noticed(backup, tmp_path):
    stored = bytearray(backup.read_bytes())
    key = bytes.fromhex(BACKUP_KEY)
    copy = tmp_path / "changed.backup"
    unnoticed = []
    for at in range(0, len(stored), max(1, len(stored) // 150)):
        stored[at] ^= 1
        copy.write_bytes(stored)
        stored[at] ^= 1
        try:
            backups.check(copy, key)
        except ValueError:
            continue
        unnoticed.append(at)
    assert unnoticed == []
    copy.write_bytes(stored)
    assert backups.check(copy, key).seq > 0


def test_pieces_that_are_cut_off_swapped_or_repeated_are_noticed(tmp_path):
    key, path = b"k" * 32, tmp_path / "long"
    frames = [os.urandom(backup_file.PIECE // 2) for _ in range(7)]
    backup_file.write(path, key, {}, frames)
    assert list(backup_file.frames_of(path, key)) == frames
    head, pieces = _pieces(path)
    assert len(pieces) == 4
    for wrong in (
        pieces[:3],
        pieces[:2] + pieces[3:],
        [pieces[1], pieces[0], *pieces[2:]],
        [*pieces, pieces[3]],
        [*pieces, pieces[0]],
        pieces[1:],
    ):
        path.write_bytes(head + b"".join(wrong))
        with pytest.raises(BadBackup):
            list(backup_file.frames_of(path, key))


def _pieces(path: Path) -> tuple[bytes, list[bytes]]:
    stored = path.read_bytes()
    start = len(backup_file.MAGIC)
    at = start + 4 + int.from_bytes(stored[start : start + 4])
    head, pieces = stored[:at], []
    while at < len(stored):
        end = at + 4 + int.from_bytes(stored[at : at + 4])
        pieces.append(stored[at:end])
        at = end
    return head, pieces


@pytest.mark.thorough
def test_another_key_no_key_and_no_backup_are_said_in_one_line(backup, filled, tmp_path):
    wrong = tmp_path / "wrong.key"
    wrong.write_text("00" * 32)
    found = huiyin("restore", str(backup), "--key-file", str(wrong), data=tmp_path / "new")
    assert "another key" in refused(found)
    assert "--key-file" in refused(huiyin("restore", str(backup), data=tmp_path / "new"))
    wrong.write_text("letters")
    found = huiyin("restore", str(backup), "--key-file", str(wrong), data=tmp_path / "new")
    assert "64 hex digits" in refused(found)
    notes = tmp_path / "notes.txt"
    notes.write_text("nothing")
    assert "no backup" in refused(huiyin("restore", str(notes), data=filled))
    assert "never overwrites" in refused(huiyin("backup", str(notes), data=filled))
    assert notes.read_text() == "nothing"


@pytest.mark.thorough
def test_a_backup_that_is_killed_leaves_nothing(filled, tmp_path):
    """Killed at the first and at a later moment: no file at all, and the next one succeeds."""
    path = tmp_path / "killed.backup"
    for pause in (0.0, 0.02):
        process = subprocess.Popen(
            [sys.executable, "-c", _SLOW, str(path), str(pause)],
            cwd=ROOT,
            env=environment(filled),
            stdout=subprocess.PIPE,
        )
        assert process.stdout.readline().strip() == b"writing"
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        assert list(tmp_path.iterdir()) == []
    assert huiyin("backup", str(path), data=filled).returncode == 0


_SLOW = """
import sys, time
from pathlib import Path
from gateway import backup_file
def frames():
    yield b"x" * 3_000_000
    print("writing", flush=True)
    time.sleep(60)
backup_file.write(Path(sys.argv[1]), b"k" * 32, {}, frames())
"""


def test_a_backup_goes_to_a_medium_that_knows_no_second_names(tmp_path, monkeypatch):
    """As exFAT is, the common one of portable disks: no file without a name, no link."""
    monkeypatch.delattr(os, "O_TMPFILE")
    monkeypatch.setattr(os, "link", no_second_name)
    key, path = b"k" * 32, tmp_path / "portable"
    backup_file.write(path, key, {}, [b"x"])
    assert list(backup_file.frames_of(path, key)) == [b"x"]
    with pytest.raises(FileExistsError):
        backup_file.write(path, key, {}, [b"y"])
    assert list(tmp_path.iterdir()) == [path]


def test_a_backup_sees_one_moment_while_messages_go_on(settings, now, tmp_path):
    channel = RecordingChannel()
    state = wire(settings, kind="test", now=now, channels={"recording": channel})
    key, path = b"k" * 32, tmp_path / "moment.backup"
    try:
        state.intake.receive(channel, call("m1", "家里断粮两天了"), now()).result()
        with one_moment(state.database) as connection:
            before = snapshot(connection)
            state.intake.receive(channel, call("m2", "路灯坏了"), now()).result()
            assert snapshot(connection) == before
        written = backups.write(settings, state.database, path, key, now())
        assert written.seq > before.seq
        assert backups.check(path, key).counts["contact"] == 2
    finally:
        state.close()


def test_the_schedule_keeps_days_weeks_and_months(tmp_path):
    start = datetime(2026, 1, 1, 19, 30, tzinfo=UTC)
    for day in range(400):
        (tmp_path / backups.name_of(start + timedelta(days=day))).touch()
    (tmp_path / "by-hand.backup").touch()
    for path in backups.surplus(tmp_path, "7,5,12"):
        path.unlink()
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert "by-hand.backup" in kept, "only what the schedule made is the schedule's to take away"
    days = [name for name in kept if name.startswith("huiyin-")]
    assert len(days) <= 7 + 5 + 12
    newest = [backups.name_of(start + timedelta(days=399 - n)) for n in range(7)]
    assert set(newest) <= set(days)
    assert len({name[7:13] for name in days}) >= 11, "a year of months"
    assert backups.surplus(tmp_path, "7,5,12") == []


@pytest.mark.parametrize("at", ["upgrade_to", "proofs", "enlist"])
@pytest.mark.thorough
def test_a_restore_that_is_killed_is_whole_when_it_is_run_again(
    filled, backup, key_file, tmp_path, at
):
    """Before its one commit, after it, and after the proofs."""
    fresh = tmp_path / "fresh"
    killed = subprocess.run(
        [sys.executable, "-c", _DIES, str(backup), BACKUP_KEY, at],
        cwd=ROOT,
        env=environment(fresh),
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    found = huiyin("restore", str(backup), "--key-file", str(key_file), data=fresh)
    assert (found.returncode, found.stderr) == (0, "")
    assert exported(fresh) == exported(filled)
    kept = (fresh / "huiyin.env").read_text("utf-8")
    assert kept.count("HUIYIN_DATABASE_KEY=") == 1
    again = huiyin("restore", str(backup), "--key-file", str(key_file), data=fresh)
    assert "already holds tables" in refused(again)


_DIES = """
import os, signal, sys
from pathlib import Path
from gateway import backups
from gateway.settings import utc_now
def die(*_given):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(backups, sys.argv[3], die)
backups.restore(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), utc_now)
"""
