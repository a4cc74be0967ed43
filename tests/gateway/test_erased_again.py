"""A restored backup does not bring back whom it is older than the erasure of."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from gateway import erased_again, erasure
from gateway.state import State
from models.requests import Contact, HelpRequest
from models.transaction import acting
from tests.conftest import Clock
from tests.gateway.people import FOOD, QUESTION, said
from tests.gateway.test_households import rows


def test_what_was_erased_is_noted_once_and_erased_again(
    state: State, now: Clock, tmp_path: Path
) -> None:
    said(state, "a", FOOD, "+8613800000001")
    stays = said(state, "b", QUESTION, "+8613800000002").number
    gone = next(row.id for row in rows(state, HelpRequest) if row.number != stays)
    assert erased_again.note(state.database, tmp_path) == 0
    assert not (tmp_path / erased_again.NAME).exists()
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, [gone], now())
    assert erased_again.note(state.database, tmp_path) == 1
    assert erased_again.note(state.database, tmp_path) == 0
    assert FOOD not in (tmp_path / erased_again.NAME).read_text()
    with acting(state.database, state.mint) as tx:  # as an older backup has it
        tx.execute(update(HelpRequest).values(erased_at=None))
        tx.execute(update(Contact).values(text=FOOD))
    with acting(state.database, state.mint) as tx:
        assert erased_again.apply(tx, tmp_path / erased_again.NAME, now()) == 1
    left = {row.request_id: row.text for row in rows(state, Contact)}
    assert left.pop(gone) == ""
    assert list(left.values()) == [FOOD]
    with acting(state.database, state.mint) as tx:
        assert erased_again.apply(tx, tmp_path / erased_again.NAME, now()) == 0


def test_what_is_erased_after_a_clock_was_set_back_is_noted_too(
    state: State, now: Clock, tmp_path: Path
) -> None:
    said(state, "a", FOOD, "+8613800000001")
    said(state, "b", QUESTION, "+8613800000002")
    first, second = [row.id for row in rows(state, HelpRequest)]
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, [first], now())
        tx.event("subject_erased", at=now(), by="lead01", reason="", requests=[], people=[7])
    assert erased_again.note(state.database, tmp_path) == 2
    earlier = now() - timedelta(hours=3)
    with acting(state.database, state.mint) as tx:
        erasure.of_requests(tx, [second], earlier)
        tx.event("subject_erased", at=earlier, by="lead01", reason="", requests=[], people=[8])
    assert erased_again.note(state.database, tmp_path) == 2
    assert erased_again.note(state.database, tmp_path) == 0
    path = tmp_path / erased_again.NAME
    assert list(erased_again.noted(path)) == [first, second]
    assert list(erased_again.noted_people(path)) == [7, 8]


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / erased_again.NAME
    path.write_text("7 2026-11-26T19:00:00+00:00\n8 2026-11-\n\n")
    assert list(erased_again.noted(path)) == [7]
    assert erased_again.noted(tmp_path / "nothing") == {}
