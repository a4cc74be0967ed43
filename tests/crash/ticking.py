"""Two that tick on one database are killed again and again while the time of day jumps: each step
of each clock is taken once, none is missed."""

import json
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from gateway.clock_audit import audit
from gateway.settings import Settings
from gateway.state import State, wire
from gateway.sweeping import Sweep
from models.clocks import Clock
from models.db import Busy
from models.events import Event
from referral import auditing
from tests.crash.processes import KEY, SAID
from tests.fakes import RecordingChannel, call
from tests.nursery import nursery

BEGINNING = datetime(2026, 9, 7, 1, 0, tzinfo=UTC)
PATIENCE = timedelta(minutes=5)
JUMPS = {
    "on an hour": timedelta(hours=1),
    "on a working day": timedelta(days=1),
    "on ten days": timedelta(days=10),
    "back an hour": timedelta(hours=-1),
    "back a day": timedelta(days=-1),
    "slewed": timedelta(seconds=40),
}
OFTEN = (40, 5, 1, 20, 4, 30)
"""How often each: a reminder that repeats every half hour has many a day."""


@dataclass
class Trial:
    """One database and what its tickers believe the time to be."""

    url: str
    folder: Path
    chance: random.Random
    jumps: Counter[str] = field(default_factory=Counter)
    kills: int = 0

    def __post_init__(self) -> None:
        self._at = self.folder / "time"
        self._farthest = BEGINNING
        self._set(BEGINNING)

    def fill(self, requests: int) -> None:
        """Requests by the one path, all at the beginning."""
        with self._wired() as state:
            channel = state.channels["recording"]
            calls = [
                call(f"r{n}", SAID[n % len(SAID)], f"+86199{n * 4999 % 10**8:08d}")
                for n in range(requests)
            ]
            taken = [state.intake.receive(channel, one, BEGINNING) for one in calls]
            for one in taken:
                one.result(120)

    def run(self, kills: int) -> Counter[tuple[str, int]]:
        """Kill and jump; how often each step was taken. Raises AssertionError for a step that was
        missed, or taken twice."""
        tickers = [self._start(), self._start()]
        try:
            while self.kills < kills:
                time.sleep(self.chance.uniform(0.02, 0.3))
                self._jump()
                at = self.chance.randrange(2)
                tickers[at].kill()
                tickers[at].join()
                self.kills += 1
                tickers[at] = self._start()
        finally:
            for ticker in tickers:
                ticker.kill()
                ticker.join()
        self._set(self._farthest + timedelta(hours=1))
        with self._wired() as state:
            sweep = Sweep(state.database, state.mint, state.offices.current)
            while sweep.round(self._now()):
                pass
            with state.database.read() as session:
                found = audit(session, state.offices.current(), self._now(), PATIENCE)
                assert found.faults == [], found.faults[:5]
                taken = _taken(session)
                clocks = len(session.scalars(select(col(Clock.id))).all())
        twice = {step: count for step, count in taken.items() if count > 1}
        assert not twice, f"{len(twice)} steps were taken more than once"
        assert clocks
        assert found.steps == len(taken), "each step that was due was taken"
        return taken

    def _start(self) -> "multiprocessing.process.BaseProcess":
        ticker = nursery().Process(target=_tick, args=(self,), daemon=True)
        ticker.start()
        return ticker

    def _jump(self) -> None:
        (name,) = self.chance.choices(list(JUMPS), OFTEN)
        self.jumps[name] += 1
        self._set(self._now() + JUMPS[name])
        self._farthest = max(self._farthest, self._now())

    def _set(self, at: datetime) -> None:
        new = self._at.with_suffix(".new")
        new.write_text(at.isoformat())
        new.rename(self._at)

    def _now(self) -> datetime:
        return datetime.fromisoformat(self._at.read_text())

    @contextmanager
    def _wired(self) -> Iterator[State]:
        sqlite = self.url.startswith("sqlite")
        settings = Settings(
            data_dir=self.folder, database_url=self.url, database_key=KEY if sqlite else "",
            field_key="3e" * 32, secret_key="s" * 32, channels="console",
        )  # fmt: skip
        channels = {"recording": RecordingChannel()}
        state = wire(settings, kind="trial", now=self._now, channels=channels)
        try:
            yield state
        finally:
            state.close()


def _tick(trial: Trial) -> None:
    """A process that sweeps until it is killed."""
    with trial._wired() as state:
        sweep = Sweep(state.database, state.mint, state.offices.current)
        while True:
            try:
                if not sweep.round(trial._now()):
                    time.sleep(0.02)
            except Busy:
                time.sleep(0.05)
            sys.stdout.flush()


def _taken(session: object) -> Counter[tuple[str, int]]:
    events = session.scalars(select(Event).where(col(Event.kind).in_(auditing.STEPS)))  # type: ignore[attr-defined]
    return Counter(
        (detail["clock_id"], index)
        for event in events
        for detail in [json.loads(event.detail)]
        for index in detail["steps"]
    )
