"""Urgent requests that nobody has taken in hand: how many, and since when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlmodel import Session, col

from gateway import access, views
from gateway.access import Actor
from gateway.drawn import drawn, moment
from models.requests import HelpRequest
from referral.office import Office

MOST = 100


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """``number`` is the one that has waited longest."""

    count: int
    number: str
    since: datetime


def unclaimed(session: Session, actor: Actor, office: Office, now: datetime) -> Unclaimed | None:
    """Urgent ones that no person has decided or works on, beyond the limit of the profile
    (``urgent_unclaimed_minutes``); None when there is none."""
    limit: Any = office.policy.values["urgent_unclaimed_minutes"].value

    def make() -> Any:
        free = or_(
            col(HelpRequest.leased_until).is_(None),
            col(HelpRequest.leased_until) <= moment("as_of", now),
        )
        return (
            select(col(HelpRequest.number), col(HelpRequest.received_at))
            .where(
                *access.scope(actor, office, now),
                *views.tab("triage", actor, office, now),
                col(HelpRequest.queue_key) < views.URGENT_KEYS,
                col(HelpRequest.received_at) <= moment("until", now),
                free,
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
