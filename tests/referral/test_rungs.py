"""Who stands on a rung where the first of several there is complained about (I9)."""

import json
from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.bars import Bar
from models.events import Event
from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import acting
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


def barred(county: County, number: str, *logins: str) -> None:
    with acting(county.state.database, county.state.mint) as tx:
        for login in logins:
            tx.add(
                Bar, id=tx.mint(), request_id=county.request(number).id, login=login,
                why="complained_of", by="lead01", at=county.now(),
            )  # fmt: skip


def told(county: County, number: str) -> set[str]:
    return {row.staff for row in county.rows(Outgoing, number) if row.staff}


def supervisors(county: County) -> list[str]:
    officers = county.state.offices.current().directory.officers
    return [one.login for one in officers if one.role == "supervisor"]


def test_a_reminder_goes_to_the_next_supervisor_nobody_complains_about(
    county: County, case: str
) -> None:
    first, second, *_ = supervisors(county)
    barred(county, case, first)
    county.do("op04", "raise_urgency", case, level="urgent", reason="有人摔伤")
    county.now.forward(minutes=5)
    county.tick()
    for _ in range(8):
        county.now.forward(minutes=31)
        county.tick()
    steps = [json.loads(row.detail) for row in county.rows(Event, case) if row.kind == "reminder"]
    above = [step["to"] for step in steps if step["rung"] == "supervisor"]
    assert above
    assert set(above) == {second}, "and not the head of another rung"
    assert first not in told(county, case)


def test_what_a_bureau_asks_for_is_decided_by_a_supervisor_nobody_complains_about(
    county: County, case: str
) -> None:
    first, second, *_ = supervisors(county)
    barred(county, case, first)
    county.do("housing.1", "extend", case, workdays=3, reason="要采购配件")
    asked = [row for row in county.rows(Outgoing, case) if row.phrase == "staff_decide"]
    assert [row.staff for row in asked] == [second]
    assert [row.unit for row in county.rows(Task, case) if row.kind == "decide_extension"]


def test_where_every_supervisor_is_complained_about_the_rung_above_is_told(
    county: County, case: str
) -> None:
    every = supervisors(county)
    barred(county, case, *every)
    county.do("housing.1", "extend", case, workdays=3, reason="要采购配件")
    asked = [row.staff for row in county.rows(Outgoing, case) if row.phrase == "staff_decide"]
    assert asked
    assert not set(asked) & set(every)
