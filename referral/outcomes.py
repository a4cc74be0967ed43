"""A reporter hears one outcome once: it has no details, so said again it says nothing new (N16).

Another outcome follows where the matter was taken up again since, where the request was joined to
another one or parted from it, or where the reporter has told more.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.events import Event
from models.outbox import Outgoing
from models.requests import Contact
from models.transaction import Row, Transaction
from referral.reporters import OUTCOME

_TAKEN_UP = frozenset({"handed_off", "rehandled", "reopened"})
_ANSWERED = frozenset({"closed", "refused", "replied", "withdrawn"})
_MOVED = frozenset({"merge_undone", "merged"})


def heard(tx: Transaction, hearer: Mapping[str, Any]) -> Row | None:
    """The message by which the reporter whose request this is heard the outcome that stands; None
    where they have not heard it yet."""
    own = hearer["id"]
    for message in reversed(tx.added(Outgoing)):
        if message["request_id"] == own and message["phrase"] == OUTCOME and not message["staff"]:
            return message
    columns = Outgoing.__table__.columns  # type: ignore[attr-defined]
    said = tx.execute(
        select(*columns)
        .where(
            col(Outgoing.request_id) == own,
            col(Outgoing.phrase) == OUTCOME,
            col(Outgoing.staff).is_(None),
        )
        .order_by(col(Outgoing.posted_at).desc())
        .limit(1)
    ).first()
    if said is None or _goes_on(tx, hearer, said.posted_at):
        return None
    return dict(said._mapping)


def _goes_on(tx: Transaction, hearer: Mapping[str, Any], since: datetime) -> bool:
    own, kind = hearer["id"], col(Event.kind)
    matter = (own, hearer["merged_into"] or own)
    acts = select(kind).where(col(Event.request_id).in_(matter), kind.in_(_TAKEN_UP | _ANSWERED))
    if tx.execute(acts.order_by(col(Event.seq).desc()).limit(1)).scalar() in _TAKEN_UP:
        return True
    moved = select(kind).where(
        col(Event.request_id) == own, kind.in_(_MOVED), col(Event.at) > since
    )
    more = select(col(Contact.id)).where(
        col(Contact.request_id).in_(matter),
        col(Contact.person_id) == hearer["person_id"],
        col(Contact.received_at) > since,
    )
    return any(tx.execute(one.limit(1)).first() is not None for one in (moved, more))
