"""What merging, pausing and reorganising must not lose: a breach, a lead, what is barred."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from gateway import accounts, offices, rounds
from gateway.clock_audit import audit
from gateway.ledger_rows import disagreements
from gateway.quarter import Quarter, report
from gateway.state import State
from gateway.unit_month import rates
from models.bars import Bar
from models.clocks import Clock
from models.outbox import Outgoing
from models.places import UnitRow
from models.transaction import acting
from referral import clockwork
from referral.casework import Refusal
from referral.directory import ZONE
from tests.conftest import Clock as Watch
from tests.gateway.people import COMPLAINT
from tests.journeys.county import County

LAMP = "小区路灯坏了，请派人来修"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 9, 28, 2, 0, tzinfo=UTC)
    return County(state, now)


def confirmed(county: County, mark: str, sender: str) -> str:
    number = county.call(mark, LAMP, sender)
    county.do("dispatch01", "confirm", number)
    return number


def dissolve(county: County, code: str, heir: str) -> None:
    """A bureau ended yesterday; another goes on for it."""
    state = county.state
    yesterday = county.now().astimezone(ZONE).date() - timedelta(days=1)
    with acting(state.database, state.mint) as tx:
        gone = update(UnitRow).where(col(UnitRow.code) == code)
        tx.execute(gone.values(valid_until=yesterday, successor=heir))
        offices.changed(tx)
    rounds.run(state.database, state.mint, state.offices, county.now())


def signing(county: County, number: str) -> Clock:
    """The clock within which the lead signs."""
    return next(row for row in county.rows(Clock, number) if row.name == "CLK-SIGN")


def past_due(county: County, number: str) -> None:
    """A moment after the lead should have signed; nobody has ticked since."""
    due = signing(county, number).due_at
    county.now.forward(seconds=(due - county.now()).total_seconds() + 60)


def test_a_pause_keeps_the_breach_that_was_due_before_it(county: County) -> None:
    number = confirmed(county, "lamp", "+8613600000001")
    past_due(county, number)
    state = county.state
    with acting(state.database, state.mint) as tx:
        clockwork.pause(tx, county.request(number).id, ("CLK-SIGN",), county.now())
    assert signing(county, number).breached_at is None, "nobody has ticked yet"
    county.tick()
    clock = signing(county, number)
    assert clock.breached_at == clock.due_at
    assert clock.next_at is None, "while it is paused nobody is reminded any more"


def test_a_merge_keeps_the_breach_that_was_due_before_it(county: County) -> None:
    first = confirmed(county, "first", "+8613600000001")
    second = confirmed(county, "second", "+8613600000002")
    past_due(county, second)
    county.do("lead01", "merge", second, other=first, reason="同一盏灯")
    assert county.request(second).status == "merged"
    assert signing(county, second).breached_at is None, "nobody has ticked yet"
    county.tick()
    clock = signing(county, second)
    assert clock.breached_at == clock.due_at


def test_a_merge_undone_after_its_bureau_is_gone_finds_the_successor(county: County) -> None:
    first = confirmed(county, "first", "+8613600000001")
    second = confirmed(county, "second", "+8613600000002")
    bureau = county.lead(second).bureau
    heir = "education" if bureau != "education" else "health"
    county.do("lead01", "merge", second, other=first, reason="同一盏灯")
    dissolve(county, bureau, heir)
    county.do("lead02", "undo_merge", second, other=first, reason="两盏灯")
    assert county.lead(second).bureau == heir
    assert county.held(second)[0] != bureau


def sound(county: County) -> None:
    county.tick()
    with county.state.database.read() as session:
        office = county.state.offices.current()
        assert audit(session, office, county.now(), timedelta(minutes=5)).faults == []


def test_a_signed_order_of_a_bureau_that_is_gone_is_signed_anew_by_its_successor(
    county: County,
) -> None:
    number = confirmed(county, "lamp", "+8613600000001")
    lead = county.lead(number)
    county.do(f"{lead.bureau}.1", "sign", number)
    county.now.forward(hours=1)
    heir = "education" if lead.bureau != "education" else "health"
    dissolve(county, lead.bureau, heir)
    moved = county.lead(number)
    assert (moved.bureau, moved.status) == (heir, "dispatched")
    assert (moved.signed_at, moved.signed_by) == (None, None), "nobody of the successor signed"
    assert moved.due_at == lead.due_at, "the due time stays (R10)"
    running = county.running(number)["CLK-SIGN"]
    assert (running.referral_id, running.started_at) == (moved.id, county.now())
    sound(county)
    county.do(f"{heir}.1", "sign", number)
    assert county.held(number) == (heir, f"{heir}.1")
    assert "CLK-SIGN" not in county.running(number)
    sound(county)


def test_a_successor_that_signs_in_its_time_is_counted_in_time(county: County) -> None:
    number = confirmed(county, "lamp", "+8613600000001")
    bureau = county.lead(number).bureau
    county.do(f"{bureau}.1", "sign", number)
    county.now.forward(days=1)
    heir = "education" if bureau != "education" else "health"
    dissolve(county, bureau, heir)
    county.now.forward(minutes=1)
    county.do(f"{heir}.1", "sign", number)
    with county.state.database.read() as session:
        office = county.state.offices.current()
        quarter = Quarter.parse("2026Q3")
        signed = report(session, office, heir, quarter, now=county.now()).rate("signed_in_time")
        month = rates(session, county.actor(f"{heir}.1"), office, county.now())
    assert (signed.met, signed.counted) == ((number,), (number,))
    assert next((one.part, one.whole) for one in month if one.name == "signed") == (1, 1)


def test_an_order_that_nobody_signed_keeps_the_time_for_signing_when_it_moves(
    county: County,
) -> None:
    number = confirmed(county, "lamp", "+8613600000001")
    bureau, due = county.lead(number).bureau, signing(county, number).due_at
    county.now.forward(hours=1)
    dissolve(county, bureau, "education" if bureau != "education" else "health")
    clocks = [row for row in county.rows(Clock, number) if row.name == "CLK-SIGN"]
    assert [row.due_at for row in clocks] == [due], "not signing delays nothing (I2)"
    sound(county)


def test_a_complaint_is_not_passed_to_the_bureau_it_is_about_by_reorganisation(
    county: County,
) -> None:
    number = county.call("complaint", COMPLAINT, "+8613600000003")
    assert county.request(number).track == "grievance"
    bureau = county.lead(number).bureau
    accused = "housing"
    assert bureau != accused
    county.do("lead01", "bar", number, unit=accused, reason="投诉的就是它")
    dissolve(county, bureau, accused)
    assert county.lead(number).bureau not in (bureau, accused)
    assert county.held(number)[0] not in (bureau, accused)


AGAINST = "我要投诉县民政局,低保材料压了半年不给办"


def test_who_goes_on_for_the_accused_office_is_kept_out_as_it_was(county: County) -> None:
    number = county.call("before", AGAINST, "+8613600000003")
    dissolve(county, "civil_affairs", "education")
    with pytest.raises(Refusal, match="barred"):
        county.do("dispatch01", "correct_route", number, bureau="education", reason="职责归其")
    assert not county.sees("education.1", number)
    after = county.call("after", AGAINST, "+8613600000004")
    assert {row.unit for row in county.rows(Bar, after)} == {"civil_affairs"}
    assert not county.sees("education.1", after)
    assert county.sees("health.1", confirmed_for(county, "health"))
    sound(county)


def confirmed_for(county: County, bureau: str) -> str:
    """A request that nobody complains in, led by this bureau."""
    number = confirmed(county, bureau, "+8613600000009")
    county.do("dispatch01", "correct_route", number, bureau=bureau, reason="职责归其")
    return number


def test_a_complaint_that_the_successor_had_goes_to_the_level_above(county: County) -> None:
    number = county.call("before", AGAINST, "+8613600000003")
    county.do("dispatch01", "correct_route", number, bureau="education", reason="请其核查")
    lead = county.lead(number)
    assert county.sees("education.1", number)
    dissolve(county, "civil_affairs", "education")
    assert county.lead(number).bureau not in ("education", "civil_affairs")
    assert county.lead(number).due_at == lead.due_at
    assert county.held(number)[0] == county.lead(number).bureau
    assert not county.sees("education.1", number)
    assert county.kinds(number).count("bar_set") == 1
    rounds.run(county.state.database, county.state.mint, county.state.offices, county.now())
    assert county.kinds(number).count("bar_set") == 1, "once"
    sound(county)
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_the_desk_that_goes_on_for_an_accused_office_still_registers_complaints(
    county: County,
) -> None:
    number = county.call("before", AGAINST, "+8613600000003")
    dissolve(county, "civil_affairs", "hotline")
    assert county.sees("op01", number)
    other = county.call("after", AGAINST, "+8613600000004")
    assert county.sees("op01", other)


HOUSING = "我想申请公租房，一家四口租房住"
DANGER = "石桥镇张庄村三组二十一号的老人三天没吃东西了，屋里没有煤，快救救他"


def test_what_is_urgent_in_a_township_that_is_gone_goes_first_to_who_goes_on_for_it(
    county: County,
) -> None:
    before = county.call("before", DANGER, "+8613600000005")
    assert county.held(before)[0] == "township_w04"
    dissolve(county, "township_w04", "township_w06")
    assert county.held(before)[0] == "township_w06"
    after = county.call("after", DANGER, "+8613600000006")
    assert county.held(after)[0] == "township_w06"
    sound(county)


def test_what_a_bureau_that_is_gone_did_goes_to_its_successor(county: County) -> None:
    number = county.call("roof", HOUSING, "+8613600000008")
    bureau = county.lead(number).bureau
    assert bureau not in ("civil_affairs", "education")
    dissolve(county, bureau, "education")
    after = county.call("again", HOUSING, "+8613600000009")
    assert county.lead(after).bureau == "education", "and not the backstop's"
    sound(county)


def test_a_complaint_about_a_township_that_is_gone_is_read_by_nobody_who_goes_on_for_it(
    county: County,
) -> None:
    words = "我要投诉石桥镇张庄村的镇政府，低保材料交上去压了半年不给办"
    dissolve(county, "township_w04", "township_w06")
    number = county.call("complaint", words, "+8613600000007")
    assert county.request(number).track == "grievance"
    assert {row.unit for row in county.rows(Bar, number)} == {"township_w04"}
    head = next(
        one.login
        for one in county.state.offices.current().directory.officers
        if one.unit == "township_w06"
    )
    assert not county.sees(head, number)
    sound(county)


def test_who_goes_on_with_what_is_urgent_when_an_account_is_closed_is_told_at_once(
    county: County,
) -> None:
    number = county.call("danger", DANGER, "+8613600000010")
    left = county.held(number)[1]
    with acting(county.state.database, county.state.mint) as tx:
        accounts.disable(tx, left, county.now(), by="admin01", reason="离职")
    before = {row.id for row in county.rows(Outgoing, number)}
    rounds.run(county.state.database, county.state.mint, county.state.offices, county.now())
    follower = county.held(number)[1]
    assert follower != left
    told = [row for row in county.rows(Outgoing, number) if row.id not in before]
    assert [(row.staff, row.urgent) for row in told] == [(follower, True)]
    assert number in told[0].text
    sound(county)
