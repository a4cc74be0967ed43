"""The office in force: rules from files, units and rosters from the database, rebuilt on change."""

import dataclasses
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from channels import Channel
from gateway import frozen
from gateway.settings import Settings, derived
from models.counters import Counter
from models.db import Database
from models.kin import NearRelative
from models.phrases import Phrasebook
from models.places import AreaRow, Duty, Staff, UnitRow
from models.transaction import Transaction
from models.vocabulary import Form
from referral.areas import Area, Gazetteer
from referral.directory import Directory, Officer, Place, Relative, Shift, Unit
from referral.office import Office, Way
from referral.policy import Policy, load_policy
from triage.opinion import BadModel, Model
from triage.policy import SignalPolicy, load_signals

DIRECTORY = "directory"
"""The counter that goes up with every change of areas, units, staff or rosters."""


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What is read from files, once, at start."""

    policy: Policy
    signals: SignalPolicy
    phrases: Phrasebook

    @classmethod
    def load(cls, profile: str, overlay: Path | None = None) -> "Rules":
        """The rules of a profile; ``overlay`` is a county's own folder (HUIYIN_PROFILE_DIR).

        Raises ValueError with one sentence naming the file.
        """
        if overlay is None:
            return _shipped(profile)
        signals = overlay / "signals" if (overlay / "signals").is_dir() else None
        phrases = overlay / "locales" if (overlay / "locales").is_dir() else None
        return cls(load_policy(profile, overlay), load_signals(signals), Phrasebook.load(phrases))


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
    """Holds the office in force; ``refresh`` looks whether the directory has changed."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        rules: Rules,
        channels: Mapping[str, Channel],
    ) -> None:
        self._database = database
        self._settings = settings
        self._rules = rules
        self._ways = ways(channels)
        self._model = load_model(settings.model) if settings.model else None
        self._version: int | None = None
        self._office: Office | None = None

    def current(self) -> Office:
        """The office in force; read from the database the first time."""
        return self._office or self.refresh()

    def refresh(self) -> Office:
        """Rebuild the office if somebody changed the directory."""
        with self._database.read() as session:
            version = directory_version(session)
            if self._office is not None and version == self._version:
                return self._office
            directory, gazetteer = read_directory(session)
            ladders = frozen.read(session)
        self._version = version
        self._office = Office(
            policy=self._rules.policy,
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
    rows = _rows(session, AreaRow)
    areas = [
        Area(
            row.code,
            row.kind,
            row.name,
            row.parent,
            tuple(row.aliases),
            *(row.centre or (None, None)),
        )
        for row in rows
    ]
    units = [
        Unit(
            row.code,
            row.name_zh,
            row.name_en,
            row.authority,
            row.area,
            row.parent,
            row.public_phone,
            row.duty_phone,
            row.valid_from,
            row.valid_until,
            row.successor,
        )
        for row in _rows(session, UnitRow)
    ]
    officers = [
        Officer(row.login, row.name, row.role, row.unit, row.area, row.phone)
        for row in _rows(session, Staff)
        if row.disabled_at is None
    ]
    shifts = [
        Shift(
            row.unit,
            row.login,
            row.from_minute,
            row.to_minute,
            row.weekdays,
            row.starts_on,
            row.ends_on,
        )
        for row in _rows(session, Duty)
    ]
    places = [Place(row.code, row.kind, row.name, row.parent) for row in rows]
    relatives = [
        Relative(row.login, row.name, row.relation)
        for row in _rows(session, NearRelative)
        if row.ended_at is None
    ]
    directory = Directory(
        tuple(units), tuple(officers), tuple(shifts), tuple(places), tuple(relatives)
    )
    return directory, Gazetteer(areas)


def _rows(session: Session, table: Any) -> list[Any]:
    key = next(iter(table.__table__.primary_key))
    return list(session.connection().execute(select(*table.__table__.columns).order_by(key)))
