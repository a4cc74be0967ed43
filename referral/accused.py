"""Whom a complaint is about, and who is therefore kept from it (I9; 回避). Pure but for ``keep``.

Offices are recognised by the words of ``accused.toml`` and by their names, people by theirs; a
person may add to it. A barred unit or person never sees the request, is never its lead, helper,
holder or reader of a reminder, and does not count it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.bars import Bar
from models.requests import HelpRequest
from models.transaction import Transaction
from referral.directory import HOTLINE, Answerable, Directory, Unit
from referral.office import Office
from referral.routing import GRASSROOTS

SHORTEST_NAME = 2
WAS_THERE = "was_there"
"""Why somebody is kept out: they belonged to a unit that is complained about."""
JOINED = "joined"
"""Why somebody is kept out: whose request was joined to this one, or this one parted from, keeps
them out of theirs."""


@dataclass(frozen=True, slots=True)
class Accused:
    """The units and the people (logins) that are complained about."""

    units: frozenset[str] = frozenset()
    logins: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.units or self.logins)

    def authorities(self, directory: Directory) -> frozenset[str]:
        """What these units are, so that no route leads to them."""
        known = (directory.unit.get(code) for code in self.units)
        return frozenset(unit.authority for unit in known if unit is not None)

    @property
    def names(self) -> frozenset[str]:
        """Who they are, named as ``models.bars.bars`` does."""
        return self.logins | {f"unit:{code}" for code in self.units}

    @classmethod
    def named(cls, names: Collection[str]) -> "Accused":
        """The accused of such names."""
        units = frozenset(one.removeprefix("unit:") for one in names if one.startswith("unit:"))
        return cls(units, frozenset(one for one in names if not one.startswith("unit:")))

    def also(self, other: "Accused") -> "Accused":
        """These and others."""
        return Accused(self.units | other.units, self.logins | other.logins)

    def without(self, other: "Accused") -> "Accused":
        """These but for others."""
        return Accused(self.units - other.units, self.logins - other.logins)


NOBODY = Accused()


def accused_of(office: Office, text: str, area: str | None, day: date) -> Accused:
    """Whom these words complain about. Of a person the whole unit is barred, but of the line's own
    desk only the person: somebody must register the complaint."""
    directory = office.directory
    units: set[str] = set()
    for row in office.policy.accused:
        if any(word in text for word in row.words):
            unit = _meant(directory, row.authority, area, day)
            if unit is not None and (
                row.authority not in GRASSROOTS or unit.area in directory.ancestry(area)
            ):
                units.add(unit.code)
    units |= {unit.code for unit in directory.units if unit.name_zh and unit.name_zh in text}
    people = [
        one for one in directory.officers if len(one.name) >= SHORTEST_NAME and one.name in text
    ]
    units |= {one.unit for one in people}
    units = {code for code in units if not at_the_desk(directory, code)}
    return Accused(frozenset(units), frozenset(one.login for one in people))


def at_the_desk(directory: Directory, code: str) -> bool:
    """Whether a unit is the line's own desk."""
    unit = directory.unit.get(code)
    return unit is not None and unit.authority == HOTLINE


def chain(directory: Directory, code: str) -> tuple[str, ...]:
    """The unit and, of a village, the township over it: whoever serves an accused office is as
    little to be told as the office. So is who goes on for it: their people are there now, and what
    it did is theirs to answer for; but the line's own desk goes on registering complaints."""
    found = [code]
    unit = directory.unit.get(code)
    above = directory.unit.get(unit.parent or "") if unit is not None else None
    while above is not None and above.authority in GRASSROOTS and above.code not in found:
        found.append(above.code)
        above = directory.unit.get(above.parent or "")
    if at_the_desk(directory, code):
        return tuple(found)
    return (*found, *(gone for one in found for gone in predecessors(directory, one)))


def predecessors(directory: Directory, code: str) -> tuple[str, ...]:
    """The units for which this one goes on, or will from a day that is set; and those for which
    they did."""
    found = [code]
    for one in found:
        found += [
            unit.code
            for unit in directory.units
            if unit.successor == one and unit.valid_until and unit.code not in found
        ]
    return tuple(found[1:])


def _meant(directory: Directory, authority: str, area: str | None, day: date) -> Unit | None:
    """The unit of an authority that people at a place mean: one that serves there, else the last
    that did, never only who goes on for it."""
    found = directory.responsible(authority, area, day)
    if found is None or found.authority != authority:
        return _last(directory, authority, area)
    elsewhere = authority in GRASSROOTS and found.area not in directory.ancestry(area)
    return _last(directory, authority, area) if elsewhere else found


def _last(directory: Directory, authority: str, area: str | None) -> Unit | None:
    """Which unit was an authority's for a place, where none serves as it any more: people go on
    naming it, and mean who goes on for it."""
    around = directory.ancestry(area)
    return max(
        (unit for unit in directory.units if unit.authority == authority),
        key=lambda unit: (
            len(directory.ancestry(unit.area)) if unit.area in around else 0,
            unit.valid_until or date.min,
        ),
        default=None,
    )


def is_barred(directory: Directory, barred: Collection[str], reader: Answerable) -> bool:
    """Whether somebody is among the barred (``models.bars.bars``)."""
    if not barred:
        return False
    units = (*chain(directory, reader.unit.code), *chain(directory, reader.officer.unit))
    return reader.officer.login in barred or any(f"unit:{code}" in barred for code in units)


def may_have(directory: Directory, barred: Collection[str], unit: Unit) -> bool:
    """Whether a unit may be given an order."""
    return not any(f"unit:{code}" in barred for code in chain(directory, unit.code))


def keep(
    tx: Transaction,
    request: Mapping[str, Any],
    accused: Accused,
    *,
    why: str,
    by: str,
    now: datetime,
) -> None:
    """Write down who is barred. The ledger says who and why to those who may see the request."""
    for unit in sorted(accused.units):
        tx.add(Bar, id=tx.mint(), request_id=request["id"], unit=unit, why=why, by=by, at=now)
    for login in sorted(accused.logins):
        tx.add(Bar, id=tx.mint(), request_id=request["id"], login=login, why=why, by=by, at=now)
    tx.event(
        "barred",
        at=now,
        by=by,
        request=dict(request),
        units=sorted(accused.units),
        logins=sorted(accused.logins),
        reason=why,
    )


def take_along(
    tx: Transaction, directory: Directory, login: str, unit: str, *, by: str, now: datetime
) -> int:
    """Whoever leaves a unit stays kept out of what complains about it. Returns of how many."""
    already = select(col(Bar.request_id)).where(col(Bar.login) == login)
    found = tx.execute(
        select(col(HelpRequest.id), col(HelpRequest.number))
        .join(Bar, col(Bar.request_id) == col(HelpRequest.id))
        .where(col(Bar.unit).in_(chain(directory, unit)), col(HelpRequest.id).not_in(already))
        .distinct()
    ).all()
    for row in found:
        request = {"id": row.id, "number": row.number}
        keep(tx, request, Accused(logins=frozenset({login})), why=WAS_THERE, by=by, now=now)
    return len(found)
