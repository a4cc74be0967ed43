"""Who leaves takes their chat along, and none of those for whom they spoke through it."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models import keyring
from models.outbox import Outgoing
from models.people import FIELD, Address, Person
from models.requests import Contact, HelpRequest
from models.transaction import Transaction


def let_go(tx: Transaction, login: str, now: datetime) -> None:
    """The chats of an account that is closed become those of a person of their own, with what was
    asked through them for nobody else. Who was reported through them is reached there no more."""
    chats = col(Address.staff) == login
    bound = tx.execute(select(col(Address.person_id)).where(chats).distinct()).scalars().all()
    for before in bound:
        own = tx.execute(_asked_for_themselves(before)).all()
        ids = [one.id for one in own]
        there = [*ids, *(one.merged_into for one in own if one.merged_into)]
        pages = [name for one in own for name in keyring.names(tx.connection, FIELD, one.number)]
        person = tx.add(Person, id=tx.mint(), created_at=now)
        moved = (
            (HelpRequest, col(HelpRequest.id).in_(ids)),
            (Contact, col(Contact.request_id).in_(there) & col(Contact.reporter).is_(None)),
            (Outgoing, col(Outgoing.request_id).in_(there)),
            (Address, chats | col(Address.lookup).in_(pages)),  # their chats, and their case pages
        )
        for table, which in moved:
            theirs = update(table).where(col(table.person_id) == before, which)
            tx.later(theirs.values(person_id=person["id"]))
    tx.later(update(Address).where(chats).values(staff=None))


def _asked_for_themselves(person: int) -> Any:
    """The requests of this person in which all their words are their own and no report."""
    there = col(Contact.request_id).in_((col(HelpRequest.id), col(HelpRequest.merged_into)))
    said = select(col(Contact.id)).where(there, col(Contact.person_id) == person)
    request = (col(HelpRequest.id), col(HelpRequest.number), col(HelpRequest.merged_into))
    return select(*request).where(
        col(HelpRequest.person_id) == person,
        said.where(col(Contact.reporter).is_(None)).exists(),
        ~said.where(col(Contact.reporter).is_not(None)).exists(),
    )
