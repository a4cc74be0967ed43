"""Danger to a child is reported at once (Law on the Protection of Minors Art. 11), whichever of
several requests and messages told of the child."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from models.clocks import Clock
from tests.conftest import Clock as Watch
from tests.journeys.county import County

REPORT = "CLK-MINOR-REPORT"
HUNGRY = "南门街道和平社区3号楼，家里断粮两天了"
WITH_CHILD = "南门街道和平社区3号楼，家里没有吃的了，孩子还小"
CHILD = "补充：家里还有三岁的孩子，也两天没吃了"
ONE, OTHER = "+8613800000001", "+8613800000002"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


def reports(county: County, number: str) -> list[Clock]:
    return [row for row in county.rows(Clock, number) if row.name == REPORT]


def test_a_merge_takes_the_report_of_danger_to_a_child_along(county: County) -> None:
    older = county.call("one", HUNGRY, ONE)
    county.now.forward(minutes=5)
    newer = county.call("other", WITH_CHILD, OTHER)
    assert REPORT not in county.running(older)
    began = county.running(newer)[REPORT]
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    assert county.running(older)[REPORT].due_at == began.due_at
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    assert REPORT not in county.running(older)
    assert county.running(newer)[REPORT].due_at == began.due_at


def test_what_was_reported_already_is_not_asked_for_again_by_a_merge(county: County) -> None:
    older = county.call("one", WITH_CHILD, ONE)
    (began,) = reports(county, older)
    newer = county.call("other", WITH_CHILD, OTHER)
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    assert [row.id for row in reports(county, older)] == [began.id]
