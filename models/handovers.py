"""What one member of staff passes on to another at the change of shift: an offer, then a taker."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, Text, func, select, text
from sqlmodel import SQLModel, col

from models.columns import key, operational, sensitive
from models.requests import HelpRequest

_OPEN = text("settled_at IS NULL")


class Handover(SQLModel, table=True):
    """One offer. ``taken_by`` is who answers for the request at the desk since it was settled: the
    colleague who accepted, or the head of shift when nobody did in time; None where it came to
    nothing."""

    __table_args__ = (
        Index(
            "uq_handover_open",
            "request_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    offered_by: str = operational()
    offered_to: str = operational()
    note: str = sensitive("", sa_type=Text)
    offered_at: datetime = operational()
    due_at: datetime = operational()
    settled_at: datetime | None = operational(None)
    outcome: str | None = operational(None)
    taken_by: str | None = operational(None, index=True)


def desk_person() -> ColumnElement[str]:
    """Who answers for a request at the desk now: the last taker, else the first responder, who is
    recorded for ever and does not change."""
    last: Any = (
        select(col(Handover.taken_by))
        .where(col(Handover.request_id) == col(HelpRequest.id), col(Handover.taken_by).is_not(None))
        .order_by(col(Handover.settled_at).desc(), col(Handover.id).desc())
        .limit(1)
        .correlate(HelpRequest)
        .scalar_subquery()
    )
    return func.coalesce(last, col(HelpRequest.first_responder))
