"""People who need a second look at who they are: children who speak for themselves, and near
relatives of staff, whose cases are registered apart and checked in full (民发〔2021〕57号)."""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import TaskKind, Track
from referral import telling
from referral.directory import ZONE, Relative
from referral.office import Arrival, Office

SELF = "我"
ADULT = 18
_LOOKS_ABOVE = "coordination_office"


def child_speaks(office: Office, arrival: Arrival) -> bool:
    """Whether a child speaks for itself: it says so, or says what only a child says."""
    facts, inbound = arrival.assessment.facts, arrival.inbound
    if not facts.minor or inbound.reporter is not None:
        return False
    if any(
        one.relation == SELF and one.age is not None and one.age < ADULT for one in facts.people
    ):
        return True
    words = str(office.policy.values["child_speaks"].value).split()
    return any(word in inbound.text for word in words)


def look(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> None:
    """Flag a request that names a registered relative: a task for those above the bureaus, not for
    the relative's own unit. It stops nothing."""
    if not office.directory.relatives:
        return
    found = related(office, arrival)
    if not found:
        return
    flag(tx, office, request, found, arrival.now)


def related(office: Office, arrival: Arrival) -> list[Relative]:
    """The registered relatives that a contact names; a complaint is searched word by word."""
    inbound = arrival.inbound
    named = {one.name for one in arrival.assessment.facts.people if one.name} | {inbound.name}
    whole = inbound.text if arrival.assessment.track is Track.GRIEVANCE else ""
    return [
        one
        for one in office.directory.relatives
        if one.name in named or (whole and one.name in whole)
    ]


def flag(
    tx: Transaction, office: Office, request: Row, found: list[Relative], now: datetime
) -> None:
    """Record whose relatives are named, and let somebody above look."""
    day = now.astimezone(ZONE).date()
    above = office.directory.responsible(_LOOKS_ABOVE, None, day)
    staff = sorted({one.login for one in found})
    tx.event(
        "relative_found",
        at=now,
        request=request,
        staff=staff,
        relations=sorted({one.relation for one in found}),
    )
    telling.ask_once(
        tx,
        TaskKind.RELATIVE,
        unit=above.code if above else request["first_unit"],
        note=" ".join(staff),
        now=now,
        request=request,
    )
