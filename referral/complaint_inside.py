"""A plea that holds a complaint too: help goes on as it must, and a person parts the two (I9)."""

from models.transaction import Row, Transaction
from models.vocabulary import TaskKind, Track
from referral import telling
from referral.directory import HOTLINE, ZONE
from referral.office import Arrival, Office
from referral.routing import GRIEVANCE


def look(tx: Transaction, office: Office, arrival: Arrival, request: Row) -> None:
    """Ask the desk to enter the complaint by itself, and to keep out whom it is about: those may be
    at work on the plea, and what goes to them is not for the software to take away."""
    if request["track"] == Track.GRIEVANCE:
        return
    if not any(need.service == GRIEVANCE for need in arrival.assessment.needs):
        return
    desk = office.directory.responsible(HOTLINE, None, arrival.now.astimezone(ZONE).date())
    telling.ask_once(
        tx,
        TaskKind.COMPLAINT_INSIDE,
        unit=desk.code if desk else request["first_unit"],
        note="",
        now=arrival.now,
        request=request,
        urgent=True,
    )
