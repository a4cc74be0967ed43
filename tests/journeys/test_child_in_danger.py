"""Danger to a child is reported at once (Law on the Protection of Minors Art. 11), whichever of
several requests and messages told of the child."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from models.clocks import Clock
from tests.conftest import Clock as Watch
from tests.journeys.county import County
from tests.journeys.test_after_the_answer import SENDER, answered

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


def test_a_child_told_of_later_starts_the_report_once(county: County) -> None:
    number = county.call("one", HUNGRY, ONE)
    assert not reports(county, number)
    county.now.forward(minutes=10)
    assert county.call("two", CHILD, ONE) == number
    (report,) = reports(county, number)
    assert report.due_at == county.now() + timedelta(minutes=15)
    assert report.urgent
    county.now.forward(minutes=10)
    assert county.call("three", "孩子一直在哭，三岁", ONE) == number
    assert [row.id for row in reports(county, number)] == [report.id]


def test_a_child_in_a_request_that_is_not_urgent_starts_no_report(county: County) -> None:
    number = county.call("one", "请问低保要带哪些材料，我住在柳湾镇柳湾村", ONE)
    assert county.call("two", "补充：孩子三岁，也想问问要带他的材料吗", ONE) == number
    assert county.request(number).level not in ("urgent", "life_threat")
    assert not reports(county, number)


def test_who_grows_into_danger_to_life_with_a_child_has_the_report(county: County) -> None:
    number = county.call("one", HUNGRY, ONE)
    county.now.forward(minutes=10)
    assert county.call("two", "孩子三岁，晕倒了叫不醒", ONE) == number
    assert county.request(number).level == "life_threat"
    assert len(reports(county, number)) == 1


def test_a_child_told_of_before_the_danger_is_reported_with_the_danger(county: County) -> None:
    number = county.call("one", "孩子三岁，想问问低保怎么办，住在南门街道和平社区3号楼", ONE)
    assert not reports(county, number)
    county.now.forward(minutes=30)
    assert county.call("two", "家里断粮两天了", ONE) == number
    assert len(reports(county, number)) == 1


def test_danger_to_a_child_after_the_request_was_closed_is_reported_anew(county: County) -> None:
    """What closing ended nobody has done for the danger that came after it."""
    number = answered(county)
    county.now.forward(hours=1)
    assert county.call("one", WITH_CHILD, SENDER) == number
    county.do("op04", "record_contact", number, who="本人", outcome="reached")
    county.do("lead01", "lower_urgency", number, level="standard", reason="有吃的")
    county.do("op04", "callback", number, outcome="reached", resolved=True)
    county.do("op04", "close", number, reason="resolved")
    county.now.forward(days=3)
    county.do("lead01", "reopen", number, reason="又来电")
    assert county.call("two", WITH_CHILD, SENDER) == number
    ended, running = sorted(reports(county, number), key=lambda row: row.started_at)
    assert ended.stopped_at is not None
    assert (running.started_at, running.stopped_at) == (county.now(), None)
