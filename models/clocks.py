"""A running clock: a promise with its source. The scheduler is a query on ``next_at``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Index, Integer, Select, bindparam, case, select, text
from sqlmodel import SQLModel, col

from models.columns import document, key, operational

_RUNNING = text("next_at IS NOT NULL")
_UNSTOPPED = text("stopped_at IS NULL")
_SIGNING = text("name = 'CLK-SIGN'")
_BREACHED = text("breached_at IS NOT NULL")
_MISSED = text("stopped_at IS NULL AND name = 'CLK-MISSED-CALL'")


class Clock(SQLModel, table=True):
    """One promise. Everything that decided it is copied here: a later rule never moves it.

    ``step`` counts the ladder's steps already taken; ``next_at`` is when the next one falls due,
    None when there is none or the clock is stopped or paused (but see ``still_due``). ``paused_at``
    is set while a pause lasts; the pauses themselves are intervals in ``paused``.
    """

    __table_args__ = (
        Index(
            "ix_clock_urgent_next_at",
            "urgent",
            "next_at",
            "id",
            sqlite_where=_RUNNING,
            postgresql_where=_RUNNING,
        ),
        Index(
            "ix_clock_unstopped_due_at",
            "due_at",
            "request_id",
            sqlite_where=_UNSTOPPED,
            postgresql_where=_UNSTOPPED,
        ),
        Index(
            "ix_clock_sign_started_at",
            "started_at",
            "referral_id",
            sqlite_where=_SIGNING,
            postgresql_where=_SIGNING,
        ),
        Index(
            "ix_clock_breached_at",
            "breached_at",
            "request_id",
            sqlite_where=_BREACHED,
            postgresql_where=_BREACHED,
        ),
        Index(
            "ix_clock_missed_call",
            "request_id",
            sqlite_where=_MISSED,
            postgresql_where=_MISSED,
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


def _due(urgent: bool) -> Select[Any]:
    return (
        select(*Clock.__table__.columns)  # type: ignore[attr-defined]
        .where(
            col(Clock.urgent).is_(urgent),
            col(Clock.next_at).is_not(None),
            col(Clock.next_at) <= bindparam("now"),
        )
        .order_by(col(Clock.next_at), col(Clock.id))
        .limit(bindparam("most", type_=Integer))
    )


def _first(urgent: bool) -> Select[Any]:
    return (
        select(col(Clock.next_at))
        .where(col(Clock.urgent).is_(urgent), col(Clock.next_at).is_not(None))
        .order_by(col(Clock.next_at), col(Clock.id))
        .limit(1)
    )


DUE = {urgent: _due(urgent) for urgent in (True, False)}
"""Clocks whose next step is due by ``now``, at most ``most``, the longest waiting first, urgent
ones or the others: one range of one index. Built once, for they are asked every second."""

FIRST = {urgent: _first(urgent) for urgent in (True, False)}
"""The earliest step that waits: the first entry of the index."""


def running_of(
    request_id: int, names: Sequence[str], *, case: str | None, referral_id: int | None
) -> list[ColumnElement[bool]]:
    """The conditions of a request's clocks of these names that are not stopped: of one case, of one
    order, where that is given."""
    wanted = [
        col(Clock.request_id) == request_id,
        col(Clock.name).in_(names),
        col(Clock.stopped_at).is_(None),
    ]
    if case is not None:
        wanted.append(col(Clock.case) == case)
    if referral_id is not None:
        wanted.append(col(Clock.referral_id) == referral_id)
    return wanted


def stopping(at: datetime) -> dict[str, Any]:
    """What stopping does to a clock's row. A step that fell due before and that nobody has taken
    yet stays due, so that a breach of the last minutes is still recorded."""
    return {"stopped_at": at, "next_at": still_due(at)}


def still_due(at: datetime) -> Any:
    """What a clock that ends or pauses at ``at`` still waits for: only what fell due before."""
    return case((col(Clock.next_at) <= at, col(Clock.next_at)), else_=None)
