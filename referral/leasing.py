"""Working on a request for a while: one at a time, seen by the others, over by itself.

A lease is no holder: it moves no responsibility, it only tells colleagues who has the request in
front of them, so that two do not work on one. It lasts as long as its page is open.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import col

from models.requests import HelpRequest
from models.transaction import Row, Transaction
from referral.casework import Actor, Refusal
from referral.office import Office


def take(tx: Transaction, office: Office, actor: Actor, request: Row, *, now: datetime) -> Row:
    """Take the lease of a request that nobody else works on. Of many at once exactly one gets it;
    the others get a ``Refusal`` that names them."""
    until = now + length(office)
    free = or_(
        col(HelpRequest.leased_until).is_(None),
        col(HelpRequest.leased_until) <= now,
        col(HelpRequest.leased_by) == actor.login,
    )
    done = tx.execute(
        update(HelpRequest)
        .where(col(HelpRequest.id) == request["id"], free)
        .values(leased_by=actor.login, leased_until=until)
    )
    if not done.rowcount:
        officer = office.directory.officer.get(request["leased_by"] or "")
        name = officer.name if officer else str(request["leased_by"])
        raise Refusal("refusal.taken", {"number": request["number"], "name": name})
    return {**request, "leased_by": actor.login, "leased_until": until}


def extend(tx: Transaction, office: Office, actor: Actor, request: Row, *, now: datetime) -> bool:
    """Go on with one's own lease that has not lapsed; False when there is none."""
    done = tx.execute(
        update(HelpRequest)
        .where(
            col(HelpRequest.id) == request["id"],
            col(HelpRequest.leased_by) == actor.login,
            col(HelpRequest.leased_until) > now,
        )
        .values(leased_until=now + length(office))
    )
    return bool(done.rowcount)


def release(tx: Transaction, actor: Actor, request_id: int) -> None:
    """Give one's own lease back."""
    tx.execute(
        update(HelpRequest)
        .where(col(HelpRequest.id) == request_id, col(HelpRequest.leased_by) == actor.login)
        .values(leased_by=None, leased_until=None)
    )


def length(office: Office) -> timedelta:
    """How long a lease lasts without a sign of life."""
    minutes: Any = office.policy.values["claim_lease_minutes"].value
    return timedelta(minutes=minutes)
