"""What is read is of one moment, whatever is written meanwhile: proofs of a busy system rest on
that."""

from sqlalchemy import func, select
from sqlmodel import col

from gateway.accounting import account
from gateway.ledger_audit import walk
from models.events import Event, Ledger
from models.transaction import acting
from tests.conftest import WEDNESDAY


def test_a_reader_sees_one_moment_and_the_next_reader_the_next(database, mint):
    entries, head = select(func.count(col(Event.seq))), select(col(Ledger.seq))
    with database.read() as session:
        before = session.scalar(entries)
        with acting(database, mint) as tx:
            tx.event("something", at=WEDNESDAY)
        assert (session.scalar(entries), session.scalar(head)) == (before, before)
        assert walk(session).fault == "", "the head fits the entries that were read"
        assert account(session).missing == []
    with database.read() as session:
        assert (session.scalar(entries), session.scalar(head)) == (before + 1, before + 1)


def test_who_writes_sees_what_others_have_written_a_moment_ago(database, mint):
    for _ in range(2):
        with acting(database, mint) as tx:
            tx.event("something", at=WEDNESDAY)
    with database.read() as session:
        assert walk(session).fault == ""
