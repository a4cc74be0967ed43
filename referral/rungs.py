"""Who stands on a rung of a clock's ladder at this moment, and how they are told."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.bars import bars
from models.transaction import Transaction
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


def decides(
    tx: Transaction, office: Office, request: Mapping[str, Any], rung: Rung, now: datetime
) -> Answerable:
    """Who on this rung decides on a request, or above it where all there are complained about."""
    barred = bars(tx, [request["id"]]).get(request["id"], frozenset())
    for one in (rung, *CLIMB[_ABOVE[rung] :]):
        reader = who(office, {**request, "barred": barred}, one, now)
        if not is_barred(office.directory, barred, reader):
            return reader
    return who(office, request, rung, now)


def who(office: Office, request: Mapping[str, Any], rung: Rung, now: datetime) -> Answerable:
    """The person on a rung of the ladder at this moment; the next rung when there is none. Of
    several supervisors or heads the first whom the request does not complain about (``barred``),
    and the first of all only where it complains about each."""
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
    stand = [
        Answerable(at, officer, "rung")
        for role in roles
        for officer in directory.officers
        if officer.role == role
        and (at := directory.unit.get(officer.unit)) is not None
        and (rung is Rung.SUPERVISOR or (home is not None and at.code == home.code))
    ]
    barred = request.get("barred", ())
    free = (one for one in stand if not is_barred(directory, barred, one))
    if (found := next(free, next(iter(stand), None))) is not None:
        return found
    return directory.answerable(home or directory.responsible(HOTLINE, None, day), now)
