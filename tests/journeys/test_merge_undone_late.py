"""An urgent request was joined to another household's older one by mistake; that one was answered,
even closed, before anybody saw it. Undone (T13), it lives again: order, clocks, work."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.clock_audit import audit
from gateway.state import State
from models.clocks import Clock
from models.outbox import Outgoing
from models.vocabulary import Status
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County

LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
WRONG = "并错了，是两家人"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


@pytest.fixture
def lamp(county: County) -> str:
    number = county.led_by_housing("lamp", LAMP, "+8613800000001")
    county.do("housing.1", "sign", number)
    return number


@pytest.fixture
def hungry(county: County, lamp: str) -> str:
    """The urgent one, an hour later."""
    county.now.forward(hours=1)
    return county.call("food", FOOD, "+8613800000009")


def dues(county: County, number: str) -> dict[tuple[str, str], datetime]:
    rows = county.rows(Clock, number)
    return {(row.name, row.case): row.due_at for row in rows if row.stopped_at is None}


def merged(county: County, lamp: str, hungry: str) -> dict[tuple[str, str], datetime]:
    """Joined; returns the due times that the urgent one had."""
    before = dues(county, hungry)
    county.do("dispatch01", "merge", lamp, other=hungry, reason="同一户")
    county.now.forward(minutes=1)
    return before


def undone(county: County, lamp: str, hungry: str) -> None:
    with pytest.raises(Refusal, match="undo_changed"):
        county.do("lead01", "undo_merge", hungry, other=lamp, reason=WRONG)
    county.do("lead01", "undo_merge", hungry, other=lamp, reason=WRONG, keep=True)


def sound(county: County) -> None:
    """Every clock did what it promised, once time has been looked at."""
    county.tick()
    county.now.forward(minutes=10)
    county.tick()
    with county.state.database.read() as session:
        found = audit(session, county.state.offices.current(), county.now(), timedelta(minutes=5))
    assert found.faults == []


def answered(county: County, lamp: str) -> None:
    county.do("housing.1", "record_contact", lamp, who="本人", outcome="reached")
    county.now.forward(minutes=1)
    county.do("housing.1", "reply", lamp, text="已经上门换好了灯，请查看。")
    county.do("housing.1", "report_result", lamp, result="已上门", absent="不需要协办")


def test_undone_after_the_other_was_closed_it_has_its_order_and_its_clocks_again(
    county: County, lamp: str, hungry: str
) -> None:
    before = merged(county, lamp, hungry)
    answered(county, lamp)
    county.now.forward(minutes=5)
    county.do("op04", "callback", lamp, outcome="reached", resolved=True)
    county.do("op04", "close", lamp, reason="resolved")
    county.now.forward(days=2)
    undone(county, lamp, hungry)
    lead = county.lead(hungry)
    assert (lead.bureau, lead.status, lead.signed_at) == ("civil_affairs", "dispatched", None)
    assert county.request(hungry).status == Status.DISPATCHED
    assert county.request(lamp).status == Status.CLOSED
    again = dues(county, hungry)
    contact = ("CLK-URGENT-CONTACT", "")
    assert {name: due for name, due in before.items() if again.get(name) != due}.keys() <= {
        contact,
        ("CLK-URGENT-CONTACT", "on_site"),
    }, "the first due times; that somebody was spoken with stays recorded"
    assert ("CLK-RELIEF", "limit") in again
    assert ("CLK-SIGN", "urgent") in again
    assert county.said_to_citizen(hungry)[-1] == "parted_late", "no date that has passed"
    told = [row.staff for row in county.rows(Outgoing, hungry) if row.staff]
    assert any(staff.startswith("civil_affairs") for staff in told[-2:])
    sound(county)
    assert "breached" in county.kinds(hungry), "late is late"
    county.do("civil_affairs.1", "sign", hungry)
    county.do("civil_affairs.1", "record_contact", hungry, who="本人", outcome="on_site")
    county.do("civil_affairs.1", "reply", hungry, text="米面已经送到家里了。")
    county.do("civil_affairs.1", "report_result", hungry, result="已送", absent="无")
    assert county.request(hungry).status == Status.RESULT_REPORTED
    sound(county)


def test_undone_after_the_other_was_answered_its_relief_runs_on(
    county: County, lamp: str, hungry: str
) -> None:
    before = merged(county, lamp, hungry)
    answered(county, lamp)
    assert "CLK-RELIEF" not in county.running(lamp)
    county.now.forward(hours=1)
    undone(county, lamp, hungry)
    again = dues(county, hungry)
    for name in (("CLK-RELIEF", ""), ("CLK-RELIEF", "limit")):
        assert again[name] == before[name]
    assert county.request(lamp).status == Status.RESULT_REPORTED
    sound(county)


def test_undone_after_its_bureau_gave_a_part_to_the_other_the_order_is_in_hand_and_not_done(
    county: County, lamp: str, hungry: str
) -> None:
    merged(county, lamp, hungry)
    county.do("civil_affairs.1", "sign", lamp)
    county.do("civil_affairs.1", "submit_part", lamp, result="已送米面")
    county.now.forward(minutes=5)
    undone(county, lamp, hungry)
    lead = county.lead(hungry)
    assert (lead.status, lead.signed_by, lead.completed_at) == ("signed", "civil_affairs.1", None)
    assert county.request(hungry).status == Status.IN_PROGRESS
    county.do("civil_affairs.1", "record_contact", hungry, who="本人", outcome="on_site")
    county.do("civil_affairs.1", "reply", hungry, text="米面已经送到家里了。")
    county.do("civil_affairs.1", "report_result", hungry, result="已送", absent="无")
    sound(county)


def test_who_signed_in_time_on_the_other_is_not_late_when_the_merge_is_undone(
    county: County, lamp: str, hungry: str
) -> None:
    merged(county, lamp, hungry)
    county.do("civil_affairs.1", "sign", lamp)
    county.do("civil_affairs.1", "submit_part", lamp, result="已送米面")
    county.now.forward(days=1)
    county.tick()
    undone(county, lamp, hungry)
    sound(county)
    sign = next(row for row in county.rows(Clock, hungry) if row.name == "CLK-SIGN")
    assert sign.stopped_at == county.lead(hungry).signed_at <= sign.due_at
    assert sign.breached_at is None


def test_what_its_bureau_signed_after_the_merge_stays_signed_and_the_request_is_in_hand(
    county: County, lamp: str, hungry: str
) -> None:
    merged(county, lamp, hungry)
    county.do("civil_affairs.1", "sign", lamp)
    county.now.forward(minutes=5)
    undone(county, lamp, hungry)
    assert county.lead(hungry).status == "signed"
    assert county.request(hungry).status == Status.IN_PROGRESS
    sound(county)


def test_a_return_asked_for_after_the_merge_goes_back_with_the_order(
    county: County, lamp: str, hungry: str
) -> None:
    merged(county, lamp, hungry)
    county.do(
        "civil_affairs.1",
        "request_return",
        lamp,
        rule="某县职责规定第三条",
        right_unit="medical_insurance",
        reason="不是我们的职责",
        first_aid=True,
    )
    undone(county, lamp, hungry)
    assert county.lead(hungry).status == "return_requested"
    assert "CLK-ARBITRATE" in county.running(hungry)
    assert "CLK-ARBITRATE" not in county.running(lamp)
    county.do("super01", "refuse_return", hungry, reason="属于民政")
    sound(county)
