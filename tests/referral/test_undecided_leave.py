"""What a bureau asks for and nobody decides has a clock of its own: it reminds, climbs, and ends
with the decision (R8, T16)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway import inboxes, overdue, quarter
from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from models.tasks import Task
from models.vocabulary import Role
from referral.lapsing import CLOCK
from tests.conftest import Clock as Watch
from tests.journeys.county import County

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
LAMP = "南门街道和平社区楼道的灯坏了两个月，请派人修"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    """In the hands of housing."""
    number = county.led_by_housing("case", LAMP)
    county.do("housing.1", "sign", number)
    return number


def asks_for_time(county: County, number: str) -> None:
    county.do("housing.1", "extend", number, workdays=3, reason="要采购配件")


def asks_for_a_pause(county: County, number: str) -> None:
    county.do("housing.1", "suspend", number, ground="requester_document", reason="等材料")


def running(county: County, number: str) -> list[Any]:
    return [one for one in county.rows(Clock, number) if one.name == CLOCK and not one.stopped_at]


def cases(county: County, number: str) -> list[str]:
    return sorted(one.case for one in running(county, number))


def steps(county: County, number: str) -> list[tuple[str, str]]:
    told = [(row.kind, json.loads(row.detail)) for row in county.rows(Event, number)]
    return [(kind, one["to"]) for kind, one in told if one.get("clock") == CLOCK and "to" in one]


def test_asking_starts_a_clock_and_its_task_is_due_with_it(county: County, case: str) -> None:
    asks_for_time(county, case)
    (clock,) = running(county, case)
    (task,) = [one for one in county.rows(Task, case) if one.kind == "decide_extension"]
    assert task.due_at == clock.due_at > county.now()
    assert clock.source
    assert clock.tag == "P"


def test_nobody_decides_so_the_supervisor_is_reminded_and_then_those_above(
    county: County, case: str
) -> None:
    asks_for_time(county, case)
    for _ in range(20):
        county.now.forward(hours=8)
        county.tick()
    told = steps(county, case)
    assert ("reminder", "super01") in told
    office = county.state.offices.current()
    roles = {office.directory.officer[login].role for _, login in told}
    assert roles - {Role.SUPERVISOR}, "it climbs"
    assert "housing" not in {office.directory.officer[login].unit for _, login in told}
    assert [one.breached_at for one in running(county, case)] == [running(county, case)[0].due_at]


def test_a_reminder_says_what_is_to_be_decided(county: County, case: str) -> None:
    asks_for_time(county, case)
    before = len(county.rows(Outgoing, case))
    clock = running(county, case)[0]
    county.now.at = clock.next_at
    county.tick()
    county.now.at = clock.due_at
    county.tick()
    said = [row.phrase for row in county.rows(Outgoing, case)[before:] if row.staff == "super01"]
    assert [one for one in said if one.startswith("staff_")][:2] == [
        "staff_decide",
        "staff_undecided",
    ]
    assert "running_late" not in county.said_to_citizen(case), "no promise to them was broken"


@pytest.mark.parametrize("granted", [True, False])
def test_the_decision_ends_its_clock_and_only_its(county: County, case: str, granted: bool) -> None:
    asks_for_time(county, case)
    asks_for_a_pause(county, case)
    assert cases(county, case) == ["", "pause"]
    if granted:
        county.do("super01", "extend", case)
    else:
        county.do("super01", "decline", case, what="extension", reason="不需要")
    assert cases(county, case) == ["pause"]
    if granted:
        county.do("super01", "suspend", case)
    else:
        county.do("super01", "decline", case, what="suspension", reason="不需要")
    assert cases(county, case) == []


def test_it_ends_with_the_order_or_its_result(county: County, case: str) -> None:
    asks_for_time(county, case)
    county.do("housing.1", "record_contact", case, who="本人", outcome="reached")
    county.do("housing.1", "reply", case, text="灯已修好")
    county.do("housing.1", "report_result", case, result="已修好")
    assert not running(county, case)


def test_the_board_names_who_has_not_decided_and_the_bureau_is_not_late_by_it(
    county: County, case: str
) -> None:
    county.deliver()
    county.do("housing.1", "record_contact", case, who="本人", outcome="reached")
    asks_for_time(county, case)
    county.now.at = running(county, case)[0].due_at + timedelta(minutes=1)
    office = county.state.offices.current()
    with county.state.database.read() as session:
        late = overdue.read(session, county.actor("super01"), office, county.now())
    assert [(one.clock, one.unit) for one in late if one.number == case] == [
        (CLOCK, office.directory.officer["super01"].unit)
    ]
    assert CLOCK in inboxes.DESK_CLOCKS


def test_in_the_quarter_it_is_no_breach_of_the_bureau_that_asked(county: County, case: str) -> None:
    county.deliver()
    county.do("housing.1", "record_contact", case, who="本人", outcome="reached")
    asks_for_time(county, case)
    county.now.at = running(county, case)[0].due_at + timedelta(minutes=1)
    county.tick()
    assert running(county, case)[0].breached_at
    span = quarter.Quarter.parse("2026Q4")
    with county.state.database.read() as session:
        office = county.state.offices.current()
        found = quarter.report(session, office, "housing", span, now=county.now())
    assert found.rate("breached").counted == (case,)
    assert found.rate("breached").met == ()


def test_what_no_bureau_breaks_in_its_inbox_it_breaks_in_no_quarter() -> None:
    assert set(inboxes.DESK_CLOCKS) <= quarter.OF_THE_LINE
