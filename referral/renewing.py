"""A request that a browser began has another code once the words of the telephone that was typed
there stand in it: whoever typed somebody's number was given the first one, and must not read them.

The new one is told to the telephone alone.
"""

from collections import Counter
from datetime import datetime

import orjson
from sqlalchemy import or_, select, update
from sqlmodel import col

from models import numbers
from models.events import Event
from models.journal import JournalEntry
from models.requests import Contact, FormerNumber, HelpRequest
from models.transaction import Row, Transaction
from referral.answering import correspondent, tell_one
from referral.joined import as_heard, joined_to
from referral.office import Office

FORM = "web"
RENEWED = "code_renewed"


def is_owed(tx: Transaction, request: Row) -> bool:
    """Whether a browser began it and its code is still the one that was shown there. That it was
    changed stands with the request itself, or with the one that it was joined to then."""
    if request["channel"] != FORM or RENEWED in request:
        return False
    number = request["number"]
    here = col(HelpRequest.id).in_((request["id"], request["merged_into"]))
    its = select(col(HelpRequest.id)).where(or_(here, col(HelpRequest.number) == number))
    told = select(col(Event.detail)).where(
        col(Event.request_id).in_(its), col(Event.kind) == RENEWED
    )
    return not any(orjson.loads(row.detail)["of"] == number for row in tx.execute(told))


def renew(tx: Transaction, request: Row, now: datetime) -> Row:
    """Another code for it, and for the numbers that a browser was given in the holding pen for what
    belongs to it; its row as it is now, marked for what comes in the same transaction. Nobody
    else's is changed: a neighbour's to which it was joined, or the telephone's own."""
    own = col(HelpRequest.number) == request["number"]  # it may go on with another's
    request = {**request, "code": numbers.code(), RENEWED: True}
    tx.later(update(HelpRequest).where(own).values(code=request["code"]))
    its = col(FormerNumber.request_id).in_(select(col(HelpRequest.id)).where(own))
    forms = (
        select(col(JournalEntry.number))
        .join(Contact, col(Contact.journal_id) == col(JournalEntry.id))
        .where(col(JournalEntry.channel) == FORM)
        .where(col(Contact.request_id).in_((request["id"], request["merged_into"])))
    )
    typed = update(FormerNumber).where(its, col(FormerNumber.number).in_(forms))
    tx.later(typed.values(code=request["code"]))
    tx.event(RENEWED, at=now, request=request, of=request["number"])
    return request


def joined(tx: Transaction, office: Office, rows: tuple[Row, Row], now: datetime) -> list[Row]:
    """Two requests have become one matter, and those that were joined to them before: where several
    are of one person, with the code of a form its writer would read what the telephone, or another
    browser, said in another. Where there is a telephone to tell it to, the code of each such form
    is another one now. Returns the two as they are now."""
    found = {row["id"]: row for row in rows}
    master = rows[0]
    for other in joined_to(tx, master["id"]):
        found.setdefault(other["id"], as_heard(other, master))
    persons = Counter(row["person_id"] for row in found.values())
    for row in tuple(found.values()):
        several = persons[row["person_id"]] > 1
        if several and correspondent(tx, office, row).reply is not None and is_owed(tx, row):
            found[row["id"]] = new = renew(tx, row, now)
            tell_one(tx, office, new, RENEWED, due=now, now=now)
    return [found[row["id"]] for row in rows]
