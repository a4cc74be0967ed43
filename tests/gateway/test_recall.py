"""What intake remembers of a person within one batch is what the database would say of them."""

from datetime import timedelta

from gateway.recall import JOIN_WINDOW, Acquaintance
from models.messages import Inbound
from tests.conftest import WEDNESDAY


def test_a_request_that_was_added_to_keeps_its_place_among_the_open_ones() -> None:
    older, newer = {"id": 1, "level": "standard"}, {"id": 2, "level": "standard"}
    who = Acquaintance(7, open_requests=(older, newer))
    raised = {**older, "level": "urgent"}
    after = who.having_said(Inbound("1", "", "还没有人来"), WEDNESDAY, raised)
    assert after.open_requests == (raised, newer)
    other = after.having_said(Inbound("2", "", "另一件"), WEDNESDAY, {"id": 3})
    assert other.open_requests == (raised, newer, {"id": 3})


def test_words_of_a_clock_that_runs_far_ahead_were_not_said_just_before() -> None:
    said = Acquaintance(7).having_said(Inbound("1", "", "没水喝了"), WEDNESDAY, {"id": 1})
    assert said.just_spoke(WEDNESDAY + JOIN_WINDOW)
    assert said.just_spoke(WEDNESDAY - timedelta(seconds=3)), (
        "another process may be a little ahead"
    )
    assert not said.just_spoke(WEDNESDAY - timedelta(hours=1))
