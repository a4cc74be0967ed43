"""AS-20: the callback, the reopening, who cannot be reached, who takes it back, what is kept."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway import rounds
from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import Transaction, acting
from models.vocabulary import OutboxState, Status
from referral import telling
from referral.casework import Refusal
from referral.closing import ASKED
from referral.office import Reply
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, QUESTION
from tests.journeys.county import County

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
ANSWER = "已经上门换好了灯，请查看。"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    """A lamp, dispatched to housing and signed."""
    number = county.led_by_housing("lamp", LAMP, "+8613800000001")
    county.do("housing.1", "sign", number)
    return number


def finish(county: County, number: str, login: str = "housing.1") -> None:
    county.do(login, "reply", number, text=ANSWER)
    county.do(login, "report_result", number, result="已上门", absent="不需要协办")


def close(county: County, number: str) -> None:
    finish(county, number)
    county.do("op04", "callback", number, outcome="reached", resolved=True, view="satisfied")
    county.do("op04", "close", number, reason="resolved")


def test_the_requesters_word_is_kept_and_a_no_sends_it_back(county: County, case: str) -> None:
    finish(county, case)
    county.now.forward(days=1)
    county.do("op04", "callback", case, outcome="reached", resolved=False, view="dissatisfied")
    row = county.request(case)
    assert (row.resolved, row.satisfaction) == (False, "dissatisfied")
    with pytest.raises(Refusal, match="not_resolved"):
        county.do("op04", "close", case, reason="resolved")
    county.do("op04", "rehandle", case, reason="本人说没有修好")
    assert county.request(case).status == Status.IN_PROGRESS
    assert "CLK-REHANDLE" in county.running(case)


def test_who_cannot_be_reached_is_tried_three_times_at_two_times_of_day_and_by_message(
    county: County, case: str
) -> None:
    finish(county, case)
    county.deliver()
    for hours in (0, 1, 5):
        county.now.forward(hours=hours)
        if hours:
            with pytest.raises(Refusal, match="attempts"):
                county.do("op04", "close", case, reason="unreachable")
        county.do("op04", "callback", case, outcome="no_answer")
    county.do("op04", "close", case, reason="unreachable")
    row = county.request(case)
    assert (row.status, row.close_reason) == (Status.CLOSED, "unreachable")
    assert "closed_unreachable" in county.said_to_citizen(case)


def test_what_the_system_writes_by_itself_is_no_try_by_another_way(
    county: County, case: str
) -> None:
    """The receipt of a week ago, and what somebody read who asked how it stands, reach nobody with
    the answer that nobody sent."""
    county.deliver()
    finish(county, case)
    row = county.request(case)
    with acting(county.state.database, county.state.mint) as tx:
        told = {"id": row.id, "number": case, "person_id": None}
        _told_in_a_chat(tx, county, told)
    for hours in (0, 1, 5):
        county.now.forward(hours=hours)
        county.do("op04", "callback", case, outcome="no_answer")
    unsent = [m for m in county.rows(Outgoing, case) if m.phrase in ("reply_to_citizen", ASKED)]
    assert [m.sent_at for m in unsent] == [None, None]
    with pytest.raises(Refusal, match="attempts"):
        county.do("op04", "close", case, reason="unreachable")
    county.deliver()
    county.do("op04", "close", case, reason="unreachable")


def test_an_answer_to_an_earlier_result_is_no_try_by_another_way(county: County, case: str) -> None:
    finish(county, case)
    county.deliver()
    county.do("op04", "callback", case, outcome="reached", resolved=False)
    county.now.forward(hours=1)
    county.do("op04", "rehandle", case, reason="本人说没有修好")
    county.do("housing.1", "reply", case, text="又去修了一次，已经亮了。")
    county.do("housing.1", "report_result", case, result="已上门", absent="不需要协办")
    for hours in (0, 1, 5):
        county.now.forward(hours=hours)
        county.do("op04", "callback", case, outcome="no_answer")
    with pytest.raises(Refusal, match="attempts"):
        county.do("op04", "close", case, reason="unreachable")


def _told_in_a_chat(tx: Transaction, county: County, request: Mapping[str, Any]) -> None:
    """What a chat is told of a request, sent at once."""
    office, now = county.state.offices.current(), county.now()
    message = telling.post(
        tx, office, "chat.status_received", request=request, reply=Reply(office.ways["tel"], "x"),
        now=now, language="zh-CN", params={"number": request["number"]}, text="已收到",
    )  # fmt: skip
    message |= {"state": OutboxState.SENT, "sent_at": now, "next_at": None}


def test_who_was_not_reached_once_is_called_again_until_heard_or_a_person_ends_it(
    county: County, case: str
) -> None:
    finish(county, case)
    county.deliver()
    first = county.running(case)["CLK-CALLBACK"]
    for hours in (0, 1, 5):
        county.now.forward(hours=hours)
        county.do("op04", "callback", case, outcome="no_answer")
        again = county.running(case)["CLK-CALLBACK"]
        assert (again.case, again.started_at) == ("again", county.now())
        assert again.id != first.id
    county.now.forward(days=4)
    county.tick()
    late = county.running(case)["CLK-CALLBACK"]
    assert late.breached_at == late.due_at
    named = [row.detail for row in county.rows(Event, case) if row.kind in ("reminder", "breached")]
    assert [one for one in named if str(late.id) in one], "attempts that are spent end nothing (I4)"
    county.do("op04", "close", case, reason="unreachable")
    assert "CLK-CALLBACK" not in county.running(case)


def test_nobody_is_called_again_who_has_had_their_say(county: County, case: str) -> None:
    finish(county, case)
    county.do("op04", "callback", case, outcome="no_answer")
    county.do("op04", "callback", case, outcome="reached", resolved=True)
    assert "CLK-CALLBACK" not in county.running(case)
    county.do("op04", "callback", case, outcome="no_answer")
    assert "CLK-CALLBACK" not in county.running(case)


def test_who_was_in_danger_is_called_again_within_a_day(county: County) -> None:
    number = county.call("food", FOOD, "+8613800000006")
    county.do("op04", "confirm", number)
    county.do("civil_affairs.1", "sign", number)
    county.do("township_w01.1", "record_contact", number, who="本人", outcome="on_site")
    finish(county, number, "civil_affairs.1")
    county.do("op04", "callback", number, outcome="no_answer")
    again = county.running(number)["CLK-CALLBACK"]
    rule = county.state.offices.current().policy.clock("CLK-CALLBACK", "urgent_again")
    assert again.urgent
    assert again.due_at - county.now() == timedelta(hours=rule.amount)


def test_a_closed_request_comes_back_under_its_number_with_new_clocks(
    county: County, case: str
) -> None:
    close(county, case)
    old = {clock.id for clock in county.rows(Clock, case)}
    county.now.forward(days=30)
    county.do("op04", "reopen", case, reason="灯又坏了")
    row = county.request(case)
    assert (row.status, row.closed_at, row.satisfaction) == (Status.IN_TRIAGE, None, None)
    assert county.held(case)[0] == "hotline"
    assert county.lead(case).bureau == "housing"
    running = county.running(case)
    assert {"CLK-TRIAGE", "CLK-SIGN", "CLK-CONTACT"} <= set(running)
    assert not {clock.id for clock in running.values()} & old
    assert "reopened" in county.said_to_citizen(case)
    county.do("op04", "confirm", case)
    county.do("housing.1", "sign", case)
    with pytest.raises(Refusal, match="reply_first"):
        county.do("housing.1", "report_result", case, result="已修", absent="无")
    close(county, case)


def test_after_the_profiles_days_a_new_request_is_entered(county: County, case: str) -> None:
    close(county, case)
    county.now.forward(days=91)
    with pytest.raises(Refusal, match="reopen_too_late"):
        county.do("op04", "reopen", case, reason="灯又坏了")


def test_danger_after_closing_is_proposed_to_a_person_and_handled_meanwhile(
    county: County, case: str
) -> None:
    close(county, case)
    county.now.forward(days=2)
    new = county.call("again", "我母亲断粮两天了，她一个人在滨河街道临江社区", "+8613800000001")
    assert new != case
    waits = [task for task in county.rows(Task, case) if task.kind == "reopen"]
    assert [(task.note, task.urgent) for task in waits] == [(new, True)] or waits[0].note == new
    assert "reopen_proposed" in county.kinds(case)
    assert county.request(case).status == Status.CLOSED, "software reopens nothing (I4)"
    assert county.request(new).level == "urgent"


def test_a_withdrawal_ends_it_only_where_nobody_is_in_danger(county: County, case: str) -> None:
    county.do("op04", "withdraw", case, note="本人说邻居帮忙修好了")
    row = county.request(case)
    assert (row.status, row.close_reason) == (Status.CLOSED, "withdrawn")
    assert "withdrawn" in county.said_to_citizen(case)
    assert county.running(case) == {}

    hungry = county.call("food", FOOD, "+8613800000002")
    county.do("op04", "withdraw", hungry, note="电话里说不用管了")
    assert county.request(hungry).status != Status.CLOSED
    assert [t.kind for t in county.rows(Task, hungry) if not t.done_at] == ["welfare_check"]
    assert "CLK-RELIEF" in county.running(hungry), "help still comes"
    with pytest.raises(Refusal, match="check_waits"):
        county.do("op04", "withdraw", hungry, note="又说不用管了")


def test_a_refusal_is_written_with_reasons_and_remedies(county: County) -> None:
    number = county.call("dibao", QUESTION, "+8613800000003")
    county.do("dispatch01", "confirm", number)
    if county.request(number).lead_bureau != "civil_affairs":
        county.do("dispatch01", "correct_route", number, bureau="civil_affairs", reason="低保")
    county.do("civil_affairs.1", "sign", number)
    county.do("civil_affairs.1", "reply", number, text="已核对收入。")
    county.do("civil_affairs.1", "report_result", number, result="不符合", absent="无")
    county.do("op04", "callback", number, outcome="reached", resolved=True)
    with pytest.raises(Refusal, match="write_first"):
        county.do("op04", "close", number, reason="explained_not_eligible")
    body = {"rule": "低保审核确认办法第六条", "reasons": "家庭收入超过标准"}
    county.do("civil_affairs.1", "refuse_aid", number, **body)
    letter = next(m for m in county.rows(Outgoing, number) if m.phrase == "refused_in_writing")
    full = county.state.offices.current().phrases
    assert {"reasons", "rule", "other"} <= full.parameters("refused_in_writing")
    assert letter.params["reasons"] == body["reasons"]
    county.do("op04", "close", number, reason="explained_not_eligible")
    urgent = county.call("food", FOOD, "+8613800000004")
    with pytest.raises(Refusal, match="aid_first"):
        county.do("civil_affairs.1", "refuse_aid", urgent, **body)


def test_what_is_over_is_archived_and_aftercare_outlives_the_end(county: County) -> None:
    number = county.call("food", FOOD, "+8613800000005")
    county.do("op04", "confirm", number)
    county.do("civil_affairs.1", "sign", number)
    county.do("township_w01.1", "record_contact", number, who="本人", outcome="on_site")
    finish(county, number, "civil_affairs.1")
    county.do("op04", "callback", number, outcome="reached", resolved=True)
    county.do("op04", "close", number, reason="resolved")
    waits = [c for c in county.rows(Clock, number) if c.name == "CLK-AFTERCARE"]
    assert len(waits) == 3
    assert not any(clock.stopped_at for clock in waits)
    county.now.forward(days=1, hours=2)
    county.tick()
    assert any('"CLK-AFTERCARE"' in row.detail for row in county.rows(Event, number)), "reminded"
    for _ in waits:
        county.do("op04", "follow_up", number, outcome="reached", note="一切都好")
    with pytest.raises(Refusal, match="no_aftercare"):
        county.do("op04", "follow_up", number, outcome="reached")
    run_round(county)
    assert county.request(number).status == Status.CLOSED
    county.now.forward(days=91)
    run_round(county)
    assert county.request(number).status == Status.ARCHIVED
    assert "archived" in county.kinds(number)
    assert county.now() - county.request(number).closed_at > timedelta(days=90)


def run_round(county: County) -> None:
    state = county.state
    rounds.run(state.database, state.mint, state.offices, county.now())
