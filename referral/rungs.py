"""Who stands on a rung of a clock's ladder at this moment, and how they are told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.vocabulary import Role
from referral.accused import is_barred
from referral.clocks import CLIMB, Rung
from referral.directory import BACKSTOP, HOTLINE, ZONE, Answerable
from referral.office import Office


def reached(
    office: Office, request: Mapping[str, Any], rung: Rung, now: datetime
) -> tuple[Answerable, str]:
    """The reader and the telephone: whoever has none, nor their unit, is passed over at once for
    the rung above. Without any telephone at all the first reader, and nobody is told by SMS."""
    first: Answerable | None = None
    for one in (rung, *CLIMB[_ABOVE[rung] :]):
        reader = who(office, request, one, now)
        if is_barred(office.directory, request.get("barred", ()), reader):
            continue
        if address := reader.officer.phone or reader.unit.duty_phone:
            return reader, address
        first = first or reader
    return first or who(office, request, rung, now), ""


_ABOVE = {rung: CLIMB.index(rung) + 1 for rung in CLIMB} | {
    Rung.DUTY_LEAD: CLIMB.index(Rung.SUPERVISOR)
}
"""Where the rungs above begin: those of a bureau climb past the desk's head of shift."""


def who(office: Office, request: Mapping[str, Any], rung: Rung, now: datetime) -> Answerable:
    """The person on a rung of the ladder at this moment; the next rung when there is none."""
    directory = office.directory
    day = now.astimezone(ZONE).date()
    unit = directory.current(request["holder_unit"], day)
    holder = directory.officer.get(request["holder_person"])
    if rung is Rung.HOLDER and holder is not None and holder.unit in directory.unit:
        return Answerable(directory.unit[holder.unit], holder, "holder")
    if rung in (Rung.HOLDER, Rung.UNIT_DUTY):
        return directory.answerable(unit, now)
    if rung is Rung.DUTY_LEAD:
        return directory.head_of_shift(now)
    wanted = {
        Rung.BUREAU_HEAD: (unit, (Role.BUREAU_HEAD, Role.TOWNSHIP_OFFICER)),
        Rung.SUPERVISOR: (None, (Role.SUPERVISOR,)),
        Rung.COUNTY_DUTY_HEAD: (
            directory.responsible(BACKSTOP, None, day),
            (Role.BUREAU_HEAD, Role.DUTY_LEAD),
        ),
        Rung.COORDINATION_OFFICE: (
            directory.responsible("coordination_office", None, day),
            (Role.BUREAU_HEAD, Role.SUPERVISOR),
        ),
    }
    home, roles = wanted[rung]
    for role in roles:
        for officer in directory.officers:
            if officer.role == role and home is not None and officer.unit == home.code:
                return Answerable(home, officer, "rung")
            if officer.role == role and home is None and officer.unit in directory.unit:
                return Answerable(directory.unit[officer.unit], officer, "rung")
    return directory.answerable(home or directory.responsible(HOTLINE, None, day), now)
