"""A plea that holds a complaint too: help goes on as it must, and a person parts the two (I9)."""

from models.transaction import Row, Transaction
from models.vocabulary import TaskKind, Track
from referral import telling
from referral.accused import Accused
from referral.directory import HOTLINE, ZONE
from referral.office import Arrival, Office
from referral.withholding import is_inside


def look(tx: Transaction, office: Office, arrival: Arrival, request: Row, named: Accused) -> None:
    """Ask the desk to enter the complaint by itself, and to keep out whom it is about: those may be
    at work on the plea, and what goes to them is not for the software to take away; they read no
    word of it (``withholding``). Where the words name somebody (``named``) and what they took or
    did, and never say that they complain, the desk is asked what they are; what is not urgent is
    with the desk until then (``planning``)."""
    if request["track"] == Track.GRIEVANCE:
        return
    day = arrival.now.astimezone(ZONE).date()
    kind = TaskKind.COMPLAINT_INSIDE
    if not is_inside(arrival):
        if not named:
            return
        kind = TaskKind.PERHAPS_COMPLAINT
    desk = office.directory.responsible(HOTLINE, None, day)
    telling.ask_once(
        tx,
        kind,
        unit=desk.code if desk else request["first_unit"],
        note="",
        now=arrival.now,
        request=request,
        urgent=True,
    )
