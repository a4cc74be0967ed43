"""Requests that nobody has taken in hand: how many are urgent, and since when.

The one rule of the desk's alarm and of the figures that other alarms hang on. Who has signed for an
order has taken it, whether or not the desk has confirmed it; what was done and waits for the word
of the requester or of a supervisor was taken too.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session, col

from gateway import access, views
from gateway.access import Actor
from gateway.drawn import drawn, moment
from models.requests import HelpRequest
from models.vocabulary import Status
from referral.office import Office

MOST = 100
TAKEN = (
    Status.IN_PROGRESS,
    Status.SUSPENDED,
    Status.RESULT_REPORTED,
    Status.IN_CALLBACK,
    Status.REOPENED,
)
"""Where somebody has signed for it, or had: nobody gets here alone."""


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """``number`` is the one that has waited longest."""

    count: int
    number: str
    since: datetime


def untaken(now: datetime) -> list[ColumnElement[bool]]:
    """What no person has decided, signed for or works on at this moment."""
    free = or_(
        col(HelpRequest.leased_until).is_(None),
        col(HelpRequest.leased_until) <= moment("as_of", now),
    )
    return [*views.undecided(), col(HelpRequest.status).not_in(TAKEN), free]


def unclaimed(session: Session, actor: Actor, office: Office, now: datetime) -> Unclaimed | None:
    """Urgent ones that nobody has taken, beyond the limit of the profile
    (``urgent_unclaimed_minutes``); None when there is none."""
    limit: Any = office.policy.values["urgent_unclaimed_minutes"].value

    def make() -> Any:
        return (
            select(col(HelpRequest.number), col(HelpRequest.received_at))
            .where(
                *access.scope(actor, office, now),
                *untaken(now),
                col(HelpRequest.queue_key) < views.URGENT_KEYS,
                col(HelpRequest.received_at) <= moment("until", now),
            )
            .order_by(col(HelpRequest.queue_key))
            .limit(MOST)
        )

    query = drawn("unclaimed", actor, office, now, make)
    asked = {"as_of": now, "until": now - timedelta(minutes=limit)}
    found = session.connection().execute(query, asked).all()
    if not found:
        return None
    oldest = min(found, key=lambda row: row.received_at)
    return Unclaimed(len(found), oldest.number, oldest.received_at)
