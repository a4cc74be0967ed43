"""A call is known again by its digest or its provider's id; what waits is tried again."""

from datetime import timedelta
from typing import Any

from models import journal
from models.db import Database
from models.ids import Mint
from models.journal import JournalEntry
from models.transaction import acting
from models.vocabulary import ContactState
from tests.conftest import WEDNESDAY

MINUTE = timedelta(minutes=1)


def kept(database: Database, mint: Mint, mark: str, **more: Any) -> int:
    with acting(database, mint) as tx:
        row = tx.add(
            JournalEntry, id=tx.mint(), channel="sms", provider_key=f"key-{mark}",
            digest=mark.encode(), received_at=WEDNESDAY, url="", headers={}, body=b"", **more,
        )  # fmt: skip
    return int(row["id"])


def test_a_call_is_known_by_its_digest_or_by_its_key_and_by_nothing_else(
    database: Database, mint: Mint
) -> None:
    first, second = kept(database, mint, "a"), kept(database, mint, "b", number="HY1")
    kept(database, mint, "c")
    with acting(database, mint) as tx:
        found = {row.id: row.number for row in journal.known(tx, [b"a"], ["key-b"])}
        assert found == {first: None, second: "HY1"}
        assert [row.id for row in journal.known(tx, [b"a"], [])] == [first]
        assert [row.id for row in journal.known(tx, [], ["key-b"])] == [second]
        assert journal.known(tx, [b"x"], ["key-x"]) == []


def test_what_waits_is_tried_when_its_time_has_come_the_longest_waiting_first(
    database: Database, mint: Mint
) -> None:
    held = {"state": ContactState.HOLDING_PEN}
    now = kept(database, mint, "now", **held, next_at=WEDNESDAY)
    long = kept(database, mint, "long", **held, next_at=WEDNESDAY - MINUTE)
    kept(database, mint, "later", **held, next_at=WEDNESDAY + MINUTE)
    kept(database, mint, "person", **held, next_at=None)
    kept(database, mint, "done", state=ContactState.HANDLED, next_at=WEDNESDAY - MINUTE)
    with database.read() as session:
        found = [row.id for row in session.scalars(journal.unfinished(WEDNESDAY))]
        assert found == [long, now]
        assert [row.id for row in session.scalars(journal.unfinished(WEDNESDAY, 1))] == [long]


def test_a_call_is_tried_five_times_later_each_time_and_then_a_person_reads_it() -> None:
    waits = [journal.next_try(WEDNESDAY, attempts) for attempts in range(1, 7)]
    assert waits[:5] == [WEDNESDAY + MINUTE * n for n in (1, 5, 30, 120, 720)]
    assert waits[5] is None


def test_a_call_that_was_understood_waits_no_more_and_the_others_do(
    database: Database, mint: Mint
) -> None:
    held = {"state": ContactState.HOLDING_PEN, "next_at": WEDNESDAY}
    read, other = kept(database, mint, "a", **held), kept(database, mint, "b", **held)
    with acting(database, mint) as tx:
        journal.finish(tx, read, state=ContactState.HANDLED, next_at=None)
    with database.read() as session:
        assert [row.id for row in session.scalars(journal.unfinished(WEDNESDAY))] == [other]
