"""What is said when the level changes: to who must act now, and to the requester."""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import Track
from referral import bringing_in, casework, informing, telling
from referral.answering import tell
from referral.casework import Actor
from referral.directory import Answerable
from referral.office import Office
from referral.planning import Plan


def brought_in(
    tx: Transaction,
    office: Office,
    request: Row,
    holder: Answerable | None,
    *,
    due: datetime,
    decided: Plan | None,
    now: datetime,
) -> None:
    """Whoever must act on what is urgent now: the holder, and where it became so, or is danger to
    life now (``decided``), who acts first and the urgent route's lead, each once."""
    readers = {holder.officer.login: (holder, due)} if holder is not None else {}
    if decided is not None:
        for one in _acting(tx, office, request, decided, now):
            readers.setdefault(one.officer.login, (one, decided.lead_due.at))
    for reader, until in readers.values():
        telling.notify(tx, office, request, reader, due=until, now=now, urgent=True)


def _acting(
    tx: Transaction, office: Office, request: Row, decided: Plan, now: datetime
) -> list[Answerable]:
    """Who acts first, and the urgent route's lead or who acts for it; nobody who is kept from the
    request (I9)."""
    lead = bringing_in.instead(tx, office, request, decided.lead, decided.route.row, now)
    readers = [decided.holder] if bringing_in.may_hear(tx, office, request, decided.holder) else []
    leads = bringing_in.reader_of(tx, office, request, lead, now) if lead else None
    return [*readers, *([leads] if leads else [])]


def no_longer_urgent(
    tx: Transaction, office: Office, actor: Actor, request: Row, now: datetime
) -> None:
    """The urgent word does not stay the last: by when the answer comes now, on the standard track
    what is needed (N4) unless it was told before, and what we keep (N19). Nothing of it once the
    result is in."""
    lead = casework.lead_of(tx, request["id"])
    if lead["completed_at"] is not None:
        return
    unit = office.directory.unit.get(lead["bureau"])
    due = lead["due_at"]
    if due <= now:  # counted from the receipt it has passed: nobody is promised that
        due = telling.by_when(office, "CLK-CONTACT", now)
    tell(tx, office, request, "no_longer_urgent", due=due, now=now, unit=unit)
    told = casework.history(tx, request["id"], informing.GIVEN)
    if request["track"] == Track.STANDARD and not told:
        informing.inform(tx, office, request, due=due, now=now, unit=unit, by=actor.login)
    informing.tell_rights(tx, office, request, now=now)
