"""Who the person behind a request is: masked everywhere, shown by one press with a purpose."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from gateway import access, watching
from gateway.access import Actor
from gateway.state import State
from models import notes
from models.people import NAMELESS, Address, Person
from models.requests import Contact
from models.transaction import Row, acting
from referral.casework import Refusal, need
from referral.office import Office
from referral.policy import Ground

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


OTHER = "other"
LONGEST = 200
"""Characters of a purpose; what is longer is none."""


def reveal(
    state: State,
    actor: Actor,
    number: str,
    purpose: str,
    *,
    ground: str = OTHER,
    now: datetime,
) -> Revealed:
    """Name and telephone of the person, for a purpose of the closed list (``ground``) that this
    role has, and in words where it is another one. The look is in the ledger before anything is
    shown. Raises ``Refusal``: of a confidential request for all but the desk, and 429 for who has
    looked at too many people within the hour."""
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        request = access.admit(tx, actor, office, number, act="reveal", now=now)
        why = _purpose(office, actor, ground, purpose)
        if not access.sight(actor, request).person:
            raise Refusal("refusal.confidential", status=403)
        watching.require_measure(tx, office, actor, ("request", request["id"]), now)
        request_id = request["id"]
        typed = notes.beside(tx, request_id, purpose=why) if why else ()
        access.look(
            tx, actor, act="reveal", now=now, request_id=request_id, ground=ground, typed=typed
        )
        tx.event("revealed", at=now, by=actor.login, request=request, ground=ground, purpose=why)
        watching.alarm_for(tx, office, actor.login, now, and_now=("request", request_id))
        return _who(tx, request)  # leaves here only when the commit has succeeded


def grounds(office: Office, role: str) -> list[Ground]:
    """The purposes for which this role may see who a person is."""
    return [
        one
        for one in office.policy.grounds
        if one.act == "reveal" and (not one.roles or role in one.roles)
    ]


def _purpose(office: Office, actor: Actor, ground: str, purpose: str) -> str:
    if ground not in {one.code for one in grounds(office, actor.role)}:
        raise Refusal("refusal.purpose_of_role", status=422)
    why = need(purpose, "refusal.purpose") if ground == OTHER else purpose.strip()
    return why[:LONGEST]


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
            col(Address.person_id) == request["person_id"], col(Address.kind) != NAMELESS
        )
    ).all()
    names = [name for name in (kept, *(row.name for row in said)) if name]
    addresses = [(row.kind, row.value) for row in known]
    seen = {value for _, value in addresses}
    addresses += [
        (row.channel, row.sender) for row in said if row.sender and row.sender not in seen
    ]
    return Revealed(tuple(dict.fromkeys(names)), tuple(dict.fromkeys(addresses)))
