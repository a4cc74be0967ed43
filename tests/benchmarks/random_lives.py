"""Many random lives, and many orders that nobody wants: does a promise of the life cycle break?

python -m tests.benchmarks.random_lives [--steps 100000] [--life 1000] [--seed 1]
python -m tests.benchmarks.random_lives --referrals 10000

Each life is a county of its own on SQLite with its own seed; every act is checked (``tests.referral
.lives``). A life that breaks a promise is named with its step and seed, and the others go on; then
the exit status is 1. ``--referrals`` gives orders instead that are returned, disputed, reassigned,
left unsigned while days pass, and whose bureaus are dissolved: never without a holder, never due
anew. CPU time is that of this process.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from gateway import county
from gateway.settings import Settings
from gateway.state import State, wire
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


def main() -> int:
    """Live, count, say."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--steps", type=int, default=100_000)
    arguments.add_argument("--life", type=int, default=1000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--referrals", type=int, default=0)
    given = arguments.parse_args()
    busy, tally = time.process_time(), Tally()
    root = Path(tempfile.mkdtemp(prefix="huiyin-lives-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        template = root / "template.db"
        _fill(template)
        kind = Unwanted if given.referrals else Life
        while tally.referrals < given.referrals if given.referrals else tally.steps < given.steps:
            one(kind, root, template, given.seed + tally.lives, given.life, tally)
    finally:
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


def one(kind: type[Life], root: Path, template: Path, seed: int, steps: int, tally: Tally) -> None:
    """One life, from a fresh county to its end."""
    now = Clock(BEGINNING)
    with _state(root, template, now) as state:
        life = kind(state, now, seed)
        try:
            live(life, steps)
        except AssertionError as error:
            tally.broken.append(str(error))
            print(str(error)[:600], file=sys.stderr, flush=True)
        tally.add(life)
        life.close()
    print(f"seed {seed}: {life.done} done, {life.refused} refused", flush=True)


def _fill(path: Path) -> None:
    database = Database(f"sqlite:///{path}", key=KEY)
    upgrade(database)
    with acting(database, enlist(database, "seed", BEGINNING)) as tx:
        county.seed_demo(tx, "", BEGINNING)
    database.close()


@contextmanager
def _state(root: Path, template: Path, now: Clock) -> Iterator[State]:
    folder = Path(tempfile.mkdtemp(dir=root))
    for file in template.parent.glob(f"{template.name}*"):
        shutil.copy(file, folder / file.name.replace("template", "huiyin"))
    settings = Settings(
        data_dir=folder, database_url=f"sqlite:///{folder / 'huiyin.db'}", database_key=KEY,
        secret_key="s" * 32, channels="console",
    )  # fmt: skip
    state = wire(settings, kind="bench", now=now, channels={"recording": RecordingChannel()})
    try:
        yield state
    finally:
        state.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
