"""Who has seen a citizen's details, told to the citizen: the unit and the post, never a name of
staff (Personal Information Protection Law Art. 44, 45, 48)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.access import Look
from models.places import Staff
from referral.office import Office
from referral.wording import named

MOST = 100
SHOWING = ("reveal", "reveal_household")
OPENING = ("see", "see_household", "see_attachment")


@dataclass(frozen=True, slots=True)
class Shown:
    """Name and telephone were shown once. ``purpose`` is that of the closed list."""

    at: datetime
    unit: str
    role: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Opened:
    """How often a post of a unit opened the request, its household or what was sent along."""

    unit: str
    role: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Looked:
    """All of it, the newest first."""

    shown: tuple[Shown, ...] = ()
    opened: tuple[Opened, ...] = ()


def of(reader: Any, office: Office, request_ids: list[int], *, language: str) -> Looked:
    """Who looked at these requests of one person; posts and units as they are now."""
    rows = reader.execute(
        select(col(Look.at), col(Look.act), col(Look.ground), col(Staff.unit), col(Staff.role))
        .join(Staff, col(Staff.login) == col(Look.login))
        .where(col(Look.request_id).in_(request_ids), col(Look.act).in_(SHOWING + OPENING))
        .order_by(col(Look.at).desc(), col(Look.id).desc())
    ).all()

    def unit_of(code: str) -> str:
        unit = office.directory.unit.get(code)
        return code if unit is None else named(unit, language)

    def purpose_of(code: str) -> str:
        ground = office.policy.ground("reveal", code or "other")
        return code if ground is None else named(ground, language)

    shown: list[Shown] = []
    opened: dict[tuple[str, str], list[datetime]] = {}
    for row in rows:
        if row.act in SHOWING:
            shown.append(Shown(row.at, unit_of(row.unit), row.role, purpose_of(row.ground)))
        else:
            opened.setdefault((unit_of(row.unit), row.role), []).append(row.at)
    return Looked(
        tuple(shown[:MOST]),
        tuple(Opened(unit, role, len(times), times[0]) for (unit, role), times in opened.items()),
    )
