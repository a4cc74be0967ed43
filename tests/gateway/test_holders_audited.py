"""Who was reminded must be who held it, and who holds it must be who the ledger says."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from sqlalchemy import update
from sqlmodel import col

from gateway.clock_audit import audit
from gateway.state import State
from models.events import Event
from models.requests import HelpRequest
from models.transaction import acting
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    return County(state, now)


def faults(county: County) -> list[str]:
    with county.state.database.read() as session:
        office = county.state.offices.current()
        return audit(session, office, county.now(), timedelta(minutes=5)).faults


def test_every_change_of_hands_is_in_the_ledger(county: County) -> None:
    number = county.call("food", FOOD)
    _, first = county.held(number)
    county.do("op01", "confirm", number)
    county.do(first, "sign", number)
    calm = county.call("lamp", "小区路灯坏了，请派人来修，南门街道和平社区", "+8613600000001")
    county.do("dispatch01", "confirm", calm)
    county.do("dispatch01", "correct_route", calm, bureau="housing", reason="住建职责")
    county.do("housing.2", "sign", calm)
    county.do("housing.2", "reply", calm, text="路灯已经修好了。")
    county.do("housing.2", "report_result", calm, result="已修")
    county.do("op01", "rehandle", calm, reason="没有修好")
    for _ in range(40):
        county.now.forward(hours=6)
        county.tick()
    assert faults(county) == []


def test_a_holder_changed_behind_the_ledger_is_named(county: County) -> None:
    number = county.call("food", FOOD)
    with acting(county.state.database, county.state.mint) as tx:
        tx.execute(
            update(HelpRequest)
            .where(col(HelpRequest.number) == number)
            .values(holder_person="health.1", holder_unit="health")
        )
    [said] = faults(county)
    assert said.startswith(f"{number}: held by health.1 of health, by the ledger by ")


def test_a_reminder_to_somebody_else_than_the_holder_is_named(county: County) -> None:
    number = county.call("food", FOOD)
    _, holder = county.held(number)
    county.now.forward(hours=13)
    county.tick()
    told = next(
        row
        for row in county.rows(Event, number)
        if row.kind == "reminder" and orjson.loads(row.detail).get("found_by") == "holder"
    )
    detail = orjson.loads(told.detail)
    assert detail["to"] == holder
    with acting(county.state.database, county.state.mint) as tx:
        wrong = orjson.dumps({**detail, "to": "health.1"}).decode()
        tx.execute(update(Event).where(col(Event.seq) == told.seq).values(detail=wrong))
    assert [one for one in faults(county) if f"reminded health.1 (entry {told.seq})" in one]
