"""Who is there: units, officers and duty. Answers 'who holds this now' so that nobody never does.

Pure: a value, built from the tables by the gateway and replaced when they change."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from models.vocabulary import Role
from referral.staffed import Officer, Place, Relative, Shift, Unit

__all__ = [
    "Answerable", "Directory", "Nobody", "Officer", "Place", "Relative", "Shift", "Unit",
]  # fmt: skip

ZONE = ZoneInfo("Asia/Shanghai")
HOTLINE = "hotline"
BACKSTOP = "civil_affairs"
"""Holds what nobody takes: the secretariat of the coordination mechanism (domain note RT-30)."""

_REMEMBERED = 4096  # answers of one kind
_FIELD = (Role.GRID_WORKER, Role.VILLAGE_CADRE)
HEADS = (Role.BUREAU_HEAD, Role.DUTY_LEAD, Role.SUPERVISOR, Role.TOWNSHIP_OFFICER)


@dataclass(frozen=True, slots=True)
class Answerable:
    """The unit and the person who hold a matter, and how they were found."""

    unit: Unit
    officer: Officer
    how: str  # "duty", "head", "staff", "parent", "backstop", "last"


class Nobody(Exception):
    """There is not one active member of staff: the system may not take a message."""


@dataclass(frozen=True)
class Directory:
    """All units, officers, shifts and areas of the jurisdiction, as one value."""

    units: tuple[Unit, ...] = ()
    officers: tuple[Officer, ...] = ()
    shifts: tuple[Shift, ...] = ()
    places: tuple[Place, ...] = ()
    relatives: tuple[Relative, ...] = ()

    @cached_property
    def unit(self) -> dict[str, Unit]:
        """Units by code."""
        return {unit.code: unit for unit in self.units}

    @cached_property
    def officer(self) -> dict[str, Officer]:
        """Officers by login."""
        return {officer.login: officer for officer in self.officers}

    @cached_property
    def field_telephones(self) -> dict[str, Officer]:
        """Who reports for others, by their telephone's last eleven digits."""
        workers = (one for one in self.officers if one.role in _FIELD)
        found = {"".join(filter(str.isdecimal, one.phone))[-11:]: one for one in workers}
        found.pop("", None)  # no telephone, which is what a withheld number looks like too
        return found

    def writer(self, login: str | None, telephone: str) -> Officer | None:
        """Who of staff writes: by the account that handed the words in, else the field worker from
        whose ``telephone`` the text came ("" for words that came otherwise)."""
        return self.officer.get(login or "") or self.field_telephones.get(telephone[-11:])

    @cached_property
    def place(self) -> dict[str, Place]:
        """Areas by code."""
        return {place.code: place for place in self.places}

    def ancestry(self, area: str | None) -> tuple[str, ...]:
        """The area itself, what it lies in, and so on up."""
        found: list[str] = []
        while area and area in self.place and area not in found:
            found.append(area)
            area = self.place[area].parent
        return tuple(found)

    def within(self, area: str | None, outer: str) -> bool:
        """Whether ``area`` is ``outer`` or lies in it."""
        return outer in self.ancestry(area)

    def current(self, code: str, day: date) -> Unit | None:
        """The unit, or the successor of a retired one."""
        seen: set[str] = set()
        unit = self.unit.get(code)
        while unit is not None and not unit.serves_on(day) and code not in seen:
            seen.add(code)
            code = unit.successor or ""
            unit = self.unit.get(code)
        return unit

    def responsible(self, authority: str, area: str | None, day: date) -> Unit | None:
        """The unit of an authority for an area: the innermost one, else one without an area; of
        units that are gone who goes on for them."""
        key, cache = (authority, area, day), self._responsible
        if key not in cache:
            if len(cache) > _REMEMBERED:
                cache.clear()
            cache[key] = self._nearest(authority, area, day)
        return cache[key]

    def local(self, authority: str, area: str | None, day: date) -> Unit | None:
        """The innermost unit of an authority that is there for this very place, or who goes on for
        it; None where the place has none, whatever others there are."""
        units = self._by_authority.get(authority, ())
        for code in self.ancestry(area):
            here = [unit for unit in units if unit.area == code]
            if found := self._serving(here, day):
                return found
        return None

    def _nearest(self, authority: str, area: str | None, day: date) -> Unit | None:
        if found := self.local(authority, area, day):
            return found
        units = self._by_authority.get(authority, ())
        widest = sorted(units, key=lambda unit: len(self.ancestry(unit.area)))
        return self._serving(widest, day)

    def _serving(self, units: Sequence[Unit], day: date) -> Unit | None:
        """The first that serves, else who goes on for the one that ended last."""
        if there := next((unit for unit in units if unit.serves_on(day)), None):
            return there
        ended = [unit for unit in units if unit.valid_until and unit.valid_until < day]
        for unit in sorted(ended, key=lambda one: one.valid_until or day, reverse=True):
            heir = self.current(unit.code, day)
            if heir is not None and heir.serves_on(day):
                return heir
        return None

    def member(self, unit: Unit | None, login: str | None) -> Officer | None:
        """The officer of this login where they belong to the unit."""
        found = self.officer.get(login or "")
        return found if unit and found and found.unit == unit.code else None

    def holder(self, request: Mapping[str, Any]) -> Answerable | None:
        """Who holds a request, where both unit and person are known."""
        unit = self.unit.get(request["holder_unit"])
        officer = self.officer.get(request["holder_person"])
        return Answerable(unit, officer, "holder") if unit and officer else None

    def answerable(self, unit: Unit | None, at: datetime, turn: int = 0) -> Answerable:
        """Who answers for the unit at this moment; ``turn`` spreads work over those on duty.

        On duty; else the head; else anybody of the unit; else the unit above; else the backstop;
        else whoever there is. Raises ``Nobody`` only when there is no staff at all.
        """
        minute = int(at.timestamp()) // 60
        key = (unit.code if unit else "", minute)
        cache = self._answers
        if key not in cache:
            if len(cache) > _REMEMBERED:
                cache.clear()
            cache[key] = self._search(unit, at)
        found = cache[key]
        return found[turn % len(found)]

    def head_of_shift(self, at: datetime) -> Answerable:
        """The desk's head of shift on duty, else one who is not, else whoever answers there."""
        desk = self.responsible(HOTLINE, None, at.astimezone(ZONE).date())
        staff = self._staff.get(desk.code, ()) if desk else ()
        heads = [officer for officer in staff if officer.role == Role.DUTY_LEAD]
        if desk is None or not heads:
            return self.answerable(desk, at)
        on_duty = self.on_duty(desk, at)
        first = min(heads, key=lambda officer: officer.login not in on_duty)
        return Answerable(desk, first, "duty" if first.login in on_duty else "head")

    def on_duty(self, unit: Unit, at: datetime) -> frozenset[str]:
        """The logins whose shift for the unit is running."""
        local = at.astimezone(ZONE)
        shifts = self._shifts.get(unit.code, ())
        return frozenset(shift.login for shift in shifts if shift.covers(local))

    def _search(self, unit: Unit | None, at: datetime) -> Sequence[Answerable]:
        local = at.astimezone(ZONE)
        seen: set[str] = set()
        step, above = unit, False
        while step is not None and step.code not in seen:
            seen.add(step.code)
            if found := self._inside(step, local):
                if above:
                    return [Answerable(a.unit, a.officer, "parent") for a in found]
                return found
            step, above = self.unit.get(step.parent or ""), True
        for code in (BACKSTOP, HOTLINE):
            backstop = self.responsible(code, None, local.date())
            if backstop is not None and (found := self._inside(backstop, local)):
                return [Answerable(a.unit, a.officer, "backstop") for a in found]
        for officer in self.officers:
            home = self.unit.get(officer.unit)
            if home is not None:
                return [Answerable(home, officer, "last")]
        raise Nobody("there is no active member of staff to answer for a request")

    def _inside(self, unit: Unit, local: datetime) -> list[Answerable]:
        on_duty = [
            Answerable(unit, self.officer[shift.login], "duty")
            for shift in self._shifts.get(unit.code, ())
            if shift.login in self.officer and shift.covers(local)
        ]
        if on_duty:  # at the desk the operators answer first, not the duty lead beside them
            operators = [found for found in on_duty if found.officer.role == Role.OPERATOR]
            return operators or on_duty
        staff = self._staff.get(unit.code, ())
        heads = [Answerable(unit, o, "head") for role in HEADS for o in staff if o.role == role]
        return heads[:1] or [Answerable(unit, officer, "staff") for officer in staff][:1]

    @cached_property
    def _answers(self) -> dict[tuple[str, int], Sequence[Answerable]]:
        return {}

    @cached_property
    def _responsible(self) -> dict[tuple[str, str | None, date], Unit | None]:
        return {}

    @cached_property
    def _by_authority(self) -> dict[str, list[Unit]]:
        return _grouped((unit.authority, unit) for unit in self.units)

    @cached_property
    def _staff(self) -> dict[str, list[Officer]]:
        return _grouped((officer.unit, officer) for officer in self.officers)

    @cached_property
    def _shifts(self) -> dict[str, list[Shift]]:
        return _grouped((shift.unit, shift) for shift in self.shifts)


def _grouped(pairs: Iterable[tuple[str, object]]) -> dict[str, list]:  # type: ignore[type-arg]
    groups: dict[str, list] = defaultdict(list)  # type: ignore[type-arg]
    for name, value in pairs:
        groups[name].append(value)
    return dict(groups)
