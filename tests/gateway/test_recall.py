"""What intake remembers of a person within one batch is what the database would say of them."""

from gateway.recall import Acquaintance
from tests.conftest import WEDNESDAY


def test_a_request_that_was_added_to_keeps_its_place_among_the_open_ones() -> None:
    older, newer = {"id": 1, "level": "standard"}, {"id": 2, "level": "standard"}
    who = Acquaintance(7, open_requests=(older, newer))
    raised = {**older, "level": "urgent"}
    after = who.having_said("还没有人来", WEDNESDAY, raised)
    assert after.open_requests == (raised, newer)
    assert after.having_said("另一件", WEDNESDAY, {"id": 3}).open_requests == (
        raised, newer, {"id": 3},
    )  # fmt: skip
