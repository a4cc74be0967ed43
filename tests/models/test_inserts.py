"""Rows written in bulk come back as the model knows them, on both databases."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from models.journal import JournalEntry
from models.people import Person
from models.transaction import acting
from tests.conftest import WEDNESDAY

CHINA = datetime.fromisoformat("2026-11-22T03:10:00.000001+08:00")


def entry(tx, **changes):
    row = {
        "id": tx.mint(),
        "channel": "test",
        "digest": bytes(range(32)),
        "received_at": CHINA,
        "url": "https://hotline.example/hook/test?a=%41&b='\"",
        "headers": {"content-type": "text/plain; 100%"},
        "body": b"\x00\xff %s ? :name",
    }
    return tx.add(JournalEntry, **{**row, **changes})


def read(database, row_id: int) -> JournalEntry:
    with database.read() as session:
        return session.scalars(select(JournalEntry).where(col(JournalEntry.id) == row_id)).one()


def test_times_documents_bytes_and_marks_come_back_as_they_were(database, mint):
    with acting(database, mint) as tx:
        row = dict(entry(tx, outcome={"steps": [1, None, {"深": "二"}], "held": False}))
    found = read(database, row["id"])
    assert {name: getattr(found, name) for name in row} == {**row, "digest": found.digest}
    assert bytes(found.digest) == row["digest"]
    assert found.received_at.tzinfo is UTC
    assert found.next_at is None


def test_a_time_without_a_zone_is_never_written(database, mint):
    naive = datetime(2026, 11, 22, 3, 10)  # noqa: DTZ001 that is the fault
    with pytest.raises(ValueError, match="without a zone"), acting(database, mint) as tx:
        entry(tx, received_at=naive)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=200))
def test_every_text_comes_back(database, mint, words):
    with acting(database, mint) as tx:
        person = tx.add(Person, id=tx.mint(), name=words, created_at=WEDNESDAY)
    with database.read() as session:
        found = session.scalars(select(Person).where(col(Person.id) == person["id"])).one()
    assert found.name == words
