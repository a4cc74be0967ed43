"""What may wait, for how long, who allows it, and that it goes on by itself (T03, T04, T16, T17,
R8); and that nobody is missed who has left (R10)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from gateway import cases, offices, possible, rounds
from gateway.state import State
from models.clocks import Clock
from models.outbox import Outgoing
from models.places import Staff, UnitRow
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Status
from referral import leave
from referral.casework import Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
LAMP = "楼道的灯坏了两个月，请派人修"
SENDER = "+8613800000001"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def vague(county: County) -> str:
    """A matter without a place, not yet confirmed."""
    number = county.call("lamp", LAMP, SENDER)
    county.do("op04", "record_contact", number, who="本人", outcome="no_answer")
    return number


@pytest.fixture
def case(county: County) -> str:
    """In the hands of housing."""
    number = county.led_by_housing("case", f"南门街道和平社区{LAMP}", SENDER)
    county.do("housing.1", "sign", number)
    return number


def ask(county: County, number: str) -> None:
    county.do("op04", "ask", number, missing="place", question="请问是哪个小区、几号楼？")


def test_asking_pauses_the_triage_and_only_that(county: County, vague: str) -> None:
    before = county.running(vague)
    ask(county, vague)
    assert county.request(vague).status == Status.NEEDS_CLARIFICATION
    after = county.running(vague)
    paused = {name for name, clock in after.items() if clock.paused_at is not None}
    assert paused == {"CLK-TRIAGE"}
    assert after["CLK-CLARIFY"].due_at - county.now() in (
        timedelta(hours=24),
        timedelta(minutes=30),
    )
    assert {n: c.due_at for n, c in before.items()}.items() <= {
        n: c.due_at for n, c in after.items()
    }.items()
    told = [row for row in county.rows(Outgoing, vague) if row.phrase == "ask_for_more"]
    assert "几号楼" in told[0].params["question"]
    county.held(vague)


def test_the_answer_goes_on_with_the_time_that_was_left(county: County, vague: str) -> None:
    county.now.forward(minutes=5)
    triage = county.running(vague)["CLK-TRIAGE"]
    left = triage.due_at - county.now()
    ask(county, vague)
    county.now.forward(minutes=25)
    county.call("answer", "是南门街道和平社区三号楼", SENDER)
    assert county.request(vague).status == Status.IN_TRIAGE
    running = county.running(vague)
    assert running["CLK-TRIAGE"].due_at - county.now() == left
    assert "CLK-CLARIFY" not in running
    county.do("op04", "confirm", vague)
    assert county.request(vague).status == Status.DISPATCHED


def test_without_an_answer_the_work_goes_on_with_what_is_known(county: County, vague: str) -> None:
    ask(county, vague)
    county.now.forward(hours=25)
    county.tick()
    assert county.request(vague).status == Status.IN_TRIAGE
    clarify = [row for row in county.rows(Clock, vague) if row.name == "CLK-CLARIFY"]
    assert [row.breached_at for row in clarify] == [None], "a wait that ends is no breach"
    assert county.running(vague)["CLK-TRIAGE"].paused_at is None


def test_danger_never_waits_and_ends_the_wait(county: County, vague: str) -> None:
    ask(county, vague)
    county.call("danger", "家里断粮两天了，孩子饿得直哭", SENDER)
    row = county.request(vague)
    assert (row.status, row.level) == (Status.IN_TRIAGE, "urgent")
    with pytest.raises(Refusal, match="danger_never_waits"):
        ask(county, vague)


def test_nobody_is_asked_before_somebody_tried_to_speak_with_them(county: County) -> None:
    number = county.call("lamp", LAMP, SENDER)
    with pytest.raises(Refusal, match="try_first"):
        ask(county, number)


def test_more_time_is_asked_before_the_date_granted_once_and_told(
    county: County, case: str
) -> None:
    due = county.lead(case).due_at
    with pytest.raises(Refusal, match="workdays"):
        county.do("housing.1", "extend", case, workdays=11, reason="要采购配件")
    with pytest.raises(Refusal, match="nothing_asked"):
        county.do("super01", "extend", case)
    county.do("housing.1", "extend", case, workdays=5, reason="要采购配件")
    assert county.lead(case).due_at == due, "asking moves nothing"
    with pytest.raises(Refusal, match="asked_already"):
        county.do("housing.1", "extend", case, workdays=5, reason="要采购配件")
    county.do("super01", "extend", case, workdays=3)
    lead = county.lead(case)
    calendar = county.state.offices.current().policy.calendar
    assert calendar.between(calendar.day_of(due), calendar.day_of(lead.due_at)) == 3
    assert lead.original_due_at == due
    told = [row for row in county.rows(Outgoing, case) if row.phrase == "extended"]
    assert told[0].params["reason"] == "要采购配件"
    moved = [row for row in county.running(case).values() if row.due_at == lead.due_at]
    assert moved, "the running clock has the new date"
    assert all(task.done_at for task in county.rows(Task, case) if "decide" in task.kind)
    with pytest.raises(Refusal, match="extended_once"):
        county.do("housing.1", "extend", case, workdays=2, reason="还要几天")


def test_after_the_date_no_more_time_is_asked_for_and_never_for_an_urgent_one(
    county: County, case: str
) -> None:
    urgent = county.call("food", FOOD, "+8613800000009")
    county.do("civil_affairs.1", "sign", urgent)
    with pytest.raises(Refusal, match="urgent_not_extended"):
        county.do("civil_affairs.1", "extend", urgent, workdays=1, reason="人手不够")
    county.now.forward(days=30)
    with pytest.raises(Refusal, match="asked_too_late"):
        county.do("housing.1", "extend", case, workdays=5, reason="要采购配件")


def test_what_the_supervisor_declines_may_be_asked_again(county: County, case: str) -> None:
    due = county.lead(case).due_at
    county.do("housing.1", "extend", case, workdays=5, reason="要采购配件")
    county.do("super01", "decline", case, what="extension", reason="配件有库存")
    assert county.lead(case).due_at == due
    county.do("housing.1", "extend", case, workdays=2, reason="库存不符")


def leave_offered(county: County, login: str, number: str) -> set[str]:
    office, actor = county.state.offices.current(), county.actor(login)
    with county.state.database.read() as session:
        found, _ = cases.case(session, actor, office, number, now=county.now())
    return {"extend", "suspend", "decline"} & set(found.acts)


def test_who_asked_for_more_time_hears_that_it_was_declined(county: County, case: str) -> None:
    """They would count on a yes until the reminders begin, when the time is nearly over."""
    county.do("housing.1", "extend", case, workdays=5, reason="要采购配件")
    county.do("super01", "decline", case, what="extension", reason="配件有库存")
    (told,) = (one for one in county.rows(Outgoing, case) if one.phrase == "staff_not_granted")
    assert told.staff == "housing.1"
    assert "配件" not in told.text


def test_a_supervisor_is_offered_to_decide_what_was_asked_for_and_nothing_else(
    county: County, case: str
) -> None:
    assert leave_offered(county, "super01", case) == set(), "each was refused: nobody had asked"
    assert leave_offered(county, "housing.1", case) == {"extend", "suspend"}
    county.do("housing.1", "extend", case, workdays=5, reason="要采购配件")
    assert leave_offered(county, "super01", case) == {"extend", "decline"}
    assert leave_offered(county, "housing.1", case) == {"suspend"}
    county.do("super01", "decline", case, what="extension", reason="配件有库存")
    assert leave_offered(county, "super01", case) == set()
    county.do("housing.1", "suspend", case, ground="requester_document")
    assert leave_offered(county, "super01", case) == {"suspend", "decline"}


def test_a_pause_needs_a_reason_of_the_list_and_the_supervisor(county: County, case: str) -> None:
    with pytest.raises(Refusal, match="ground"):
        county.do("housing.1", "suspend", case, ground="too_busy")
    county.do("housing.1", "suspend", case, ground="requester_document")
    assert county.request(case).status == Status.IN_PROGRESS
    due = county.lead(case).due_at
    county.do("super01", "suspend", case)
    assert county.request(case).status == Status.SUSPENDED
    running = county.running(case)
    assert "CLK-SUSPEND" in running
    handling = [row for row in running.values() if row.due_at == due and row.name != "CLK-SUSPEND"]
    assert handling
    assert all(row.paused_at for row in handling if row.name != "CLK-CONTACT")
    assert "suspended" in county.said_to_citizen(case)
    county.now.forward(days=1)
    county.do("housing.1", "resume", case, reason="材料交来了")
    assert county.lead(case).due_at > due
    assert county.lead(case).original_due_at == due
    assert "taken_up_again" in county.said_to_citizen(case)


def test_the_longest_pause_ends_by_itself(county: County, case: str) -> None:
    county.do("housing.1", "suspend", case, ground="court_result")
    county.do("super01", "suspend", case)
    county.now.forward(days=20)
    county.tick()
    assert county.request(case).status == Status.IN_PROGRESS
    assert not any(row.paused_at for row in county.running(case).values())
    assert county.lead(case).due_at > county.now()


def offered(county: County, login: str, number: str) -> tuple[str, ...]:
    request = dict(county.request(number)._mapping)
    orders = list(county.orders(number).values())
    office = county.state.offices.current()
    return possible.acts(county.actor(login), office, request, orders, county.now())


def test_more_time_is_offered_and_shown_beforehand_where_it_may_be_asked(
    county: County, case: str
) -> None:
    assert "extend" in offered(county, "housing.1", case)
    county.do("housing.1", "suspend", case, ground="court_result")
    county.do("super01", "suspend", case)
    assert "extend" not in offered(county, "housing.1", case)
    office, actor = county.state.offices.current(), county.actor("housing.1")
    request = dict(county.request(case)._mapping)
    with county.state.database.read() as reading, pytest.raises(Refusal) as shown:
        leave.foreseen(
            reading.connection(), office, actor, request,
            workdays=3, reason="医院结算单下周才出", now=county.now(),
        )  # fmt: skip
    with pytest.raises(Refusal) as asked:
        county.do("housing.1", "extend", case, workdays=3, reason="医院结算单下周才出")
    assert shown.value.key == asked.value.key == "refusal.waits_already"
    county.do("housing.1", "resume", case, reason="判决已出")
    assert "extend" in offered(county, "housing.1", case)


def test_an_urgent_request_is_not_paused_before_help_has_arrived(county: County) -> None:
    number = county.call("food", FOOD)
    county.do("op04", "confirm", number)
    county.do("civil_affairs.1", "sign", number)
    with pytest.raises(Refusal, match="help_first"):
        county.do("civil_affairs.1", "suspend", number, ground="medical_result")


def test_a_paused_request_that_becomes_urgent_goes_on_at_once(county: County, case: str) -> None:
    county.do("housing.1", "suspend", case, ground="requester_away")
    county.do("super01", "suspend", case)
    county.do("op04", "raise_urgency", case, level="urgent", reason="老人摔倒没人管")
    assert county.request(case).status == Status.IN_PROGRESS
    assert "CLK-SUSPEND" not in county.running(case)


def test_only_the_supervisor_grants(county: County, case: str) -> None:
    for login in ("op04", "dispatch01", "lead01"):
        with pytest.raises(Refusal, match="role"):
            county.do(login, "suspend", case, ground="court_result")
    with pytest.raises((Refusal, Impossible)):
        county.do("civil_affairs.1", "suspend", case, ground="court_result")


def test_a_retired_bureaus_orders_move_to_its_successor_with_their_dates(
    county: County, case: str, state: State
) -> None:
    due, clocks = county.lead(case).due_at, county.running(case)
    with acting(state.database, state.mint) as tx:
        tx.execute(
            update(UnitRow)
            .where(col(UnitRow.code) == "housing")
            .values(valid_until=date(2026, 11, 2), successor="urban_management")
        )
        offices.changed(tx)
    assert rounds.run(state.database, state.mint, state.offices, county.now()) > 0
    lead = county.lead(case)
    assert (lead.bureau, lead.due_at) == ("urban_management", due)
    assert county.held(case)[0] == "urban_management"
    running = {n: c.due_at for n, c in county.running(case).items()}
    assert running.pop("CLK-SIGN") > county.now(), "who signed is gone: the successor signs"
    assert running == {n: c.due_at for n, c in clocks.items()}
    assert "succeeded" in county.kinds(case)
    county.do("urban_management.1", "sign", case)
    assert rounds.run(state.database, state.mint, state.offices, county.now()) == 0


def test_whoever_leaves_is_followed_at_once(county: County, case: str, state: State) -> None:
    assert county.held(case)[1] == "housing.1"
    with acting(state.database, state.mint) as tx:
        gone = update(Staff).where(col(Staff.login) == "housing.1")
        tx.execute(gone.values(disabled_at=county.now()))
        offices.changed(tx)
    rounds.run(state.database, state.mint, state.offices, county.now())
    assert county.held(case)[0] == "housing"
    assert county.held(case)[1] != "housing.1"
    assert "holder_replaced" in county.kinds(case)


def test_another_bureau_is_offered_until_the_result_is_in(county: County, case: str) -> None:
    assert "correct_route" in offered(county, "super01", case)
    county.do("housing.1", "record_contact", case, who="本人", outcome="reached")
    county.do("housing.1", "reply", case, text="灯已修好")
    county.do("housing.1", "report_result", case, result="灯已修好")
    assert "correct_route" not in offered(county, "super01", case)
    assert "rehandle" in offered(county, "super01", case)
