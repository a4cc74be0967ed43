"""Whom a complaint keeps out stays out: of holding it and of what its request is joined to (I9)."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from gateway import access
from gateway.clock_audit import audit
from gateway.ledger_rows import disagreements
from gateway.state import State
from models.events import Event
from models.outbox import Outgoing
from models.referrals import Referral
from models.requests import HelpRequest
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County

LAMP = "滨河街道临江社区楼道的灯坏了，请派人修"
ONE, OTHER = "+8613800000001", "+8613800000002"
TOWNSHIP = "township_w01"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


def sees(county: County, login: str, number: str) -> bool:
    office, now = county.state.offices.current(), county.now()
    with county.state.database.read() as session:
        reader = session.connection()
        try:
            access.admit(reader, county.actor(login), office, number, act="see", now=now)
        except Refusal:
            return False
    return True


def told(county: County, number: str, since: int) -> set[str]:
    known = county.state.offices.current().directory.officer
    return {known[row.staff].unit for row in county.rows(Outgoing, number)[since:] if row.staff}


def sound(county: County) -> None:
    """Every clock did what it promised, and the rows are what the ledger says."""
    county.now.forward(minutes=1)
    county.tick()
    office, now = county.state.offices.current(), county.now()
    with county.state.database.read() as session:
        assert audit(session, office, now, timedelta(minutes=5)).faults == []
        assert list(disagreements(session)) == []


def bar(county: County, number: str, unit: str) -> None:
    county.do("lead01", "bar", number, unit=unit, reason="来电人反映的就是他们")


def joined(county: County, older: str, newer: str) -> None:
    county.do("lead01", "merge", newer, other=older, reason="同一户")


def test_a_township_that_holds_an_urgent_request_without_an_order_holds_it_no_longer(
    county: County,
) -> None:
    number = county.call("food", FOOD, ONE)
    assert county.held(number)[0] == TOWNSHIP
    assert TOWNSHIP not in county.orders(number)
    since = len(county.rows(Outgoing, number))
    bar(county, number, TOWNSHIP)
    assert county.held(number)[0] == county.lead(number).bureau
    assert told(county, number, since) == {county.lead(number).bureau}
    assert not sees(county, f"{TOWNSHIP}.2", number)


def test_neither_holds_it_the_township_when_its_lead_is_kept_out_too(county: County) -> None:
    number = county.call("food", FOOD, ONE)
    due = county.lead(number).due_at
    bar(county, number, TOWNSHIP)
    bar(county, number, county.lead(number).bureau)
    assert county.held(number)[0] == county.lead(number).bureau == "discipline_inspection"
    assert county.lead(number).due_at == due


def test_the_township_goes_on_with_first_aid_when_only_the_lead_is_kept_out(county: County) -> None:
    number = county.call("food", FOOD, ONE)
    bar(county, number, county.lead(number).bureau)
    assert county.held(number)[0] == TOWNSHIP


def test_whom_the_newer_keeps_out_is_kept_out_of_the_one_that_goes_on(county: County) -> None:
    older = county.call("one", FOOD, ONE)
    newer = county.call("other", FOOD, OTHER)
    lead = county.lead(older)
    bar(county, newer, TOWNSHIP)
    bar(county, newer, lead.bureau)
    assert county.held(older)[0] == TOWNSHIP, "of the older one nobody complained"
    joined(county, older, newer)
    for unit in (TOWNSHIP, lead.bureau):
        assert not sees(county, f"{unit}.2", older), "the other's words are read there"
        assert unit not in county.orders(older)
    assert county.lead(older).due_at == lead.due_at
    assert county.held(older)[0] == county.lead(older).bureau
    sound(county)
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    assert county.held(older)[0] == county.lead(older).bureau
    sound(county)


def test_an_urgent_lead_is_not_brought_into_what_keeps_it_out(county: County) -> None:
    older = county.call("lamp", LAMP, ONE)
    county.do("dispatch01", "confirm", older)
    county.do("dispatch01", "correct_route", older, bureau="housing", reason="住建职责")
    newer = county.call("food", FOOD, OTHER)
    barred = county.lead(newer).bureau
    bar(county, older, barred)
    since = len(county.rows(Outgoing, older))
    joined(county, older, newer)
    assert county.request(older).level == "urgent"
    assert barred not in county.orders(older)
    helpers = set(county.orders(older)) - {county.lead(older).bureau}
    assert helpers == {"discipline_inspection"}, "the level above helps instead"
    assert helpers < told(county, older, since)
    assert barred not in told(county, older, since)
    assert not sees(county, f"{barred}.1", older)
    sound(county)


def parted(county: County, whole: str) -> str:
    """The number of the urgent part that is split off."""
    before = {row.number for row in county.every(HelpRequest)}
    county.do("lead01", "split_off", whole, part=f"{FOOD}，老人两天没吃饭", level="urgent")
    (part,) = {row.number for row in county.every(HelpRequest)} - before
    return part


def test_a_part_was_never_with_whom_the_whole_keeps_out(county: County) -> None:
    free = county.call("free", FOOD, OTHER)
    lead = county.lead(free).bureau
    assert county.held(free)[0] == TOWNSHIP
    whole = county.call("lamp", LAMP, ONE)
    bar(county, whole, lead)
    bar(county, whole, TOWNSHIP)
    part = parted(county, whole)
    had = {row.bureau for row in county.rows(Referral, part)}
    assert not {lead, TOWNSHIP} & had, "not even for a moment"
    assert not {lead, TOWNSHIP} & told(county, part, 0)
    assert county.held(part)[0] == county.lead(part).bureau
    for login in (f"{lead}.1", f"{TOWNSHIP}.2"):
        assert not sees(county, login, part)
    sound(county)


def test_a_part_of_which_nobody_is_accused_goes_where_it_always_does(county: County) -> None:
    free = county.call("free", FOOD, OTHER)
    part = parted(county, county.call("lamp", LAMP, ONE))
    assert county.lead(part).bureau == county.lead(free).bureau
    assert county.held(part)[0] == TOWNSHIP


def test_whom_the_joined_ones_keep_out_is_kept_out_of_both_when_they_are_parted(
    county: County,
) -> None:
    older = county.call("one", FOOD, ONE)
    newer = county.call("other", FOOD, OTHER)
    due = county.lead(newer).due_at
    joined(county, older, newer)
    county.now.forward(minutes=5)
    bar(county, older, TOWNSHIP)
    since = len(county.rows(Outgoing, newer))
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    for number in (older, newer):
        assert not sees(county, f"{TOWNSHIP}.2", number)
        assert county.held(number)[0] == county.lead(number).bureau
    assert TOWNSHIP not in told(county, newer, since)
    assert county.lead(newer).due_at == due
    sound(county)


def test_who_was_kept_out_of_the_older_before_it_was_joined_may_have_the_newer_again(
    county: County,
) -> None:
    older = county.call("one", FOOD, ONE)
    bar(county, older, TOWNSHIP)
    newer = county.call("other", FOOD, OTHER)
    joined(county, older, newer)
    county.now.forward(minutes=5)
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    assert sees(county, f"{TOWNSHIP}.2", newer)
    assert not sees(county, f"{TOWNSHIP}.2", older)


def test_who_is_barred_from_a_plea_reads_none_of_its_reminders_either(county: County) -> None:
    number = county.call("a", FOOD, ONE)
    county.do("lead01", "bar", number, login="super01", reason="求助里投诉他")
    assert not sees(county, "super01", number)
    for _ in range(10):
        county.now.forward(hours=8)
        county.tick()
    read = {row.staff for row in county.every(Outgoing) if row.staff}
    assert "super01" not in read
    steps = [json.loads(row.detail) for row in county.rows(Event, number)]
    above = [one for one in steps if one.get("rung") == "supervisor"]
    assert above
    assert all(one["told"] and one["to"] != "super01" for one in above), "the rung above is told"
    late = [row.params for row in county.rows(Outgoing, number) if row.phrase == "running_late"]
    assert {one["supervisor"] for one in late} == {above[0]["to"]}, "and that is who they hear of"
