"""Who the person behind a request is: masked everywhere, shown by one press with a purpose."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from gateway import access
from gateway.access import Actor
from gateway.state import State
from models.people import Address, Person
from models.requests import Contact
from models.transaction import Row, acting
from referral.casework import need

_MAINLAND = re.compile(r"^(?:\+?86)?(1\d{10})$")
_DIGITS = re.compile(r"^\+?\d{7,}$")


def masked(address: str) -> str:
    """An address as a list may show it: ``138****5678`` for a mobile number, the ends of others."""
    if mobile := _MAINLAND.match(address):
        number = mobile.group(1)
        return f"{number[:3]}****{number[-4:]}"
    if _DIGITS.match(address):
        return f"{address[:-6]}****{address[-2:]}"
    return f"{address[:2]}****" if address else ""


@dataclass(frozen=True, slots=True)
class Revealed:
    """Who the person is."""

    names: tuple[str, ...]
    addresses: tuple[tuple[str, str], ...]  # (kind, value)


def reveal(state: State, actor: Actor, number: str, purpose: str, *, now: datetime) -> Revealed:
    """Name and telephone of the person, for a stated purpose; the look is kept. Raises
    ``Refusal``, of a confidential request too for all but the desk."""
    why = need(purpose, "refusal.purpose")
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        request = access.admit(tx, actor, office, number, act="reveal", now=now)
        if not access.sight(actor, request).person:
            access.refuse_confidential()
        access.look(tx, actor, act="reveal", now=now, request_id=request["id"], purpose=why)
        return _who(tx, request)


def _who(tx: Any, request: Row) -> Revealed:
    said = tx.execute(
        select(col(Contact.name), col(Contact.sender), col(Contact.channel)).where(
            col(Contact.request_id) == request["id"]
        )
    ).all()
    kept = tx.execute(
        select(col(Person.name)).where(col(Person.id) == request["person_id"])
    ).scalar()
    known = tx.execute(
        select(col(Address.kind), col(Address.value)).where(
            col(Address.person_id) == request["person_id"]
        )
    ).all()
    names = [name for name in (kept, *(row.name for row in said)) if name]
    addresses = [(row.kind, row.value) for row in known]
    seen = {value for _, value in addresses}
    addresses += [
        (row.channel, row.sender) for row in said if row.sender and row.sender not in seen
    ]
    return Revealed(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(addresses)))
