"""What providers report of the messages that we sent: taken, arrived, given up."""

import re
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Table, bindparam, select, update
from sqlmodel import col

from models.outbox import Outgoing
from models.transaction import Transaction
from models.vocabulary import OutboxState

_TABLE: Table = Outgoing.__table__  # type: ignore[attr-defined]
_NUMBER = re.compile(r"[0-9]{1,18}")
"""What a key of a message of ours may look like, which any column of numbers can hold."""
_REPORTED = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("of"))
    .values(
        state=bindparam("becomes"),
        next_at=bindparam("until"),
        error=bindparam("why"),
        provider_id=bindparam("provider"),
        delivered_at=bindparam("arrived"),
    )
)


class Standing(NamedTuple):
    """A message of ours as a report finds it."""

    id: int
    state: str
    request_id: int | None
    number: str | None
    urgent: bool
    provider_id: str | None
    channel: str
    tried: list[str] | None


_KEPT = select(*(getattr(Outgoing, name) for name in Standing._fields)).limit(1)
_BY_REFERENCE = _KEPT.where(col(Outgoing.id) == bindparam("of"))
_BY_PROVIDER = _KEPT.where(col(Outgoing.provider_id) == bindparam("of"))
_ORDER = {OutboxState.SENT: 1, OutboxState.FAILED: 2, OutboxState.DELIVERED: 3}


def report(
    tx: Transaction,
    channel: str,
    provider_id: str,
    *,
    reference: str | None,
    state: OutboxState,
    at: datetime,
    error: str | None,
    patience: timedelta,
) -> Standing | None:
    """Apply a provider's report; the state only moves forward, whatever order reports come in.

    An urgent message that the provider has is waited for as long as ``patience``, and one that it
    gave up after all is due again at once: the next route, or a person, has to say it.

    Returns the row as it stood before, or None if no message of ours is meant.
    """
    if reference and _NUMBER.fullmatch(reference):
        row = tx.execute(_BY_REFERENCE, {"of": int(reference)}).first()
    else:
        row = tx.execute(_BY_PROVIDER, {"of": provider_id}).first()
    found = _as_reported(tx, Standing(*row)) if row else None
    if found is None or channel not in (found.channel, *(found.tried or ())):
        return None
    if found.channel != channel and state is not OutboxState.DELIVERED:
        return None  # of a route that was given up: only that it arrived after all is news
    if found.channel == channel and found.provider_id not in (None, provider_id):
        return None
    if _ORDER[state] <= _ORDER.get(OutboxState(found.state), 0):
        return found
    until = at + patience if found.urgent and state is OutboxState.SENT else None
    becomes = state
    if state is OutboxState.FAILED and found.urgent and found.state == OutboxState.SENT:
        becomes, until = OutboxState.SENT, at
    tx.later(
        _REPORTED,
        of=found.id,
        becomes=becomes,
        until=until,
        why=error,
        provider=provider_id,
        arrived=at if state is OutboxState.DELIVERED else None,
    )
    return found


def _as_reported(tx: Transaction, row: Standing) -> Standing:
    """The row after the reports of the same transaction, which are not written yet."""
    for one in tx.put_off(_REPORTED):
        if one["of"] == row.id:
            row = row._replace(state=one["becomes"], provider_id=one["provider"])
    return row
