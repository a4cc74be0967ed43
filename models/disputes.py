"""A bureau says that an order is not its own; who decided it, and where it went."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Select, Text, select, text
from sqlmodel import SQLModel, col

from models.columns import key, operational, sensitive

_DECIDED = text("decided_at IS NOT NULL")
_STANDING = text("decided_at IS NULL")


class Dispute(SQLModel, table=True):
    """One request to return an order, with the rule of duty it cites and the unit it names.

    All open ones of a request are one routing dispute. ``went_to`` is the unit that has the order
    after the decision, the same bureau where the return was refused.
    """

    __table_args__ = (
        Index(
            "ix_dispute_service_decided_at",
            "service",
            "decided_at",
            sqlite_where=_DECIDED,
            postgresql_where=_DECIDED,
        ),
        Index(
            "ix_dispute_standing",
            "request_id",
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
    )

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    referral_id: int = key(foreign="referral.id")
    service: str | None = operational(None)
    bureau: str = operational()
    asked_by: str = operational()
    asked_at: datetime = operational()
    rule: str = operational()
    right_unit: str = operational()
    reason: str = sensitive(sa_type=Text)
    overlap: bool = operational(False)
    first_aid: bool = operational(False)
    decision: str | None = operational(None)
    went_to: str | None = operational(None)
    decided_by: str | None = operational(None)
    decided_at: datetime | None = operational(None)
    decided_reason: str | None = sensitive(None, sa_type=Text)


def precedents(service: str | None, most: int) -> Select[Any]:
    """The last decided disputes about one kind of help, the newest first."""
    columns = Dispute.__table__.columns  # type: ignore[attr-defined]
    return (
        select(*columns)
        .where(
            col(Dispute.service) == service,
            col(Dispute.decided_at).is_not(None),
            col(Dispute.went_to).is_not(None),
        )
        .order_by(col(Dispute.decided_at).desc(), col(Dispute.id).desc())
        .limit(most)
    )
