"""One act: all of it or nothing, its numbers without a gap, its events in the chain."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from models.counters import Counter
from models.events import GENESIS, Event, Ledger, first_broken
from models.people import Address, Person
from models.transaction import acting
from tests.conftest import WEDNESDAY


def all_of(database, table):
    with database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def person(tx, name: str):
    row = tx.add(Person, id=tx.mint(), name=name, created_at=WEDNESDAY)
    tx.add(Address, id=tx.mint(), person_id=row["id"], kind="tel", value=name)
    tx.event("met", at=WEDNESDAY, who=name)
    return row


def test_an_act_that_fails_leaves_neither_row_nor_number_nor_event(database, mint):
    def fail() -> None:
        with acting(database, mint) as tx:
            person(tx, "A")
            assert tx.next_number(WEDNESDAY.date()).startswith("HY20260930-00001-")
            raise LookupError("half way")

    with pytest.raises(LookupError):
        fail()
    assert all_of(database, Person) == all_of(database, Event) == []
    with acting(database, mint) as tx:
        assert tx.next_number(WEDNESDAY.date()).startswith("HY20260930-00001-"), "no gap"


def test_what_was_undone_inside_an_act_was_never_there(database, mint):
    with acting(database, mint) as tx:
        kept = person(tx, "kept")
        first = tx.next_number(WEDNESDAY.date())
        mark = tx.mark()
        person(tx, "undone")
        tx.next_number(WEDNESDAY.date())
        tx.count("other")
        tx.later(update(Person).where(col(Person.id) == kept["id"]).values(name="changed"))
        tx.undo(mark)
        assert tx.next_number(WEDNESDAY.date()) != first
    assert [row.name for row in all_of(database, Person)] == ["kept"]
    assert [row.value for row in all_of(database, Address)] == ["kept"]
    assert len(all_of(database, Event)) == 1
    counters = {row.name: row.value for row in all_of(database, Counter)}
    assert counters["number:20260930"] == 2
    assert "other" not in counters


def test_a_change_put_off_sees_the_rows_of_its_own_act(database, mint):
    with acting(database, mint) as tx:
        row = person(tx, "new")
        tx.later(update(Person).where(col(Person.id) == row["id"]).values(name="renamed"))
    assert [row.name for row in all_of(database, Person)] == ["renamed"]


def test_children_may_be_added_before_their_parents(database, mint):
    with acting(database, mint) as tx:
        owner = tx.mint()
        tx.add(Address, id=tx.mint(), person_id=owner, kind="tel", value="1")
        tx.add(Person, id=owner, created_at=WEDNESDAY)
    assert len(all_of(database, Address)) == 1


def test_a_misspelt_column_is_refused_at_once(database, mint):
    with (
        pytest.raises(KeyError, match=r"person has no column \['nmae'\]"),
        acting(database, mint) as tx,
    ):
        tx.add(Person, id=tx.mint(), nmae="A", created_at=WEDNESDAY)


def test_columns_that_are_not_named_get_their_default(database, mint):
    with acting(database, mint) as tx:
        row = tx.add(Person, id=tx.mint(), created_at=WEDNESDAY)
        assert (row["name"], row["minor"]) == (None, False)
    assert all_of(database, Person)[0].minor is False


def test_events_are_chained_over_acts_and_the_head_follows(database, mint):
    for name in ("A", "B", "C"):
        with acting(database, mint) as tx:
            person(tx, name)
            tx.event("greeted", at=WEDNESDAY, by="op01", words="您好")
    events = all_of(database, Event)
    assert [event.seq for event in events] == list(range(1, 7))
    assert events[0].previous == GENESIS
    assert first_broken(events, GENESIS) is None
    (head,) = all_of(database, Ledger)
    assert (head.seq, head.hash) == (events[-1].seq, events[-1].hash)
    assert events[1].by == "op01"
    assert events[1].detail == '{"words":"您好"}'


def test_counters_go_on_where_the_last_act_left_them(database, mint):
    numbers = []
    for _ in range(3):
        with acting(database, mint) as tx:
            numbers += [tx.count("turn"), tx.count("turn")]
    assert numbers == [1, 2, 3, 4, 5, 6]


def test_counters_that_are_read_at_once_count_as_if_each_were_asked_for(database, mint):
    with acting(database, mint) as tx:
        assert [tx.count("old"), tx.count("old")] == [1, 2]
    with acting(database, mint) as tx:
        tx.read_counters(["old", "new", "idle", "old"])
        begun = tx.mark()
        assert [tx.count("old"), tx.count("new"), tx.count("new")] == [3, 1, 2]
        tx.undo(begun)
        assert [tx.count("old"), tx.count("new"), tx.count("other")] == [3, 1, 1]
    stored = {one.name: one.value for one in all_of(database, Counter)}
    expected = {"old": 3, "new": 1, "other": 1}
    assert {name: stored.get(name) for name in (*expected, "idle")} == {**expected, "idle": None}
