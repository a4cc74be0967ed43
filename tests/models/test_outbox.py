"""What is due is claimed urgent first, under a lease that grows; what is settled stays settled."""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select
from sqlmodel import col

from models import outbox
from models.db import Database
from models.ids import Mint
from models.outbox import Outgoing
from models.transaction import acting
from models.vocabulary import OutboxState
from tests.conftest import WEDNESDAY

MINUTE = timedelta(minutes=1)


def posted(database: Database, mint: Mint, **more: object) -> int:
    """A message that is due now."""
    with acting(database, mint) as tx:
        row = {
            "id": mint(), "channel": "sms", "address": "+8619900000001", "phrase": "receipt",
            "params": {}, "text": "x", "posted_at": WEDNESDAY, "next_at": WEDNESDAY, **more,
        }  # fmt: skip
        tx.add(Outgoing, **row)
    return int(row["id"])  # type: ignore[call-overload]


def row_of(database: Database, row_id: int) -> Outgoing:
    with database.read() as session:
        return session.scalars(select(Outgoing).where(col(Outgoing.id) == row_id)).one()


def claimed(database: Database, mint: Mint, now=WEDNESDAY, limit: int = 50) -> list[int]:
    with acting(database, mint) as tx:
        return [row.id for row in outbox.claim(tx, now, limit)]


def test_what_is_due_this_very_moment_is_claimed_once_and_urgent_first(
    database: Database, mint: Mint
) -> None:
    late = posted(database, mint, next_at=WEDNESDAY - MINUTE)
    urgent = posted(database, mint, urgent=True)
    later = posted(database, mint, next_at=WEDNESDAY + MINUTE)
    settled = posted(database, mint, next_at=None, state=OutboxState.SENT)
    assert claimed(database, mint, limit=1) == [urgent]
    assert claimed(database, mint) == [late]
    assert claimed(database, mint) == []
    assert row_of(database, later).state == OutboxState.READY
    assert row_of(database, settled).attempts == 0


def test_a_lease_doubles_with_every_attempt_up_to_ten_minutes(
    database: Database, mint: Mint
) -> None:
    message, now, leases = posted(database, mint), WEDNESDAY, []
    for attempt in range(1, 8):
        assert claimed(database, mint, now) == [message]
        row = row_of(database, message)
        assert (row.state, row.attempts) == (OutboxState.LEASED, attempt)
        assert outbox.leased_at(row) == now
        leases.append((row.next_at - now).total_seconds())
        assert claimed(database, mint, row.next_at - timedelta(seconds=1)) == []
        now = row.next_at
    assert leases == [30, 60, 120, 240, 480, 600, 600]


@pytest.mark.parametrize("state", [OutboxState.SENT, OutboxState.DELIVERED, OutboxState.FAILED])
def test_what_is_settled_is_not_settled_again(
    database: Database, mint: Mint, state: OutboxState
) -> None:
    message = posted(database, mint, state=state, next_at=None)
    with acting(database, mint) as tx:
        assert not outbox.settle(tx, message, state=OutboxState.SENT)
    assert row_of(database, message).state == state


@pytest.mark.parametrize(
    "order", list(permutations([OutboxState.SENT, OutboxState.DELIVERED, OutboxState.FAILED]))
)
def test_reports_in_any_order_end_the_same(
    database: Database, mint: Mint, order: tuple[OutboxState, ...]
) -> None:
    message = posted(database, mint, state=OutboxState.SENT, provider_id="SM1", next_at=None)
    for state in (*order, OutboxState.SENT):
        with acting(database, mint) as tx:
            outbox.report(
                tx, "sms", "SM1", reference=None, state=state, at=WEDNESDAY, error=None,
                patience=MINUTE,
            )  # fmt: skip
    row = row_of(database, message)
    assert (row.state, row.next_at) == (OutboxState.DELIVERED, None)


def test_a_report_of_another_message_changes_nothing(database: Database, mint: Mint) -> None:
    message = posted(database, mint, state=OutboxState.SENT, provider_id="SM1", next_at=None)
    with acting(database, mint) as tx:
        found = outbox.report(
            tx, "sms", "SM2", reference=str(message), state=OutboxState.DELIVERED, at=WEDNESDAY,
            error=None, patience=MINUTE,
        )  # fmt: skip
    assert found is None
    assert row_of(database, message).state == OutboxState.SENT
