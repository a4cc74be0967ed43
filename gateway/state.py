"""What a running process has: wired once, handed on, never a global."""

import ctypes
import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram
from sqlalchemy import Engine, select
from sqlmodel import col

from channels import Channel, ChannelSettings, load
from gateway import frozen, one_secret
from gateway import settings as settings_of
from gateway.intake import Intake
from gateway.offices import Offices, Rules, changed
from gateway.settings import BadSettings, Settings
from models.db import Database
from models.ids import Mint
from models.keyring import Keyring, ring_of
from models.messages import Outcome
from models.migrations import is_current
from models.places import Staff
from models.processes import enlist
from models.sealed import hang
from models.transaction import acting
from models.writer import Writer

_M_ARENA_MAX = -8  # the number that malloc.h gives to this option
_ARENAS = 2


REFUSED = (
    "signature", "session", "right", "password", "second_factor", "code", "bind_code", "pause",
)  # fmt: skip
"""What calls are refused for; ``pause`` while somebody has to wait."""


class Counts:
    """The figures of ``/metrics``; no label can name a person."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._received = Counter(
            "huiyin_calls", "Calls answered", ["channel", "result"], registry=self.registry
        )
        self._seconds = Histogram(
            "huiyin_intake_seconds",
            "From a call's arrival to its commit",
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self.registry,
        )
        self._refused = Counter(
            "huiyin_refusals",
            "Calls that were refused: a signature that does not fit, no session, no right, a guess",
            ["what"],
            registry=self.registry,
        )
        for what in REFUSED:  # a counter that begins with its first counts shows no increase
            self._refused.labels(what)
        self._children: dict[tuple[str, str], Counter] = {}

    def refused(self, what: str) -> None:
        """Count one refusal of what is named in ``REFUSED``."""
        self._refused.labels(what).inc()

    def received(self, channel: str, outcome: Outcome, seconds: float | None = None) -> None:
        """Count one answered call, which took so long to keep, and what was guessed in it."""
        if outcome.refused:
            self.refused(outcome.refused)
        if seconds is not None:
            self._seconds.observe(seconds)
        result = "duplicate" if outcome.duplicate else "held" if outcome.held else "kept"
        child = self._children.get((channel, result))
        if child is None:
            child = self._children[channel, result] = self._received.labels(channel, result)
        child.inc()


@dataclass(slots=True)
class State:
    """One process: its settings, database, channels, rules and the path itself."""

    settings: Settings
    database: Database
    mint: Callable[[], int]
    channels: Mapping[str, Channel]
    offices: Offices
    intake: Intake
    now: Callable[[], datetime]
    counts: Counts = field(default_factory=Counts)
    unwritten: Callable[[], int] = lambda: 0
    """How many steps of an invented history are still to come; none outside the demonstration."""

    def close(self) -> None:
        """Finish what waits, give back the database."""
        self.intake.close()
        self.database.close()


def open_database(settings: Settings, engine: Engine | None = None) -> Database:
    """The database of these settings, with what opens its sealed fields."""
    database = Database(settings.database, key=settings.database_key, engine=engine)
    keys = settings.field_keys
    hang(database.engine.dialect, Keyring(database.engine, keys) if keys else None)
    return database


def seal_from_now_on(settings: Settings, database: Database, mint: Mint, now: datetime) -> None:
    """Make the first key of the fields where they are to be sealed and are not yet. Of processes
    that start at once one makes it."""
    if not settings.seals_fields:
        return
    settings.require_field_key()
    with acting(database, mint) as tx:
        if (ring := ring_of(tx.connection)) and not ring.seals:
            ring.mint(tx.connection, settings.field_cipher, now)


def open_current(settings: Settings) -> Database:
    """The database of these settings, or ``BadSettings`` when it was never made or is behind. A
    file that is not there is not made: it would be one without a key."""
    file = settings.database_file
    if file is not None and not file.exists():
        raise BadSettings(f"there is no database in {file.parent}; run 'huiyin migrate' first")
    database = open_database(settings)
    try:
        if is_current(database):
            return database
    except BaseException:
        database.close()
        raise
    database.close()
    raise BadSettings("the database is not up to date; run 'huiyin migrate' first")


def require_somebody(database: Database) -> None:
    """Raise ``BadSettings`` where there was never anybody who could answer: every message would
    be kept, and wait where nobody looks."""
    with database.read() as session:
        if session.connection().execute(select(col(Staff.login)).limit(1)).first() is None:
            raise BadSettings(
                "nobody is there who could answer a message; make the first account with "
                "'huiyin users add NAME --role administrator'"
            )


def wire(
    settings: Settings,
    *,
    kind: str,
    now: Callable[[], datetime] = settings_of.utc_now,
    channels: Mapping[str, Channel] | None = None,
    rules: Rules | None = None,
    engine: Engine | None = None,
) -> State:
    """Wire one process on a database that is up to date; ``engine`` as of ``Database``.

    Raises BadSettings or ValueError in one sentence, ``Busy`` when the database is away.
    """
    rules = rules or Rules.load(settings.profile, settings.profile_dir)
    if channels is None:
        channels = load(settings.channel_names, channel_settings(settings, rules))
    database = open_database(settings, engine)
    database.require_safe()
    one_secret.require_same(database, settings)
    mint = enlist(database, kind, now())
    seal_from_now_on(settings, database, mint, now())
    offices = Offices(database, settings, rules, channels, now)
    frozen.keep(database, mint, offices.current().policy, changed)
    offices.refresh()

    def writer(**jobs: object) -> Writer:  # type: ignore[type-arg]
        return Writer(database, mint, **jobs)  # type: ignore[arg-type]

    intake = Intake(writer, channels, offices.current)
    return State(settings, database, mint, channels, offices, intake, now)


def settle() -> None:
    """Spare the collector what stays for ever (rules, automata, tables): half of its work. A page
    leaves a thousand objects in circles; it waits 5 ms for 5,000 of them, 30 ms for 20,000. Who had
    it rest until here is not made to wait for what little went to waste meanwhile."""
    _share_arenas()
    if gc.isenabled():
        gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(5_000, 50, 100)


def _share_arenas() -> None:
    """Let all threads take their memory from a few places. glibc has eight for each core, and what
    one thread gave back in its own no other can use: a process grows for hours without need."""
    if (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is not None:  # glibc only
        mallopt(_M_ARENA_MAX, _ARENAS)


def channel_settings(settings: Settings, rules: Rules) -> ChannelSettings:
    """What the channels are given."""
    return ChannelSettings(
        public_url=settings.public_url.rstrip("/"),
        operator_number=settings.operator_number,
        env=settings.env,
        say=rules.phrases.say,
    )
