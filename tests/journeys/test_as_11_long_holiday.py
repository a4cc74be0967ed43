"""AS-11: the National Day week. Working days stand still, danger does not, and we are there."""

import asyncio
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway.foresight import holes
from gateway.offices import changed
from gateway.state import State
from gateway.ticks import Ticks
from models.clocks import Clock as ClockRow
from models.events import Event
from models.outbox import Outgoing
from models.places import Duty, Staff, UnitRow
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import TaskKind
from referral.calendars import SHANGHAI
from referral.directory import Directory, Officer, Shift, Unit
from referral.rosters import gaps
from tests import shipped
from tests.conftest import Clock
from tests.gateway.people import FOOD, said

HOUSING = "我家的公租房漏水，请派人来修，我住在柳湾镇柳湾村"


def ticks_of(state: State) -> Ticks:
    return Ticks(
        state.database,
        state.mint,
        channels=state.channels,
        offices=state.offices,
        intake=state.intake,
        now=state.now,
    )


def rows(state: State, table: type) -> list:
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def events(state: State, kind: str) -> list[dict]:
    return [json.loads(event.detail) for event in rows(state, Event) if event.kind == kind]


def local(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def change(state: State, statement: object) -> None:
    with acting(state.database, state.mint) as tx:
        tx.execute(statement)
        changed(tx)
    state.offices.refresh()


def test_a_standard_matter_waits_for_the_make_up_saturday_and_an_urgent_one_does_not_wait(
    state: State, now: Clock
) -> None:
    """Wednesday 2026-09-30 16:40, and Friday 2026-10-02 in the middle of the holiday."""
    said(state, "1", HOUSING)
    handling = {row.name: row for row in rows(state, ClockRow)}["CLK-HANDLE"]
    assert (handling.amount, handling.measure) == (5, "working_day")
    assert local(handling.due_at) == "2026-10-13 17:30"
    assert not handling.provisional
    now.at = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
    said(state, "2", FOOD, "+8619900000002")
    relief = {(row.name, row.case): row for row in rows(state, ClockRow)}["CLK-RELIEF", ""]
    assert local(relief.due_at) == "2026-10-03 09:00"
    first = rows(state, HelpRequest)[1]
    assert first.holder_person in state.offices.current().directory.officer


def test_the_invented_county_is_on_duty_in_the_holiday_and_a_hole_is_named_before_it(
    state: State, now: Clock
) -> None:
    assert holes(state.offices.current(), now()) == []
    change(
        state,
        update(Duty).where(col(Duty.unit) == "civil_affairs").values(ends_on=date(2026, 9, 30)),
    )
    found = holes(state.offices.current(), now())
    assert [(gap.unit, gap.holiday) for gap in found] == [("civil_affairs", True)]
    assert found[0].begin.date() == date(2026, 10, 1)
    for _ in range(3):
        asyncio.run(ticks_of(state).look_ahead())
    tasks = [task for task in rows(state, Task) if task.kind == TaskKind.ROSTER_GAP]
    assert [task.unit for task in tasks] == ["civil_affairs"], "asked once"
    assert [event["unit"] for event in events(state, "roster_gap")] == ["civil_affairs"]


def test_an_empty_roster_is_passed_over_at_once_for_the_head_and_recorded(
    state: State, now: Clock
) -> None:
    change(
        state,
        update(Duty).where(col(Duty.unit) == "township_w01").values(ends_on=date(2026, 9, 30)),
    )
    now.at = datetime(2026, 10, 2, 1, 0, tzinfo=UTC)
    said(state, "1", FOOD)
    request = rows(state, HelpRequest)[0]
    assert request.holder_unit == "township_w01"
    assert request.holder_person in state.offices.current().directory.officer
    assert events(state, "dispatched")[0]["found_by"] in ("head", "staff")


def test_a_holder_whose_account_is_closed_is_replaced_at_once_with_the_due_times_kept(
    state: State, now: Clock
) -> None:
    said(state, "1", FOOD)
    before = rows(state, HelpRequest)[0]
    due = {row.id: row.due_at for row in rows(state, ClockRow)}
    change(
        state,
        update(Staff).where(col(Staff.login) == before.holder_person).values(disabled_at=now()),
    )
    for _ in range(2):
        asyncio.run(ticks_of(state).relieve())
    after = rows(state, HelpRequest)[0]
    assert after.holder_unit == before.holder_unit
    assert after.holder_person != before.holder_person
    assert after.holder_person in state.offices.current().directory.officer
    assert {row.id: row.due_at for row in rows(state, ClockRow)} == due
    (told,) = events(state, "holder_replaced")
    assert (told["was"], told["because"]) == (before.holder_person, "absent")
    tasks = [task for task in rows(state, Task) if task.kind == TaskKind.TAKEN_OVER]
    assert [task.number for task in tasks] == [before.number]


def test_a_bureau_that_is_dissolved_is_followed_by_its_successor_in_the_same_minute(
    state: State, now: Clock
) -> None:
    said(state, "1", HOUSING)
    before = rows(state, HelpRequest)[0]
    change(
        state,
        update(UnitRow)
        .where(col(UnitRow.code) == before.holder_unit)
        .values(valid_until=date(2026, 9, 29), successor="civil_affairs"),
    )
    asyncio.run(ticks_of(state).relieve())
    after = rows(state, HelpRequest)[0]
    assert after.holder_unit == "civil_affairs"
    assert state.offices.current().directory.officer[after.holder_person].unit == "civil_affairs"
    (told,) = events(state, "holder_replaced")
    assert (told["was_unit"], told["because"]) == (before.holder_unit, "retired")


def test_a_case_that_crosses_into_a_year_without_a_notice_is_provisional_and_alarms(
    state: State, now: Clock
) -> None:
    now.at = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
    asyncio.run(ticks_of(state).look_ahead())
    assert events(state, "calendar_missing") == [], "in November nothing is late yet"
    now.at = datetime(2026, 12, 29, 9, 0, tzinfo=UTC)
    said(state, "1", HOUSING)
    handling = {row.name: row for row in rows(state, ClockRow)}["CLK-HANDLE"]
    assert handling.provisional
    for _ in range(2):
        asyncio.run(ticks_of(state).look_ahead())
    (told,) = events(state, "calendar_missing")
    assert told["year"] == 2027
    assert told["provisional_clocks"] > 0
    messages = [row for row in rows(state, Outgoing) if row.phrase == "staff_calendar"]
    admins = [r for r in rows(state, Staff) if r.role == "administrator" and r.phone]
    assert admins
    assert Counter(row.staff for row in messages) == Counter(admin.login for admin in admins)
    (task,) = [task for task in rows(state, Task) if task.kind == TaskKind.CALENDAR_MISSING]
    assert (task.note, task.urgent) == ("2027", True)


CALENDAR = shipped.policy().calendar
DESK = Unit("desk", "话务台", "Desk", "hotline")
NIGHT_OWL, EARLY_BIRD = (Officer(x, x, "operator", "desk") for x in ("owl", "bird"))


@pytest.mark.parametrize(
    ("shifts", "expected"),
    [
        ([("owl", 0, 1440, {})], []),
        ([("bird", 480, 1200, {}), ("owl", 1200, 480, {})], []),
        (
            [("bird", 480, 1200, {}), ("owl", 1230, 480, {})],
            [(f"2026-09-{28 + n} 20:00", f"2026-09-{28 + n} 20:30") for n in range(3)],
        ),
        (
            [("owl", 0, 1440, {"ends_on": date(2026, 9, 28)})],
            [("2026-09-29 00:00", "2026-10-01 00:00")],
        ),
        ([("owl", 0, 1440, {"weekdays": "02"})], [("2026-09-29 00:00", "2026-09-30 00:00")]),
        ([("gone", 0, 1440, {})], [("2026-09-28 00:00", "2026-10-01 00:00")]),
    ],
    ids=["all day", "over midnight", "half an hour", "ends", "weekdays", "nobody of that name"],
)
def test_holes_are_found_to_the_minute(
    shifts: list[tuple[str, int, int, dict]], expected: list[tuple[str, str]]
) -> None:
    directory = Directory(
        (DESK,),
        (NIGHT_OWL, EARLY_BIRD),
        tuple(Shift("desk", login, a, b, **more) for login, a, b, more in shifts),
    )
    found = gaps(directory, CALENDAR, date(2026, 9, 28), 3)
    assert [(local(gap.begin), local(gap.end)) for gap in found] == expected
    assert not any(gap.holiday for gap in found)
    holiday = gaps(directory, CALENDAR, date(2026, 10, 1) + timedelta(1), 1)
    assert all(gap.holiday for gap in holiday)
