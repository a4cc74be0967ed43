"""A bureau has answered, and it is not the end: danger, a second "no", words nobody would read."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.clock_audit import audit
from models.events import Event
from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import ReferralStatus, Status, TaskKind
from referral.casework import Refusal
from tests import fakes
from tests.gateway.people import FOOD, JUMP
from tests.journeys.county import County

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
SENDER = "+8613800000001"
LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
ANSWER = "已经上门换好了灯，请查看。"


@pytest.fixture
def county(state, now):
    now.at = TUESDAY
    return County(state, now)


def answered(county: County) -> str:
    """A lamp that housing has repaired, as housing says."""
    number = county.led_by_housing("lamp", LAMP, SENDER)
    county.do("housing.1", "sign", number)
    report(county, number)
    return number


def report(county: County, number: str) -> None:
    county.do("housing.1", "reply", number, text=ANSWER)
    county.do("housing.1", "report_result", number, result="已上门", absent="不需要协办")


def again(county: County, number: str) -> None:
    """It is urgent now: somebody speaks with the person before the second result."""
    county.do("housing.1", "record_contact", number, who="本人", outcome="reached")
    report(county, number)


def waiting(county: County, number: str) -> list[str]:
    return [task.kind for task in county.rows(Task, number) if task.done_at is None]


def faults(county: County) -> list[str]:
    """What is wrong with the clocks, all that is due taken."""
    county.tick()
    with county.state.database.read() as session:
        office = county.state.offices.current()
        return audit(session, office, county.now(), timedelta(minutes=30)).faults


def test_who_is_in_danger_after_the_answer_is_not_closed_before_an_emergency_line_has_it(county):
    number = answered(county)
    county.now.forward(hours=1)
    assert county.call("jump", JUMP, SENDER) == number
    county.do("op04", "callback", number, outcome="reached", resolved=True)
    with pytest.raises(Refusal, match="hand_off_first"):
        county.do("op04", "close", number, reason="resolved")
    county.do("op04", "hand_off", number, line="110", receipt="110-77")
    assert TaskKind.CONFIRM_HANDOFF not in waiting(county, number)
    county.do("op04", "confirm", number)
    again(county, number)
    county.do("op04", "callback", number, outcome="reached", resolved=True)
    with pytest.raises(Refusal, match="safe_first"):
        county.do("op04", "close", number, reason="resolved")
    county.do("lead01", "confirm_safe", number, seen_by="民警")
    county.do("op04", "close", number, reason="resolved")
    assert county.request(number).status == Status.CLOSED
    assert faults(county) == []


@pytest.mark.parametrize("rung_first", [False, True])
def test_after_a_hand_off_the_bureau_that_had_answered_goes_on(county, rung_first):
    number = answered(county)
    county.now.forward(hours=1)
    if rung_first:
        county.do("op04", "callback", number, outcome="reached", resolved=False)
    county.do("op04", "hand_off", number, line="110", receipt="110-78", reason="说想跳楼")
    assert "CLK-CALLBACK" not in county.running(number), "there is no result to ring about"
    county.do("op04", "confirm", number)
    assert county.request(number).status == Status.IN_PROGRESS
    assert county.held(number) == ("housing", "housing.1")
    order = county.orders(number)["housing"]
    assert (order.status, order.completed_at) == (ReferralStatus.IN_PROGRESS, None)
    assert "CLK-HANDLE" in county.running(number)
    county.do("lead01", "confirm_safe", number, seen_by="民警")
    again(county, number)
    assert county.request(number).status == Status.RESULT_REPORTED
    assert faults(county) == []


def test_still_in_danger_takes_up_again_what_was_answered_meanwhile(county):
    number = answered(county)
    county.do("op04", "hand_off", number, line="110", receipt="110-79", reason="说想跳楼")
    county.do("op04", "confirm", number)
    again(county, number)
    county.do("op04", "safety_check", number, outcome="in_danger")
    order = county.orders(number)["housing"]
    assert order.status == ReferralStatus.IN_PROGRESS
    assert county.request(number).status == Status.EMERGENCY_HANDOFF


def test_nobody_is_closed_as_unreachable_whom_nobody_knew_to_be_safe(county):
    number = answered(county)
    county.do("op04", "hand_off", number, line="110", receipt="110-77", reason="说想跳楼")
    county.do("op04", "confirm", number)
    again(county, number)
    for _ in range(4):
        county.now.forward(hours=9)
        county.do("op04", "safety_check", number, outcome="unknown")
    asked = county.running(number)["CLK-SAFETY-CONFIRM"]
    assert (asked.case, asked.started_at) == ("third", county.now()), "asked until somebody knows"
    for hours, by in ((1, "phone"), (3, "phone"), (5, "phone"), (26, "sms")):
        county.now.forward(hours=hours)
        county.do("op04", "callback", number, outcome="no_answer", by=by)
    with pytest.raises(Refusal, match="safe_first"):
        county.do("op04", "close", number, reason="unreachable")
    county.do("lead01", "confirm_safe", number, seen_by="民警")
    county.do("op04", "close", number, reason="unreachable")
    assert faults(county) == []


def test_no_answer_after_a_no_does_not_make_it_a_yes(county):
    number = answered(county)
    county.do("op04", "callback", number, outcome="reached", resolved=False)
    county.now.forward(hours=2)
    county.do("op04", "callback", number, outcome="no_answer")
    with pytest.raises(Refusal, match="not_resolved"):
        county.do("op04", "close", number, reason="resolved")


def test_a_call_about_the_first_result_says_nothing_of_the_second(county):
    number = answered(county)
    county.do("op04", "callback", number, outcome="reached", resolved=False)
    county.do("op04", "rehandle", number, reason="没有办好")
    county.now.forward(days=1)
    report(county, number)
    county.do("op04", "callback", number, outcome="no_answer")
    with pytest.raises(Refusal, match="ask_first"):
        county.do("op04", "close", number, reason="resolved")
    county.do("op04", "callback", number, outcome="reached", resolved=True)
    county.do("op04", "close", number, reason="resolved")


def test_words_after_the_answer_are_read_by_a_person_before_it_closes(county):
    number = answered(county)
    county.now.forward(hours=1)
    assert county.call("again", "楼道的灯没有修好，请重办", SENDER) == number
    assert county.call("more", "楼道里的灯还没有换", SENDER) == number
    assert waiting(county, number).count(TaskKind.NEW_WORDS) == 1, "asked once"
    for hours in (0, 1, 5):
        county.now.forward(hours=hours)
        county.do("op04", "callback", number, outcome="no_answer")
    for reason in ("unreachable", "resolved"):
        with pytest.raises(Refusal, match="words_first"):
            county.do("op04", "close", number, reason=reason)
    county.do("op04", "callback", number, outcome="reached", resolved=False)
    assert TaskKind.NEW_WORDS not in waiting(county, number), "they were spoken of"
    county.do("op04", "rehandle", number, reason="诉求人说没有解决")
    assert county.request(number).status == Status.IN_PROGRESS


def test_words_that_are_taken_in_together_ask_a_person_once(county, state):
    number = answered(county)
    channel = state.channels["recording"]
    calls = [
        state.intake.read(channel, fakes.call(mark, words, SENDER), state.now())
        for mark, words in (("again", "楼道的灯没有修好，请重办"), ("more", "楼道里的灯还没有换"))
    ]
    state.intake._judge(calls)
    with acting(state.database, state.mint) as tx:
        state.intake._work(tx, calls)
    assert waiting(county, number).count(TaskKind.NEW_WORDS) == 1


def test_what_the_requester_adds_while_it_is_paused_is_brought_to_who_asked_for_the_pause(county):
    number = county.call("lamp", LAMP, SENDER)
    county.do("dispatch01", "correct_route", number, bureau="housing", reason="住建职责")
    county.do("housing.1", "sign", number)
    grounds = county.state.offices.current().policy.grounds
    ground = next(one.code for one in grounds if one.act == "suspend")
    county.do("housing.1", "suspend", number, ground=ground, reason="等材料")
    county.do("super01", "suspend", number)
    assert county.request(number).status == Status.SUSPENDED
    assert county.call("ready", "材料我已经准备好了，送到哪里", SENDER) == number
    (task,) = [one for one in county.rows(Task, number) if one.kind == TaskKind.NEW_WORDS]
    assert (task.unit, task.done_at) == (county.request(number).holder_unit, None)


def test_after_the_result_another_bureau_is_asked_only_through_doing_it_again(county):
    number = answered(county)
    with pytest.raises(Refusal, match="result_is_in"):
        county.do(
            "dispatch01", "correct_route", number, bureau="civil_affairs", reason="应由民政负责"
        )
    assert county.request(number).lead_bureau == "housing"
    county.do("op04", "rehandle", number, reason="应由民政负责")
    county.do("super01", "correct_route", number, bureau="civil_affairs", reason="应由民政负责")
    county.do("civil_affairs.1", "sign", number)
    assert county.request(number).status == Status.IN_PROGRESS


def reminded(county: County, number: str, clock: str) -> list[tuple[str, str]]:
    """Rung and reader of every reminder of a clock, in their order."""
    kinds = ("reminder", "breach", "written_reminder", "supervision_order", "circular")
    told = [orjson.loads(row.detail) for row in county.rows(Event, number) if row.kind in kinds]
    return [(one["rung"], one["to"]) for one in told if one["clock"] == clock]


def test_a_silent_helper_is_reminded_itself_and_not_the_bureau_that_did_its_duty(county):
    number = county.call("lamp", LAMP, SENDER)
    county.do("dispatch01", "correct_route", number, bureau="housing", reason="住建职责")
    county.do("housing.1", "sign", number)
    county.do("dispatch01", "bring_in", number, bureau="civil_affairs", reason="请民政协办")
    for _ in range(14 * 8):
        county.now.forward(hours=3)
        county.tick()
    told = [to for rung, to in reminded(county, number, "CLK-COOP") if rung != "supervisor"]
    assert told
    assert {to.partition(".")[0] for to in told} <= {"civil_affairs", "coordination_office"}
    assert any(to.startswith("housing") for _, to in reminded(county, number, "CLK-HANDLE"))
    assert faults(county) == []


def test_a_lead_that_does_not_sign_is_reminded_although_the_township_holds_the_request(county):
    number = county.call("food", FOOD, "+8613800000009")
    county.do("op04", "confirm", number)
    county.do("township_w01.2", "sign", number)
    for _ in range(12):
        county.now.forward(minutes=15)
        county.tick()
    told = dict(reminded(county, number, "CLK-SIGN"))
    assert county.held(number)[0] == "township_w01"
    assert told["holder"].startswith("civil_affairs")
    assert told["bureau_head"] == "civil_affairs.head"
    assert faults(county) == []


def test_who_waits_for_urgent_help_in_a_long_holiday_is_not_told_to_wait_for_a_working_day(county):
    county.now.at = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)
    number = county.call("food", FOOD, "+8613800000009")
    for _ in range(30):
        county.now.forward(hours=1)
        county.tick()
    late = [row.text for row in county.rows(Outgoing, number) if row.phrase == "running_late"]
    assert late
    assert "10月8日" not in late[0]
    assert "10月2日" in late[0]
