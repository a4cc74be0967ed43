"""The search for repeats asks its index, reads few rows of a crowded key, only open requests."""

import pytest
from sqlalchemy import insert, text, update

from gateway.state import State
from models.likenesses import NEWEST, RepeatKey, probe, remember, statement_of, waiting
from models.requests import HelpRequest
from models.transaction import acting
from tests.gateway.people import FOOD, QUESTION, said

CROWDED, RARE = 77, 78


@pytest.fixture
def filled(state: State) -> list[int]:
    """Two real contacts, and many keys that lead to no contact; the ids of the two."""
    said(state, "a", FOOD)
    said(state, "b", QUESTION, "+8613900001111")
    with acting(state.database, state.mint) as tx:
        ids = waiting(tx.connection, 10)
        rows = [{"hash": 1000 + one, "contact_id": 10_000_000 + one} for one in range(3000)]
        rows += [{"hash": CROWDED, "contact_id": one} for one in range(1, 400)]
        tx.execute(insert(RepeatKey), rows)
        remember(tx, {one: [CROWDED, RARE] for one in ids})
    return ids


def test_a_new_contact_waits_until_it_is_compared(state: State) -> None:
    said(state, "a", FOOD)
    with acting(state.database, state.mint) as tx:
        (one,) = waiting(tx.connection, 10)
        remember(tx, {one: [CROWDED]})
        remember(tx, {one: [CROWDED]})
        assert waiting(tx.connection, 10) == []


def test_the_newest_contacts_of_open_requests_are_found(state: State, filled: list[int]) -> None:
    with acting(state.database, state.mint) as tx:
        found = probe(tx.connection, [CROWDED, RARE, 999_999])
        assert {key: sorted(ids) for key, ids in found.items()} == {
            CROWDED: filled,
            RARE: filled,
        }
        assert all(len(ids) <= NEWEST for ids in found.values())
        assert probe(tx.connection, []) == {}


def test_what_is_closed_is_not_found(state: State, filled: list[int]) -> None:
    with acting(state.database, state.mint) as tx:
        tx.execute(update(HelpRequest).values(closed_at=state.now()))
    with acting(state.database, state.mint) as tx:
        assert filled
        assert probe(tx.connection, [CROWDED, RARE]) == {}


@pytest.mark.thorough
def test_the_search_asks_the_index_and_reads_no_table_whole(
    state: State, filled: list[int]
) -> None:
    assert filled
    with acting(state.database, state.mint) as tx:
        dialect = tx.connection.dialect.name
        if dialect == "postgresql":
            tx.execute(text("ANALYZE repeat_key"))
        statement, values = statement_of(dialect, [CROWDED, RARE])
        explain = "EXPLAIN QUERY PLAN" if dialect == "sqlite" else "EXPLAIN"
        plan = "\n".join(
            str(row[-1]) for row in tx.execute(text(f"{explain} {statement.text}"), values)
        )
    assert "SCAN repeat_key" not in plan
    assert "Seq Scan on repeat_key" not in plan
    assert "pk_repeat_key" in plan or "SEARCH repeat_key USING PRIMARY KEY (hash=?)" in plan, plan
