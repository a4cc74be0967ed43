"""The queue of the desk with very many open requests: what a page costs the server.

python -m tests.benchmarks.desk_queue [--rows 100000] [--pages 60] [--url postgresql+psycopg://…]
[--folder FOLDER]

One real request is entered by the real path and its rows are multiplied, with levels, states, due
times and holders spread as in a busy county. Each page is asked for as a browser does, session and
rendering included. Wall time tells what an operator waits for, CPU time (that of a PostgreSQL on
this machine counted in) what the page costs where others use the machine too. The plan of each tab
is printed before. With --folder the database is kept there and used again; one with --url is used
again when it has requests.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, func, insert, inspect, select, text
from sqlalchemy.dialects import postgresql, sqlite

from gateway import views
from gateway.access import Actor
from gateway.settings import Settings
from gateway.state import State, settle, wire
from gateway.web.queue import TABS
from models import numbers
from models.clocks import Clock
from models.db import Database
from models.migrations import upgrade
from models.requests import Contact, HelpRequest, queue_key
from models.vocabulary import Level, Role, Status
from tests.conftest import KEY, WEDNESDAY, _fill
from tests.conftest import Clock as Watch
from tests.fakes import RecordingChannel
from tests.gateway.people import FOOD, application, said, signed_in

BATCH = 2_000
_LEVELS = [*[Level.STANDARD] * 12, *[Level.CONSULTATION] * 5, Level.PRIORITY, Level.URGENT]
_STATES = [*[Status.DISPATCHED] * 6, *[Status.IN_PROGRESS] * 8, Status.RESULT_REPORTED]


def house(
    folder: Path,
    url: str = "",
    *,
    address: str = "https://hotline.example",
    now: Callable[[], datetime] | None = None,
) -> tuple[State, Callable[[], datetime]]:
    """A wired process on a database with the invented county."""
    where = url or f"sqlite:///{folder / 'huiyin.db'}"
    key = "" if url else KEY
    if url:
        _fill_once(url)
    elif not (folder / "huiyin.db").exists():
        _fill(Database(where, key=key))
    settings = Settings(
        data_dir=folder,
        database_url=where,
        database_key=key,
        secret_key="benchmark-secret-" * 3,
        hotline="望河12345",
        public_url=address,
    )
    watch = now or Watch()
    state = wire(settings, kind="test", now=watch, channels={"recording": RecordingChannel()})
    return state, watch


def _fill_once(url: str) -> None:
    database = Database(url)
    there = inspect(database.engine).has_table(HelpRequest.__tablename__)
    if there:
        upgrade(database)
        database.close()
    else:
        _fill(database)


def _open_requests(state: State) -> int:
    with state.database.read() as session:
        counted = select(func.count()).select_from(_t(HelpRequest))
        return int(session.connection().execute(counted).scalar_one())


def multiply(state: State, rows: int) -> None:
    """As many open requests, each with its words and its clocks."""
    said(state, "first", FOOD)
    dice = random.Random(12345)
    with state.database.read() as session:
        connection = session.connection()
        one = {
            table: [dict(row) for row in connection.execute(table.select()).mappings()]
            for table in (_t(HelpRequest), _t(Contact), _t(Clock))
        }
    places = [place.code for place in state.offices.current().directory.places]
    made = iter(range(rows))
    while batch := [at for _, at in zip(range(BATCH), made, strict=False)]:
        new: dict[Any, list[dict[str, Any]]] = {table: [] for table in one}
        for at in batch:
            for table, row in _copies(state, one, at, dice, places):
                new[table].append(row)
        with state.database.write() as connection:
            for table, added in new.items():
                connection.execute(insert(table), added)
    with state.database.write() as connection:
        connection.execute(text("ANALYZE"))


def _copies(
    state: State, one: Any, at: int, dice: random.Random, places: list[str]
) -> Iterator[tuple[Any, dict[str, Any]]]:
    request_id, level = state.mint(), dice.choice(_LEVELS)
    due = WEDNESDAY + timedelta(hours=dice.choice([-30, -2, 1, 3, *range(20, 400)]))
    confirmed = dice.random() > 0.2
    operator = f"op{dice.randrange(1, 10):02d}"
    yield (
        _t(HelpRequest),
        one[_t(HelpRequest)][0]
        | {
            "id": request_id,
            "number": numbers.number(
                WEDNESDAY.date() + timedelta(days=1 + at // 90_000), at % 90_000
            ),
            "level": level,
            "status": dice.choice(_STATES) if confirmed else Status.DISPATCHED,
            "confirmed_at": WEDNESDAY if confirmed else None,
            "queue_key": queue_key(level.rank, due, request_id),
            "area": dice.choice(places),
            "first_responder": operator,
            "holder_person": operator if not confirmed else "civil_affairs.1",
        },
    )
    yield (
        _t(Contact),
        one[_t(Contact)][0]
        | {
            "id": state.mint(),
            "request_id": request_id,
            "external_id": f"copy-{at}",
        },
    )
    for nth, clock in enumerate(one[_t(Clock)]):
        yield (
            _t(Clock),
            clock
            | {
                "id": state.mint(),
                "request_id": request_id,
                "referral_id": None,
                "due_at": due + timedelta(hours=nth),
                "stopped_at": None if nth < 3 else WEDNESDAY,
                "next_at": None,
            },
        )


def _t(model: Any) -> Any:
    return model.__table__


def measure(state: State, pages: int) -> dict[str, dict[str, float]]:
    """Of each tab the pages' times in ms and the number of queries."""
    caller = signed_in(state, application(state), "op01")
    counted = [0]
    event.listen(
        state.database.engine,
        "before_cursor_execute",
        lambda *_: counted.__setitem__(0, counted[0] + 1),
    )
    found = {}
    for tab in TABS:
        caller.get(f"/desk?tab={tab}")
    spent = _spent(state)
    settle()  # as a server does before it serves
    for tab in TABS:
        wall, cpu = [], []
        counted[0] = 0
        for _ in range(pages):
            begun, used = time.perf_counter(), spent()
            answer = caller.get(f"/desk?tab={tab}")
            wall.append((time.perf_counter() - begun) * 1000)
            cpu.append((spent() - used) * 1000)
            assert answer.status_code == 200
        found[tab] = {
            "p50": sorted(wall)[len(wall) // 2],
            "p99": sorted(wall)[int(len(wall) * 0.99)],
            "cpu": sorted(cpu)[len(cpu) // 2],
            "cpu99": sorted(cpu)[int(len(cpu) * 0.99)],
            "queries": counted[0] / pages,
        }
    return found


def _spent(state: State) -> Callable[[], float]:
    """Tells the seconds of CPU that this process has used, and with it the processes by which a
    PostgreSQL on this machine serves us."""
    if state.database.is_sqlite:
        return time.process_time
    asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    with state.database.read() as session:
        pids = session.connection().execute(text(asked)).scalars().all()
    files = [file for pid in pids if (file := Path(f"/proc/{pid}/schedstat")).exists()]

    def spent() -> float:
        return time.process_time() + sum(int(file.read_text().split()[0]) for file in files) / 1e9

    return spent


def plans(state: State) -> dict[str, str]:
    """How the database goes through each tab."""
    actor = Actor("op01", Role.OPERATOR, "hotline", "W")
    office, now = state.offices.current(), state.now()
    dialect = sqlite.dialect() if state.database.is_sqlite else postgresql.dialect()
    explain = "EXPLAIN QUERY PLAN " if state.database.is_sqlite else "EXPLAIN "
    found = {}
    with state.database.read() as session:
        for tab in TABS:
            by = views.ways(tab, actor, office, now)
            query = views.merged_ids(actor, office, by, limit=51, now=now)
            words = query.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
            rows = session.connection().exec_driver_sql(explain + str(words)).all()
            found[tab] = " | ".join(str(row[-1]).strip() for row in rows)
    return found


def main() -> None:
    """Print a line a tab."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--pages", type=int, default=60)
    options.add_argument("--url", default="")
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as away:
        folder = chosen.folder or Path(away)
        folder.mkdir(parents=True, exist_ok=True)
        state, _ = house(folder, chosen.url)
        if not _open_requests(state):
            multiply(state, chosen.rows)
        for tab, plan in plans(state).items():
            print(f"{tab:11} {plan}")
        print(f"\n{chosen.rows} open requests, {chosen.pages} pages a tab")
        for tab, times in measure(state, chosen.pages).items():
            print(
                f"{tab:11} p50 {times['p50']:6.1f} ms   p99 {times['p99']:6.1f} ms   "
                f"CPU p50 {times['cpu']:6.1f} ms   p99 {times['cpu99']:6.1f} ms   "
                f"{times['queries']:.0f} queries"
            )
        state.close()


if __name__ == "__main__":
    main()
