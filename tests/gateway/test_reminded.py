"""Whom a clock's step wakes, under which request that stands, and what is said of a step that
reminds nobody."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from models.referrals import Referral
from models.transaction import Transaction, acting
from models.vocabulary import Status
from referral import casework, clockwork, reminding
from referral.clocks import LAPSES
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
LAMP = "楼道的灯坏了两个月，请派人修"
SENDER = "+8613800000009"
ELSEWHERE = {"rule": "三定方案第四条", "reason": "没有参保，不属本单位", "first_aid": True}


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def hungry(county: County) -> str:
    """Held by the township, which acts first; civil affairs leads and has not signed."""
    number = county.call("food", FOOD, SENDER)
    county.do("op04", "confirm", number)
    county.do("township_w01.2", "sign", number)
    assert county.held(number)[0] == "township_w01"
    return number


def entries(county: County, number: str, clock: str) -> list[tuple[str, dict[str, Any]]]:
    """What the ledger says that the steps of a clock did, kind and detail, in their order."""
    found = [(row.kind, orjson.loads(row.detail)) for row in county.rows(Event, number)]
    return [
        (kind, said) for kind, said in found if said.get("clock") == clock and "planned" in said
    ]


def until(county: County, at: datetime) -> None:
    """Nobody ticks before this moment."""
    county.now.forward(seconds=(at - county.now()).total_seconds())


def test_who_owes_an_order_is_said_to_be_found_by_the_order_where_somebody_else_holds_the_request(
    county: County, hungry: str
) -> None:
    sign = county.running(hungry)["CLK-SIGN"]
    with acting(county.state.database, county.state.mint) as tx:
        signed = update(Referral).where(col(Referral.id) == sign.referral_id)
        tx.execute(signed.values(signed_by="civil_affairs.1"))
    until(county, sign.next_at)
    county.tick()
    [(kind, said)] = entries(county, hungry, "CLK-SIGN")
    assert (kind, said["rung"]) == ("reminder", "holder")
    assert (said["to"], said["found_by"]) == ("civil_affairs.1", "order")


def test_a_holder_who_owes_the_order_too_is_said_to_hold_the_request(county: County) -> None:
    number = county.call("lamp", f"南门街道和平社区{LAMP}", SENDER)
    county.do("dispatch01", "correct_route", number, bureau="housing", reason="住建职责")
    county.do("dispatch01", "confirm", number)
    assert county.held(number)[0] == "housing"
    until(county, county.running(number)["CLK-SIGN"].next_at)
    county.tick()
    said = entries(county, number, "CLK-SIGN")[0][1]
    assert (said["to"], said["found_by"]) == (county.held(number)[1], "holder")


def test_a_reminder_stands_with_its_request_and_names_the_unit_that_owes_it(
    county: County, hungry: str
) -> None:
    until(county, county.running(hungry)["CLK-SIGN"].next_at)
    county.tick()
    said = entries(county, hungry, "CLK-SIGN")[0][1]
    reminders = [row for row in county.every(Outgoing) if row.phrase == "staff_reminder"]
    [message] = [row for row in reminders if row.staff == said["to"]]
    assert message.request_id == county.request(hungry).id
    assert message.params["unit"] == county.state.offices.current().directory.unit[
        "civil_affairs"
    ].name("zh-CN")


def test_of_a_dispute_the_desk_that_decides_is_reminded_and_nobody_who_asked(
    county: County, hungry: str
) -> None:
    county.do(
        "civil_affairs.1", "request_return", hungry, right_unit="medical_insurance", **ELSEWHERE
    )
    decide = county.running(hungry)["CLK-ARBITRATE"]
    office = county.state.offices.current()
    until(county, decide.next_at)
    county.tick()
    [(kind, said)] = entries(county, hungry, "CLK-ARBITRATE")
    assert (kind, said["rung"]) == ("reminder", "holder")
    assert office.directory.officer[said["to"]].unit == "hotline"
    assert said["told"]


ENDED: list[Callable[[Transaction, int, datetime], None]] = [
    lambda tx, request, at: casework.halt(tx, request, ("CLK-SIGN",), at),
    lambda tx, request, at: clockwork.pause(tx, request, ("CLK-SIGN",), at),
]


@pytest.mark.parametrize("end", ENDED, ids=["stopped", "paused"])
def test_a_clock_that_ended_before_anybody_ticked_reminds_nobody_and_says_which_steps_it_had(
    county: County, hungry: str, end: Callable[..., None]
) -> None:
    """No step after its end is taken, and it is not late: it ended in time."""
    sign, state = county.running(hungry)["CLK-SIGN"], county.state
    until(county, sign.next_at + timedelta(minutes=1))
    assert county.now() < sign.due_at
    with acting(state.database, state.mint) as tx:
        end(tx, county.request(hungry).id, county.now())
    until(county, sign.due_at + timedelta(hours=1))
    county.tick()
    [(kind, said)] = entries(county, hungry, "CLK-SIGN")
    assert (kind, said["steps"]) == ("lapsed", [sign.step])
    assert said["planned"] == sign.next_at.isoformat()
    after = next(row for row in county.rows(Clock, hungry) if row.id == sign.id)
    assert (after.breached_at, after.next_at) == (None, None)
    late = [row for row in county.rows(Event, hungry) if row.kind == "breached"]
    assert str(sign.id) not in {orjson.loads(row.detail)["clock_id"] for row in late}


def asked(county: County) -> tuple[str, Any]:
    """A question is with the requester: the clock of the wait."""
    number = county.call("lamp", LAMP, SENDER)
    county.do("op04", "record_contact", number, who="本人", outcome="no_answer")
    county.do("op04", "ask", number, missing="place", question="请问是哪个小区、几号楼？")
    assert county.request(number).status == Status.NEEDS_CLARIFICATION
    clock = county.running(number)["CLK-CLARIFY"]
    assert clock.name in LAPSES
    return number, clock


def test_while_a_wait_lasts_who_asked_is_reminded_that_it_will_end(county: County) -> None:
    number, clock = asked(county)
    assert clock.next_at < clock.due_at
    until(county, clock.next_at)
    county.tick()
    [(kind, said)] = entries(county, number, "CLK-CLARIFY")
    assert (kind, said["steps"]) == ("reminder", [clock.step])
    assert county.request(number).status == Status.NEEDS_CLARIFICATION, "it lasts"


def test_a_wait_that_ended_late_takes_no_step_beyond_its_own_end(county: County) -> None:
    """It was stopped hours after its time, before anybody ticked."""
    number, clock = asked(county)
    until(county, clock.due_at + timedelta(hours=3))
    state = county.state
    with acting(state.database, state.mint) as tx:
        casework.halt(tx, county.request(number).id, ("CLK-CLARIFY",), county.now())
    county.tick()
    [(kind, said)] = entries(county, number, "CLK-CLARIFY")
    assert kind == "lapsed"
    assert datetime.fromisoformat(said["planned"]) <= clock.due_at
    after = next(row for row in county.rows(Clock, number) if row.id == clock.id)
    assert (after.breached_at, after.next_at) == (None, None), "nobody is late"


def test_a_clock_that_another_process_has_stepped_is_left_alone(
    county: County, hungry: str
) -> None:
    until(county, county.running(hungry)["CLK-SIGN"].next_at)
    state = county.state
    with state.database.read() as session:
        columns = Clock.__table__.columns
        due = session.connection().execute(
            select(*columns).where(col(Clock.next_at) <= county.now())
        )
        rows = due.all()
    county.tick()
    before = len(county.every(Event))
    with acting(state.database, state.mint) as tx:
        assert reminding.take_steps(tx, state.offices.current(), rows, county.now()) == 0
    assert len(county.every(Event)) == before
