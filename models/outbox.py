"""What must be said to whom: the seam between casework and the channels.

A message is posted in the transaction of the act that owes it, claimed with a lease, sent outside
any transaction and settled by itself. At least once to the provider, with the row's id as the
idempotency reference; a lease that ran out (a crash between sending and settling) is sent again,
later each time. The text is kept as it was sent.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import (
    Index,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    or_,
    select,
    text,
    update,
)
from sqlmodel import SQLModel, col

from models.columns import document, key, operational, personal, sensitive
from models.transaction import Transaction
from models.vocabulary import OutboxState

_WAITS = text("next_at IS NOT NULL")
_SENT = text("provider_id IS NOT NULL")


class Outgoing(SQLModel, table=True):
    """One message to one handle. ``safety`` may reach a person who asked us to stop (an open
    urgent case); ``staff`` is the login when the reader is one of us."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_urgent_next_at",
            "urgent",
            "next_at",
            "id",
            sqlite_where=_WAITS,
            postgresql_where=_WAITS,
        ),
        Index(
            "ix_outbox_provider_id",
            "provider_id",
            sqlite_where=_SENT,
            postgresql_where=_SENT,
        ),
    )

    id: int = key()
    request_id: int | None = key(foreign="request.id", nullable=True, index=True)
    number: str | None = operational(None)
    person_id: int | None = key(foreign="person.id", nullable=True)
    staff: str | None = operational(None)
    channel: str = operational()
    address: str = personal()
    phrase: str = operational()
    params: dict[str, str] = document(sensitive)
    buttons: list[Any] | None = document(operational)
    language: str = operational("zh-CN")
    text: str = sensitive(sa_type=Text)
    urgent: bool = operational(False)
    safety: bool = operational(False)
    state: str = operational(OutboxState.READY)
    attempts: int = operational(0)
    posted_at: datetime = operational()
    next_at: datetime | None = operational(None)
    sent_at: datetime | None = operational(None)
    delivered_at: datetime | None = operational(None)
    tried: list[str] | None = document(operational)
    unsure_at: datetime | None = operational(None)
    provider_id: str | None = operational(None)
    error: str | None = operational(None)


_TABLE: Table = Outgoing.__table__  # type: ignore[attr-defined]
_LEASE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of"))
    .values(
        state=OutboxState.LEASED,
        attempts=_TABLE.c.attempts + 1,
        channel=bindparam("route"),
        next_at=bindparam("until"),
    )
)
LEASE_SECONDS = 30
LEASE_CAP_SECONDS = 600


def _due(urgent: bool) -> Select[Any]:
    return (
        select(*_TABLE.columns)
        .where(
            _TABLE.c.urgent.is_(urgent),
            _TABLE.c.next_at.is_not(None),
            _TABLE.c.next_at <= bindparam("now"),
        )
        .order_by(_TABLE.c.next_at, _TABLE.c.id)
        .limit(bindparam("most", type_=Integer))
    )


DUE = {urgent: _due(urgent) for urgent in (True, False)}
"""One range of one index each: what has waited longest is found at once, however much waits."""


def leased_at(row: Any) -> datetime:
    """When the attempt began whose lease this row still bears."""
    begun: datetime = row.next_at - _lease(row.attempts - 1)
    return begun


def _lease(attempts: int) -> timedelta:
    return timedelta(seconds=min(LEASE_SECONDS * 2**attempts, LEASE_CAP_SECONDS))


def claim(
    tx: Transaction,
    now: datetime,
    limit: int = 50,
    route: Callable[[Any], str] = attrgetter("channel"),
) -> list[tuple[Any, str]]:
    """Take what is due, urgent first, and hold it for a lease that grows with every attempt.
    ``route`` says which way each goes: it is kept, a report may come before the sending is settled.

    Returns the rows as they were, each with its way; the attempt that begins now is
    ``row.attempts + 1``.
    """
    found: list[Any] = []
    for urgent in (True, False):
        if len(found) < limit:
            given = {"now": now, "most": limit - len(found)}
            found += tx.execute(DUE[urgent], given).all()
    pairs = [(row, route(row)) for row in found]
    if pairs:
        leases = (
            {"of": row.id, "until": now + _lease(row.attempts), "route": way} for row, way in pairs
        )
        tx.execute(_LEASE, list(leases))
    return pairs


def suppress(tx: Transaction, row_id: int, why: str) -> None:
    """Do not send a message that was just claimed; it stays, with the reason."""
    changes = {"state": OutboxState.SUPPRESSED, "next_at": None, "error": why}
    tx.later(update(Outgoing).where(col(Outgoing.id) == row_id).values(**changes))


def reword(tx: Transaction, row_id: int, text: str) -> None:
    """A message that was just claimed is said in these words instead."""
    tx.later(update(Outgoing).where(col(Outgoing.id) == row_id).values(text=text))


def empty(tx: Transaction, *which: Any) -> None:
    """Take out of messages what they say and to whom. None of them is sent any more: what waits or
    is under way is held back for good, and no report makes it due again."""
    waits = col(Outgoing.state).in_([OutboxState.READY, OutboxState.LEASED])
    tx.execute(update(Outgoing).where(*which, waits).values(state=OutboxState.SUPPRESSED))
    tx.execute(
        update(Outgoing)
        .where(*which)
        .values(text="", address="", params={}, error=None, next_at=None, urgent=False)
    )


def settle(tx: Transaction, row_id: int, **changes: Any) -> bool:
    """Write what became of one message that is not settled yet; False when it already was."""
    done = tx.execute(
        update(Outgoing)
        .where(
            col(Outgoing.id) == row_id,
            col(Outgoing.state).in_([OutboxState.READY, OutboxState.LEASED]),
        )
        .values(**changes)
    )
    return bool(done.rowcount)


class Sent(NamedTuple):
    """A provider has taken a message: which one, by which route, when, what the provider calls it,
    and until when it has to have arrived."""

    of: int
    route: str
    at: datetime
    provider: str
    until: datetime | None


_SETTLE_SENT = (
    update(_TABLE)
    .where(
        _TABLE.c.id == bindparam("of"),
        or_(_TABLE.c.state == OutboxState.READY, _TABLE.c.state == OutboxState.LEASED),
    )
    .values(
        state=OutboxState.SENT,
        channel=bindparam("route"),
        sent_at=bindparam("at"),
        provider_id=bindparam("provider"),
        next_at=bindparam("until"),
        unsure_at=None,
        error=None,
    )
)


def settle_sent(tx: Transaction, taken: Sequence[Sent]) -> None:
    """Write that providers have taken these messages; those that are settled stay as they are."""
    tx.execute(_SETTLE_SENT, [one._asdict() for one in taken])
