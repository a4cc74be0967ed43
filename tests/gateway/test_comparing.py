"""Holding what came in against the open requests keeps nobody waiting, and what changes while it is
under way counts."""

import threading

import pytest
from sqlalchemy import Connection, func, select, update
from sqlmodel import col

from gateway import repeats
from gateway.matters import Memory
from gateway.state import State
from models import keyring
from models.likenesses import Likeness, waiting
from models.requests import HelpRequest
from models.transaction import acting
from tests.conftest import Clock, process
from tests.fakes import RecordingChannel
from tests.gateway.people import said

HUNGRY = "我叫赵平安，住清溪镇杨柳村三组十五号，家里断粮两天了，电话13900004321"
AGAIN = "还是杨柳村三组十五号赵平安，家里没吃的已经两天，电话13900004321"


def _secret(connection: Connection) -> bytes:
    return keyring.secret_for(connection, "repeat_key.hash")


def _looked(state: State) -> list[repeats.Looked]:
    with state.database.read() as session:
        connection = session.connection()
        return repeats.look(connection, Memory(), _secret(connection))


def _written(state: State, looked: list[repeats.Looked]) -> int:
    """Write what was found; how many proposals there are then."""
    with acting(state.database, state.mint) as tx:
        repeats.write(tx, looked, _secret(tx.connection), state.now())
    with state.database.read() as session:
        counted = session.connection().execute(select(func.count()).select_from(Likeness))
        return counted.scalar_one()


def test_a_comparison_waits_for_no_writer(state: State) -> None:
    said(state, "a", HUNGRY)
    said(state, "b", AGAIN, "+8613900004322")
    found: list[repeats.Looked] = []
    with acting(state.database, state.mint):  # somebody writes all the time
        thread = threading.Thread(target=lambda: found.extend(_looked(state)))
        thread.start()
        thread.join(timeout=8)
    assert [len(one.alike) for one in found] == [0, 1]


def test_two_that_came_together_are_held_against_each_other(state: State) -> None:
    said(state, "a", HUNGRY)
    said(state, "b", AGAIN, "+8613900004322")
    assert _written(state, _looked(state)) == 1
    assert _looked(state) == []


def test_what_another_process_compared_meanwhile_is_proposed_once(state: State) -> None:
    said(state, "a", HUNGRY)
    said(state, "b", AGAIN, "+8613900004322")
    first, second = _looked(state), _looked(state)
    assert _written(state, first) == 1
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Likeness).values(state="refused", decided_by="op01"))
    assert _written(state, second) == 1


@pytest.mark.parametrize("first_by", ["the older process", "the younger process"])
def test_what_came_while_another_process_compared_is_held_against_that_too(
    state: State, now: Clock, first_by: str
) -> None:
    with process(state.settings, now, {"recording": RecordingChannel()}) as younger:
        first, second = (state, younger) if first_by == "the older process" else (younger, state)
        said(first, "a", HUNGRY)
        one = _looked(first)
        now.forward(seconds=1)
        said(second, "b", AGAIN, "+8613900004322")
        both = _looked(second)
        assert [len(each) for each in (one, both)] == [1, 2]
        _written(first, one)
        _written(second, both)
        assert _written(second, _looked(second)) == 1
        assert _looked(second) == []


def test_a_request_that_was_closed_meanwhile_is_not_proposed(state: State) -> None:
    earlier = said(state, "a", HUNGRY)
    said(state, "b", AGAIN, "+8613900004322")
    looked = _looked(state)
    with acting(state.database, state.mint) as tx:
        of = update(HelpRequest).where(col(HelpRequest.number) == earlier.number)
        tx.execute(of.values(closed_at=state.now()))
    assert _written(state, looked) == 0


def test_what_was_hashed_with_another_secret_is_looked_at_anew(state: State) -> None:
    said(state, "a", HUNGRY)
    looked = _looked(state)
    with acting(state.database, state.mint) as tx:
        repeats.write(tx, looked, b"that of yesterday", state.now())
        assert waiting(tx.connection, 10) == [looked[0].contact_id]


def test_what_left_the_holding_pen_meanwhile_waits_still(state: State) -> None:
    said(state, "a", HUNGRY)
    (looked,) = _looked(state)
    assert _written(state, [repeats.Looked(looked.contact_id, None)]) == 0
    assert [one.contact_id for one in _looked(state)] == [looked.contact_id]
