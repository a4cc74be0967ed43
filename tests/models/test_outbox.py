"""What is due is claimed urgent first, under a lease that grows; what is settled stays settled."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from models import outbox, receipts
from models.db import Database
from models.ids import Mint
from models.outbox import Outgoing
from models.transaction import Transaction, acting
from models.vocabulary import OutboxState
from tests.conftest import WEDNESDAY
from tests.plans import ranges

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
        return [row.id for row, _ in outbox.claim(tx, now, limit)]


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


@pytest.mark.parametrize("urgent", [True, False])
def test_what_is_due_is_found_without_sorting_all_that_waits(
    database: Database, urgent: bool
) -> None:
    query = outbox.DUE[urgent].params(now=WEDNESDAY, most=50)
    assert ranges(database, query, "ix_outbox_urgent_next_at")


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
            receipts.report(
                tx, "sms", "SM1", reference=None, state=state, at=WEDNESDAY, error=None,
                patience=MINUTE,
            )  # fmt: skip
    row = row_of(database, message)
    assert (row.state, row.next_at) == (OutboxState.DELIVERED, None)


def told(tx: Transaction, state: OutboxState, provider_id: str = "SM1") -> Any:
    return receipts.report(
        tx, "sms", provider_id, reference=None, state=state, at=WEDNESDAY, error=None,
        patience=MINUTE,
    )  # fmt: skip


@pytest.mark.parametrize(
    "order", list(permutations([OutboxState.SENT, OutboxState.DELIVERED, OutboxState.FAILED]))
)
def test_reports_in_any_order_end_the_same_when_one_transaction_takes_them_all(
    database: Database, mint: Mint, order: tuple[OutboxState, ...]
) -> None:
    message = posted(
        database, mint, state=OutboxState.LEASED, provider_id="SM1", next_at=None, urgent=True
    )
    with acting(database, mint) as tx:
        for state in order:
            told(tx, state)
    row = row_of(database, message)
    assert (row.state, row.next_at) == (OutboxState.DELIVERED, None)
    assert row.delivered_at == WEDNESDAY


def test_a_failure_that_is_told_twice_in_one_transaction_is_news_once(
    database: Database, mint: Mint
) -> None:
    sent(database, mint)
    with acting(database, mint) as tx:
        found = [told(tx, OutboxState.FAILED).state for _ in range(2)]
    assert found == [OutboxState.SENT, OutboxState.FAILED]


def test_a_report_that_was_undone_was_never_told(database: Database, mint: Mint) -> None:
    message = sent(database, mint)
    with acting(database, mint) as tx:
        mark = tx.mark()
        told(tx, OutboxState.DELIVERED)
        tx.undo(mark)
        assert told(tx, OutboxState.FAILED).state == OutboxState.SENT
    assert row_of(database, message).state == OutboxState.FAILED


def test_a_message_bears_the_route_of_the_attempt_that_holds_it(
    database: Database, mint: Mint
) -> None:
    message = posted(database, mint)
    with acting(database, mint) as tx:
        [(as_it_was, route)] = outbox.claim(tx, WEDNESDAY, route=lambda _row: "voice")
    assert (as_it_was.channel, route) == ("sms", "voice")
    assert row_of(database, message).channel == "voice"


def test_a_report_of_another_message_changes_nothing(database: Database, mint: Mint) -> None:
    message = posted(database, mint, state=OutboxState.SENT, provider_id="SM1", next_at=None)
    with acting(database, mint) as tx:
        found = receipts.report(
            tx, "sms", "SM2", reference=str(message), state=OutboxState.DELIVERED, at=WEDNESDAY,
            error=None, patience=MINUTE,
        )  # fmt: skip
    assert found is None
    assert row_of(database, message).state == OutboxState.SENT


def reported(database: Database, mint: Mint, state: OutboxState, **more: Any) -> Any:
    given = {"channel": "sms", "provider_id": "SM1", "reference": None, "error": None, **more}
    with acting(database, mint) as tx:
        return receipts.report(
            tx, given["channel"], given["provider_id"], reference=given["reference"],
            state=state, at=WEDNESDAY + MINUTE, error=given["error"], patience=MINUTE * 5,
        )  # fmt: skip


def sent(database: Database, mint: Mint, **more: Any) -> int:
    fields = {"state": OutboxState.SENT, "provider_id": "SM1", "next_at": None, **more}
    return posted(database, mint, **fields)


def test_what_a_provider_has_taken_is_written_once_and_together(
    database: Database, mint: Mint
) -> None:
    one, two = posted(database, mint, urgent=True, error="away"), posted(database, mint)
    gone = sent(database, mint, provider_id="SM9")
    until = WEDNESDAY + MINUTE
    with acting(database, mint) as tx:
        outbox.settle_sent(
            tx,
            [
                outbox.Sent(one, "voice", WEDNESDAY, "CA1", until),
                outbox.Sent(two, "sms", WEDNESDAY, "SM2", None),
                outbox.Sent(gone, "sms", WEDNESDAY, "SM3", until),
            ],
        )
    row = row_of(database, one)
    assert (row.state, row.channel, row.sent_at) == (OutboxState.SENT, "voice", WEDNESDAY)
    assert (row.provider_id, row.next_at, row.error) == ("CA1", until, None)
    assert (row_of(database, two).provider_id, row_of(database, two).next_at) == ("SM2", None)
    assert row_of(database, gone).provider_id == "SM9", "what is settled stays as it is"


def test_a_report_is_believed_for_the_route_that_the_message_went_or_has_left(
    database: Database, mint: Mint
) -> None:
    message = sent(database, mint, channel="voice", tried=["sms"], provider_id="CA1")
    assert (
        reported(database, mint, OutboxState.DELIVERED, channel="chat", provider_id="CA1") is None
    )
    left = {"channel": "sms", "provider_id": "SM1", "reference": str(message)}
    assert reported(database, mint, OutboxState.FAILED, **left) is None
    assert row_of(database, message).state == OutboxState.SENT
    assert reported(database, mint, OutboxState.DELIVERED, **left).id == message
    row = row_of(database, message)
    assert (row.state, row.delivered_at) == (OutboxState.DELIVERED, WEDNESDAY + MINUTE)
    assert row.provider_id == "SM1", "the one that brought it"


def test_a_report_before_we_have_settled_is_known_by_our_own_reference(
    database: Database, mint: Mint
) -> None:
    message = posted(database, mint, state=OutboxState.LEASED)
    for nonsense in ("", "x", "２", "9" * 30, str(message + 1)):
        assert reported(database, mint, OutboxState.SENT, reference=nonsense) is None
    found = reported(database, mint, OutboxState.SENT, reference=str(message))
    assert (found.id, found.state) == (message, OutboxState.LEASED)
    row = row_of(database, message)
    assert (row.state, row.provider_id, row.next_at) == (OutboxState.SENT, "SM1", None)


@pytest.mark.parametrize("urgent", [True, False])
def test_an_urgent_message_is_waited_for_and_due_at_once_when_it_did_not_arrive(
    database: Database, mint: Mint, *, urgent: bool
) -> None:
    message = posted(database, mint, state=OutboxState.LEASED, urgent=urgent)
    reported(database, mint, OutboxState.SENT, reference=str(message))
    row = row_of(database, message)
    assert row.next_at == (WEDNESDAY + MINUTE * 6 if urgent else None)
    reported(database, mint, OutboxState.FAILED, error="30003")
    row = row_of(database, message)
    assert row.error == "30003"
    assert row.delivered_at is None
    expected = (OutboxState.SENT, WEDNESDAY + MINUTE) if urgent else (OutboxState.FAILED, None)
    assert (row.state, row.next_at) == expected


def test_what_is_not_sent_stays_with_its_reason_and_is_not_due(
    database: Database, mint: Mint
) -> None:
    message, other = posted(database, mint), posted(database, mint)
    with acting(database, mint) as tx:
        outbox.suppress(tx, message, "cap of the day reached")
    row = row_of(database, message)
    assert (row.state, row.error) == (OutboxState.SUPPRESSED, "cap of the day reached")
    assert claimed(database, mint) == [other]
