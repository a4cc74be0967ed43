"""A named person moves a date: the citizen hears the new one and why (I6, N9, N10), and nobody is
given a date that has passed."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock_audit import audit
from gateway.state import State
from models.outbox import Outgoing
from models.tasks import Task
from referral.casework import Refusal
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


def waits(county: County, number: str) -> list[str]:
    return [row.kind for row in county.rows(Task, number) if row.done_at is None]


def test_an_extension_is_not_granted_to_a_date_that_has_passed(county: County, lamp: str) -> None:
    county.do("housing.1", "sign", lamp)
    county.do("housing.1", "extend", lamp, workdays=1, reason="等配件")
    due = county.lead(lamp).due_at
    county.now.at = due + timedelta(days=2)
    before = county.said_to_citizen(lamp)
    with pytest.raises(Refusal, match="extended_too_late"):
        county.do("super01", "extend", lamp)
    assert county.lead(lamp).due_at == due
    assert county.said_to_citizen(lamp) == before
    county.do("super01", "extend", lamp, workdays=3)
    assert county.lead(lamp).due_at > county.now()
    assert county.said_to_citizen(lamp)[-1] == "extended"


@pytest.mark.parametrize("act", ["extend", "suspend"])
def test_what_was_asked_for_lapses_with_the_result_and_waits_for_nobody(
    county: County, lamp: str, act: str
) -> None:
    county.do("housing.1", "sign", lamp)
    how = {"workdays": 3} if act == "extend" else {"ground": "requester_document"}
    county.do("housing.1", act, lamp, reason="等配件", **how)
    county.do("housing.1", "reply", lamp, text="已经上门换好了灯，请查看。")
    county.do("housing.1", "report_result", lamp, result="已上门", absent="无")
    assert waits(county, lamp) == []
    county.do("op04", "rehandle", lamp, reason="没有办好")
    assert waits(county, lamp) == []
    county.do("housing.1", act, lamp, reason="还要等配件", **how)
    assert len(waits(county, lamp)) == 1, "it may be asked anew"
    county.do("super01", act, lamp)
    assert waits(county, lamp) == []


def test_what_was_asked_for_lapses_with_the_lead(county: County, lamp: str) -> None:
    county.do("housing.1", "sign", lamp)
    county.do("housing.1", "extend", lamp, workdays=3, reason="等配件")
    county.do("super01", "correct_route", lamp, bureau="civil_affairs", reason="应由民政负责")
    assert waits(county, lamp) == []
    county.do("civil_affairs.1", "sign", lamp)
    county.do("civil_affairs.1", "extend", lamp, workdays=2, reason="等核对结果")
    assert waits(county, lamp) == ["decide_extension"]


def test_what_was_asked_for_ends_with_an_order_that_a_merge_cancels(
    county: County, lamp: str
) -> None:
    county.now.forward(hours=1)
    other = county.call("lamp2", LAMP, "+8613800000002")
    county.do("dispatch01", "confirm", other)
    county.do("dispatch01", "correct_route", other, bureau="housing", reason="住建职责")
    county.do("housing.1", "sign", other)
    county.do("housing.1", "extend", other, workdays=3, reason="等配件")
    county.do("dispatch01", "merge", lamp, other=other, reason="同一盏灯")
    assert waits(county, lamp) == []
    county.do("lead01", "undo_merge", other, other=lamp, reason="不是一盏")
    assert waits(county, other) == ["decide_extension"], "it waits again"
    county.do("super01", "extend", other)


def test_what_the_lead_asked_for_outlives_the_return_of_a_helper(county: County, lamp: str) -> None:
    county.do("housing.1", "sign", lamp)
    county.do("lead01", "bring_in", lamp, bureau="civil_affairs", reason="核对低保")
    county.do("housing.1", "extend", lamp, workdays=3, reason="等配件")
    county.do(
        "civil_affairs.1",
        "request_return",
        lamp,
        rule="某县职责规定第三条",
        right_unit="medical_insurance",
        reason="不是我们的职责",
    )
    county.do("super01", "uphold_return", lamp, reason="属于医保")
    assert "decide_extension" in waits(county, lamp)
    county.do("super01", "extend", lamp)
