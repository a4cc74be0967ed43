"""The seven steps of a first run, and whether each is done: read from what is there, never ticked
off by hand. The sixth and seventh stay true only as long as they are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlmodel import col

from gateway import access, foresight
from models.households import Household
from models.places import AreaRow, Staff
from referral.directory import ZONE
from referral.office import Office

ENOUGH = 2
"""So many people must be able to sign in who may decide a change of rules."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there yet: a ``unit`` or an ``authority`` by its code, and when."""

    what: str
    code: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``missing`` is what is not there yet, ``count`` what is."""

    code: str
    done: bool
    count: int
    missing: tuple[Missing, ...] = ()


def steps(connection: Any, office: Office, now: datetime) -> tuple[Step, ...]:
    """All seven, in the order in which they are best done."""
    return (
        _areas(connection),
        _units(office, now),
        _people(office, now),
        _rosters(office, now),
        _deciders(connection),
        _registry(connection),
        _lines(office),
    )


def _areas(connection: Any) -> Step:
    inside = col(AreaRow.parent).is_not(None)
    count = connection.execute(select(func.count()).select_from(AreaRow).where(inside)).scalar()
    return Step("areas", count > 0, count)


def _units(office: Office, now: datetime) -> Step:
    """Every authority that leads by the routes in force has a unit with a telephone of its duty."""
    today = now.astimezone(ZONE).date()
    leads = {row.lead for row in office.policy.routes if row.in_force(today)}
    missing = []
    for code in sorted(leads):
        unit = office.directory.responsible(code, None, today)
        if unit is None or not unit.duty_phone:
            missing.append(Missing("authority", code))
    return Step("units", not missing, len(leads) - len(missing), tuple(missing))


def _people(office: Office, now: datetime) -> Step:
    """Every unit that serves has somebody."""
    today = now.astimezone(ZONE).date()
    peopled = {officer.unit for officer in office.directory.officers}
    serving = [unit for unit in office.directory.units if unit.serves_on(today)]
    missing = tuple(Missing("unit", unit.code) for unit in serving if unit.code not in peopled)
    return Step("people", bool(serving) and not missing, len(serving) - len(missing), missing)


def _rosters(office: Office, now: datetime) -> Step:
    gaps = foresight.holes(office, now)
    missing = tuple(Missing("unit", gap.unit, foresight.said(gap)) for gap in gaps)
    shifts = len(office.directory.shifts)
    return Step("rosters", shifts > 0 and not missing, shifts, missing)


def _deciders(connection: Any) -> Step:
    """Two people with a password who may decide about rules: one of them proposes."""
    roles = sorted(access.RIGHTS["decide_rule"])
    rows = connection.execute(
        select(col(Staff.password)).where(
            col(Staff.role).in_(roles), col(Staff.disabled_at).is_(None)
        )
    )
    count = sum(bool(row.password) for row in rows)
    return Step("deciders", count >= ENOUGH, count)


def _registry(connection: Any) -> Step:
    count = connection.execute(select(func.count()).select_from(Household)).scalar()
    return Step("registry", count > 0, count)


def _lines(office: Office) -> Step:
    """Telephones are reached by a channel of a provider, not by the console that only records."""
    way = office.ways.get("tel")
    real = way is not None and way.channel != "console"
    return Step("lines", real, int(real))
