"""A named person moves a date: the citizen hears the new one and why (I6, N9, N10), and nobody is
given a date that has passed."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock_audit import audit
from gateway.state import State
from models.outbox import Outgoing
from tests.conftest import Clock as Watch
from tests.journeys.county import County

LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


@pytest.fixture
def lamp(county: County) -> str:
    """With the housing bureau, not signed."""
    number = county.call("lamp", LAMP, "+8613800000001")
    county.do("dispatch01", "confirm", number)
    county.do("dispatch01", "correct_route", number, bureau="housing", reason="住建职责")
    return number


def sound(county: County) -> None:
    county.tick()
    with county.state.database.read() as session:
        office = county.state.offices.current()
        assert audit(session, office, county.now(), timedelta(minutes=5)).faults == []


def words(county: County, number: str) -> str:
    rows = [row for row in county.rows(Outgoing, number) if row.staff is None]
    return str(rows[-1].text)


def returned(county: County, number: str) -> None:
    county.do(
        "housing.1",
        "request_return",
        number,
        rule="某县职责规定第三条",
        right_unit="civil_affairs",
        reason="不是我们的职责",
    )


@pytest.mark.parametrize("days", [40, 2])
def test_a_new_date_with_the_same_lead_is_told_with_its_reason(
    county: County, lamp: str, days: int
) -> None:
    returned(county, lamp)
    before, key = county.said_to_citizen(lamp), county.request(lamp).queue_key
    due = county.now() + timedelta(days=days)
    county.do(
        "super01", "reassign", lamp, lead="housing", reason="仍由住建负责，另定期限",
        due=due.isoformat(),
    )  # fmt: skip
    assert county.lead(lamp).due_at == due
    assert county.said_to_citizen(lamp)[len(before) :] == ["due_changed"]
    assert "另定期限" in words(county, lamp)
    assert (county.request(lamp).queue_key > key) is (days == 40), "sorted by the new date"
    sound(county)


def test_the_same_lead_with_the_same_date_is_no_news(county: County, lamp: str) -> None:
    returned(county, lamp)
    before = county.said_to_citizen(lamp)
    county.do("super01", "reassign", lamp, lead="housing", reason="仍由住建负责")
    assert county.said_to_citizen(lamp) == before
