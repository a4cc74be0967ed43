"""The office in force: rules from files, units and rosters from the database, rebuilt on change."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import starmap
from pathlib import Path
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, select
from sqlmodel import Session, col

from channels import Channel
from gateway import frozen, overlay
from gateway.overlay import Change, Overlay
from gateway.settings import Settings, derived, utc_now
from models.counters import Counter
from models.db import Busy, Database
from models.kin import NearRelative
from models.phrases import Phrasebook
from models.places import AreaRow, Duty, Staff, UnitRow
from models.transaction import Transaction
from models.vocabulary import Form
from referral.areas import Area, Gazetteer
from referral.directory import ZONE, Directory, Officer, Place, Relative, Shift, Unit
from referral.office import Office, Way
from referral.policy import Policy, load_policy
from triage.opinion import BadModel, Model
from triage.policy import SignalPolicy, load_signals

DIRECTORY = "directory"
"""The counter that goes up with every change of areas, units, staff, rosters or rules."""

Value = TypeVar("Value")

LOOK_AGAIN_SECONDS = 2.0
"""So long a process may go on by a directory that another one has changed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What is read from files, once, at start."""

    policy: Policy
    signals: SignalPolicy
    phrases: Phrasebook
    folder: Path | None = None

    @classmethod
    def load(cls, profile: str, overlay: Path | None = None) -> "Rules":
        """The rules of a profile; ``overlay`` is a county's own folder (HUIYIN_PROFILE_DIR).

        Raises ValueError with one sentence naming the file.
        """
        if overlay is None:
            return _shipped(profile)
        signals = overlay / "signals" if (overlay / "signals").is_dir() else None
        phrases = overlay / "locales" if (overlay / "locales").is_dir() else None
        policy = load_policy(profile, overlay)
        return cls(policy, load_signals(signals), Phrasebook.load(phrases), overlay)


def load_model(path: Path) -> Model:
    """What ``huiyin learn`` wrote. Raises ``BadModel`` in one sentence naming the file."""
    try:
        if not path.is_file():
            raise BadModel("there is no such file; make a model with 'huiyin learn'")
        return Model.from_json(orjson.loads(path.read_bytes()))
    except orjson.JSONDecodeError:
        raise BadModel(f"{path}: this is no model; make one with 'huiyin learn'") from None
    except BadModel as error:
        raise BadModel(f"{path}: {error}") from None


@lru_cache(maxsize=8)
def _shipped(profile: str) -> Rules:
    """The rules as they are shipped never change while a process runs."""
    return Rules(load_policy(profile), load_signals(), Phrasebook.load())


class Offices:
    """Holds the office in force; ``refresh`` looks whether directory or rules have changed."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        rules: Rules,
        channels: Mapping[str, Channel],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._rules = rules
        self._ways = ways(channels)
        self._now = now
        self._model = load_model(settings.model) if settings.model else None
        self._version: tuple[int, date] | None = None
        self._changes: tuple[Change, ...] = ()
        self._policy = rules.policy
        self._office: Office | None = None
        self._look_at = 0.0
        self.overlay = Overlay(rules.policy, rules.folder)
        self.left_out: tuple[tuple[int, str], ...] = ()
        """Accepted changes that no longer fit the files, each with the reason."""

    def current(self) -> Office:
        """The office in force, looked after every few seconds: a web process has no ticks."""
        if self._office is None:
            return self.refresh()
        if time.monotonic() < self._look_at:
            return self._office
        try:
            return self.refresh()
        except Busy:
            return self._office  # what was in force a moment ago is better than no answer

    def forget(self) -> None:
        """Look after the directory at the next question, not some seconds later."""
        self._look_at = 0.0

    def refresh(self) -> Office:
        """Rebuild the office if somebody changed the directory or a rule, or a rule's day came."""
        self._look_at = time.monotonic() + LOOK_AGAIN_SECONDS
        today = self._now().astimezone(ZONE).date()
        with self._database.read() as session:
            version = directory_version(session), today
            if self._office is not None and version == self._version:
                return self._office
            directory, gazetteer = read_directory(session)
            ladders = frozen.read(session)
            changes = overlay.accepted(session.connection(), today)
        if changes != self._changes:
            self._policy, self.left_out = self.overlay.over(changes)
            self._changes = changes
        self._office = Office(
            policy=self._policy.on(today),
            signals=self._rules.signals,
            directory=directory,
            gazetteer=gazetteer,
            phrases=self._rules.phrases,
            hotline=self._settings.hotline,
            ways=self._ways,
            ladders=ladders,
            callback_url=self._settings.public_url.rstrip("/"),
            guessing_key=derived(self._settings.secret_key, "guessing"),
            model=self._model,
        )
        self._version = version
        return self._office


def ways(channels: Mapping[str, Channel]) -> dict[str, Way]:
    """Which channel reaches which kind of address. SMS before any other for telephones; what no
    channel of ours reaches is said by the console, which only records."""
    found: dict[str, Way] = {}
    for name, channel in channels.items():
        if not channel.pushes:
            continue
        if channel.address_kind not in found or name == "sms":
            found[channel.address_kind] = Way(name, channel.address_kind, channel.form)
    if "console" in channels:
        for kind in ("tel", "telegram", "chat"):
            form = Form.SMS if kind == "tel" else Form.FULL
            found.setdefault(kind, Way("console", kind, form))
    return found


def changed(tx: Transaction) -> None:
    """Say that areas, units, staff or rosters have changed; every process sees it at a tick."""
    tx.count(DIRECTORY)


def directory_version(session: Session) -> int:
    """How often the directory has changed."""
    found = session.connection().execute(
        select(col(Counter.value)).where(col(Counter.name) == DIRECTORY)
    )
    return found.scalar() or 0


def read_directory(session: Session) -> tuple[Directory, Gazetteer]:
    """Areas, units, staff and rosters as values. Disabled accounts hold nothing."""
    rows = _columns(session, AreaRow, "code", "kind", "name", "parent", "aliases", "centre")
    areas = [
        Area(code, kind, name, parent, tuple(aliases), *(centre or (None, None)))
        for code, kind, name, parent, aliases, centre in rows
    ]
    places = [Place(code, kind, name, parent) for code, kind, name, parent, *_ in rows]
    directory = Directory(
        _values(session, UnitRow, Unit),
        _values(session, Staff, Officer, col(Staff.disabled_at).is_(None)),
        _values(session, Duty, Shift),
        tuple(places),
        _values(session, NearRelative, Relative, col(NearRelative.ended_at).is_(None)),
    )
    return directory, _gazetteer(tuple(areas))


@lru_cache(maxsize=2)
def _gazetteer(areas: tuple[Area, ...]) -> Gazetteer:
    """Rosters and staff change every day, the map of the county hardly ever."""
    return Gazetteer(areas)


def _values(
    session: Session, table: Any, kind: type[Value], *where: ColumnElement[bool]
) -> tuple[Value, ...]:
    """The rows as values, of which each field is a column: opening more costs more than reading."""
    names = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    return tuple(starmap(kind, _columns(session, table, *names, where=where)))


def _columns(
    session: Session, table: Any, *names: str, where: Sequence[ColumnElement[bool]] = ()
) -> Sequence[Any]:
    columns = table.__table__.columns
    wanted = [columns[name] for name in names]
    key = next(iter(table.__table__.primary_key))
    return session.connection().execute(select(*wanted).where(*where).order_by(key)).all()
