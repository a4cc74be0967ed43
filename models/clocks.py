"""A running clock: a promise with its source. The scheduler is a query on ``next_at``."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Select, select, text
from sqlmodel import SQLModel, col

from models.columns import document, key, operational

_RUNNING = text("next_at IS NOT NULL")


class Clock(SQLModel, table=True):
    """One promise. Everything that decided it is copied here: a later rule never moves it.

    ``step`` counts the ladder's steps already taken; ``next_at`` is when the next one falls due,
    None when there is none or the clock is stopped. ``paused_at`` is set while a pause lasts; the
    pauses themselves are intervals in ``paused``.
    """

    __table_args__ = (
        Index(
            "ix_clock_next_at",
            "next_at",
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
    )

    id: int = key()
    request_id: int = key(foreign="request.id", index=True)
    referral_id: int | None = key(foreign="referral.id", nullable=True)
    name: str = operational()
    case: str = operational("")
    unit: str = operational()
    measure: str = operational()
    amount: float = operational()
    urgent: bool = operational(False)
    started_at: datetime = operational()
    due_at: datetime = operational()
    paused: list[Any] = document(operational)
    paused_at: datetime | None = operational(None)
    stopped_at: datetime | None = operational(None)
    breached_at: datetime | None = operational(None)
    provisional: bool = operational(False)
    source: str = operational()
    tag: str = operational()
    policy: str = operational()
    ladder: str = operational("")
    step: int = operational(0)
    next_at: datetime | None = operational(None)


def due_by(now: datetime, limit: int = 200) -> Select[Any]:
    """Clocks whose next step is due, urgent ones first, then the longest waiting."""
    return (
        select(Clock)
        .where(col(Clock.next_at).is_not(None), col(Clock.next_at) <= now)
        .order_by(col(Clock.urgent).desc(), col(Clock.next_at), col(Clock.id))
        .limit(limit)
    )
