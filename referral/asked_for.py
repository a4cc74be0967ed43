"""What a bureau asked for, more time or a pause, and nobody has decided yet; who hears a no."""

from collections.abc import Sequence
from datetime import datetime

from models.transaction import Row, Transaction
from referral import casework, lapsing, telling
from referral.casework import Refusal, Told
from referral.directory import Answerable
from referral.office import Office

EXTENSION, SUSPENSION = "extension", "suspension"
GRANTED = {EXTENSION: "extended", SUSPENSION: "suspended"}
CASES = {EXTENSION: "", SUSPENSION: "pause"}
"""The case of the clock (``lapsing.CLOCK``) that runs for those who decide."""


def waiting_for(told: Sequence[Told]) -> frozenset[str]:
    """What of both waits for a decision, by the history of the request."""
    return frozenset(what for what in GRANTED if _undecided(told, what) is not None)


def pending(tx: Transaction, request_id: int, what: str) -> Told | None:
    """What was asked for and not yet decided; a new lead must ask anew."""
    kinds = (f"{what}_asked", f"{what}_declined", GRANTED[what])
    told = casework.history(tx, request_id, *kinds, *lapsing.ENDS, *lapsing.LEADS_ANEW)
    return _undecided(told, what)


def require(tx: Transaction, request: Row, what: str) -> Told:
    """It, or ``Refusal`` where nobody asked."""
    found = pending(tx, request["id"], what)
    if found is None:
        raise Refusal("refusal.nothing_asked", {"number": request["number"]})
    return found


def _undecided(told: Sequence[Told], what: str) -> Told | None:
    asked, decided = f"{what}_asked", (f"{what}_declined", GRANTED[what])
    for one in reversed(told):
        if one.kind in (asked, *decided) or lapsing.ended(one.kind, one.detail):
            return one if one.kind == asked else None
    return None


def tell_declined(
    tx: Transaction, office: Office, request: Row, asked: Told, now: datetime
) -> None:
    """Whoever asked hears that the date stands, or who answers for the unit now: they would count
    on a yes, and the reminders begin only when the time is nearly over."""
    order = casework.lead_of(tx, request["id"])
    unit = office.directory.unit.get(order["bureau"])
    officer = office.directory.member(unit, asked.by)
    reader = office.directory.answerable(unit, now)
    if unit is not None and officer is not None:
        reader = Answerable(unit, officer, "holder")
    telling.tell_staff(
        tx, office, "staff_not_granted", request, reader, due=order["due_at"], now=now
    )
