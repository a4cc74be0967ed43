"""A request that waits is joined by an urgent one: it waits no longer (I7)."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.vocabulary import Status
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County

LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


@pytest.fixture
def paused(county: County) -> str:
    """In hand, suspended for a paper."""
    number = county.call("lamp", LAMP, "+8613800000001")
    county.do("dispatch01", "confirm", number)
    lead = county.lead(number).bureau
    county.do(f"{lead}.1", "sign", number)
    county.do(f"{lead}.1", "suspend", number, ground="requester_document", reason="等房产证")
    county.do("super01", "suspend", number)
    assert county.request(number).status == Status.SUSPENDED
    county.now.forward(minutes=30)
    return number


def test_a_suspended_request_that_an_urgent_one_joins_goes_on(county: County, paused: str) -> None:
    urgent = county.call("food", FOOD, "+8613800000002")
    county.do("lead01", "merge", paused, other=urgent, reason="同一家")
    row = county.request(paused)
    assert (row.status, row.level) == (Status.IN_PROGRESS, "urgent")
    assert "went_on" in county.kinds(paused)
    running = county.running(paused)
    assert "CLK-SUSPEND" not in running
    assert "CLK-RELIEF" in running
    assert all(clock.paused_at is None for clock in running.values())
    county.do("lead01", "undo_merge", urgent, other=paused, reason="不是一家", keep=True)
    assert county.request(urgent).status == Status.DISPATCHED
    assert county.request(paused).status == Status.IN_PROGRESS, "what goes on is not paused again"


def test_two_that_are_not_urgent_leave_the_pause_as_it_is(county: County, paused: str) -> None:
    other = county.call("lamp2", LAMP, "+8613800000002")
    county.do("lead01", "merge", paused, other=other, reason="同一盏灯")
    assert county.request(paused).status == Status.SUSPENDED
    assert "CLK-SUSPEND" in county.running(paused)
